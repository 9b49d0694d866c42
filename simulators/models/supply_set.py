"""Drinking-water pumps with inverters: one pressure to hold, whatever the taps draw.

Demand by the hour as in ``daily``. Control as booster sets do it: an integral controller on the
header's pressure, the next pump at full speed, one fewer when slow; the duty pump changes every
night at three. The break tank refills by a float valve.
"""

import math
from collections.abc import Mapping, Sequence
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, SECOND, Micros, wall
from gengfu.core.naming import Scalar
from simulators.device import local_hour
from simulators.models.daily import draw
from simulators.models.hydraulics import MPA_PER_METRE, RATED_HZ, DutyPoint, Pipe, duty_point
from simulators.models.pump import FAULTS_OF_A_PUMP, Pump, Station
from simulators.models.warming import settle

FAULTS = FAULTS_OF_A_PUMP | {"burst", "tank_low", "tank_overflow", "floor_leak"}

_SHOWN_RUNNING = frozenset({"dry_running", "blocked", "bearing_wear", "cavitation", "imbalance"})
_TANK_AREA = 20.0
_TANK_FULL = 2.4
_GAIN = 0.05
"""Hz per metre and second: slow enough for the step of 5 s."""
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
        self.set_head = 0.95 * self.curve.head
        self.static = 0.6 * self.curve.head
        self.peak_draw = 0.6 * self.curve.flow * len(pumps)
        self.wanted, self.hertz = 1, 42.0
        self.level = 2.3
        self.duty = DutyPoint(0.0, self.set_head)
        self._mood = 0.0
        self._short_for = self._slow_for = 0.0
        for _ in range(_WARM_UP_STEPS):
            self.live(self.step / SECOND)

    def live(self, seconds: float) -> None:
        """Control, then solve: the controller sees the pressure of the step before."""
        self._control(seconds)
        for pump, on in self._duty_order():
            pump.switch(on=on)
        delivering = [pump for pump in self.pumps.values() if pump.delivers and self.level > 0.1]
        pipe = Pipe.drawing(self._draw(seconds), at=self.set_head, static=self.static)
        self.duty = duty_point(
            self.curve,
            pipe,
            pumps=len(delivering),
            speed=self.hertz / RATED_HZ,
            suction=self.level,
        )
        share = self.duty.flow / len(delivering) if delivering else 0.0
        for pump in self.pumps.values():
            pump.live(seconds, speed=self.hertz / RATED_HZ, flow=share)
        self._fill_tank(seconds)

    def _control(self, seconds: float) -> None:
        able = sum(pump.available for pump in self.pumps.values())
        self.wanted = max(1, min(self.wanted, able))
        short = self.set_head - self.duty.head
        self.hertz = min(RATED_HZ, max(_SLOWEST, self.hertz + _GAIN * short * seconds))
        self._short_for = self._short_for + seconds if self.hertz >= 49.5 and short > 0.5 else 0.0
        # A pump that runs and lifts nothing is needed no less: the set must not drop the other.
        lame = any(pump.running and not pump.delivers for pump in self.pumps.values())
        slow = self.hertz < _SLOW and not lame
        self._slow_for = self._slow_for + seconds if slow else 0.0
        if self._short_for >= _STAGE_UP and self.wanted < able:
            self._stage(self.wanted + 1)
        if self._slow_for >= _STAGE_DOWN and self.wanted > 1:
            self._stage(self.wanted - 1)

    def _stage(self, pumps: int) -> None:
        """Run with another number of pumps, at the speed that holds the pressure with these."""
        head = self.set_head - self.level
        head += self.curve.friction * (self.duty.flow / pumps) ** 2
        self.wanted = pumps
        self.hertz = min(RATED_HZ, RATED_HZ * math.sqrt(head / self.curve.shut_off))
        self._short_for = self._slow_for = 0.0

    def _duty_order(self) -> list[tuple[Pump, bool]]:
        """Return every pump and whether it should run; the duty pump changes at three at night."""
        pumps = list(self.pumps.values())
        first = (wall(self.now, self.zone) - 3 * HOUR) // DAY % len(pumps)
        order = [pump for pump in pumps[first:] + pumps[:first] if pump.available]
        # What shows only in a running pump gets that pump the duty.
        order.sort(key=lambda pump: pump.faults.isdisjoint(_SHOWN_RUNNING))
        wanted = {pump.id for pump in order[: self.wanted]}
        return [(pump, pump.id in wanted) for pump in pumps]

    def _draw(self, seconds: float) -> float:
        """Return what the taps would draw at the set pressure, L/min: by the hour, never steady."""
        keep = math.exp(-seconds / 90.0)
        self._mood = keep * self._mood + self.rng.gauss(0.0, 0.12 * math.sqrt(1 - keep * keep))
        usual = self.peak_draw * draw(local_hour(self.now, self.zone))
        burst = 1.5 * self.peak_draw if self.any_has("burst") else 0.0
        return max(0.05 * self.peak_draw, usual * (1 + self._mood)) + burst

    def _fill_tank(self, seconds: float) -> None:
        """Balance the tank; its float valve opens as the level falls."""
        supplied = 0.0 if self.any_has("tank_low") else 2500.0 * (_TANK_FULL - self.level)
        supplied = min(max(supplied, 0.0), 1200.0)
        drained = 1500.0 if self.any_has("tank_low") and self.level > 0.5 else 0.0
        change = (supplied - self.duty.flow - drained) * seconds / 60_000 / _TANK_AREA
        self.level = min(max(self.level + change, 0.0), _TANK_FULL)
        if self.any_has("tank_overflow"):
            self.level = settle(self.level, 2.6, seconds, 300.0)

    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        dry = pump.running and "dry_running" in pump.faults
        choked = pump.running and "cavitation" in pump.faults  # a strainer takes the suction's head
        suction = 0.002 if choked else self.level * MPA_PER_METRE
        return {
            "pressure_in": -0.012 if dry else suction,
            "pressure_out": self.duty.head * MPA_PER_METRE + self.rng.gauss(0.0, 0.0012),
            "pressure_set": self.set_head * MPA_PER_METRE,
            "flow": max(0.0, pump.flow + (self.rng.gauss(0.0, 1.5) if pump.flow else 0.0)),
            "tank_level": self.level,
            "tank_overflow": self.any_has("tank_overflow"),
            "floor_leak": self.any_has("floor_leak"),
        }
