"""Who has mains: what boards feed, and the generator that stands in for them.

Equipment is dead while all boards that feed it are, and no generator that feeds it runs; whether one
runs is what it says itself. What dies so is told by faults of its own: a board has an outage, what has
a battery or a contact for it loses its mains, the rest is not heard. A board that a generator keeps
alive says that it is on its standby supply.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment, SiteLedger
from simulators.device import Change, Injection, Sample
from simulators.estate.catalogue import faults_of, flag
from simulators.estate.links import OFFLINE

BOARD, GENERATOR, _GATEWAY = "power_distribution", "generator", "network_gateway"
_OUTAGE, _ON_STANDBY, _NO_MAINS = "outage", "on_standby", "mains_lost"
DEAD = frozenset({_OUTAGE, "tripped"})
"""Faults of a board that take down what it feeds; their settings are for whom it feeds."""
_NEEDS_NO_MAINS = frozenset(
    {
        *("extinguisher", "hydrant", "sprinkler", "patrol_point", "call_button"),
        *("wireless_sensor", "water_meter", "manhole", "generator"),
    }
)


@dataclass(slots=True)
class Supply:
    """The boards and generators of one site, and whom they leave without mains."""

    ledger: SiteLedger
    _fed: dict[str, set[str]] = field(default_factory=dict)
    """By source: what it feeds itself. A line that closes a ring (a bus tie) is left out."""
    _sources: dict[str, set[str]] = field(default_factory=dict)
    """By what is fed."""
    _faults: dict[str, set[str]] = field(default_factory=dict)
    """By source."""
    _running: set[str] = field(default_factory=set)
    """Generators that say that they run."""
    _suffers: dict[str, str] = field(default_factory=dict)
    """By what is fed: the fault that tells of its supply."""

    def __post_init__(self) -> None:
        sources = [one for one in self.ledger.equipment.values() if self._is_source(one.id)]
        self._fed = {one.id: set() for one in sources}
        for source in sources:
            for fed in self._reached(source):
                if fed != source.id and source.id not in self._below(fed):
                    self._fed[source.id].add(fed)
                    self._sources.setdefault(fed, set()).add(source.id)

    def take(self, change: Change) -> Iterator[Change]:
        """Yield who loses mains by a change at a board, and who has them again."""
        one = change.injection
        if one.equipment not in self._fed:
            return
        faults = self._faults.setdefault(one.equipment, set())
        (faults.add if change.on else faults.discard)(one.fault)
        yield from self._tell(one.equipment, change.at, one.settings)

    def hear(self, said: Sample) -> Iterator[Change]:
        """Yield who lives on a generator by what it says, and who does no longer."""
        runs = bool(said.points["run"])
        if runs != (said.equipment in self._running):
            (self._running.add if runs else self._running.discard)(said.equipment)
            yield from self._tell(said.equipment, said.at, {})

    def _tell(self, source: str, at: Micros, settings: Mapping[str, Scalar]) -> Iterator[Change]:
        """Yield what begins and ends at all that a board or generator feeds."""
        for id_ in sorted(self._fed.get(source, ())):
            before, now = self._suffers.pop(id_, None), self._suffering(id_)
            if now is not None:
                self._suffers[id_] = now
            if before == now:
                continue
            if before is not None:
                yield Change(at, Injection(equipment=id_, fault=before), on=False)
            if now is not None:
                yield Change(at, Injection(equipment=id_, fault=now, settings=settings), on=True)

    def needed(self, at: str) -> Iterator[tuple[str, bool]]:
        """Yield the generators that share a load with a board, and whether they must run."""
        concerned = self._fed.get(at, set())
        for source, fed in self._fed.items():
            if self._class(source) == GENERATOR and not concerned.isdisjoint(fed):
                yield source, any(self._boards_dead(one) for one in fed)

    def _suffering(self, id_: str) -> str | None:
        """Return the fault that something has for want of its boards; None when it has none."""
        one = self.ledger.equipment[id_]
        if not self._boards_dead(id_) or not self._needs_mains(one):
            return None
        if not self._running.isdisjoint(self._sources[id_]):
            return _ON_STANDBY if one.equipment_class == BOARD else None
        return self._without_mains(one)

    def _boards_dead(self, id_: str) -> bool:
        boards = [one for one in self._sources.get(id_, ()) if self._class(one) == BOARD]
        return bool(boards) and not any(self._is_live(one) for one in boards)

    def _is_live(self, board: str) -> bool:
        return DEAD.isdisjoint(self._faults.get(board, ()))

    def _needs_mains(self, one: Equipment) -> bool:
        """Tell whether it goes down at all; a controller on its battery keeps its doors alive."""
        parent = self.ledger.equipment.get(one.parent or "")
        kept = parent is not None and _NO_MAINS in faults_of(parent.equipment_class)
        return not kept and one.equipment_class not in _NEEDS_NO_MAINS

    def _without_mains(self, one: Equipment) -> str:
        if one.equipment_class == BOARD:
            return _OUTAGE
        if one.equipment_class == _GATEWAY and not flag(one, "battery", otherwise=False):
            return OFFLINE
        return _NO_MAINS if _NO_MAINS in faults_of(one.equipment_class) else OFFLINE

    def _class(self, id_: str) -> str:
        return self.ledger.equipment[id_].equipment_class

    def _is_source(self, id_: str) -> bool:
        return self._class(id_) in {BOARD, GENERATOR}

    def _reached(self, source: Equipment) -> Iterator[str]:
        for fed in source.feeds:
            yield from [fed] if fed in self.ledger.equipment else self._standing_in(fed)

    def _standing_in(self, place: str) -> list[str]:
        return [
            one.id
            for one in self.ledger.equipment.values()
            if any(step.id == place for step in self.ledger.way_to(one.place))
        ]

    def _below(self, id_: str) -> set[str]:
        """Return all that something feeds, over however many boards."""
        found: set[str] = set()
        waiting = [id_]
        while waiting:
            new = self._fed.get(waiting.pop(), set()) - found
            found |= new
            waiting.extend(new)
        return found
