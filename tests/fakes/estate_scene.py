"""A journal and the desk's estate that follows it, for tests of what the desk knows."""

from collections.abc import Mapping, Sequence

import pysqlite3.dbapi2
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from dashboards.estate import Estate
from gengfu.core.batch import BatchBuilder
from gengfu.core.clock import SECOND
from gengfu.core.names import EquipmentName, PointName
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Body, LedgerChange, Tick, draft
from gengfu.core.states import OperatingState, StateInterval
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment, Place, PlaceKind, Site, SiteLedger
from tests.fakes.journal import FakeJournal

CLASSES = load_classes()
FOREVER = 10**9 * SECOND


def _name(text: str) -> Bilingual:
    return Bilingual(zh=text, en=text)


def ledger_of(*equipment: tuple[str, str, str | None]) -> SiteLedger:
    return SiteLedger(
        site=Site(id="s", name=_name("s")),
        places={"b1": Place(id="b1", kind=PlaceKind.BUILDING, name=_name("1"))},
        equipment={
            id_: Equipment(id=id_, equipment_class=kind, name=_name(id_), place="b1", parent=parent)
            for id_, kind, parent in equipment
        },
    )


ALL = ledger_of(("pump", "pump", None), ("ctl", "door_controller", None), ("door", "door", "ctl"))


class Scene:
    """A journal to write to, and an estate on a database that follows it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.journal = FakeJournal()
        self.start()

    def start(self) -> None:
        """Start the desk, as after a kill: only the database is left of the one before."""
        self.estate = Estate(self.engine, CLASSES)
        self.estate.prepare()
        self.reader = self.journal.reader()
        self.reader.read(0, limit=self.estate.position)

    def write(self, second: int, *bodies: Body) -> None:
        partition = EVERY_PARTITION if isinstance(bodies[0], Tick) else partition_of("s")
        self.journal.append([draft(body, partition) for body in bodies], at=second * SECOND)

    def ledger(self, second: int, ledger: SiteLedger = ALL) -> None:
        self.write(second, LedgerChange("s", snapshot.encode(ledger)))

    def say(self, second: int, equipment: str, **values: Scalar) -> None:
        self.hear(second, second, equipment, values)

    def hear(
        self,
        second: int,
        observed: int,
        equipment: str,
        values: Mapping[str, Scalar],
        flags: int = 0,
    ) -> None:
        batch, names = BatchBuilder(), self.journal.names
        kind = CLASSES[ALL.equipment[equipment].equipment_class]
        index = names.equipment_index(EquipmentName("s", equipment, kind.name))
        for name, value in values.items():
            point = kind.points[name]
            words = tuple(point.words)
            number = words.index(value) if isinstance(value, str) else value
            batch.add(
                index,
                names.point_index(PointName(kind.name, name, point.kind, words)),
                observed * SECOND,
                second * SECOND,
                float("nan") if number is None else float(number),
                flags,
            )
        self.write(second, batch.build())

    def follow(self, limit: int = 500) -> None:
        while records := self.reader.read(self.estate.position, limit=limit):
            self.estate.apply(records, self.reader.names)
            self.estate.save()

    def states(self, equipment: str) -> list[tuple[int, OperatingState]]:
        self.follow()
        return [(one.start // SECOND, one.state) for one in self.intervals(equipment)]

    def intervals(self, equipment: str) -> Sequence[StateInterval]:
        return self.estate.intervals(equipment, 0, FOREVER)


def in_memory() -> Engine:
    return create_engine("sqlite+pysqlite://", module=pysqlite3.dbapi2, poolclass=StaticPool)
