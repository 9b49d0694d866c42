"""One machine for all equipment that differs in what it reads, not in how it lives.

It is played from a table (``kinds``): each value follows its day with a slow noise of its own (first
order, as a room or a pipe answers), counters run with what they count, switches follow the clock, and
a fault draws values elsewhere with the time constant of what happens, or tells an event. What only a
running machine has (``gates``) is there and gone in the instant of its switch. Left out: weather,
seasons, and the ageing of sensors.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import cos, exp, inf, pi, sqrt
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.naming import Scalar
from simulators.device import Injection, Machine, local_hour
from simulators.models.people import next_arrival

_STEP = 30 * SECOND
_NOISE_LASTS = 30 * MINUTE
_AT_REST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """An ordinary day of one value: ``mean`` ± ``swing`` with its top at ``peak`` o'clock.

    Where it follows no cosine, ``shape`` says by the hour how many times ``swing`` it is off the mean.
    """

    mean: float
    swing: float = 0.0
    peak: float = 15.0
    shape: Callable[[float], float] | None = None
    noise: float = 0.0
    """Standard deviation of what the day does not explain."""
    relative: bool = False
    """The noise is a share of what the day explains."""
    least: float = 0.0
    """It never reads less, but where a fault draws it there."""

    @property
    def changes(self) -> bool:
        """Tell whether it is more than its mean that the day explains."""
        return self.shape is not None or bool(self.swing)

    def at(self, hour: float) -> float:
        """Return what the day explains at an hour of it, where it ``changes``."""
        if self.shape is not None:
            return self.mean + self.swing * self.shape(hour)
        return self.mean + self.swing * cos((hour - self.peak) * pi / 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What a fault does to one value: its mean goes ``to`` there, 63 % of the way in ``over``.

    What the day explains and the noise go on around it. A story's setting of the value's name says
    how far it goes this time.

    The way back takes as long, unless ``back`` says otherwise.
    """

    to: float
    over: Micros
    back: Micros | None = None
    only: str | None = None
    """It acts only while this switch is on: a machine that stands does not warm."""


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
class Count:
    """A counter: ``per_hour``, times the value of ``of`` where it names one, or while that switch is on."""

    per_hour: float = 1.0
    of: str | None = None
    begins: float = 0.0
    least: float = -inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The event that a fault is told by when it begins, and when it ends; with the fault's settings."""

    begins: str
    ends: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of equipment: what it reads on a good day, and what its faults do."""

    courses: Mapping[str, Course] = field(default_factory=dict)
    steady: Mapping[str, Scalar] = field(default_factory=dict)
    """Points that only a fault changes."""
    counts: Mapping[str, Count] = field(default_factory=dict)
    hours: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Points that are true from one hour of the local day to another, midnight between them or not."""
    gates: Mapping[str, str] = field(default_factory=dict)
    """By value: the switch without which it is 0, from the same instant on."""
    stocks: Mapping[str, str] = field(default_factory=dict)
    """By switch: the counter at whose end it goes off, as an engine does that burns its last fuel."""
    derived: Mapping[str, Callable[[Mapping[str, Scalar]], float]] = field(default_factory=dict)
    """Values that others decide, as a current follows from power and voltage."""
    trips: tuple[Trip, ...] = ()
    pulls: Mapping[str, Mapping[str, Pull]] = field(default_factory=dict)
    """By fault, then by value."""
    changes: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    """By fault, then by point: what is so while it lasts. Of two that differ the later one wins."""
    tells: Mapping[str, Telling] = field(default_factory=dict)
    """By fault."""
    restarts: Mapping[str, str] = field(default_factory=dict)
    """By fault: the counter that begins anew with it, as the days since an inspection do."""
    tallies: Mapping[str, str] = field(default_factory=dict)
    """By point: at how many parts this fault is."""
    routine: Mapping[str, float] = field(default_factory=dict)
    """Events that just happen, and how often in a busy hour."""

    @property
    def faults(self) -> frozenset[str]:
        """Return every fault that this kind knows."""
        unless = {trip.unless for trip in self.trips if trip.unless}
        return frozenset({*self.pulls, *self.changes, *self.tells, *self.restarts, *unless})

    @property
    def needs_part(self) -> frozenset[str]:
        """Return the faults that happen at an address."""
        return frozenset(self.tallies.values())

    @property
    def figures(self) -> Mapping[str, Mapping[str, Scalar]]:
        """Return, by fault, what it makes of which points unless the story says another figure.

        What a telling fault is told with are its event's attributes.
        """
        drawn = {
            fault: {name: one.to for name, one in p.items()} for fault, p in self.pulls.items()
        }
        return {
            fault: {**drawn.get(fault, {}), **self.changes.get(fault, {})}
            for fault in self.faults - self.tells.keys()
        }


@dataclass(slots=True)
class _Value:
    """One value on its way: what the day explains at this hour, its noise, and what faults made of it."""

    course: Course
    noise: float
    usual: float = 0.0
    drawn: float = 0.0
    returns: Micros = 0
    """How long it takes on its way back."""

    def read(self) -> float:
        """Return what a sensor reads now."""
        course, usual, drawn = self.course, self.usual, self.drawn
        noise = self.noise * usual if course.relative else self.noise
        found, least = usual + noise + drawn, course.least
        # It is seldom at its least: only then what a fault draws it to is looked at.
        return found if found > least else max(min(least, course.mean + drawn), found)

    def draw(self, pull: Pull | None, passed: Micros) -> None:
        """Go where a fault draws it, or back to its ordinary day."""
        if pull is not None:
            self.returns = pull.back or pull.over
            share, over = pull.to - self.course.mean, pull.over
        elif abs(self.drawn) < _AT_REST:
            self.drawn = 0.0
            return
        else:
            share, over = 0.0, self.returns
        self.drawn = share + (self.drawn - share) * exp(-passed / over)


