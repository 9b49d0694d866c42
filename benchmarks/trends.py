"""What roll-ups cost and bring: ``python -m benchmarks.trends``. Prints figures; asserts nothing.

A year of one point at one minute (525,600 readings) beside a thousand other series, asked by the
hour while readings go in at the rated 1,500 values/s (G9); the same without roll-ups; rolling up
one hour of everything at the rated volume; and the bytes that a value and a bucket take.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.names import PointKind
from ingest.store.duckdb import DuckdbStore
from ingest.store.keeper import Rolled
from ingest.store.rollups import GAP, STEPS, roll_up
from ingest.store.rows import Series, StoreRows

YEAR = 525_600
RATE = 1_500
T0: Micros = 1_767_225_600_000_000
EVERY = [
    Series(site="s", equipment=f"e-{n}", equipment_class="c", point="p", kind=PointKind.ANALOG)
    for n in range(15_000)
]


def rows_of(
    series: Sequence[int], times: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> StoreRows:
    """Return noisy values, one for each series and time."""
    distinct, place = np.unique(np.asarray(series), return_inverse=True)
    value = np.round(np.random.default_rng(1).normal(20, 5, len(times)), 2)
    return StoreRows(
        keys=tuple(EVERY[n] for n in distinct),
        series=place.astype(np.int32),
        observed_at=times,
        position=np.ones(len(times), dtype=np.int64),
        value=value,
        text=np.full(len(times), -1, dtype=np.int32),
    )


def fill(store: DuckdbStore) -> None:
    """Write the year of series 0, day by day, with an hour of everything at the end."""
    for day in range(365):
        minute = np.arange(1440, dtype=np.int64) + day * 1440
        store.write(rows_of([0] * 1440, T0 + minute * MINUTE), day + 1)
    each = 3600 * RATE // len(EVERY)
    for part in range(20):
        count = len(EVERY) * each // 20
        number = np.arange(count, dtype=np.int64) + part * count
        times = T0 + YEAR * MINUTE + number * HOUR // (20 * count)
        store.write(rows_of((number % len(EVERY)).tolist(), times), 1_000 + part)


@contextmanager
def ingesting(store: DuckdbStore) -> Iterator[None]:
    """Write at the rated volume, four times a second, until the block ends."""
    stopped = threading.Event()

    def write() -> None:
        position, at = 2_000, T0 + (YEAR + 60) * MINUTE
        while not stopped.wait(0.25):
            times = at + np.arange(RATE // 4, dtype=np.int64) * (SECOND // RATE)
            store.write(rows_of(list(range(RATE // 4)), times), position)
            position, at = position + 1, at + SECOND // 4

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def asked(store: DuckdbStore, rounds: int) -> str:
    """Ask for the year by the hour and return the distribution."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        trend = store.query(EVERY[0], T0, T0 + YEAR * MINUTE, HOUR)
        took.append((time.perf_counter() - began) * 1000)
        assert len(trend.times) == YEAR // 60
    cut = statistics.quantiles(took, n=20)
    return f"p50 {statistics.median(took):.1f} ms, p95 {cut[18]:.1f} ms"


def timed(work: Callable[[], object]) -> float:
    """Return how long some work takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def roll(store: DuckdbStore, series: Sequence[Series], start: Micros, end: Micros) -> None:
    """Roll up as the keeper does, in its portions."""
    for at in range(0, len(series), 2_000):
        some = series[at : at + 2_000]
        values = store.rollups.values(some, start - GAP, end)
        for step in STEPS:
            store.rollups.write(some, roll_up(values, step, start, end))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.duckdb"
        store = DuckdbStore(path)
        print(f"filled in {timed(lambda: fill(store)):.1f} s")
        bare = path.stat().st_size
        with ingesting(store):
            print("a year by the hour from the readings:", asked(store, rounds))
        year_end = T0 + YEAR * MINUTE
        days = range(T0, year_end, 24 * HOUR)
        began = time.perf_counter()
        for day in days:
            roll(store, EVERY[:1], day, day + 24 * HOUR)
        took = time.perf_counter() - began
        print(f"a year of one series rolled up day by day in {took:.1f} s")
        took = timed(lambda: roll(store, EVERY, year_end, year_end + HOUR))
        print(
            f"an hour of {3600 * RATE:,} values of {len(EVERY):,} series rolled up in {took:.1f} s"
        )
        store.rollups.note(Rolled(position=1, until=year_end))
        with ingesting(store):
            print("a year by the hour from the roll-ups:", asked(store, rounds))
        store.close()
        values = YEAR + 3600 * RATE
        print(
            f"{bare / values:.1f} bytes a value; {path.stat().st_size - bare:,} bytes more after all"
        )


if __name__ == "__main__":
    main()
