"""Keeps what follows from the stored readings: rolls hours up, and drops what is past its retention.

It follows the journal behind the store's cursor, to learn which hours of which series were written;
an hour that is over is computed anew from the readings in the store. Its own cursor stays before
the first record whose hour is not rolled up yet, so a kill costs nothing but doing it again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.names import PointKind
from gengfu.core.record import RecordKind
from ingest.journal.port import JournalReader
from ingest.store.port import NotTaken, ReadingStore
from ingest.store.rollups import GAP, STEPS, Buckets, Values, roll_up
from ingest.store.rows import RowCollector, Series, StoreRows

_log = structlog.get_logger(__name__)

GRACE: Micros = 2 * MINUTE
"""So long after its end an hour is rolled up: most of what is late has come by then."""
WINDOW: Micros = DAY
"""At most so much time is rolled up at once, when an archive is filled in."""
CHUNK = 2_000
"""At most so many series at once."""
_WORDED = (PointKind.ENUM, PointKind.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """How far a store is rolled up: by the journal's ``position``, and every hour before ``until``."""

    position: int = 0
    until: Micros = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how long something is kept, in µs; 0 = for ever."""

    raw: Micros = 0
    minute: Micros = 0
    hour: Micros = 0


class Rollups(Protocol):
    """The part of a readings store that keeps roll-ups. May raise ``NotTaken``."""

    def rolled(self) -> Rolled:
        """Return how far it is rolled up."""

    def note(self, rolled: Rolled) -> None:
        """Keep how far it is rolled up."""

    def values(self, series: Sequence[Series], start: Micros, end: Micros) -> Values:
        """Return the stored numbers of some series in [start, end)."""

    def write(self, series: Sequence[Series], buckets: Buckets) -> None:
        """Store buckets; the same series and time again overwrites."""

    def drop_before(self, at: Micros, step: Micros, classes: Sequence[str], *, but: bool) -> None:
        """Drop readings (``step`` 0) or roll-ups before a time.

        Of the ``classes``, or, with ``but``, of all others.
        """


@dataclass(slots=True)
class _Hour:
    """What was written into one hour since it was rolled up last."""

    first_position: int
    series: set[int] = field(default_factory=set)
    """By the keeper's own numbers."""


