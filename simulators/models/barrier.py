"""A barrier gate: a car comes, the arm rises, the car passes, the arm falls.

Rising and falling take a little over a second and a half each on common barriers of 4 m, the car's
own way through some five seconds (U, from experience); cars come by the hour as people do.
"""

from collections.abc import Iterator, Mapping
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Machine
from simulators.models.people import next_arrival

CARS_PER_HOUR = 40.0
FAULTS = frozenset({"held_open", "raised", "struck", "stuck", "motor_hot", "fault"})
"""``raised``: by a fire's linkage. ``held_open``: by somebody. ``stuck``: half-way."""

_OPEN_FAULTS = frozenset({"held_open", "raised"})
_SWING = 1_700_000
_HOW = ("plate", "plate", "plate", "plate", "card", "remote")


class Barrier(Machine):
    """One arm over one lane, with a loop under it."""

    def __init__(self, id_: str, rng: Random, zone: ZoneInfo, start: Micros) -> None:
        super().__init__(id_, start)
        self.rng, self.zone = rng, zone
        self.arm = "down"
        self.loop = False
        self.cycles = rng.randrange(10_000, 900_000)
        self._struck = False

    def story(self) -> Iterator[Micros]:
        car = self._next_car()
        while True:
            self._tell_blow()
            if not _OPEN_FAULTS.isdisjoint(self.faults):
                yield from self._stay_open()
            elif "stuck" in self.faults:
                self._say(arm="rising")
                yield self.now + MINUTE
            elif self.now >= car:
                car = self._next_car()
                yield from self._let_through()
            else:
                self._say(arm="down")
                yield min(car, self.now + MINUTE)

    def _let_through(self) -> Iterator[Micros]:
        self.loop = True
        self.tell("passed", how=self.rng.choice(_HOW))
        yield from self._swing("rising", "up")
        yield from self.until(self.now + round(self.rng.uniform(3, 8) * SECOND))
        self.loop = False
        yield from self._swing("falling", "down")
        self.cycles += 1

    def _stay_open(self) -> Iterator[Micros]:
        if self.arm != "up":
            yield from self._swing("rising", "up")
        while not _OPEN_FAULTS.isdisjoint(self.faults):
            self._say(arm="up")
            yield self.now + MINUTE
        yield from self._swing("falling", "down")

    def _swing(self, moving: str, then: str) -> Iterator[Micros]:
        self._say(arm=moving)
        yield from self.until(self.now + _SWING)
        self._say(arm=then)

    def _tell_blow(self) -> None:
        if "struck" in self.faults and not self._struck:
            self.tell("struck")
        self._struck = "struck" in self.faults

    def _say(self, *, arm: str) -> None:
        self.arm = arm
        points: Mapping[str, Scalar] = {
            "arm": arm,
            "mode": "held_open" if "held_open" in self.faults else "auto",
            "loop_occupied": self.loop,
            "obstructed": False,
            "cycles": self.cycles,
            "motor_temp": 97.0 if "motor_hot" in self.faults else 41.0,
            "fault": "fault" in self.faults,
        }
        self.say(points)

    def _next_car(self) -> Micros:
        return next_arrival(self.rng, self.now, self.zone, per_hour=CARS_PER_HOUR)
