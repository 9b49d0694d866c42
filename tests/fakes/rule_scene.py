"""A small estate and a journal in memory, to try rules on: say what devices say, see the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.clock import SECOND, Micros
from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import (
    Action,
    Body,
    LedgerChange,
    NewNames,
    Record,
    RulesChange,
    Tick,
    draft,
)
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment, EquipmentClass, Place, PlaceKind, Site, SiteLedger
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Turn, Verdict
from rules.packs import shipped

CLASSES: Mapping[str, EquipmentClass] = load_classes()
START: Micros = 1_763_600_000 * SECOND
SITE = "yunhe"


def equipment(id_: str, class_: str, parent: str | None = None, **attributes: Scalar) -> Equipment:
    return Equipment(
        id=id_,
        equipment_class=class_,
        name=Bilingual(zh=id_, en=id_),
        place="b1",
        parent=parent,
        attributes=attributes,
    )


def ledger(*every: Equipment) -> SiteLedger:
    place = Place(id="b1", kind=PlaceKind.BUILDING, name=Bilingual(zh="1号楼", en="Building 1"))
    return SiteLedger(
        site=Site(id=SITE, name=Bilingual(zh="云和花园", en="Yunhe Gardens")),
        places={"b1": place},
        equipment={one.id: one for one in every},
    )


@dataclass(slots=True)
class Scene:
    """Records of a journal as devices, people and the clock make them."""

    every: Sequence[Equipment]
    files: Mapping[str, str] = field(default_factory=shipped)
    names: Names = field(default_factory=Names)
    records: list[Record] = field(default_factory=list)
    now: Micros = START

    def __post_init__(self) -> None:
        self.names_of_all()
        self.use(*self.every)
        self.use_rules(self.files)

    def names_of_all(self) -> None:
        for one in self.every:
            self.names.equipment_index(EquipmentName(SITE, one.id, one.equipment_class))
            for point in CLASSES[one.equipment_class].points.values():
                words = tuple(point.words)
                self.names.point_index(
                    PointName(one.equipment_class, point.name, point.kind, words)
                )
        self.write(NewNames((0, 0), tuple(self.names.equipment), tuple(self.names.points)))

    def write(self, body: Body) -> None:
        packed = draft(body, EVERY_PARTITION)
        self.records.append(
            Record(
                position=len(self.records) + 1,
                partition=EVERY_PARTITION,
                kind=packed.kind,
                written_at=self.now,
                payload=packed.payload,
            )
        )

    def use(self, *every: Equipment) -> None:
        self.write(LedgerChange(SITE, snapshot.encode(ledger(*every))))

    def use_rules(self, files: Mapping[str, str]) -> None:
        self.write(RulesChange(files))

    def tick(self, seconds: float = 1.0) -> None:
        self.now += round(seconds * SECOND)
        self.write(Tick())

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.tick()

    def says(
        self,
        who: str,
        points: Mapping[str, Scalar] | None = None,
        *,
        ago: float = 0.0,
        flags: int = 0,
        **more: Scalar,
    ) -> None:
        at = self.now - round(ago * SECOND)
        self.write(self.batch([(who, at, {**(points or {}), **more})], flags=flags))

    def batch(
        self, rows: Sequence[tuple[str, Micros, Mapping[str, Scalar]]], *, flags: int = 0
    ) -> ReadingBatch:
        texts = tuple(
            value for _, _, points in rows for value in points.values() if isinstance(value, str)
        )
        flat = [
            (self._index(who), *self._point(who, name, value, texts), at, value is None)
            for who, at, points in rows
            for name, value in points.items()
        ]
        count = len(flat)
        return ReadingBatch(
            equipment=np.array([row[0] for row in flat], dtype=np.int32),
            point=np.array([row[1] for row in flat], dtype=np.int32),
            value=np.array([row[2] for row in flat], dtype=np.float64),
            observed_at=np.array([row[3] for row in flat], dtype=np.int64),
            received_at=np.full(count, self.now, dtype=np.int64),
            flags=np.array([flags | row[4] for row in flat], dtype=np.uint8),
            texts=texts,
        )

    def event(
        self,
        who: str,
        type_: str,
        part: str | None = None,
        *,
        ago: float = 0.0,
        flags: int = 0,
        **attributes: Scalar,
    ) -> None:
        event = Event(
            equipment=self._index(who),
            type=type_,
            part=part,
            observed_at=self.now - round(ago * SECOND),
            received_at=self.now,
            flags=flags,
            attributes=attributes,
        )
        self.write((event,))

    def act(self, who: str, name: str, part: str | None = None) -> None:
        self.write(Action(site=SITE, equipment=who, part=part, name=name, at=self.now))

    def run(self) -> list[Verdict]:
        """Judge all records from the beginning."""
        return self.judged()[1]

    def judged(self) -> tuple[State, list[Verdict]]:
        state, found = begin(CLASSES), list[Verdict]()
        for record in self.records:
            state, verdicts = step(
                state, record.body(), position=record.position, now=record.written_at
            )
            found.extend(verdicts)
        return state, found

    def told(self) -> list[str]:
        """Return the verdicts as short lines: ``rule on subject``."""
        return [brief(one) for one in self.run()]

    def _index(self, who: str) -> int:
        class_ = next(one.equipment_class for one in self.every if one.id == who)
        return self.names.equipment_index(EquipmentName(SITE, who, class_))

    def _point(self, who: str, name: str, value: Scalar, texts: Sequence[str]) -> tuple[int, float]:
        class_ = next(one.equipment_class for one in self.every if one.id == who)
        point = CLASSES[class_].points[name]
        words = tuple(point.words)
        index = self.names.point_index(PointName(class_, name, point.kind, words))
        if value is None:
            return index, float("nan")
        if point.kind is PointKind.ENUM:
            return index, float(words.index(str(value)))
        return index, float(texts.index(value) if isinstance(value, str) else value)


def brief(verdict: Verdict) -> str:
    late = " late" if verdict.late else ""
    return f"{verdict.rule} {verdict.turn} {verdict.subject}{late}"


def turned_on(verdicts: Sequence[Verdict]) -> list[str]:
    return [f"{one.rule} {one.subject}" for one in verdicts if one.turn is Turn.ON]
