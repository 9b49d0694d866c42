"""One equipment's states over time, derived from its samples in the order of *observed* time.

Samples may come in any order. The newest are kept (a bounded window), and what a late one changes
is derived again: inside the window the result is the same whatever the order of arrival was.
Older ones are folded into ``base``; a sample from before it cannot change past states any more,
but the value still counts from ``base`` on when it is newer than the one known.

Silence and a lost link are dated back to the last valid sample.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from dashboards.estate.operating_state import StateRule
from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.core.states import OperatingState

_MARK_BEHIND = 64
_MOMENT = itemgetter(0)
"""When a sample was, or a change began."""


class Sample(NamedTuple):
    """Something an equipment said. ``point`` None = a sign of life without a state's point."""

    at: Micros
    point: str | None = None
    value: Scalar = None
    heard: bool = True
    """False for what a broker replayed: a value, but no sign of life."""


class Change(NamedTuple):
    """From ``start`` on the state is ``state``; ``lost`` = because nothing is heard."""

    start: Micros
    state: OperatingState
    lost: bool = False


@dataclass(slots=True)
class Base:
    """What is known as of ``time``, before the samples in the window."""

    time: Micros
    values: dict[str, Scalar] = field(default_factory=dict)
    valued_at: dict[str, Micros] = field(default_factory=dict)
    heard: Micros | None = None

    def take(self, sample: Sample) -> bool:
        """Take over a sample's value; False when a newer one of its point is known."""
        if sample.point is None or sample.at < self.valued_at.get(sample.point, sample.at):
            return False
        self.values[sample.point] = sample.value
        self.valued_at[sample.point] = sample.at
        return True


