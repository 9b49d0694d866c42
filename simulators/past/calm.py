"""The ordinary time of one site: each day of each model is one of those that it lived, drawn anew.

Counters go on counting from day to day. An equipment that is in trouble is away: the scene of its
trouble speaks for it, and when it is back it says everything it has to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from gengfu.core.names import PointKind
from gengfu.ledger.model import PointDef
from simulators.device import Happening
from simulators.estate.report import NOISE_DIGITS, NOISE_SHARE
from simulators.past.days import QUARTER, QUARTERS, Column, Lived


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a quarter hour brought: columns by number, their values, and events since the last one.

    ``columns`` int64 (n,) and ``values`` float64 (n,), as rows of readings carry them.
    """

    columns: NDArray[np.int64]
    values: NDArray[np.float64]
    events: tuple[tuple[Micros, Happening], ...]
    """By the time since midnight."""


@dataclass(slots=True)
class Calm:
    """Deals ordinary days; the columns of all models stand one after another."""

    lived: Sequence[Lived]
    rng: Random
    silent_after: Mapping[str, Micros]
    """By equipment."""
    columns: tuple[Column, ...] = ()
    _counted: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """What counters have gained on all days before this one, beyond what a lived day begins with."""
    _counts: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    _values: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    _news: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))
    _events: list[tuple[Micros, Happening]] = field(default_factory=list)
    _gains: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _begins: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """What everything read at the very first midnight."""
    _grain: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """The last digit of each column."""
    _of: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    """Columns by equipment."""
    _at: dict[tuple[str, str], int] = field(default_factory=dict)
    _begin: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Of each equipment's columns the first: an equipment's columns follow each other."""
    _life: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Of each equipment's columns the one that is told as a sign of life."""
    _patience: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """How many quarter hours each equipment may have nothing to say."""
    _noise: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """By how much a value must have moved to be news, and by what share of itself."""
    _noise_share: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    _away: set[str] = field(default_factory=set)
    """Who plays in a scene."""

    def __post_init__(self) -> None:
        self.columns = tuple(column for one in self.lived for column in one.columns)
        names = [column.equipment for column in self.columns]
        self._at = {(one.equipment, one.name): n for n, one in enumerate(self.columns)}
        for name in dict.fromkeys(names):
            self._of[name] = np.array([n for n, one in enumerate(names) if one == name])
        self._begin = np.array([own[0] for own in self._of.values()], dtype=np.int64)
        self._life = np.array([self._sign_of_life(own) for own in self._of.values()])
        spans = [self.silent_after[name] // (2 * QUARTER) for name in self._of]
        self._patience = np.array([max(1, one) for one in spans])
        analog = np.array([_is_noisy(one.point) for one in self.columns], dtype=np.bool_)
        digits = np.array([one.point.digits for one in self.columns])
        self._noise = np.where(analog, NOISE_DIGITS * 10.0**-digits, 0.0)
        self._noise_share = np.where(analog, NOISE_SHARE, 0.0)
        self._counted = np.zeros(len(names))
        self._counts = np.concatenate([one.counts for one in self.lived])
        self._gains = np.zeros(len(names))
        self._begins = np.concatenate([one.days[0].values[0] for one in self.lived])
        self._grain = np.array([10.0**-one.point.digits for one in self.columns])

    def _sign_of_life(self, own: NDArray[np.int64]) -> int:
        noisy = [n for n in own.tolist() if _is_noisy(self.columns[n].point)]
        return noisy[0] if noisy else int(own[0])

    def begin_day(self) -> None:
        """Deal the next day."""
        self._counted += self._gains
        dealt = [self.rng.choice(one.days) for one in self.lived]
        values = np.concatenate([day.values for day in dealt], axis=1)
        grown = values + (self._counted - values[0]) + self._begins
        values = np.where(self._counts, np.round(grown / self._grain) * self._grain, values)
        self._values, self._news = values, self._by_exception(values)
        self._gains = np.where(self._counts, np.concatenate([day.gained for day in dealt]), 0.0)
        self._events = sorted((one for day in dealt for one in day.events), key=_when)[::-1]

    def _by_exception(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return what of a day (quarters, columns) is told: all at midnight, then what is news.

        Whoever had nothing new for half the time after which it counts as silent says so, with one
        value.
        """
        news = ~np.isnan(values)
        last, mute = values[0].copy(), np.zeros(len(self._begin), dtype=np.int64)
        for row, told in zip(values[1:], news[1:], strict=True):
            moved = np.abs(row - last)
            least = np.maximum(self._noise, self._noise_share * np.abs(last))
            np.logical_and(told, (moved >= least) & (moved > 0), out=told)
            mute = np.where(np.logical_or.reduceat(told, self._begin), 0, mute + 1)
            signs = self._life[mute >= self._patience]
            told[signs] = ~np.isnan(row[signs])
            mute[mute >= self._patience] = 0
            last[told] = row[told]
        return news

    def tell(self, quarter: int, since: Micros, until: Micros) -> Told:
        """Return what is said at a quarter hour of the day; its events are of (since, until]."""
        told = self._news[quarter]
        if self._away:
            told = told.copy()
            for id_ in self._away & self._of.keys():
                told[self._of[id_]] = False
        return self._told(quarter, told, tuple(self._happened(since, until)))

    def _told(
        self,
        quarter: int,
        chosen: NDArray[np.bool_],
        events: tuple[tuple[Micros, Happening], ...] = (),
    ) -> Told:
        columns = np.flatnonzero(chosen)
        return Told(columns=columns, values=self._values[quarter, columns], events=events)

    def _happened(self, since: Micros, until: Micros) -> Iterator[tuple[Micros, Happening]]:
        while self._events and self._events[-1][0] <= until:
            at, happening = self._events.pop()
            if at > since and happening.equipment not in self._away:
                yield at, happening

    def leave(self, cast: frozenset[str]) -> None:
        """Let others speak for some equipment from here on."""
        self._away.update(cast)

    def come_back(self, cast: frozenset[str], quarter: int) -> Told:
        """Speak for some equipment again; return everything that it reads."""
        self._away.difference_update(cast)
        chosen = np.zeros(len(self.columns), dtype=np.bool_)
        for id_ in cast & self._of.keys():
            chosen[self._of[id_]] = True
        return self._told(quarter, chosen & ~np.isnan(self._values[quarter]))

    def counter(self, equipment: str, point: str, quarter: int) -> float | None:
        """Return what a counter reads at a quarter hour; None for what is none."""
        at = self._at.get((equipment, point))
        if at is None or not self._counts[at]:
            return None
        return float(self._values[min(quarter, QUARTERS - 1), at])


def _is_noisy(point: PointDef) -> bool:
    return point.kind is PointKind.ANALOG and not point.vital


def _when(one: tuple[Micros, Happening]) -> Micros:
    return one[0]
