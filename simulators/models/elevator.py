"""A passenger lift of a residential unit: calls, runs, doors, and what wears and warms with them.

Sources: traffic by the hour as in ``people``; runs as in ``kinematics``; EN 81-20 (GB/T 7588.1) for
75 kg a person, the unlocking zone of ±0.2 m (5.3.8.1), the stopping accuracy of ±10 mm (5.12.1.1.4)
and the 150 N with which a door may close (5.3.6.2.2.1.1); door times of a 900 mm centre-opening door
from CIBSE Guide D. The car takes one call
after another: no collective control. The door-zone contact is told at rest only, not in passing.
Without mains the brake holds the car where it is and the doors stay as they are; a rescue device, where
there is one, brings it to the nearest landing and opens.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Machine, local_hour
from simulators.models.kinematics import Travel
from simulators.models.people import group, next_arrival, trip
from simulators.models.warming import settle

FLOOR_HEIGHT = 3.0
DOOR_ZONE = 0.2
PERSON_KG = 75.0
CREEP = 0.15
"""m/s, on automatic rescue and when a halted car finds its landing again (U)."""

_OPENING, _CLOSING = 2 * SECOND, 3 * SECOND
_DWELL, _DWELL_PER_PERSON = 3 * SECOND, 1_200_000
_STEP = SECOND
_IDLE = 20 * SECOND
_MOTOR_TIME, _ROOM_TIME = 1800.0, 3600.0

_CLOSING_FORCE, _FORCE_SPREAD = 150.0, 15.0
_DRAG, _WORN_DRAG = 110.0, 85.0
"""N that the leaves withstand their closing: sound, and more when hangers and sill are worn (U). It
meets the permitted force by chance at four closings in a thousand, and at nearly each when worn."""
_WORN_CLOSING = 0.6
"""Share by which a closing takes longer against that drag (U)."""
_SHAKES, _WORN_SHAKES = 0.9, 3.6
"""mm/s in the running car: sound, and more with worn guide shoes (U)."""
_LEVEL_SPREAD, _SLIDES = 1.5, 24.0
"""mm by which a stop misses its landing, and goes beyond it when the brake's lining is worn (U)."""

MODES = {
    "inspection": "inspection",
    "parked": "parked",
    "out_of_service": "out_of_service",
    "fire_recall": "fire",
}
"""Faults that take the car out of normal mode, and the mode then; a trip begun is finished."""

HALTS = frozenset({"stuck_between_floors", "mains_lost", "safety_gear", "overtravel"})
"""Faults that stop the car where it is."""

