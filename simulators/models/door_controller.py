"""A door controller: mains, a battery that takes over, and the doors it speaks for.

A 12 V lead-acid battery floats at 13.6 V; without mains it falls to 12.6 V at once and over some
four hours to 11 V, when the controller gives up (U; the curve is nearly straight in between): it is
not heard, with all its doors, until the mains are back.
"""

from collections.abc import Iterator
from random import Random

from gengfu.core.clock import MINUTE, SECOND, Micros
from simulators.device import Machine

FAULTS = frozenset({"mains_lost", "tamper", "fault"})

FLOAT_VOLTS, REST_VOLTS, EMPTY_VOLTS = 13.6, 12.6, 11.0
_LASTS_SECONDS = 4 * 3600.0


class DoorController(Machine):
    """One controller; its doors are machines of their own that fall silent with it."""

    def __init__(self, id_: str, rng: Random, start: Micros) -> None:
        super().__init__(id_, start)
        self.rng = rng
        self.charge = 1.0
        self.alive = True

    def story(self) -> Iterator[Micros]:
        before = self.now
        while True:
            self._live((self.now - before) / SECOND)
            before = self.now
            mains = "mains_lost" not in self.faults
            alive = mains or self.charge > 0
            if alive != self.alive:
                self.alive = alive
                self.be_heard(online=alive)
            if not alive:
                yield self.now + MINUTE
                continue
            full = FLOAT_VOLTS if mains else EMPTY_VOLTS + (REST_VOLTS - EMPTY_VOLTS) * self.charge
            self.say(
                {
                    "mains": mains,
                    "battery": full + self.rng.gauss(0.0, 0.02),
                    "tamper": "tamper" in self.faults,
                    "fault": "fault" in self.faults,
                }
            )
            yield self.now + MINUTE

    def _live(self, seconds: float) -> None:
        gone = seconds / _LASTS_SECONDS
        change = -gone if "mains_lost" in self.faults else gone / 3
        self.charge = min(max(self.charge + change, 0.0), 1.0)
