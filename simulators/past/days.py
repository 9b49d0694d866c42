"""Days that the models lived in every detail, kept as a gateway of telemetry would: by the quarter hour.

An ordinary year is made of ordinary days, so a few of them are lived and the year is dealt from them
like a hand of cards. Each quarter hour has what the device read while it was in the state that it was
in most of the time: a car that passes a floor just then is no news. Events are all kept.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.ledger.model import EquipmentClass, PointDef, SiteLedger
from simulators.device import Happening, Model, Sample

QUARTER: Micros = 15 * MINUTE
QUARTERS = DAY // QUARTER
_WARM_UP: Micros = HOUR
_GRADUAL = frozenset({PointKind.ANALOG, PointKind.INTEGER})
_DAYS_SINCE = "d"
"""The unit of counts that somebody's visit sets back: they are dealt as they are."""


@dataclass(frozen=True, slots=True)
class Column:
    """A point of an equipment."""

    equipment: str
    name: str
    point: PointDef = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What the machines of one model said from midnight to midnight.

    ``values`` (QUARTERS, columns) as rows of readings carry them, NaN = nothing told.
    """

    values: NDArray[np.float64]
    events: tuple[tuple[Micros, Happening], ...]
    """By the time since midnight."""

    @property
    def gained(self) -> NDArray[np.float64]:
        """Return by how much each column (columns,) grew from the first quarter hour to the last."""
        grown: NDArray[np.float64] = np.nan_to_num(self.values[-1] - self.values[0])
        return grown


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """The days that one model lived, and what stands in their columns."""

    columns: tuple[Column, ...]
    days: tuple[Day, ...]
    counts: NDArray[np.bool_]
    """Which columns are counters: in every day they only grew."""


def live(
    model: Model,
    ledger: SiteLedger,
    classes: Mapping[str, EquipmentClass],
    words: "Words",
    *,
    midnight: Micros,
    days: int,
) -> Lived:
    """Let a model that stands an hour before ``midnight`` live some days, and keep them."""
    points = {id_: classes[ledger.equipment[id_].equipment_class].points for id_ in model.equipment}
    warm_up = model.advance(midnight - 1)
    read = {one.equipment: one for one in warm_up if isinstance(one, Sample)}
    before: Iterable[Sample] = read.values()
    tapes = []
    for number in range(days):
        tape = _Tape(midnight + number * DAY, points, words)
        tape.take(before)
        tape.take(model.advance(midnight + (number + 1) * DAY - 1))
        before = tape.end()
        tapes.append(tape)
    every = dict.fromkeys(column for tape in tapes for column in tape.columns())
    columns = tuple(sorted(every, key=lambda one: one.equipment))
    lived = tuple(tape.day(columns) for tape in tapes)
    visited = np.array([one.point.unit == _DAYS_SINCE for one in columns], dtype=np.bool_)
    grew = np.array([day.gained for day in lived])
    falls = np.array([(np.diff(day.values, axis=0) < 0).any(axis=0) for day in lived])
    counts = (grew > 0).any(axis=0) & ~falls.any(axis=0) & ~visited
    return Lived(columns=columns, days=lived, counts=counts)


def renumbered(lived: Lived, by: int) -> Lived:
    """Return days whose texts are numbered from ``by`` on: others come before them."""
    shift = np.array([by if one.point.kind is PointKind.TEXT else 0 for one in lived.columns])
    days = tuple(replace(day, values=day.values + shift) for day in lived.days)
    return replace(lived, days=days)


def renamed(lived: Lived, names: Mapping[str, str]) -> Lived:
    """Return the same days as those of machines that are called by other names."""
    days = tuple(
        replace(
            day,
            events=tuple(
                (at, replace(one, equipment=names[one.equipment])) for at, one in day.events
            ),
        )
        for day in lived.days
    )
    columns = tuple(replace(one, equipment=names[one.equipment]) for one in lived.columns)
    return replace(lived, columns=columns, days=days)


def eve(midnight: Micros) -> Micros:
    """Return when a model must be put up to live from ``midnight`` on."""
    return midnight - _WARM_UP


@dataclass(slots=True)
class Words:
    """The texts that values stand for, of one site."""

    all: list[str] = field(default_factory=list)
    _index: dict[str, int] = field(default_factory=dict)

    def number(self, point: PointDef, value: Scalar) -> float:
        """Return a value as a row carries it."""
        if point.kind is PointKind.ENUM:
            return float(list(point.words).index(str(value)))
        if point.kind is PointKind.TEXT:
            index = self._index.setdefault(str(value), len(self.all))
            self.all += [str(value)] if index == len(self.all) else []
            return float(index)
        if not isinstance(value, int | float):
            return float("nan")
        return round(float(value), point.digits) if point.kind is PointKind.ANALOG else float(value)


_State: TypeAlias = Hashable
"""What an equipment's switches, words and texts read, all at once."""


