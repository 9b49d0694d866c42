"""One pump as its sensors see it: motor, bearing, counters. What it pumps is the station's matter.

Sources: hydraulics as in ``hydraulics``; vibration of a sound pump well inside zone A of ISO
20816-3 (< 1.4 mm/s at this size, U), rising away from the best efficiency point and with wear;
a bearing some 30 K above the room at rated torque with a time constant of 20 min (U).
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Injection, Machine
from simulators.models.hydraulics import RATED_HZ, Curve, dry_torque
from simulators.models.warming import settle

TRIPS = frozenset({"trip", "inverter_fault"})
FAULTS_OF_A_PUMP = frozenset(
    {
        *TRIPS,
        *("manual", "off", "dry_running", "bearing_wear", "blocked", "cavitation", "imbalance"),
    }
)

_ROOM_TEMP = 22.0
_BEARING_TIME = 1200.0
_BEARING_RISE = 30.0
_SHAKES = {"bearing_wear": 3.0, "dry_running": 0.4, "cavitation": 2.6, "imbalance": 2.2}
"""mm/s more at the bearing housing at rated speed (U); vapour bubbles hammer, and spread (below)."""
_SPREAD, _CAVITATING_SPREAD = 0.006, 0.12
"""Share by which one reading differs from the next."""
_WANDER, _WANDER_SECONDS = 0.02, 250.0
"""Share, and time constant, of the slow wandering of a sound machine's vibration: a recorded pump
loop (SKAB, waico) at rest with itself spreads 2.2 %, and has lost a fifth of that after a minute."""
_CAVITATING_FLOW = 0.82
"""Share of the flow that is left when part of the impeller is full of vapour (U)."""
_FRICTION = {"bearing_wear": 25.0, "dry_running": 45.0}
"""K more at the bearing: worn, or with a seal that no water cools (U)."""


@dataclass(slots=True)
class Pump:
    """One pump and what it has been through."""

    id: str
    curve: Curve
    rng: Random
    variable_speed: bool = False
    faults: set[str] = field(default_factory=set)
    running: bool = False
    speed: float = 1.0
    """Share of the rated speed while running."""
    flow: float = 0.0
    bearing_temp: float = _ROOM_TEMP
    run_hours: float = 0.0
    starts: int = 0
    wandered: float = 0.0
    """By how much of itself its vibration has wandered off."""

    def __post_init__(self) -> None:
        self.run_hours = round(self.rng.uniform(500, 9000), 1)
        self.starts = self.rng.randrange(200, 9000)

    @property
    def available(self) -> bool:
        """Tell whether the automatic control may start it."""
        return self.faults.isdisjoint({*TRIPS, "off", "manual"})

    @property
    def delivers(self) -> bool:
        """Tell whether it moves water when it runs."""
        return self.running and self.faults.isdisjoint({"dry_running", "blocked"})

    @property
    def mode(self) -> str:
        return next((mode for mode in ("off", "manual") if mode in self.faults), "auto")

    def switch(self, *, on: bool) -> None:
        """Start or stop; a tripped pump stays where it is."""
        on = on and self.faults.isdisjoint({*TRIPS, "off"})
        self.starts += on and not self.running
        self.running = on

    def live(self, seconds: float, *, speed: float, flow: float) -> None:
        """Let time pass at a speed and a flow."""
        self.speed = speed if self.running else 0.0
        self.flow = flow if self.delivers else 0.0
        if "cavitation" in self.faults:
            self.flow *= _CAVITATING_FLOW
        self.run_hours += self.running * seconds / 3600
        stays = math.exp(-seconds / _WANDER_SECONDS)
        fresh = _WANDER * math.sqrt(1 - stays * stays)
        self.wandered = stays * self.wandered + self.rng.gauss(0.0, fresh)
        friction = sum(rise for fault, rise in _FRICTION.items() if fault in self.faults)
        target = _ROOM_TEMP + _BEARING_RISE * self.torque + friction * self.running
        self.bearing_temp = settle(self.bearing_temp, target, seconds, _BEARING_TIME)

    @property
    def torque(self) -> float:
        """Return the share of the rated torque."""
        if not self.running:
            return 0.0
        if "dry_running" in self.faults:
            return dry_torque(self.speed)
        return self.curve.torque_at(self.flow, self.speed)

    @property
    def vibration(self) -> float:
        """Return the bearing housing's vibration, mm/s."""
        if not self.running:
            return 0.02
        off_best = abs(self.flow / (self.curve.flow * self.speed) - 0.9) if self.speed else 0.0
        shaken = sum(more for fault, more in _SHAKES.items() if fault in self.faults)
        sound = 0.7 + 0.5 * min(off_best, 1.0) + shaken
        spread = _CAVITATING_SPREAD if "cavitation" in self.faults else _SPREAD
        return sound * self.speed * max(0.5, self.rng.gauss(1.0 + self.wandered, spread))

    def points(self) -> dict[str, Scalar]:
        """Return what every pump's cabinet tells."""
        noise = self.rng.gauss(1.0, 0.004)
        points: dict[str, Scalar] = {
            "run": self.running,
            "mode": self.mode,
            "fault": not self.faults.isdisjoint(TRIPS),
            "current": self.curve.current_of(self.torque) * noise,
            "vibration": self.vibration,
            "bearing_temp": self.bearing_temp,
            "run_hours": self.run_hours,
            "starts": self.starts,
        }
        if self.variable_speed:
            points["frequency"] = self.speed * RATED_HZ if self.running else 0.0
            points["inverter_fault"] = "inverter_fault" in self.faults
        return points


class Station(Machine):
    """Pumps that hang together; a step of physics at a time."""

    step = 5 * SECOND

    def __init__(self, pumps: Sequence[Pump], start: Micros) -> None:
        super().__init__(pumps[0].id, start)
        self.pumps: Mapping[str, Pump] = {pump.id: pump for pump in pumps}

    @property
    def equipment(self) -> tuple[str, ...]:
        return tuple(self.pumps)

    def begin(self, injection: Injection) -> None:
        self.pumps[injection.equipment].faults.add(injection.fault)

    def end(self, injection: Injection) -> None:
        self.pumps[injection.equipment].faults.discard(injection.fault)

    def story(self) -> Iterator[Micros]:
        while True:
            self.live(self.step / SECOND)
            for pump in self.pumps.values():
                self.say({**pump.points(), **self.points_of(pump)}, pump.id)
            yield self.now + self.step

    def any_has(self, fault: str) -> bool:
        """Tell whether a fault that concerns all was let in at any of the pumps."""
        return any(fault in pump.faults for pump in self.pumps.values())

    @abstractmethod
    def live(self, seconds: float) -> None:
        """Let a step pass: decide, solve the hydraulics, let every pump live it."""

    @abstractmethod
    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        """Return what the station's sensors tell about a pump beyond its cabinet."""