class StoreKeeper:
    """Rolls one store up and prunes it. ``run`` it once, beside the store writer."""

    def __init__(
        self,
        reader: JournalReader,
        store: ReadingStore,
        rollups: Rollups,
        *,
        keep: Keep | None = None,
        by_class: Mapping[str, Keep] | None = None,
        hold: Callable[[int], None] | None = None,
    ) -> None:
        """``hold`` is told the cursor, so that the journal drops nothing that is still needed."""
        self._reader = reader
        self._store = store
        self._rollups = rollups
        self._keep = keep or Keep()
        self._by_class = dict(by_class or {})
        self._hold = hold
        self._position = -1
        self._now: Micros = 0
        self._dirty: dict[Micros, _Hour] = {}
        self._number: dict[Series, int] = {}
        self._pruned_at: Micros = 0

    async def run(self, *, pause_s: float = 5.0) -> None:
        """Keep the store until cancelled; while it does not answer, what is due waits."""
        while True:
            try:
                more = await asyncio.to_thread(self.advance)
            except NotTaken as exc:
                _log.debug("roll-ups wait for the readings store", reason=str(exc))
                more = False
            await asyncio.sleep(0 if more else pause_s)

    def advance(self) -> bool:
        """Take in what the store has by now, roll up what is over, prune; tell whether more waits.

        Raises:
            NotTaken: the store does not answer; what was not done is done next time.
        """
        stored = self._store.cursor()
        if self._position < 0 or self._position > stored:
            self._begin(stored)
        more = self._take_in(stored)
        over = (self._now - GRACE) // HOUR * HOUR
        due = sorted(hour for hour in self._dirty if hour < over)
        for window in _windows(due):
            self._roll(window)
        self._note(over)
        self._prune(over)
        return more

    def _begin(self, stored: int) -> None:
        rolled = self._rollups.rolled()
        if rolled.position > stored:  # the store was emptied, or is filled from another journal
            rolled = Rolled()
            self._rollups.note(rolled)
        self._position, self._dirty, self._now = rolled.position, {}, 0

    def _take_in(self, stored: int) -> bool:
        """Note the hours that the next records touched; tell whether the store has still more."""
        limit = min(2_000, stored - self._position)
        records = self._reader.read(self._position, limit=limit) if limit > 0 else ()
        records = [one for one in records if one.position <= stored]
        if not records:
            return False
        collector = RowCollector(self._reader.names)
        for record in records:
            if record.kind is RecordKind.READINGS:  # what is rolled up
                collector.add(record)
        self._position = records[-1].position
        self._now = records[-1].written_at
        self._touch(collector.build())
        return self._position < stored

    def _touch(self, rows: StoreRows) -> None:
        numbers = [self._number.setdefault(one, len(self._number)) for one in rows.keys]
        figures = np.array([one.kind not in _WORDED for one in rows.keys], dtype=np.bool_)
        own, at, position = rows.series, rows.observed_at, rows.position
        if not figures.all():
            chosen = figures[own]
            own, at, position = own[chosen], at[chosen], position[chosen]
        series = np.array(numbers, dtype=np.int32)[own]
        # What a late value left holding reaches into the hour after it.
        reach = (at + GAP) // HOUR * HOUR
        begun = reach <= self._now
        self._mark(series, at // HOUR * HOUR, position)
        self._mark(series[begun], reach[begun], position[begun])

    def _mark(
        self, series: NDArray[np.int32], hours: NDArray[np.int64], positions: NDArray[np.int64]
    ) -> None:
        for hour in np.unique(hours).tolist():
            own = hours == hour
            entry = self._dirty.setdefault(hour, _Hour(int(positions[own].min())))
            entry.series.update(series[own].tolist())

    def _roll(self, window: Sequence[Micros]) -> None:
        start, end = window[0], window[-1] + HOUR
        numbers = sorted(set[int]().union(*(self._dirty[hour].series for hour in window)))
        known = list(self._number)
        for at in range(0, len(numbers), CHUNK):
            some = [known[number] for number in numbers[at : at + CHUNK]]
            values = self._rollups.values(some, start - GAP, end)
            for step in STEPS:
                self._rollups.write(some, roll_up(values, step, start, end))
        for hour in window:
            del self._dirty[hour]

    def _note(self, over: Micros) -> None:
        waiting = [one.first_position for one in self._dirty.values()]
        reached = min([self._position + 1, *waiting]) - 1
        before = self._rollups.rolled()
        rolled = Rolled(position=max(reached, before.position), until=max(over, before.until))
        if rolled != before:
            self._rollups.note(rolled)
        if self._hold is not None:
            self._hold(rolled.position)

    def _prune(self, over: Micros) -> None:
        """Drop what is too old, a day at most in one step, nothing that is not rolled up."""
        if self._now - self._pruned_at < HOUR:
            return
        self._pruned_at = self._now
        oldest = min([over, *self._dirty])
        classes = list(self._by_class)
        for names, keep, but in (
            (classes, self._keep, True),
            *(([one], keep, False) for one, keep in self._by_class.items()),
        ):
            for step, age in ((0, keep.raw), (MINUTE, keep.minute), (HOUR, keep.hour)):
                if age:
                    self._rollups.drop_before(min(self._now - age, oldest), step, names, but=but)


def _windows(hours: Sequence[Micros]) -> list[list[Micros]]:
    """Group ascending hours into windows of a day at most."""
    windows: list[list[Micros]] = []
    for hour in hours:
        if not windows or hour - windows[-1][0] >= WINDOW:
            windows.append([])
        windows[-1].append(hour)
    return windows