OVERRIDES: Mapping[str, Mapping[str, Scalar]] = {
    "call_button": {"alarm_button": True},
    "pit_water": {"pit_water": True},
    "ebike": {"ebike": True},
    "safety_chain_open": {"safety_chain": False},
    "safety_gear": {"safety_gear": True, "safety_chain": False, "fault": True, "fault_code": "E35"},
    "overtravel": {"overtravel": True, "safety_chain": False, "fault": True, "fault_code": "E29"},
    "stuck_between_floors": {"fault": True, "fault_code": "E41"},
    "moves_with_open_door": {"fault": True, "fault_code": "E48"},
    "door_blocked": {"fault_code": "E52"},
    "mains_lost": {"mains": False, "safety_chain": False},
    "controller_fault": {"fault": True, "fault_code": "E07"},
}
WEAR = frozenset({"door_wear", "guide_wear", "brake_wear"})
"""Faults that may grow."""
FAULTS = frozenset({*OVERRIDES, *MODES, *WEAR, "machine_room_hot", "door_held"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What is built: floors served (from below), rated speed (m/s) and load (kg), sensors."""

    id: str
    floors: tuple[int, ...]
    zone: ZoneInfo
    speed: float = 1.75
    acceleration: float = 0.8
    calls_per_hour: float = 36.0
    occupancy_sensor: bool = True
    automatic_rescue: bool = False

    @property
    def lobby(self) -> int:
        """Return the position of the lowest floor above ground in ``floors``."""
        return next((at for at, floor in enumerate(self.floors) if floor >= 1), 0)


def closing_fails(worn: float) -> float:
    """Return how probably a closing meets more than the permitted force; ``worn`` is 0 to 1."""
    spare = _CLOSING_FORCE - _DRAG - _WORN_DRAG * worn
    return 0.5 * math.erfc(spare / (_FORCE_SPREAD * math.sqrt(2)))


class Elevator(Machine):
    """One lift; ``position`` in metres above the lowest landing."""

    def __init__(self, lift: Lift, rng: Random, start: Micros) -> None:
        """Put a lift that has run for some years at its lobby."""
        super().__init__(lift.id, start)
        self.lift = lift
        self.rng = rng
        self.position = lift.lobby * FLOOR_HEIGHT
        self.velocity = 0.0
        self.door = "closed"
        self.people = 0
        self.rescuing = False
        self.pressed = False
        self.levelling_error = 0.0
        self.motor_temp = self.room_temp = 28.0
        self.starts = rng.randrange(200_000, 1_500_000)
        self.door_cycles = round(self.starts * 1.05)
        self.door_reopens = round(self.door_cycles * closing_fails(0.0))
        self._call_at = start
        self._settled_at = start

    # --- what it does ---------------------------------------------------------------------------
    def story(self) -> Iterator[Micros]:
        self._call_at = self._next_call()
        while True:
            if "moves_with_open_door" in self.faults:
                yield from self._drift()
            elif self._must_strand:
                yield from self._travel(self._another_stop())
            elif "fire_recall" in self.faults and not self._halted:
                yield from self._stand_by_for_fire()
            elif self._halted or self._mode != "normal":
                yield from self._rest(self.now + _IDLE)
            elif self.now >= self._call_at:
                yield from self._serve()
            else:
                yield from self._rest(min(self._call_at, self.now + _IDLE))

    def _serve(self) -> Iterator[Micros]:
        """Fetch people and bring them where they want to go."""
        here, wish = trip(
            self.rng,
            self.now,
            self.lift.zone,
            lobby=self.lift.lobby,
            stops=len(self.lift.floors),
        )
        self._call_at = self._next_call()
        yield from self._travel(here)
        yield from self._door_cycle(group(self.rng))
        yield from self._travel(wish)
        yield from self._door_cycle(0)

    def _travel(self, stop: int) -> Iterator[Micros]:
        """Run to a landing; a halt on the way is sat out there, then the nearest landing is sought."""
        yield from self._wait_for_power()
        way = stop * FLOOR_HEIGHT - self.position
        if way == 0 or (self._halted and not self._must_strand):
            return
        run = Travel(distance=abs(way), speed=self.lift.speed, acceleration=self.lift.acceleration)
        origin, start, sign = self.position, self.now, math.copysign(1.0, way)
        self.starts += 1
        while (t := (self.now - start) / SECOND) < run.duration:
            way, speed = run.at(t)
            self.position, self.velocity = origin + sign * way, sign * speed
            if self.faults and self._comes_to_a_halt:
                yield from self._halt()
                return
            self._say()
            yield min(self.now + _STEP, start + math.ceil(run.duration * SECOND))
        self._arrive(stop, sign)
        self._say()

    def _halt(self) -> Iterator[Micros]:
        """Stand between two landings until the fault is gone; whoever is inside calls for help."""
        self.velocity = 0.0
        halted_at = self.now
        self._seat_passengers()
        while self._halted:
            waited = (self.now - halted_at) // SECOND
            self.pressed = self.people > 0 and 12 <= waited % 180 < 17
            if self._rescue_due(waited):
                break
            self._say()
            yield self.now + (_STEP if waited < 20 or self.pressed else 4 * SECOND)
        self.pressed = False
        yield from self._creep()

    def _seat_passengers(self) -> None:
        """Let the scenario say who is inside; else it is whoever was."""
        told = (one.settings.get("occupied") for one in self.faults.values())
        occupied = next((one for one in told if one is not None), self._must_strand or self.people)
        self.people = max(self.people, 1) if occupied else 0

    def _rescue_due(self, waited: int) -> bool:
        return (
            self.lift.automatic_rescue
            and {"mains_lost"} == HALTS & set(self.faults)
            and waited >= 10
        )

    def _creep(self) -> Iterator[Micros]:
        """Go slowly to the nearest landing and let everyone out."""
        self.rescuing = "mains_lost" in self.faults
        stop = round(self.position / FLOOR_HEIGHT)
        while abs(left := stop * FLOOR_HEIGHT - self.position) > 0.01:
            step = min(abs(left), CREEP)
            self.velocity = math.copysign(CREEP, left)
            self._say()
            yield self.now + _STEP
            self.position += math.copysign(step, left)
        self._arrive(stop)
        yield from self._door_cycle(0)
        self.rescuing = False
        self._say()

    def _stand_by_for_fire(self) -> Iterator[Micros]:
        """Go to the lobby without a stop, open, and stay for the fire brigade."""
        yield from self._travel(self.lift.lobby)
        self.people = 0
        yield from self._move_door("opening", _OPENING)
        self.door = "open"
        while "fire_recall" in self.faults and not self._halted:
            yield from self._rest(self.now + _IDLE)
        self.door = "closed"

    def _drift(self) -> Iterator[Micros]:
        """Leave the landing with an open door, as a car does whose brake does not hold."""
        self.door = "open"
        for _ in range(4):
            self._say()
            yield self.now + _STEP
            self.velocity = 0.3
            self.position += 0.3
        self.velocity = 0.0
        while "moves_with_open_door" in self.faults:
            yield from self._rest(self.now + 10 * SECOND)
        self.door = "closed"
        yield from self._creep()

    def _door_cycle(self, people: int) -> Iterator[Micros]:
        """Open, let people change places, close; a failed closing opens again."""
        while True:
            yield from self._move_door("opening", _OPENING)
            changing = abs(people - self.people)
            self.people = people
            yield from self._move_door("open", _DWELL + changing * _DWELL_PER_PERSON)
            while "door_held" in self.faults:
                yield from self._rest(self.now + 10 * SECOND)
            slower = 1.0 + _WORN_CLOSING * self.severity("door_wear")
            yield from self._move_door("closing", round(_CLOSING * slower))
            if not self._closing_fails():
                break
            self.door_reopens += 1
        self.door = "closed"
        self.door_cycles += 1
        self._say()

    def _move_door(self, state: str, takes: Micros) -> Iterator[Micros]:
        yield from self._wait_for_power()
        self.door = state
        self._say()
        yield from self.until(self.now + takes)
        yield from self._wait_for_power()

    def _closing_fails(self) -> bool:
        chance = closing_fails(self.severity("door_wear"))
        return "door_blocked" in self.faults or self.rng.random() < chance

    def _wait_for_power(self) -> Iterator[Micros]:
        """Stay as one is while there are neither mains nor a rescue device."""
        while self._dead:
            yield from self._rest(self.now + _IDLE)

    def _rest(self, until: Micros) -> Iterator[Micros]:
        self._say()
        yield until

    # --- what is so -----------------------------------------------------------------------------
    @property
    def _halted(self) -> bool:
        return not HALTS.isdisjoint(self.faults)

    @property
    def _dead(self) -> bool:
        without = "mains_lost" in self.faults and not self.lift.automatic_rescue
        return without and not self._must_strand

    @property
    def _must_strand(self) -> bool:
        """Tell whether a fault asks for a car between floors: it sets out, to be halted there."""
        power_cut = self.faults.get("mains_lost")
        under_way = power_cut is not None and power_cut.settings.get("under_way", False)
        return "stuck_between_floors" in self.faults or bool(under_way)

    @property
    def _comes_to_a_halt(self) -> bool:
        """Tell whether the running car stops here: at once without mains, else between landings."""
        braked = "mains_lost" in self.faults and not self._must_strand
        return braked or (self._halted and self._between_landings)

    @property
    def _mode(self) -> str:
        if not self.faults:
            return "normal"
        return next((mode for fault, mode in MODES.items() if fault in self.faults), "normal")

    @property
    def _vibration(self) -> float:
        """Return what the running car shakes by, mm/s."""
        usual = _SHAKES + _WORN_SHAKES * self.severity("guide_wear")
        return abs(self.rng.gauss(usual, usual / 9))

    @property
    def _between_landings(self) -> bool:
        """Tell whether no door could be opened here, with a margin for the way to stop."""
        off = abs(self.position - round(self.position / FLOOR_HEIGHT) * FLOOR_HEIGHT)
        return off > 4 * DOOR_ZONE

    def _another_stop(self) -> int:
        here = round(self.position / FLOOR_HEIGHT)
        return len(self.lift.floors) - 1 if here < len(self.lift.floors) // 2 else 0

    def _next_call(self) -> Micros:
        return next_arrival(self.rng, self.now, self.lift.zone, per_hour=self.lift.calls_per_hour)

    def _arrive(self, stop: int, sign: float = 0.0) -> None:
        """Stop level: within a few millimetres, a little lower with a full car (ropes stretch).

        ``sign`` is the way it came, +1 from below; a worn brake lets it slide on.
        """
        self.position, self.velocity = stop * FLOOR_HEIGHT, 0.0
        slid = sign * _SLIDES * self.severity("brake_wear")
        self.levelling_error = self.rng.gauss(slid, _LEVEL_SPREAD) - 0.4 * self.people

    def _settle_temperatures(self) -> None:
        """Warm the motor while it runs and the room by the day and the motor."""
        seconds = (self.now - self._settled_at) / SECOND
        self._settled_at = self.now
        hour = local_hour(self.now, self.lift.zone)
        hot = 30.0 if "machine_room_hot" in self.faults else 0.0
        warmed = (self.motor_temp - self.room_temp) * 0.05
        outside = 24.0 + 4.0 * math.sin((hour - 9) * math.pi / 12)
        self.room_temp = settle(self.room_temp, outside + 3.0 + hot + warmed, seconds, _ROOM_TIME)
        running = 110.0 if self.velocity else 0.0
        self.motor_temp = settle(self.motor_temp, self.room_temp + running, seconds, _MOTOR_TIME)

    def _say(self) -> None:
        self._settle_temperatures()
        points = self._points()
        for fault in self.faults:
            points.update(OVERRIDES.get(fault, {}))
        self.say(points)

    def _points(self) -> dict[str, Scalar]:
        position, velocity, moving = self.position, self.velocity, self.velocity != 0
        nearest = round(position / FLOOR_HEIGHT)
        off = abs(position - nearest * FLOOR_HEIGHT)
        points: dict[str, Scalar] = {
            "floor": self.lift.floors[max(0, min(nearest, len(self.lift.floors) - 1))],
            "direction": "idle" if not moving else "up" if velocity > 0 else "down",
            "speed": velocity,
            "load": self.people * PERSON_KG,
            "door": self.door,
            "door_zone": not (moving and not self.rescuing) and off <= DOOR_ZONE,
            "mode": self._mode,
            "mains": True,
            "alarm_button": self.pressed,
            "safety_chain": self.door == "closed",
            "safety_gear": False,
            "overtravel": False,
            "pit_water": False,
            "ebike": False,
            "levelling_error": self.levelling_error,
            "motor_temp": self.motor_temp,
            "machine_room_temp": self.room_temp,
            "vibration": self._vibration if moving else 0.05,
            "starts": self.starts,
            "door_cycles": self.door_cycles,
            "door_reopens": self.door_reopens,
            "fault": False,
            "fault_code": "00",
        }
        if self.lift.occupancy_sensor:
            points["occupied"] = self.people > 0
        if self.lift.automatic_rescue:
            points["rescue_running"] = self.rescuing
        return points
