"""A whole property at once: every machine of its ledger, the faults let in, and what is sent.

Pure: ``advance`` is told the time. Faults of a link leave the machine alone: a device that is cut off
goes on living but is not heard, and neither is anything it speaks for. A fault that has two causes
ends with the last of them.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros
from gengfu.ledger.model import Equipment, EquipmentClass, SiteLedger
from simulators.device import Change, Injection, Model, Presence, chance
from simulators.estate.calls import Calls
from simulators.estate.catalogue import PLAYERS, Ground
from simulators.estate.consequences import Consequences
from simulators.estate.links import CUT, LINK_FAULTS, REPLAYED, SILENT, SPOOFED, Links
from simulators.estate.report import Message, Reporter, pace_of, recorded
from simulators.estate.supply import Supply


@dataclass(slots=True)
class Estate:
    """The machines of one site; build it with ``estate_of``."""

    ledger: SiteLedger
    models: tuple[Model, ...]
    reporters: Mapping[str, Reporter]
    changes: Iterator[Change]
    now: Micros
    links: Links
    consequences: Consequences
    upcoming: Change | None = None
    _follows: list[tuple[Micros, int, Change]] = field(default_factory=list)
    """What follows from what has happened, the next first."""
    _numbers: Iterator[int] = field(default_factory=count)
    _model_of: dict[str, Model] = field(default_factory=dict)
    _wakes: list[tuple[Micros, int]] = field(default_factory=list)
    """When each model wakes, and its place among them; the next first."""
    _holding: dict[str, Reporter] = field(default_factory=dict)
    """Reporters that hold something back."""
    _standing: Counter[tuple[str, str, str | None]] = field(default_factory=Counter)
    """By equipment, fault and part: how many causes it has."""
    _started: bool = False

    def __post_init__(self) -> None:
        self._model_of = {id_: model for model in self.models for id_ in model.equipment}
        self._plan()
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
        while self.now < until or self._is_due(until):
            while (change := self._next_change(until)) is not None:
                yield from self._live(max(self.now, change.at))
                yield from self._apply(change)
            yield from self._live(until)

    def _is_due(self, until: Micros) -> bool:
        """Tell whether something follows by then from what was just said."""
        return bool(self._follows) and self._follows[0][0] <= until

    def _next_change(self, until: Micros) -> Change | None:
        """Take the next change that is due: of the script, or one that follows from another."""
        scripted = self.upcoming.at if self.upcoming is not None else until + 1
        if self._follows and self._follows[0][0] <= min(scripted, until):
            return heapq.heappop(self._follows)[2]
        if scripted > until:
            return None
        change, self.upcoming = self.upcoming, next(self.changes, None)
        return change

    def _live(self, until: Micros) -> Iterator[Message]:
        for place in self._awake(until):
            model = self.models[place]
            for said in model.advance(until):
                self._follow(self.consequences.hear(said))
                if isinstance(said, Presence):
                    continue  # told by its link, which goes with it
                reporter = self.reporters[said.equipment]
                yield from self._carried(reporter.report(self.links.counted(said)))
                if reporter.holds_back:
                    self._holding[said.equipment] = reporter
            heapq.heappush(self._wakes, (model.wakes, place))
        for equipment, reporter in tuple(self._holding.items()):
            yield from self._carried(reporter.catch_up(until))
            if not reporter.holds_back:
                del self._holding[equipment]
        yield from self.links.forged(until)
        self.now = until

    def _plan(self) -> None:
        """Look when every model wakes: at first, and when a fault has woken one."""
        self._wakes = sorted((model.wakes, place) for place, model in enumerate(self.models))

    def _awake(self, until: Micros) -> Sequence[int]:
        """Take the models that live through something by ``until``; most sleep for many seconds."""
        awake: list[int] = []
        while self._wakes and self._wakes[0][0] <= until:
            awake.append(heapq.heappop(self._wakes)[1])
        return sorted(awake)

    def _carried(self, messages: Iterable[Message]) -> Iterator[Message]:
        for message in messages:
            yield from self.links.carry(message)

    def _follow(self, changes: Iterable[Change]) -> None:
        for change in changes:
            heapq.heappush(self._follows, (change.at, next(self._numbers), change))

    def _causes(self, change: Change) -> int:
        """Count a cause of a fault; return how many causes it has now."""
        one = change.injection
        key = one.equipment, one.fault, one.part
        self._standing[key] = max(0, self._standing[key] + (1 if change.on else -1))
        return self._standing[key]

    def _apply(self, change: Change) -> Iterator[Message]:
        """Let a fault begin or end; what its machine tells by it is told, and heard, at once."""
        injection, causes = change.injection, self._causes(change)
        if not change.on and causes:
            return
        self._follow(self.consequences.of(change))
        if injection.fault in LINK_FAULTS and causes < 2:
            yield from self._reach(injection, on=change.on)
        model = self._model_of.get(injection.equipment)
        if model is not None:
            deque(model.advance(self.now), maxlen=0)  # it slept: nothing is said on the way
            (model.begin if change.on else model.end)(injection)
            self._plan()
            yield from self._live(self.now)

    def _reach(self, injection: Injection, *, on: bool) -> Iterator[Message]:
        """Let a fault into a link, or mend it: what comes back says all it has to say."""
        equipment = injection.equipment
        if injection.fault == REPLAYED:
            if on:
                yield recorded(equipment, self.now)
            return
        if on:
            self.links.begin(injection, self.now)
        else:
            self.links.end(injection)
        if injection.fault == SPOOFED and on:
            said = self.reporters[equipment].last_said(equipment, self.now)
            self.links.forge(equipment, said, self.now)
        if injection.fault not in CUT:
            return
        for one in self.links.concerned(equipment):
            if one in self.reporters and self.links.is_heard(one):
                self.reporters[one].forget()
        if injection.fault != SILENT:
            yield from self._presence(equipment, online=not on)
        if not on:
            yield from self.links.release(equipment)

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
    return Estate(
        ledger=ledger,
        models=models,
        reporters=reporters,
        changes=changes,
        now=start,
        links=Links(ledger, chance(seed, f"{ledger.site.id} links")),
        consequences=Consequences(
            ledger,
            calls=Calls(ledger, chance(seed, f"{ledger.site.id} consequences")),
            supply=Supply(ledger),
        ),
    )


def _models(equipment: Sequence[Equipment], ground: Ground) -> Iterator[Model]:
    def class_of(one: Equipment) -> str:
        return one.equipment_class

    for name, members in groupby(sorted(equipment, key=class_of), key=class_of):
        if name in PLAYERS:
            yield from PLAYERS[name].build(tuple(members), ground)
