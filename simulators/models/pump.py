"""One pump as its sensors see it: motor, bearing, counters. What it pumps is the station's matter.

Sources: hydraulics and cavitation as in ``hydraulics``; vibration of a sound pump well inside zone A
of ISO 20816-3 (< 1.4 mm/s at this size, U), rising away from the best efficiency point; a bearing some
30 K above the room at rated torque with a time constant of 20 min (U). A worn bearing's vibration
grows about exponentially until it fails (Gebraeel et al. 2005, IIE Transactions 37), its friction alike
(U). Vapour shakes a pump before its head falls (Gao et al. 2017, Shock and Vibration 6568930).
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Injection, Machine
from simulators.models.hydraulics import RATED_HZ, Branch, Curve, Delivery, dry_torque
from simulators.models.warming import settle

TRIPS = frozenset({"trip", "inverter_fault"})
WEAR_OF_A_PUMP = frozenset(
    {"dry_running", "blocked", "strainer_clogged", "bearing_wear", "imbalance"}
)
"""Faults that may grow, and show only while the pump runs. ``blocked``: its discharge valve
is shut; ``dry_running``: air in its suction pipe, as an empty tank gives it to all."""
FAULTS_OF_A_PUMP = TRIPS | WEAR_OF_A_PUMP | {"manual", "off"}
_NOT_AUTOMATIC = frozenset({*TRIPS, "off", "manual"})
_STOPPED = frozenset({*TRIPS, "off"})

_CLOGGED = 0.03
"""Free area of a clogged strainer (U): the flow falls to a fifth, as SKAB's when its pump cavitates."""
_DRY_INLET = -1.2
"""m at the inlet of a pump that is full of air and turns (U)."""
_ROOM_TEMP = 22.0
_BEARING_TIME = 1200.0
_BEARING_RISE = 30.0
_WORN, _UNBALANCED, _BOILING, _EMPTY = 3.0, 2.2, 2.6, 0.4
"""mm/s more at the bearing housing at rated speed: worn out, unbalanced, full of vapour, dry (U)."""
_WORN_FRICTION, _DRY_FRICTION = 65.0, 45.0
"""K more at the bearing: at the end of its life, or with a seal that no water cools (U)."""
_GROWTH = 5.0
"""e-folds of a bearing's wear: from where it is lost in the sound pump's own wandering to its end (U)."""
_SPREAD, _BOILING_SPREAD = 0.006, 0.12
"""Share by which one reading differs from the next: bubbles that collapse hammer as they please."""
_WANDER, _WANDER_SECONDS = 0.02, 250.0
"""Share, and time constant, of the slow wandering of a sound machine's vibration: a recorded pump
loop (SKAB, waico) at rest with itself spreads 2.2 %, and has lost a fifth of that after a minute."""
STILL = Delivery()
"""What a pump delivers that does not turn."""


