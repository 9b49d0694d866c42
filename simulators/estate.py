"""A whole property at once: every machine of its ledger, the faults let in, and what is sent.

Pure: ``advance`` is told the time. A device that is cut off goes on living but is not heard, and
neither is anything it speaks for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros
from gengfu.ledger.model import Equipment, EquipmentClass, SiteLedger
from simulators.catalogue import OFFLINE, PLAYERS, Ground
from simulators.device import Model, Presence
from simulators.report import Message, Reporter, pace_of
from simulators.timeline import Change


@dataclass(slots=True)
class Estate:
    """The machines of one site; build it with ``estate_of``."""

    ledger: SiteLedger
    models: tuple[Model, ...]
    reporters: Mapping[str, Reporter]
    changes: Iterator[Change]
    now: Micros
    upcoming: Change | None = None
    _lost: set[str] = field(default_factory=set)
    _unheard: frozenset[str] = frozenset()
    _model_of: dict[str, Model] = field(default_factory=dict)
    _started: bool = False

    def __post_init__(self) -> None:
        self._model_of = {id_: model for model in self.models for id_ in model.equipment}
        self.upcoming = next(self.changes, None)

    def set_rate(self, classes: Mapping[str, EquipmentClass], rate: float) -> None:
        """Report at a pace that stays bearable when time runs ``rate`` times as fast."""
        for reporter in self.reporters.values():
            reporter.pace = pace_of(classes[reporter.definition.name], rate)

    def silent_after(self, equipment: str) -> Micros:
        """Return without a message for how long an equipment counts as silent."""
        return self.reporters[equipment].definition.silent_after

    def advance(self, until: Micros) -> Iterator[Message]:
        """Live until ``until`` and yield what is sent; each device's messages are in order."""
        if not self._started:
            self._started = True
            for equipment in self._model_of:
                yield from self._presence(equipment, online=True)
        while self.upcoming is not None and self.upcoming.at <= until:
            yield from self._live(max(self.now, self.upcoming.at))
            yield from self._apply(self.upcoming)
            self.upcoming = next(self.changes, None)
        yield from self._live(until)

    def _live(self, until: Micros) -> Iterator[Message]:
        for model in self.models:
            for said in model.advance(until):
                if said.equipment not in self._unheard:
                    yield from self.reporters[said.equipment].report(said)
        for id_, reporter in self.reporters.items():
            if id_ not in self._unheard:
                yield from reporter.catch_up(until)
        self.now = until

    def _apply(self, change: Change) -> Iterator[Message]:
        injection = change.injection
        if injection.fault == OFFLINE:
            yield from self._reach(injection.equipment, online=not change.on)
        equipment = self.ledger.equipment[injection.equipment]
        for id_ in (equipment.id, equipment.parent):
            model = self._model_of.get(id_) if id_ else None
            if model is not None:
                (model.begin if change.on else model.end)(injection)

    def _reach(self, equipment: str, *, online: bool) -> Iterator[Message]:
        """Cut a device off with all it speaks for, or connect it again."""
        (self._lost.discard if online else self._lost.add)(equipment)
        concerned = {equipment, *self.ledger.children_of(equipment)}
        self._unheard = frozenset(
            one for lost in self._lost for one in (lost, *self.ledger.children_of(lost))
        )
        for one in (concerned & self.reporters.keys()) - self._unheard:
            self.reporters[one].forget()
        yield from self._presence(equipment, online=online)

    def _presence(self, equipment: str, *, online: bool) -> Iterator[Message]:
        presence = Presence(equipment=equipment, at=self.now, online=online)
        return self.reporters[equipment].report(presence)


def estate_of(
    ledger: SiteLedger,
    classes: Mapping[str, EquipmentClass],
    *,
    start: Micros,
    seed: int,
    changes: Iterator[Change],
) -> Estate:
    """Build the machines of a site's ledger; equipment of a class that nothing plays stays silent."""
    ground = Ground(zone=ZoneInfo(ledger.site.time_zone), seed=seed, start=start)
    models = tuple(_models(tuple(ledger.equipment.values()), ground))
    reporters = {
        id_: Reporter(definition=classes[ledger.equipment[id_].equipment_class])
        for model in models
        for id_ in model.equipment
    }
    return Estate(ledger=ledger, models=models, reporters=reporters, changes=changes, now=start)


def _models(equipment: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    def class_of(one: Equipment) -> str:
        return one.equipment_class

    for name, members in groupby(sorted(equipment, key=class_of), key=class_of):
        if name in PLAYERS:
            yield from PLAYERS[name].build(tuple(members), ground)