class Sensor(Machine):
    """One piece of equipment of a kind."""

    def __init__(self, id_: str, kind: Kind, rng: Random, zone: ZoneInfo, start: Micros) -> None:
        super().__init__(id_, start)
        self.kind, self.rng, self.zone = kind, rng, zone
        self._values = {
            name: _Value(one, rng.gauss(0, one.noise), usual=one.mean)
            for name, one in kind.courses.items()
        }
        self._by_the_hour = [one for one in self._values.values() if one.course.changes]
        self._counts = {name: one.begins for name, one in kind.counts.items()}
        self._at: dict[str, set[str | None]] = {}
        """By fault: the parts where it is."""
        self._news: list[tuple[str, Injection]] = []
        self._due = {type_: self._next(often) for type_, often in kind.routine.items()}
        self._counts_others = any(one.of is not None for one in kind.counts.values())
        self._lived = start
        self._look_at_the_clock()

    def begin(self, injection: Injection) -> None:
        self._live()
        self._at.setdefault(injection.fault, set()).add(injection.part)
        telling = self.kind.tells.get(injection.fault)
        if telling is not None:
            self._news.append((telling.begins, injection))
        if (counter := self.kind.restarts.get(injection.fault)) is not None:
            self._counts[counter] = 0.0
        super().begin(injection)

    def end(self, injection: Injection) -> None:
        self._live()
        spots = self._at.get(injection.fault, set())
        spots.discard(injection.part)
        telling = self.kind.tells.get(injection.fault)
        if telling is not None and telling.ends is not None:
            self._news.append((telling.ends, replace(injection, settings={})))
        if spots:
            self.nudge()
        else:
            super().end(injection)

    def story(self) -> Iterator[Micros]:
        while True:
            self._live()
            self._tell_news()
            self.say(self._points())
            yield min([self.now + _STEP, *self._due.values()])

    def _tell_news(self) -> None:
        for type_, injection in self._news:
            self.tell(type_, injection.part, **injection.settings)
        self._news.clear()
        for type_, due in self._due.items():
            if due <= self.now:
                self.tell(type_)
                self._due[type_] = self._next(self.kind.routine[type_])

    def _next(self, often: float) -> Micros:
        return next_arrival(self.rng, self.now, self.zone, per_hour=often)

    def _live(self) -> None:
        """Live from the last time to now with the faults that there were."""
        passed, self._lived = self.now - self._lived, self.now
        if not passed:
            return
        self._look_at_the_clock()
        stays = exp(-passed / _NOISE_LASTS)
        fresh = sqrt(1 - stays * stays)
        before = self._readings() if self._counts_others or self.faults else {}
        gauss, faults = self.rng.gauss, self.faults
        for name, value in self._values.items():
            if spread := value.course.noise:
                value.noise = stays * value.noise + gauss(0, spread * fresh)
            if faults or value.drawn:
                value.draw(next(self._pulls(name, before), None), passed)
        for name, count in self.kind.counts.items():
            rate = before[count.of] if count.of is not None else 1.0
            assert isinstance(rate, int | float)
            grown = self._counts[name] + count.per_hour * rate * passed / HOUR
            self._counts[name] = max(count.least, grown)

    def _look_at_the_clock(self) -> None:
        """Have what the day explains by now: it is the same before and after the noise has changed."""
        self._hour = local_hour(self.now, self.zone)
        for value in self._by_the_hour:
            value.usual = value.course.at(self._hour)

    def _pulls(self, name: str, before: Mapping[str, Scalar]) -> Iterator[Pull]:
        """Yield what draws a value, what began last first."""
        for fault, injection in reversed(self.faults.items()):
            pull = self.kind.pulls.get(fault, {}).get(name)
            if pull is not None and (pull.only is None or before[pull.only]):
                to = injection.settings.get(name)
                yield pull if to is None else replace(pull, to=float(to))

    def _readings(self) -> dict[str, Scalar]:
        """Return every point but the counters, unless a fault says what one of them reads."""
        points: dict[str, Scalar] = {name: one.read() for name, one in self._values.items()}
        points.update(self.kind.steady)
        for name, (first, last) in self.kind.hours.items():
            hour = self._hour
            inside = first <= hour < last
            points[name] = inside if first < last else hour >= first or hour < last
        for trip in self.kind.trips:
            reached = self._values[trip.watches].read() >= trip.limit
            tripped = reached and trip.unless not in self.faults
            points[trip.point] = trip.then if tripped else trip.otherwise
        for name, fault in self.kind.tallies.items():
            points[name] = len(self._at.get(fault, ()))
        if self.faults:
            self._change(points)
        self._settle(points)
        return points

    def _change(self, points: dict[str, Scalar]) -> None:
        """Let faults say what is so while they last."""
        for fault, changed in self.kind.changes.items():
            if (injection := self.faults.get(fault)) is not None:
                told = injection.settings
                points.update({name: told.get(name, value) for name, value in changed.items()})

    def _settle(self, points: dict[str, Scalar]) -> None:
        """Let points follow from others: what ran dry stops, what stands has no pressure, no power."""
        for switch, stock in self.kind.stocks.items():
            if not points.get(stock, self._counts[stock]):
                points[switch] = False
        for name, switch in self.kind.gates.items():
            if not points[switch]:
                points[name] = 0.0
        for name, value in self.kind.derived.items():
            points[name] = value(points)

    def _points(self) -> dict[str, Scalar]:
        readings = self._readings()
        return {**self._counts, **readings} if self._counts else readings