@dataclass(slots=True)
class Pump:
    """One pump and what it has been through."""

    id: str
    curve: Curve
    rng: Random
    variable_speed: bool = False
    faults: Mapping[str, float] = field(default_factory=dict)
    """How far each has come, 0 to 1; set by ``suffer``."""
    branch: Branch = field(init=False)
    """This and the next four follow from the faults, and are worked out when these change."""
    available: bool = field(init=False)
    """The automatic control may start it."""
    mode: str = field(init=False)
    tripped: bool = field(init=False)
    worn: float = field(init=False)
    """How much of its last noise and friction a wearing bearing has."""
    running: bool = False
    speed: float = 1.0
    """Share of the rated speed while running."""
    delivery: Delivery = STILL
    bearing_temp: float = _ROOM_TEMP
    run_hours: float = 0.0
    starts: int = 0
    torque: float = 0.0
    """Share of the rated torque: what is not lifted is not paid for (U)."""
    wandered: float = 0.0
    """By how much of itself its vibration has wandered off."""

    def __post_init__(self) -> None:
        self.run_hours = round(self.rng.uniform(500, 9000), 1)
        self.starts = self.rng.randrange(200, 9000)
        self.suffer({})

    def suffer(self, faults: Mapping[str, float]) -> None:
        """Have these faults from now on, so far (0 to 1), and no others."""
        self.faults = faults
        self.branch = Branch.of(
            self.curve,
            strainer=1 - (1 - _CLOGGED) * faults.get("strainer_clogged", 0.0),
            valve=1 - faults.get("blocked", 0.0),
            wet=1 - faults.get("dry_running", 0.0),
        )
        self.available = _NOT_AUTOMATIC.isdisjoint(faults)
        self.mode = next((mode for mode in ("off", "manual") if mode in faults), "auto")
        self.tripped = not TRIPS.isdisjoint(faults)
        self.worn = math.expm1(_GROWTH * faults.get("bearing_wear", 0.0)) / math.expm1(_GROWTH)

    @property
    def flow(self) -> float:
        """Return what it delivers, L/min."""
        return self.delivery.flow

    def switch(self, *, on: bool) -> None:
        """Start or stop; a tripped pump stays where it is."""
        on = on and _STOPPED.isdisjoint(self.faults)
        self.starts += on and not self.running
        self.running = on

    def live(self, seconds: float, *, speed: float, delivery: Delivery) -> None:
        """Let time pass at a speed, with what it delivers at that."""
        self.speed = speed if self.running else 0.0
        self.delivery = delivery if self.running else STILL
        self.torque = self._torque() if self.running else 0.0
        self.run_hours += self.running * seconds / 3600
        stays, fresh = _wandering(seconds)
        self.wandered = stays * self.wandered + self.rng.gauss(0.0, fresh)
        target = _ROOM_TEMP + _BEARING_RISE * self.torque
        if self.running:
            target += _WORN_FRICTION * self.worn + _DRY_FRICTION * (1 - self.delivery.wet)
        self.bearing_temp = settle(self.bearing_temp, target, seconds, _BEARING_TIME)

    def _torque(self) -> float:
        dry, given = dry_torque(self.speed), self.delivery
        return dry + given.load * (self.curve.torque_at(given.flow, self.speed) - dry)

    @property
    def vibration(self) -> float:
        """Return the bearing housing's vibration, mm/s."""
        if not self.running:
            return 0.02
        given = self.delivery
        off_best = abs(given.flow / (self.curve.flow * self.speed) - 0.9) if self.speed else 0.0
        shaken = _WORN * self.worn + _UNBALANCED * self.faults.get("imbalance", 0.0)
        shaken += _BOILING * given.vapour + _EMPTY * (1 - given.wet)
        sound = 0.7 + 0.5 * min(off_best, 1.0) + shaken
        spread = _SPREAD + (_BOILING_SPREAD - _SPREAD) * given.vapour
        return sound * self.speed * max(0.5, self.rng.gauss(1.0 + self.wandered, spread))

    def inlet(self, level: float) -> float:
        """Return the head at its inlet under so much water, m above the air's pressure."""
        drawn = level - self.branch.suction * self.delivery.flow**2
        return _DRY_INLET + self.delivery.wet * (drawn - _DRY_INLET)

    def points(self) -> dict[str, Scalar]:
        """Return what every pump's cabinet tells."""
        noise = self.rng.gauss(1.0, 0.004)
        points: dict[str, Scalar] = {
            "run": self.running,
            "mode": self.mode,
            "fault": self.tripped,
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


@lru_cache(maxsize=16)
def _wandering(seconds: float) -> tuple[float, float]:
    """Return what share of a wandering stays after some seconds, and the spread of what is new."""
    stays = math.exp(-seconds / _WANDER_SECONDS)
    return stays, _WANDER * math.sqrt(1 - stays * stays)


class Station(Machine):
    """Pumps that hang together; a step of physics at a time."""

    step = 5 * SECOND

    def __init__(self, pumps: Sequence[Pump], start: Micros) -> None:
        super().__init__(pumps[0].id, start)
        self.pumps: Mapping[str, Pump] = {pump.id: pump for pump in pumps}
        self._standing: dict[tuple[str, str], tuple[Injection, Micros]] = {}
        """By pump and fault: what was let in, and when."""

    @property
    def equipment(self) -> tuple[str, ...]:
        return tuple(self.pumps)

    def begin(self, injection: Injection) -> None:
        self._standing[injection.equipment, injection.fault] = injection, self.now
        self._suffer()

    def end(self, injection: Injection) -> None:
        self._standing.pop((injection.equipment, injection.fault), None)
        self._suffer()

    def _suffer(self) -> None:
        """Let every pump have its faults as far as they have come by now."""
        faults: dict[str, dict[str, float]] = {id_: {} for id_ in self.pumps}
        for (id_, fault), (injection, since) in self._standing.items():
            faults[id_][fault] = injection.severity(since, self.now)
        for id_, pump in self.pumps.items():
            pump.suffer(faults[id_])

    def story(self) -> Iterator[Micros]:
        while True:
            if self._standing:
                self._suffer()
            self.live(self.step / SECOND)
            for pump in self.pumps.values():
                points = pump.points()
                points.update(self.points_of(pump))
                self.say(points, pump.id)
            yield self.now + self.step

    def any_has(self, fault: str) -> bool:
        """Tell whether a fault that concerns all was let in at any of the pumps."""
        return bool(self._standing) and any(fault in one.faults for one in self.pumps.values())

    @abstractmethod
    def live(self, seconds: float) -> None:
        """Let a step pass: decide, solve the hydraulics, let every pump live it."""

    @abstractmethod
    def points_of(self, pump: Pump) -> Mapping[str, Scalar]:
        """Return what the station's sensors tell about a pump beyond its cabinet."""
