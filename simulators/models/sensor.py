"""Sensors that watch a place: gas, key rooms, manholes, noise, drinking water.

They differ in what they read, not in how they live, so one machine plays them all from a table: each
value follows its day with a slow noise of its own (first order, as a room or a pipe answers), and a
fault draws it elsewhere with the time constant of what happens. Courses and time constants are
experience (U): plausible, not measured. Left out: weather, seasons, and the ageing of sensors.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import cos, exp, pi, sqrt
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Machine, local_hour

_STEP = 30 * SECOND
_NOISE_LASTS = 30 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """An ordinary day of one value: ``mean`` ± ``swing`` with its top at ``peak`` o'clock."""

    mean: float
    swing: float = 0.0
    peak: float = 15.0
    noise: float = 0.0
    """Standard deviation of what the day does not explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What a fault does to one value: it goes ``to`` there, 63 % of the way in ``over``."""

    to: float
    over: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The device's own switch: ``point`` becomes ``then`` while ``watches`` is at ``limit`` or more."""

    point: str
    watches: str
    limit: float
    otherwise: Scalar
    then: Scalar
    unless: str | None = None
    """The fault that keeps it from switching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of sensor: what it reads on a good day, and what its faults do."""

    courses: Mapping[str, Course]
    steady: Mapping[str, Scalar] = field(default_factory=dict)
    """Points that only a fault changes."""
    trips: tuple[Trip, ...] = ()
    pulls: Mapping[str, Mapping[str, Pull]] = field(default_factory=dict)
    """By fault, then by value."""
    changes: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    """By fault, then by point: what is so while it lasts."""

    @property
    def faults(self) -> frozenset[str]:
        """Return every fault that this kind knows."""
        unless = {trip.unless for trip in self.trips if trip.unless}
        return frozenset({*self.pulls, *self.changes, *unless})


class Sensor(Machine):
    """One sensor of a kind."""

    def __init__(self, id_: str, kind: Kind, rng: Random, zone: ZoneInfo, start: Micros) -> None:
        super().__init__(id_, start)
        self.kind, self.rng, self.zone = kind, rng, zone
        self._noise = {name: rng.gauss(0, one.noise) for name, one in kind.courses.items()}
        self._drawn = dict.fromkeys(kind.courses, 0.0)
        self._lived = start

    def story(self) -> Iterator[Micros]:
        while True:
            self._live(self.now - self._lived)
            self._lived = self.now
            self.say(self._points())
            yield self.now + _STEP

    def _live(self, passed: Micros) -> None:
        stays = exp(-passed / _NOISE_LASTS)
        for name, course in self.kind.courses.items():
            fresh = course.noise * sqrt(1 - stays * stays)
            self._noise[name] = stays * self._noise[name] + self.rng.gauss(0, fresh)
            share, over = 0.0, 10 * MINUTE
            for pull in self._pulls(name):
                share, over = pull.to - course.mean, pull.over
            self._drawn[name] = share + (self._drawn[name] - share) * exp(-passed / over)

    def _pulls(self, name: str) -> Iterator[Pull]:
        for fault in self.faults:
            pull = self.kind.pulls.get(fault, {}).get(name)
            if pull is not None:
                yield pull

    def _points(self) -> dict[str, Scalar]:
        hour = local_hour(self.now, self.zone)
        values = {
            name: max(
                0.0,
                course.mean
                + course.swing * cos((hour - course.peak) * pi / 12)
                + self._noise[name]
                + self._drawn[name],
            )
            for name, course in self.kind.courses.items()
        }
        points: dict[str, Scalar] = {**values, **self.kind.steady}
        for trip in self.kind.trips:
            tripped = values[trip.watches] >= trip.limit and trip.unless not in self.faults
            points[trip.point] = trip.then if tripped else trip.otherwise
        for fault in self.faults:
            points.update(self.kind.changes.get(fault, {}))
        return points


_FAULT: Mapping[str, Scalar] = {"fault": True}

KINDS: Mapping[str, Kind] = {
    "gas_detector": Kind(
        courses={"concentration": Course(mean=0.4, noise=0.3)},
        steady={"mains": True, "expired": False, "fault": False},
        trips=(
            Trip(point="alarm", watches="concentration", limit=20, otherwise=False, then=True),
            Trip(
                point="valve",
                watches="concentration",
                limit=20,
                otherwise="open",
                then="closed",
                unless="valve_stuck",
            ),
            Trip(point="fan_run", watches="concentration", limit=20, otherwise=False, then=True),
        ),
        pulls={
            "leak": {"concentration": Pull(to=45, over=2 * MINUTE)},
            "seep": {"concentration": Pull(to=14, over=5 * MINUTE)},
        },
        changes={
            "expired": {"expired": True, "concentration": 0.0},
            "mains_lost": {"mains": False},
            "fault": _FAULT,
        },
    ),
    "room_environment": Kind(
        courses={
            "temperature": Course(mean=24, swing=1.2, noise=0.4),
            "humidity": Course(mean=52, swing=5, peak=5, noise=2.5),
        },
        steady={"leak": False, "smoke": False, "mains": True, "aircon_run": True, "fault": False},
        pulls={
            "aircon_failed": {"temperature": Pull(to=44, over=60 * MINUTE)},
            "damp": {"humidity": Pull(to=92, over=40 * MINUTE)},
        },
        changes={
            "aircon_failed": {"aircon_run": False},
            "flooded": {"leak": True},
            "smoke": {"smoke": True},
            "mains_lost": {"mains": False, "aircon_run": False},
            "fault": _FAULT,
        },
    ),
    "manhole": Kind(
        courses={
            "level": Course(mean=0.35, swing=0.1, peak=20, noise=0.04),
            "gas": Course(mean=0.8, noise=0.4),
        },
        steady={"cover": "closed", "tilt": 0.0, "battery": 88.0, "fault": False},
        trips=(Trip(point="high", watches="level", limit=1.5, otherwise=False, then=True),),
        pulls={
            "blocked": {"level": Pull(to=2.2, over=20 * MINUTE)},
            "gas": {"gas": Pull(to=40, over=5 * MINUTE)},
        },
        changes={
            "cover_away": {"cover": "open", "tilt": 70.0},
            "battery_low": {"battery": 9.0},
            "fault": _FAULT,
        },
    ),
    "noise_meter": Kind(
        courses={"level": Course(mean=48, swing=6, noise=2)},
        steady={"fault": False},
        pulls={"loud": {"level": Pull(to=84, over=MINUTE)}},
        changes={"fault": _FAULT},
    ),
    "water_quality": Kind(
        courses={
            "chlorine": Course(mean=0.35, swing=0.04, peak=10, noise=0.03),
            "turbidity": Course(mean=0.25, swing=0.04, peak=8, noise=0.03),
            "ph": Course(mean=7.4, noise=0.06),
            "water_temp": Course(mean=16, swing=0.6, peak=17, noise=0.2),
            "conductivity": Course(mean=420, noise=8),
        },
        steady={"sample_flow": True, "fault": False},
        pulls={
            "turbid": {"turbidity": Pull(to=3.2, over=5 * MINUTE)},
            "unchlorinated": {"chlorine": Pull(to=0.0, over=20 * MINUTE)},
            "overdosed": {"chlorine": Pull(to=4.0, over=10 * MINUTE)},
            "acid": {"ph": Pull(to=5.8, over=10 * MINUTE)},
        },
        changes={"no_sample": {"sample_flow": False}, "fault": _FAULT},
    ),
}
"""By class. The device trips at 20 % LEL and at 1.5 m, the limits that its rules take too (U)."""
