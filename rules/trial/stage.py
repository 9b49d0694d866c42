"""Plays a rule test: the journal that its equipment and people would make, through the live step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gengfu.core.batch import BatchBuilder, Event, Flag
from gengfu.core.clock import Micros
from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.naming import Bilingual
from gengfu.core.record import Action, Body, LedgerChange, NewNames, RulesChange, Tick
from gengfu.ledger import snapshot
from gengfu.ledger.model import EquipmentClass, Site, SiteLedger
from rules.engine.step import begin, step
from rules.episodes import Episode, Episodes
from rules.trial.case import Case, Happening, Sample

SITE = "test"


def play(
    case: Case, files: Mapping[str, str], classes: Mapping[str, EquipmentClass]
) -> tuple[Episode, ...]:
    """Return the alerts that opened; times are counted from the test's beginning."""
    state, episodes = begin(classes), Episodes()
    for position, (at, body) in enumerate(_Stage(case, files, classes).records(), start=1):
        state, verdicts = step(state, body, position=position, now=case.begins + at)
        episodes.take(one for one in verdicts if case.rule in {"", one.rule})
    return episodes.all()


@dataclass(slots=True)
class _Stage:
    case: Case
    files: Mapping[str, str]
    classes: Mapping[str, EquipmentClass]
    names: Names = field(default_factory=Names)

    def records(self) -> Iterator[tuple[Micros, Body]]:
        """Yield what the journal would hold: names, ledger and rules, then all that happens."""
        for name in self.classes.values():
            for point in name.points.values():
                self.names.point_index(
                    PointName(name.name, point.name, point.kind, tuple(point.words))
                )
        for one in self.case.equipment:
            self._index(one.id)
        yield 0, NewNames((0, 0), tuple(self.names.equipment), tuple(self.names.points))
        yield 0, LedgerChange(SITE, snapshot.encode(self._ledger()))
        yield 0, RulesChange(self.files)
        yield from self._happenings()

    def _happenings(self) -> Iterator[tuple[Micros, Body]]:
        case = self.case
        times = {*case.samples, *(one.at for one in case.happenings)}
        ticks = range(0, case.until + 1, case.tick)
        for at in sorted(times.union(ticks)):
            if at in case.samples:
                yield at, self._batch(at, case.samples[at])
            for happening in case.happenings:
                if happening.at == at:
                    yield at, self._happening(happening)
            yield at, Tick()

    def _batch(self, at: Micros, samples: tuple[Sample, ...]) -> Body:
        rows = BatchBuilder()
        for sample in samples:
            class_ = self._class_of(sample.equipment)
            point = class_.points[sample.point]
            words = tuple(point.words)
            index = self.names.point_index(PointName(class_.name, point.name, point.kind, words))
            value, flags = 0.0, Flag.NONE
            if sample.value is None:
                value, flags = float("nan"), Flag.NULL
            elif point.kind is PointKind.ENUM:
                value = float(words.index(str(sample.value)))
            elif point.kind is PointKind.TEXT:
                value = rows.text(str(sample.value))
            else:
                value = float(sample.value)
            now = self.case.begins + at
            rows.add(self._index(sample.equipment), index, now, now, value, flags)
        return rows.build()

    def _happening(self, one: Happening) -> Body:
        now = self.case.begins + one.at
        if one.by_person:
            return Action(
                site=SITE,
                equipment=one.equipment,
                part=one.part,
                name=one.type,
                at=now - one.late,
                attributes=one.attributes,
            )
        return (
            Event(
                equipment=self._index(one.equipment),
                type=one.type,
                part=one.part,
                observed_at=now - one.late,
                received_at=now,
                attributes=one.attributes,
            ),
        )

    def _class_of(self, equipment: str) -> EquipmentClass:
        found = next(one for one in self.case.equipment if one.id == equipment)
        return self.classes[found.equipment_class]

    def _index(self, equipment: str) -> int:
        class_ = self._class_of(equipment).name
        return self.names.equipment_index(EquipmentName(SITE, equipment, class_))

    def _ledger(self) -> SiteLedger:
        return SiteLedger(
            site=Site(id=SITE, name=Bilingual(zh="测试", en="Test"), guarded=self.case.guarded),
            places=self.case.places,
            equipment={one.id: one for one in self.case.equipment},
            special_days=self.case.special_days,
        )
