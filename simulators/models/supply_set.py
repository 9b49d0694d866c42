"""Drinking-water pumps with inverters: one pressure to hold, whatever the taps draw.

Demand by the hour as in ``daily``. Control as booster sets do it: an integral controller on the
header's pressure, the next pump at full speed, one fewer when slow; the duty pump changes every
night at three. The break tank refills by a float valve; what the taps draw leaves it, and when it is
empty there is nothing to draw. Every pump has a suction pipe and a strainer of its own, its axis at the
tank's bottom (U).
"""

import math
from collections.abc import Mapping, Sequence
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, SECOND, Micros, wall
from gengfu.core.naming import Scalar
from simulators.device import local_hour
from simulators.models.daily import draw
from simulators.models.hydraulics import (
    MPA_PER_METRE,
    RATED_HZ,
    Branch,
    DutyPoint,
    Pipe,
    duty_point,
)
from simulators.models.pump import FAULTS_OF_A_PUMP, STILL, WEAR_OF_A_PUMP, Pump, Station
from simulators.models.tank import Tank

FAULTS = FAULTS_OF_A_PUMP | {"burst", "tank_low", "tank_overflow", "floor_leak"}

_TANK_AREA = 20.0
_TANK_FULL, _BRIM = 2.4, 2.6
_BORE = 1200.0
"""L/min through the float valve, wide open (U)."""
_DRAINED = 1500.0
"""L/min out of a tank that runs low, down to half a metre (U)."""
_GAIN = 0.05
"""Hz per metre and second: slow enough for the step of 5 s."""
_FLOW_NOISE, _SURGE = 1.5, 0.9
"""L/min of a meter's own noise; share by which a cavitating pump's flow surges: that of a recorded one
(SKAB, draining until cavitation) swings between 0 and 60 L/min every eight seconds, around 22."""
_WARM_UP_STEPS = 240
"""It has run before anyone looks: the controller and the bearings are where they settle."""
_STAGE_UP, _STAGE_DOWN = 20.0, 120.0
_SLOWEST, _SLOW = 30.0, 44.0


class SupplySet(Station):
    """Pumps in parallel on one header; all running pumps turn at the same speed."""

    def __init__(self, pumps: Sequence[Pump], rng: Random, zone: ZoneInfo, start: Micros) -> None:
        super().__init__(pumps, start)
        self.rng, self.zone = rng, zone
        self.curve = pumps[0].curve
        self._turns = [(*pumps[first:], *pumps[:first]) for first in range(len(pumps))]
        """Who goes first, night by night."""
        self.set_head = 0.95 * self.curve.head
        self.static = 0.6 * self.curve.head
        self.peak_draw = 0.6 * self.curve.flow * len(pumps)
        self.wanted, self.hertz = 1, 42.0
        self.tank = Tank(area=_TANK_AREA, brim=_BRIM, level=2.3)
        self.duty = DutyPoint(0.0, self.set_head)
        self._mood = 0.0
        self._short_for = self._slow_for = 0.0
        for _ in range(_WARM_UP_STEPS):
            self.live(self.step / SECOND)

    def live(self, seconds: float) -> None:
        """Control, then solve: the controller sees the pressure of the step before."""
        self._control(seconds)
        for rank, pump in enumerate(self._duty_order()):
            pump.switch(on=rank < self.wanted and pump.available)
        speed, pumps = self.hertz / RATED_HZ, self.pumps.values()
        pipe = Pipe.drawing(self._draw(seconds), at=self.set_head, static=self.static)
        supplied = self._supplied()
        reach = self.tank.reach(seconds, supplied)
        branches = [pump.branch for pump in pumps if pump.running]
        duty = duty_point(self.curve, pipe, branches, speed=speed, suction=self.tank.level)
        self.duty = duty.within(reach, pipe)
        deliveries = iter(self.duty.deliveries)
        for pump in pumps:
            pump.live(seconds, speed=speed, delivery=next(deliveries) if pump.running else STILL)
        self.tank.change(seconds, supplied - self.duty.flow)

    def _control(self, seconds: float) -> None:
        able = sum(pump.available for pump in self.pumps.values())
        self.wanted = max(1, min(self.wanted, able))
        short = self.set_head - self.duty.head
        self.hertz = min(RATED_HZ, max(_SLOWEST, self.hertz + _GAIN * short * seconds))
        self._short_for = self._short_for + seconds if self.hertz >= 49.5 and short > 0.5 else 0.0
        slow = self.hertz < _SLOW and not self._is_lame
        self._slow_for = self._slow_for + seconds if slow else 0.0
        if self._short_for >= _STAGE_UP and self.wanted < able:
            self._stage(self.wanted + 1)
        if self._slow_for >= _STAGE_DOWN and self.wanted > 1:
            self._stage(self.wanted - 1)

    @property
    def _is_lame(self) -> bool:
        """Tell whether a pump runs and lifts little: it is needed no less, the set must not drop the other."""
        running = [pump.flow for pump in self.pumps.values() if pump.running]
        return min(running, default=0.0) < 0.5 * max(running, default=0.0)

    def _stage(self, pumps: int) -> None:
        """Run with another number of pumps, at the speed that holds the pressure with these."""
        head = self.set_head - self.tank.level
        losses = self.curve.friction + Branch.of(self.curve).suction
        head += losses * (self.duty.flow / pumps) ** 2
        self.wanted = pumps
        self.hertz = min(RATED_HZ, RATED_HZ * math.sqrt(head / self.curve.shut_off))
        self._short_for = self._slow_for = 0.0

    def _duty_order(self) -> Sequence[Pump]:
        """Return every pump by turn, what may not run last; the duty pump changes at three at night."""
        turn = self._turns[(wall(self.now, self.zone) - 3 * HOUR) // DAY % len(self._turns)]
        if not self._standing:
            return turn
        # What shows only in a running pump gets that pump the duty.
        return sorted(
            turn, key=lambda one: (not one.available, WEAR_OF_A_PUMP.isdisjoint(one.faults))
        )

    def _draw(self, seconds: float) -> float:
        """Return what the taps would draw at the set pressure, L/min: by the hour, never steady."""
        keep = math.exp(-seconds / 90.0)
        self._mood = keep * self._mood + self.rng.gauss(0.0, 0.12 * math.sqrt(1 - keep * keep))
        usual = self.peak_draw * draw(local_hour(self.now, self.zone))
        burst = 1.5 * self.peak_draw if self.any_has("burst") else 0.0
        return max(0.05 * self.peak_draw, usual * (1 + self._mood)) + burst

    def _supplied(self) -> float:
        """Return what flows into the tank, L/min, less what drains; a float valve opens as it falls."""
        if self.any_has("tank_low"):
            return -_DRAINED if self.tank.level > 0.5 else 0.0
        if self.any_has("tank_overflow"):
            return _BORE
        return min(max(2500.0 * (_TANK_FULL - self.tank.level), 0.0), _BORE)

    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        flow = pump.delivery.flow
        scatter = _FLOW_NOISE + _SURGE * pump.delivery.vapour * flow
        return {
            "pressure_in": pump.inlet(self.tank.level) * MPA_PER_METRE,
            "pressure_out": self.duty.head * MPA_PER_METRE + self.rng.gauss(0.0, 0.0012),
            "pressure_set": self.set_head * MPA_PER_METRE,
            "flow": max(0.0, self.rng.gauss(flow, scatter)) if flow else 0.0,
            "tank_level": self.tank.level,
            "tank_overflow": self.any_has("tank_overflow"),
            "floor_leak": self.any_has("floor_leak"),
        }
