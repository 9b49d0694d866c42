"""Roll-ups of one minute and one hour: what a bucket of readings was, by one algorithm for every store.

A bucket is [start, start + step) with starts at multiples of the step since 1970; it exists when at
least one reading was observed in it. ``mean``, ``low``, ``high``, ``count`` are of those readings,
``last`` is the newest of them.

``weighted`` is the mean over time. A value holds from its own time until the next reading of the
series, at most ``GAP``; then nothing is known. A bucket begins with what the reading before it left
holding, and ends with its last value holding to its end (or for ``GAP``, which is no shorter than a
bucket). Time for which nothing is known counts neither for nor against: the mean is over the rest.

Nothing here is kept between calls: a bucket is computed anew from all readings of its hour and the
``GAP`` before it. So late readings, rewrites and replays need no case of their own. Keeping running
sums instead would save reading the hour again (half a minute of one busy core an hour at the rated
1,500 values/s: ``benchmarks/trends.py``), and would be wrong after every rewrite, late reading and
kill in between.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import HOUR, MINUTE, Micros

GAP: Micros = HOUR
"""How long a value holds at most without another reading."""
STEPS: tuple[Micros, Micros] = (MINUTE, HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Readings of several series: ``series`` int32 (index of a list), ``times`` int64 µs, ``values``.

    Ordered by series, then time; no two of a series have the same time.
    """

    series: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Roll-ups of one step in columns, ordered by series, then time (the bucket's start)."""

    step: Micros
    series: NDArray[np.int32]
    times: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]
    weighted: NDArray[np.float64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)


def roll_up(values: Values, step: Micros, start: Micros, end: Micros) -> Buckets:
    """Return the buckets of [start, end), both multiples of ``step``.

    ``values`` must hold everything observed in [start - GAP, end).
    """
    inside = (values.times >= start) & (values.times < end)
    series, times, own = values.series[inside], values.times[inside], values.values[inside]
    at = times - times % step
    fresh = np.ones(len(at), dtype=bool)
    fresh[1:] = (series[1:] != series[:-1]) | (at[1:] != at[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(at))[: len(first)] - 1
    count = last - first + 1
    none = np.empty(0, dtype=np.float64)
    return Buckets(
        step=step,
        series=series[first],
        times=at[first],
        mean=_means(own, first, count),
        low=np.minimum.reduceat(own, first) if len(first) else none,
        high=np.maximum.reduceat(own, first) if len(first) else none,
        last=own[last],
        weighted=_weighted(values, step, end, series[first], at[first]),
        count=count.astype(np.int64),
    )


def _means(
    values: NDArray[np.float64], first: NDArray[np.int64], count: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the mean of each run, without overflow: each value is divided before it is added."""
    if not len(first):
        return np.empty(0, dtype=np.float64)
    shared: NDArray[np.float64] = np.add.reduceat(values / np.repeat(count, count), first)
    with np.errstate(over="ignore"):
        sums: NDArray[np.float64] = np.add.reduceat(values, first) / count
    return np.where(np.isfinite(sums), sums, shared)


def _weighted(
    values: Values,
    step: Micros,
    end: Micros,
    series: NDArray[np.int32],
    buckets: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the mean over time of each bucket (ordered by series and time)."""
    if not len(buckets):
        return np.empty(0, dtype=np.float64)
    until = np.minimum(values.times + GAP, end)
    same = values.series[1:] == values.series[:-1]
    until[:-1] = np.where(same, np.minimum(values.times[1:], until[:-1]), until[:-1])
    begin, last = values.times // step, (until - 1) // step
    # In between no value of the series begins, and there is no bucket to weigh it in.
    pieces = np.clip(last - begin + 1, 0, 2)
    owner = np.repeat(np.arange(len(values)), pieces)
    is_first = np.arange(len(owner)) == np.repeat(np.cumsum(pieces) - pieces, pieces)
    at = np.where(is_first, begin[owner], last[owner]) * step
    held = np.minimum(until[owner], at + step) - np.maximum(values.times[owner], at)
    where = _places(series, buckets, values.series[owner], at)
    kept = where >= 0
    share, size = held[kept].astype(np.float64), len(buckets)
    known = np.bincount(where[kept], weights=share, minlength=size)
    # The weights add up to 1 and the values meet them one by one: no sum grows out of range.
    parts = values.values[owner[kept]] * (share / known[where[kept]])
    return np.bincount(where[kept], weights=parts, minlength=size).astype(np.float64)


def _places(
    series: NDArray[np.int32],
    buckets: NDArray[np.int64],
    wanted: NDArray[np.int32],
    at: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the index of each (wanted, at) among the buckets, -1 where there is none."""
    origin = min(int(buckets.min()), int(at.min()))
    width = max(int(buckets.max()), int(at.max())) - origin + 1
    keys = series.astype(np.int64) * width + (buckets - origin)
    sought = wanted.astype(np.int64) * width + (at - origin)
    found = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return np.where(keys[found] == sought, found, -1)
