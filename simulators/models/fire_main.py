"""The fire main: full, still and under pressure, held by a small jockey pump.

GB 50974 (5.3, 11.0): a jockey makes up leakage, the fire pumps start when the pressure falls well
below its band or by hand, and never stop by themselves: what started one by its pressure holds it until
somebody takes it out of automatic. The band of 0.07 MPa follows its clause on jockey pumps, the fire
pumps start 0.09 MPa below it (U as to figures); a sound main makes the jockey start once or twice an hour. A main
without a jockey in the ledger is held by a roof tank. A fire pump that runs with no hydrant open churns at
5 % of its flow through its test pipe, a jockey pumps against the main; both draw from a tank that lasts (U).
"""

from collections.abc import Mapping, Sequence
from random import Random

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.models.hydraulics import MPA_PER_METRE, Delivery, Pipe, duty_point
from simulators.models.pump import FAULTS_OF_A_PUMP, STILL, Pump, Station

FAULTS = FAULTS_OF_A_PUMP | {"started", "main_leak"}
"""``started``: the pump runs, on a signal or by hand. ``main_leak``: the jockey cycles."""

_BAND = 0.07
_CALLS_FIRE_PUMPS = _BAND + 0.09
_LEAK, _BAD_LEAK = 0.0017 / 60, 0.06 / 60
"""MPa a second."""
_REFILL = 0.005
"""MPa a second at the jockey's rated flow."""
_SUCTION, _CHURN = 2.0, 0.05
"""m of water above the pumps; share of its flow at which a fire pump churns."""


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
        lifted = max((self._churned(pump, seconds) for pump in self.fire), default=0.0)
        for jockey in self.jockeys:
            due = self.pressure < (self.top if jockey.running else self.top - _BAND)
            jockey.switch(on=(due and jockey.available) or "started" in jockey.faults)
            _, delivery = _alone(jockey, Pipe(static=self.pressure / MPA_PER_METRE, resistance=0.0))
            jockey.live(seconds, speed=1.0, delivery=delivery)
            self.pressure += _REFILL * seconds * jockey.flow / jockey.curve.flow
        if lifted > self.pressure:
            self.pressure = lifted
        elif self.pressure > max(lifted, self.top + 0.05):
            self.pressure -= 0.002 * seconds

    def _churned(self, pump: Pump, seconds: float) -> float:
        """Let a fire pump live; return the pressure that it gives the main, MPa."""
        curve = pump.curve
        churn = _CHURN * curve.flow
        pipe = Pipe.drawing(churn, at=curve.head_at(churn, 1.0), static=0.0)
        head, delivery = _alone(pump, pipe)
        pump.live(seconds, speed=1.0, delivery=delivery)
        return head * MPA_PER_METRE

    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        return {
            "pressure_out": self.pressure + self.rng.gauss(0.0, 0.0006),
            "pressure_set": self.top,
        }


def _alone(pump: Pump, pipe: Pipe) -> tuple[float, Delivery]:
    """Return the head that a pump gives a pipe of its own, and what it delivers at that."""
    if not pump.running:
        return pipe.static, STILL
    duty = duty_point(pump.curve, pipe, [pump.branch], speed=1.0, suction=_SUCTION)
    return duty.head, duty.deliveries[0]
