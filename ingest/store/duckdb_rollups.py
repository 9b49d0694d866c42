"""Roll-ups beside the readings in the DuckDB file."""

import threading
from collections.abc import Callable, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from ingest.store.duckdb_refusals import refusals
from ingest.store.keeper import Rolled
from ingest.store.rollups import Buckets, Values
from ingest.store.rows import Series

TABLES = {0: "reading", MINUTE: "rollup_1m", HOUR: "rollup_1h"}
TIMES = {0: "observed_at", MINUTE: "begin_at", HOUR: "begin_at"}
SCHEMA = """
CREATE TABLE IF NOT EXISTS rollup_1m (series INTEGER, begin_at BIGINT, mean DOUBLE, low DOUBLE,
    high DOUBLE, last DOUBLE, weighted DOUBLE, count BIGINT);
CREATE TABLE IF NOT EXISTS rollup_1h (series INTEGER, begin_at BIGINT, mean DOUBLE, low DOUBLE,
    high DOUBLE, last DOUBLE, weighted DOUBLE, count BIGINT);
CREATE TABLE IF NOT EXISTS rolled (position BIGINT, until BIGINT);
INSERT INTO rolled SELECT 0, 0 WHERE NOT EXISTS (FROM rolled);
"""
PRUNED_AT_ONCE = DAY
"""Deletes are cut into steps of so much time, so that a write waits for one of them at most."""


def fetched(cursor: duckdb.DuckDBPyConnection, select: str, bound: Sequence[object]) -> pa.Table:
    """Return the whole answer of a query."""
    table = cursor.execute(select, list(bound)).arrow()
    return table.read_all() if isinstance(table, pa.RecordBatchReader) else table


class DuckdbRollups:
    """Its part of the store; ``number`` gives a series its number, -1 for one never stored."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        writing: threading.Lock,
        number: Callable[[Series], int],
    ) -> None:
        self._connection = connection
        self._writing = writing
        self._number = number
        connection.execute(SCHEMA)
        # On a cursor: an answer left open would keep the log from being folded in.
        with connection.cursor() as cursor:
            row = cursor.execute("FROM rolled").fetchone()
        assert row is not None
        self._rolled = Rolled(position=row[0], until=row[1])

    def rolled(self) -> Rolled:
        return self._rolled

    def note(self, rolled: Rolled) -> None:
        self._do("UPDATE rolled SET position = ?, until = ?", [rolled.position, rolled.until])
        self._rolled = rolled

    def values(self, series: Sequence[Series], start: Micros, end: Micros) -> Values:
        numbers = self._numbers(series)
        wanted = pa.table({"number": numbers, "place": np.arange(len(numbers), dtype=np.int32)})
        with refusals(), self._connection.cursor() as cursor:
            cursor.register("wanted", wanted)
            found = cursor.execute(
                "SELECT place, observed_at, value FROM reading JOIN wanted ON series = number"
                " WHERE observed_at >= ? AND observed_at < ? AND value IS NOT NULL ORDER BY 1, 2",
                [start, end],
            ).fetchnumpy()
        return Values(
            series=np.asarray(found["place"], dtype=np.int32),
            times=np.asarray(found["observed_at"], dtype=np.int64),
            values=np.asarray(found["value"], dtype=np.float64),
        )

    def write(self, series: Sequence[Series], buckets: Buckets) -> None:
        if not len(buckets):
            return
        table = pa.table(
            {
                "series": self._numbers(series)[buckets.series],
                "begin_at": buckets.times,
                "mean": buckets.mean,
                "low": buckets.low,
                "high": buckets.high,
                "last": buckets.last,
                "weighted": buckets.weighted,
                "count": buckets.count,
            }
        )
        name = TABLES[buckets.step]
        span = [int(buckets.times.min()), int(buckets.times.max())]
        with self._writing, refusals(), self._connection.cursor() as cursor:
            cursor.begin()
            cursor.register("incoming", table)
            known = f"SELECT 1 FROM {name} WHERE begin_at BETWEEN ? AND ? LIMIT 1"  # noqa: S608 – our own name
            if cursor.execute(known, span).fetchone():
                cursor.execute(
                    f"DELETE FROM {name} USING incoming WHERE {name}.series = incoming.series"  # noqa: S608 – our own name
                    f" AND {name}.begin_at = incoming.begin_at AND {name}.begin_at BETWEEN ? AND ?",
                    span,
                )
            cursor.execute(f"INSERT INTO {name} SELECT * FROM incoming")  # noqa: S608 – our own name
            cursor.commit()

    def bands(self, series: Series, start: Micros, end: Micros, step: Micros) -> pa.Table:
        """Return roll-ups of one series in [start, end): at, mean, low, high, count."""
        with refusals(), self._connection.cursor() as cursor:
            return fetched(
                cursor,
                f"SELECT begin_at, mean, low, high, count FROM {TABLES[step]}"  # noqa: S608 – our own name
                " WHERE series = ? AND begin_at >= ? AND begin_at < ? ORDER BY 1",
                [self._number(series), start, end],
            )

    def drop_before(self, at: Micros, step: Micros, classes: Sequence[str], *, but: bool) -> None:
        name, time = TABLES[step], TIMES[step]
        which = "NOT IN" if but else "IN"
        ours = f"series IN (SELECT id FROM series WHERE class {which} (SELECT unnest(?)))"  # noqa: S608 – one of two words
        with refusals(), self._connection.cursor() as cursor:
            row = cursor.execute(
                f"SELECT min({time}) FROM {name} WHERE {time} < ? AND {ours}",  # noqa: S608 – our own names
                [at, list(classes)],
            ).fetchone()
        oldest = row[0] if row else None
        while oldest is not None and oldest < at:
            oldest = min(oldest + PRUNED_AT_ONCE, at)
            self._do(f"DELETE FROM {name} WHERE {time} < ? AND {ours}", [oldest, list(classes)])  # noqa: S608 – our own names

    def _numbers(self, series: Sequence[Series]) -> NDArray[np.int32]:
        return np.array([self._number(one) for one in series], dtype=np.int32)

    def _do(self, statement: str, bound: Sequence[object]) -> None:
        with self._writing, refusals(), self._connection.cursor() as cursor:
            cursor.execute(statement, list(bound))
