"""Who is called to do something, and does it: a fan by a panel, a generator by an outage.

Equipment that does not listen (in manual, under inspection, broken) stays as it is; when it listens
again while it is still called, it comes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from gengfu.core.clock import SECOND, Micros
from gengfu.ledger.model import SiteLedger
from simulators.device import Change, Injection
from simulators.estate.catalogue import NO_RESPONSE

RESPONSES: Mapping[str, str] = {
    "smoke_control": "started",
    "hvac": "stopped",
    "door": "unlocked",
    "barrier": "raised",
    "elevator": "fire_recall",
    "pump": "started",
    "generator": "called",
}
"""What equipment of a class does when it is called."""

DEAF = frozenset({NO_RESPONSE, "manual", "off", "inspection", "out_of_service"})
"""Faults with which equipment does not do what it is called for."""
_SOONEST, _LATEST = 2.0, 8.0
"""Seconds from the cause to the response."""


@dataclass(slots=True)
class Calls:
    """What equipment of one site is called for, by whom, and what came of it."""

    ledger: SiteLedger
    rng: Random
    _callers: dict[str, set[str]] = field(default_factory=dict)
    """By who is called."""
    _deaf: dict[str, set[str]] = field(default_factory=dict)
    """By equipment: why it does not listen."""
    _comes: dict[str, Micros] = field(default_factory=dict)
    """Who responds, and since when."""

    def call(self, equipment: str, caller: str, at: Micros) -> Iterator[Change]:
        """Yield what follows when somebody calls."""
        self._callers.setdefault(equipment, set()).add(caller)
        yield from self._respond(equipment, at)

    def release(self, caller: str, at: Micros) -> Iterator[Change]:
        """Yield what goes back when one who called needs nobody any more."""
        for equipment, callers in self._callers.items():
            if caller in callers:
                callers.discard(caller)
                yield from self._go_back(equipment, at)

    def take(self, change: Change) -> Iterator[Change]:
        """Yield what follows when equipment stops or begins to listen."""
        one = change.injection
        if one.fault in DEAF:
            why = self._deaf.setdefault(one.equipment, set())
            (why.add if change.on else why.discard)(one.fault)
            yield from self._respond(one.equipment, change.at)

    def _respond(self, equipment: str, at: Micros) -> Iterator[Change]:
        response = self._response(equipment)
        called, deaf = self._callers.get(equipment), self._deaf.get(equipment)
        if called and not deaf and response is not None and equipment not in self._comes:
            self._comes[equipment] = at + round(self.rng.uniform(_SOONEST, _LATEST) * SECOND)
            yield Change(self._comes[equipment], response, on=True)

    def _go_back(self, equipment: str, at: Micros) -> Iterator[Change]:
        response = self._response(equipment)
        if not self._callers[equipment] and response is not None and equipment in self._comes:
            yield Change(max(at, self._comes.pop(equipment)), response, on=False)

    def _response(self, equipment: str) -> Injection | None:
        fault = RESPONSES.get(self.ledger.equipment[equipment].equipment_class)
        return Injection(equipment=equipment, fault=fault) if fault is not None else None
