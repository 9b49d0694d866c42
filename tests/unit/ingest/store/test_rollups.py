"""Roll-ups of a minute and an hour against a slow oracle that goes through every microsecond's owner."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from ingest.store.port import Band, Trend
from ingest.store.rollups import GAP, Values, roll_up
from ingest.store.trends import Span, merged, plan

T0 = 1_795_219_200_000_000 - 1_795_219_200_000_000 % HOUR
Readings = dict[tuple[int, Micros], float]


def values_of(readings: Readings) -> Values:
    rows = sorted((series, at, value) for (series, at), value in readings.items())
    return Values(
        series=np.array([row[0] for row in rows], dtype=np.int32),
        times=np.array([row[1] for row in rows], dtype=np.int64),
        values=np.array([row[2] for row in rows], dtype=np.float64),
    )


def slowly(readings: Readings, step: Micros, start: Micros, end: Micros) -> list[list[float]]:
    """Do the same bucket by bucket, in exact fractions of time."""
    found = []
    for series in sorted({series for series, _ in readings}):
        own = sorted((at, value) for (one, at), value in readings.items() if one == series)
        ends = [min(later, at + GAP) for (at, _), (later, _) in pairwise(own)]
        ends.append(own[-1][0] + GAP)
        for bucket in range(start, end, step):
            inside = [value for at, value in own if bucket <= at < bucket + step]
            if not inside:
                continue
            held = [
                (max(0, min(until, bucket + step) - max(at, bucket)), value)
                for (at, value), until in zip(own, ends, strict=True)
            ]
            known = sum(share for share, _ in held)
            over = math.fsum(value * (share / known) for share, value in held if share)
            mean = math.fsum(inside) / len(inside)
            row = [series, bucket, mean, min(inside), max(inside), inside[-1], over, len(inside)]
            found.append([float(one) for one in row])
    return found


moments = st.integers(T0 - GAP, T0 + 3 * HOUR - 1) | st.integers(-60, 180).map(
    lambda minute: T0 + minute * MINUTE
)
readings = st.dictionaries(
    st.tuples(st.integers(0, 2), moments), st.floats(-1e6, 1e6), min_size=1, max_size=30
)


@given(readings, st.sampled_from([MINUTE, HOUR]))
@example({(0, T0): 1.0}, HOUR)
@example({(0, T0 - GAP): 1.0, (0, T0 + HOUR - 1): 3.0}, HOUR)
def test_a_bucket_differs_from_the_definition(readings: Readings, step: Micros) -> None:
    """Every figure of every bucket is what the module's text says."""
    got = roll_up(values_of(readings), step, T0, T0 + 3 * HOUR)
    table = np.column_stack(
        [
            got.series,
            got.times,
            got.mean,
            got.low,
            got.high,
            got.last,
            got.weighted,
            got.count,
        ]
    )
    wanted = slowly(readings, step, T0, T0 + 3 * HOUR)
    assert table.shape[0] == len(wanted)
    for row, right in zip(table.tolist(), wanted, strict=True):
        assert row == pytest.approx(right, rel=1e-9, abs=1e-6)


def test_report_by_exception_is_averaged_by_the_number_of_reports() -> None:
    """10 for 50 minutes, then six reports of 70 in the last ten: the mean over time is 20."""
    told: Readings = {(0, T0): 10.0}
    told |= {(0, T0 + 50 * MINUTE + n * MINUTE): 70.0 for n in range(6)}
    got = roll_up(values_of(told), HOUR, T0, T0 + HOUR)
    assert got.weighted.tolist() == pytest.approx([20.0])
    assert got.mean.tolist() == pytest.approx([430 / 7])


def test_a_value_holds_for_ever() -> None:
    """What was told once and never again holds for the gap, and makes no bucket by itself."""
    got = roll_up(values_of({(0, T0): 5.0, (0, T0 + 2 * HOUR): 7.0}), HOUR, T0, T0 + 3 * HOUR)
    assert got.times.tolist() == [T0, T0 + 2 * HOUR]
    assert got.weighted.tolist() == [5.0, 7.0]


def test_the_widest_floats_overflow() -> None:
    """Means of the largest numbers stay finite."""
    big = 1.7976931348623157e308
    got = roll_up(values_of({(0, T0 + n): big for n in range(4)}), HOUR, T0, T0 + HOUR)
    assert got.mean.tolist() == pytest.approx([big])
    assert got.weighted.tolist() == pytest.approx([big])


@given(
    st.integers(0, 10**6),
    st.integers(1, 10**6),
    st.sampled_from([MINUTE, 5 * MINUTE, HOUR, 6 * HOUR, 90 * SECOND]),
    st.integers(0, 40),
)
def test_a_part_of_a_trend_is_asked_twice_or_never(
    offset: int, length: int, step: Micros, hours: int
) -> None:
    """The spans cover [start, end) once, in order; roll-ups only whole and only where there are any."""
    start, until = T0 + offset * SECOND, T0 + hours * HOUR
    spans = plan(start, start + length * SECOND, step, until)
    assert (spans[0].start, spans[-1].end) == (start, start + length * SECOND)
    assert all(one.end == two.start for one, two in pairwise(spans))
    for one in spans:
        if one.step:
            assert (one.start % one.step, one.end % one.step, step % one.step) == (0, 0, 0)
            assert one.end <= until


def test_a_year_by_the_hour_reads_the_readings() -> None:
    """Whole hours that are rolled up are answered from the hours, a step of minutes from minutes."""
    assert plan(T0, T0 + 8760 * HOUR, HOUR, T0 + 8760 * HOUR) == (Span(T0, T0 + 8760 * HOUR, HOUR),)
    assert [one.step for one in plan(T0 + 1, T0 + HOUR, 5 * MINUTE, T0 + HOUR)] == [0, MINUTE]


def test_two_parts_of_a_bucket_are_two_buckets() -> None:
    """Parts of one bucket merge: counts add up, the mean is weighted by them."""

    def part(at: Micros, mean: float, count: int) -> Trend:
        band = Band(low=np.array([mean - 1]), high=np.array([mean + 1]), count=np.array([count]))
        return Trend(times=np.array([at]), values=np.array([mean]), band=band)

    got = merged([part(T0, 1.0, 3), part(T0 + MINUTE, 5.0, 1)], HOUR)
    assert got.band is not None
    assert (got.times.tolist(), np.asarray(got.values).tolist()) == ([T0], [2.0])
    assert (got.band.low[0], got.band.high[0], got.band.count[0]) == (0.0, 6.0, 4)