@dataclass(slots=True)
class Timeline:
    """The states of one equipment by itself, without regard to who speaks for it."""

    rule: StateRule
    silent_after: Micros
    base: Base
    window: int = 4096
    """How many samples can still be re-ordered."""
    silent: bool = False
    """Nothing has been heard until now: unknown from the last sample on."""
    changes: list[Change] = field(default_factory=list)
    """Ascending; the first one covers the time before, as far as it is still kept."""
    too_late: int = 0
    """How many samples came too late to change past states."""
    _times: "array[int]" = field(default_factory=lambda: array("q"))
    _samples: list[Sample] = field(default_factory=list)
    _mark: tuple[int, dict[str, Scalar]] = (0, {})
    """How many of the samples stand in these values: spares going through all of them."""
    _newest: tuple[dict[str, Scalar], Micros | None] | None = None
    """The values and the last sign of life after all samples; None when they must be found first."""

    def __post_init__(self) -> None:
        if not self.changes:
            self.changes = [Change(self.base.time, OperatingState.UNKNOWN)]
        self._mark = (0, dict(self.base.values))

    @property
    def last_heard(self) -> Micros | None:
        """Return the time of the last sign of life; None before the first."""
        return self._known_last()[1]

    @property
    def latest(self) -> Micros:
        """Return the time up to which samples are known."""
        return self._times[-1] if self._times else self.base.time

    def add(self, samples: Iterable[Sample]) -> Micros | None:
        """Take samples in the order of arrival.

        Returns:
            The time from which the states differ from before; None when they do not.
        """
        self._fold()
        samples = sorted(samples, key=_MOMENT)
        if samples and samples[0].at > self.latest and not self.silent:
            return self._append(samples)
        first, self._newest = None, None
        for sample in samples:
            at = self._insert(sample)
            if at is not None and (first is None or at < first):
                first = at
        return None if first is None else self._derive_again(first)

    def set_silent(self, silent: bool) -> Micros | None:
        """Say whether nothing has been heard for too long; return as ``add`` does."""
        if silent == self.silent:
            return None
        self.silent = silent
        return self._derive_again(self.latest)

    def _append(self, samples: Sequence[Sample]) -> Micros | None:
        """Take what comes after all others: nothing before the last sign of life changes."""
        begin, (values, heard) = len(self._samples), self._known_last()
        self._times.extend([sample.at for sample in samples])
        self._samples.extend(samples)
        low = self._index_at(samples[0].at if heard is None else heard)
        before = self.changes[low:]
        self._run(begin, values, heard, news=False)
        return self._first_difference(before, low)

    def _insert(self, sample: Sample) -> Micros | None:
        """Put a sample in its place; return from when on it may change something."""
        if sample.at <= self.base.time:
            return self._take_late(sample)
        index = bisect_right(self._times, sample.at)
        self._times.insert(index, sample.at)
        self._samples.insert(index, sample)
        if index < self._mark[0]:
            self._mark = (0, dict(self.base.values))
        return sample.at

    def _take_late(self, sample: Sample) -> Micros | None:
        base = self.base
        self.too_late += sample.at < base.time
        first_sign = sample.heard and base.heard is None
        now_heard = first_sign or (sample.heard and sample.at == base.time != base.heard)
        if now_heard:
            base.heard = base.time
        if not base.take(sample) and not now_heard:
            return None
        self._mark = (0, dict(base.values))
        return base.time

    def _derive_again(self, first: Micros) -> Micros | None:
        """Derive the changes from the last sign of life before ``first`` on."""
        last = self._heard_before(bisect_left(self._times, first))
        cut = self.base.time if last is None else self._times[last]
        begin = 0 if last is None else bisect_left(self._times, cut)
        values, heard = self._known_at(begin)
        low = self._index_at(cut if heard is None else heard)
        before = self.changes[low:]
        del self.changes[self._index_at(cut) :]
        if last is None:
            self._emit_base()
        self._run(begin, values, heard, news=True)
        return self._first_difference(before, low)

    def _index_at(self, start: Micros) -> int:
        """Return how many changes began before ``start``."""
        return bisect_left(self.changes, start, key=_MOMENT)

    def _emit_base(self) -> None:
        known = self.base.heard is not None
        state = self.rule.derive(self.base.values) if known else OperatingState.UNKNOWN
        self._emit(self.base.time, state, self.rule.is_link_lost(self.base.values, state))

    def _run(
        self, begin: int, values: dict[str, Scalar], heard: Micros | None, *, news: bool
    ) -> None:
        """Emit what the samples from ``begin`` on change; ``news``: the first is looked at anyway."""
        index, count = begin, len(self._samples)
        while index < count:
            at, alive = self._times[index], False
            while index < count and self._times[index] == at:
                _, point, value, is_heard = self._samples[index]
                alive = alive or is_heard
                if point is not None and (point not in values or values[point] != value):
                    values[point], news = value, True
                index += 1
            if news or heard is None or at - heard > self.silent_after or self.changes[-1].lost:
                self._emit_group(at, alive, values, heard)
            heard, news = at if alive else heard, False
        if self.silent and heard is not None:
            self._emit(heard, OperatingState.UNKNOWN, True)
        self._newest = values, heard

    def _emit_group(
        self, at: Micros, alive: bool, values: dict[str, Scalar], heard: Micros | None
    ) -> None:
        """Emit what samples of one moment change; ``heard`` is the last sign of life before it."""
        gap = heard is not None and at - heard > self.silent_after
        if gap and alive and heard is not None:
            self._emit(heard, OperatingState.UNKNOWN, True)
        state = self.rule.derive(values)
        if self.rule.is_link_lost(values, state):
            self._emit(at if heard is None else heard, state, True)
        elif alive or (heard is not None and not gap):
            self._emit(at, state, False)

    def _emit(self, start: Micros, state: OperatingState, lost: bool) -> None:
        while self.changes and self.changes[-1].start >= start:
            self.changes.pop()
        if not self.changes or self.changes[-1][1:] != (state, lost):
            self.changes.append(Change(start, state, lost))

    def _first_difference(self, before: list[Change], low: int) -> Micros | None:
        """Compare the changes from ``low`` on with those that stood there before."""
        after = self.changes[low:]
        return None if before == after else first_difference(before, after)

    def _heard_before(self, index: int) -> int | None:
        for earlier in range(index - 1, -1, -1):
            if self._samples[earlier].heard:
                return earlier
        return None

    def _known_last(self) -> tuple[dict[str, Scalar], Micros | None]:
        if self._newest is None:
            self._newest = self._known_at(len(self._samples))
        return self._newest

    def _known_at(self, index: int) -> tuple[dict[str, Scalar], Micros | None]:
        """Return the points' values and the last sign of life before the sample at ``index``."""
        begin, marked = self._mark if self._mark[0] <= index else (0, self.base.values)
        values = dict(marked)
        for sample in self._samples[begin:index]:
            if sample.point is not None:
                values[sample.point] = sample.value
        if index - begin > 2 * _MARK_BEHIND:
            self._move_mark(begin, marked, index - _MARK_BEHIND)
        heard = self._heard_before(index)
        return values, self.base.heard if heard is None else self._times[heard]

    def _move_mark(self, begin: int, marked: dict[str, Scalar], index: int) -> None:
        """Set the mark a little behind, so that samples a little late do not undo it."""
        values = dict(marked)
        for sample in self._samples[begin:index]:
            if sample.point is not None:
                values[sample.point] = sample.value
        self._mark = (index, values)

    def _fold(self) -> None:
        """Fold the oldest quarter into ``base`` when the window is full.

        Before the next samples are taken: by then all that followed from those before is shown.
        """
        if len(self._samples) <= self.window:
            return
        cut = bisect_right(self._times, self._times[len(self._samples) - self.window * 3 // 4])
        heard = self._heard_before(cut)
        if heard is not None:
            self.base.heard = self._times[heard]
        for sample in self._samples[:cut]:
            self.base.take(sample)
        self.base.time = self._times[cut - 1]
        self._mark = (0, dict(self.base.values))
        del self._times[:cut]
        del self._samples[:cut]
        kept = bisect_right(self.changes, self.base.time, key=_MOMENT)
        del self.changes[: max(0, kept - 1)]


def first_difference(before: list[Change], after: list[Change]) -> Micros:
    """Return from when on the states are others; the two are not the same."""
    for old, new in zip(before, after, strict=False):
        if old != new:
            return min(old.start, new.start)
    longer = before if len(before) > len(after) else after
    return longer[min(len(before), len(after))].start


def overlay(own: list[Change], above: list[Change], since: Micros) -> list[Change]:
    """Return the changes from ``since`` on, unknown wherever who speaks for it is lost."""
    starts = {since}
    starts.update(change.start for change in own if change.start > since)
    starts.update(change.start for change in above if change.start > since)
    shown: list[Change] = []
    for start in sorted(starts):
        change = _in_force(above, start)
        if change is None or not change.lost:
            change = _in_force(own, start) or Change(start, OperatingState.UNKNOWN)
        if not shown or shown[-1][1:] != change[1:]:
            shown.append(change._replace(start=start))
    return shown


def _in_force(changes: list[Change], at: Micros) -> Change | None:
    index = bisect_right(changes, at, key=_MOMENT)
    return changes[index - 1] if index else None
