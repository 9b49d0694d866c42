"""The fire main: full, still and under pressure, held by a small jockey pump.

GB 50974 (5.3, 11.0): a jockey makes up leakage, the fire pumps start when the pressure falls well
below its band or by hand, and never stop by themselves: what started one by its pressure holds it until
somebody takes it out of automatic. The band of 0.07 MPa follows its clause on jockey pumps, the fire
pumps start 0.09 MPa below it (U as to figures); a sound main makes the jockey start once or twice an hour. A main
without a jockey in the ledger is held by a roof tank.
"""

from collections.abc import Mapping, Sequence
from random import Random

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.models.hydraulics import MPA_PER_METRE
from simulators.models.pump import FAULTS_OF_A_PUMP, Pump, Station

FAULTS = FAULTS_OF_A_PUMP | {"started", "main_leak"}
"""``started``: the pump runs, on a signal or by hand. ``main_leak``: the jockey cycles."""

_BAND = 0.07
_CALLS_FIRE_PUMPS = _BAND + 0.09
_LEAK, _BAD_LEAK = 0.0017 / 60, 0.06 / 60
"""MPa a second."""
_REFILL = 0.004


class FireMain(Station):
    """Fire pumps and their jockey on one main."""

    step = 10 * SECOND

    def __init__(
        self, fire: Sequence[Pump], jockeys: Sequence[Pump], rng: Random, start: Micros
    ) -> None:
        super().__init__([*fire, *jockeys], start)
        self.fire, self.jockeys, self.rng = fire, jockeys, rng
        reference = (jockeys or fire)[0].curve
        self.top = reference.head * MPA_PER_METRE
        self.pressure = self.top - rng.uniform(0.0, _BAND)
        self._by_pressure: set[str] = set()
        """Fire pumps that run because the pressure fell."""

    def live(self, seconds: float) -> None:
        leak = _LEAK if self.jockeys else 0.0
        leak = _BAD_LEAK if self.any_has("main_leak") else leak
        self.pressure = max(0.0, self.pressure - leak * seconds)
        for pump in self.fire:
            fallen = self.pressure < self.top - _CALLS_FIRE_PUMPS
            due = pump.available and (fallen or pump.id in self._by_pressure)
            (self._by_pressure.add if due else self._by_pressure.discard)(pump.id)
            pump.switch(on=due or "started" in pump.faults)
            pump.live(seconds, speed=1.0, flow=0.05 * pump.curve.flow)
        for jockey in self.jockeys:
            due = self.pressure < (self.top if jockey.running else self.top - _BAND)
            jockey.switch(on=(due and jockey.available) or "started" in jockey.faults)
            jockey.live(seconds, speed=1.0, flow=0.8 * jockey.curve.flow)
            if jockey.delivers:
                self.pressure += _REFILL * seconds
        churning = [pump.curve.shut_off for pump in self.fire if pump.delivers]
        if churning:
            self.pressure = max(churning) * MPA_PER_METRE
        elif self.pressure > self.top + 0.05:
            self.pressure -= 0.002 * seconds

    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        return {
            "pressure_out": self.pressure + self.rng.gauss(0.0, 0.0006),
            "pressure_set": self.top,
        }
