"""Which part of a trend comes from roll-ups and which from the readings themselves.

Whole buckets that are rolled up come from the roll-ups, the edges and the newest hours from the
readings. Bands merge exactly: counts add up, means are weighted by them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gengfu.core.clock import HOUR, MINUTE, Micros
from ingest.store.port import Band, Trend


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end), to be answered from roll-ups of ``step``; 0 = from the readings."""

    start: Micros
    end: Micros
    step: Micros


def plan(start: Micros, end: Micros, step: Micros, rolled_until: Micros) -> tuple[Span, ...]:
    """Return the parts of an aggregated trend in ascending time."""
    unit = HOUR if step % HOUR == 0 else MINUTE
    first = -(-start // unit) * unit
    last = min(end // unit * unit, rolled_until)
    if step % unit or last <= first:
        return (Span(start, end, 0),)
    spans = (Span(start, first, 0), Span(first, last, unit), Span(last, end, 0))
    return tuple(one for one in spans if one.start < one.end)


def banded(spans: Sequence[Span], step: Micros, ask: Callable[[Span], Trend]) -> Trend:
    """Ask for each span (bands of ``step`` or of the roll-up's own) and return buckets of ``step``."""
    return merged([ask(span) for span in spans], step)


def merged(parts: Sequence[Trend], step: Micros) -> Trend:
    """Merge bands in ascending time into buckets of ``step``."""
    bands = [part.band for part in parts if part.band is not None]
    times = np.concatenate([part.times for part in parts if part.band is not None])
    means = np.concatenate([np.asarray(one.values) for one in parts if one.band is not None])
    count = np.concatenate([band.count for band in bands])
    low = np.concatenate([band.low for band in bands])
    high = np.concatenate([band.high for band in bands])
    if not len(times):
        return Trend(times=times, values=means, band=Band(low=low, high=high, count=count))
    at = times - times % step
    first = np.flatnonzero(np.append(True, at[1:] != at[:-1]))
    sizes = np.diff(np.append(first, len(at)))
    total = np.add.reduceat(count, first)
    share = means * (count / np.repeat(total, sizes))
    values = np.where(sizes == 1, means[first], np.add.reduceat(share, first))
    band = Band(
        low=np.minimum.reduceat(low, first), high=np.maximum.reduceat(high, first), count=total
    )
    return Trend(times=at[first], values=values, band=band)