@dataclass(slots=True)
class _Quarter:
    """How long an equipment was in which state, and what it read there last."""

    spent: dict[_State, Micros] = field(default_factory=dict)
    last: dict[_State, Mapping[str, Scalar]] = field(default_factory=dict)

    def usual(self) -> Mapping[str, Scalar]:
        """Return the reading of the state that lasted longest."""
        return self.last[max(self.spent, key=self.spent.__getitem__)]


class _Strip:
    """One equipment's day while it is lived.

    A state is booked when it ends, or its quarter hour does: most samples change none.
    """

    def __init__(self, first: Sample, points: Mapping[str, PointDef], begins: Micros) -> None:
        """Begin a day; what it read the day before, or reads first, it has read since midnight."""
        self.begins = begins
        self.quarters = [_Quarter() for _ in range(QUARTERS)]
        self.last = replace(first, at=begins)
        self._state_of = _states([n for n in first.points if points[n].kind not in _GRADUAL])
        self._state = self._state_of(first.points)
        self._since, self._books_at = begins, begins + QUARTER
        self._lasting = first.points
        """What it has read last for any time at all."""

    def note(self, sample: Sample) -> None:
        """Read this from now on."""
        at = sample.at
        if at > self.last.at:
            self._lasting = self.last.points
        state = self._state_of(sample.points)
        if at >= self._books_at or state != self._state:
            self._book(at)
            self._state = state
        self.last = sample

    def end(self) -> Sample:
        """Let the day end; return what it reads then."""
        self._lasting = self.last.points
        self._book(self.begins + DAY)
        return self.last

    def _book(self, until: Micros) -> None:
        """Book the state that it was in until then."""
        at = self._since
        while at < until:
            number = (at - self.begins) // QUARTER
            end = min(until, self.begins + (number + 1) * QUARTER)
            quarter = self.quarters[number]
            quarter.spent[self._state] = quarter.spent.get(self._state, 0) + end - at
            quarter.last[self._state] = self._lasting
            at = end
        self._since = until
        self._books_at = until + QUARTER - (until - self.begins) % QUARTER


def _states(names: Sequence[str]) -> Callable[[Mapping[str, Scalar]], _State]:
    """Return what reads these points: an equipment tells the same ones every time."""
    return itemgetter(*names) if names else lambda _: None


@dataclass(slots=True)
class _Tape:
    """One day of one model while it is lived."""

    begins: Micros
    points: Mapping[str, Mapping[str, PointDef]]
    words: Words
    events: list[tuple[Micros, Happening]] = field(default_factory=list)
    strips: dict[str, _Strip] = field(default_factory=dict)
    """By equipment."""

    def take(self, said: Iterable[object]) -> None:
        """Note all that is said on this day."""
        for one in said:
            if isinstance(one, Sample):
                strip = self.strips.get(one.equipment)
                if strip is None:
                    strip = _Strip(one, self.points[one.equipment], self.begins)
                    self.strips[one.equipment] = strip
                else:
                    strip.note(one)
            elif isinstance(one, Happening):
                self.events.append((one.at - self.begins, one))

    def end(self) -> Sequence[Sample]:
        """Let the day end; return what everything reads then."""
        return [strip.end() for strip in self.strips.values()]

    def columns(self) -> Iterator[Column]:
        """Yield what this day has of everything that speaks."""
        for equipment, strip in self.strips.items():
            for name in strip.quarters[0].usual():
                yield Column(equipment, name, self.points[equipment][name])

    def day(self, columns: Sequence[Column]) -> Day:
        """Return the day as arrays."""
        values = np.full((QUARTERS, len(columns)), np.nan)
        for number in range(QUARTERS):
            usual = {id_: one.quarters[number].usual() for id_, one in self.strips.items()}
            for at, column in enumerate(columns):
                told = usual.get(column.equipment, {}).get(column.name)
                if told is not None:
                    values[number, at] = self.words.number(column.point, told)
        return Day(values=values, events=tuple(self.events))
