"""The embedded readings store: one DuckDB file, opened by the desk alone.

Rows are appended as Arrow; there is no index to keep. (series, time) stays unique because a row
that is not newer than all of its series meets the rows that are there before it goes in; telemetry
in order never pays for that. The cursor, the counts and what was quarantined are part of the
transaction that holds the rows, so a kill at any moment leaves all of them as they were.
"""

import threading
from collections.abc import Mapping
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from gengfu.core.errors import StartError
from gengfu.core.names import PointKind
from gengfu.ledger.model import EquipmentClass
from ingest.store.arrived import Arrived
from ingest.store.duckdb_refusals import refusals
from ingest.store.duckdb_rollups import DuckdbRollups, fetched
from ingest.store.port import Band, StoreCounts, Trend, Written
from ingest.store.rows import Quarantined, Series, StoreEvent, StoreRows, winners
from ingest.store.trends import Span, banded, plan

_SCHEMA = """
CREATE TABLE IF NOT EXISTS series
    (id INTEGER, site VARCHAR, equipment VARCHAR, class VARCHAR, point VARCHAR);
CREATE TABLE IF NOT EXISTS reading
    (series INTEGER, observed_at BIGINT, position BIGINT, value DOUBLE, text VARCHAR);
CREATE TABLE IF NOT EXISTS event
    (position BIGINT, item INTEGER, site VARCHAR, equipment VARCHAR, class VARCHAR, type VARCHAR,
     part VARCHAR, id VARCHAR, observed_at BIGINT, received_at BIGINT, attributes JSON);
CREATE TABLE IF NOT EXISTS quarantine (position BIGINT, reason VARCHAR, content VARCHAR);
CREATE TABLE IF NOT EXISTS progress
    (position BIGINT, stored BIGINT, expired BIGINT, nulls BIGINT, quarantined BIGINT);
ALTER TABLE progress ADD COLUMN IF NOT EXISTS arrived VARCHAR DEFAULT '{}';
INSERT INTO progress SELECT 0, 0, 0, 0, 0, '{}' WHERE NOT EXISTS (FROM progress);
"""
_EVENT_COLUMNS = (
    ("position", pa.int64()),
    ("item", pa.int32()),
    ("site", pa.string()),
    ("equipment", pa.string()),
    ("class", pa.string()),
    ("type", pa.string()),
    ("part", pa.string()),
    ("id", pa.string()),
    ("observed_at", pa.int64()),
    ("received_at", pa.int64()),
    ("attributes", pa.string()),
)
# Parameters: series, start, end, and the bucket's width.
_RAW = """
SELECT observed_at, value FROM reading
WHERE series = $1 AND observed_at >= $2 AND observed_at < $3 AND value IS NOT NULL ORDER BY 1
LIMIT $4
"""
_RAW_TEXTS = """
SELECT observed_at, text FROM reading
WHERE series = $1 AND observed_at >= $2 AND observed_at < $3 AND text IS NOT NULL ORDER BY 1
LIMIT $4
"""
_BANDS = """
SELECT observed_at - ((observed_at % $4) + $4) % $4, avg(value), min(value), max(value), count(*)
FROM reading
WHERE series = $1 AND observed_at >= $2 AND observed_at < $3 AND value IS NOT NULL
GROUP BY 1 ORDER BY 1
"""
_LAST = """
SELECT observed_at - ((observed_at % $4) + $4) % $4, arg_max(text, observed_at) FROM reading
WHERE series = $1 AND observed_at >= $2 AND observed_at < $3 AND text IS NOT NULL
GROUP BY 1 ORDER BY 1
"""
_NEVER = np.iinfo(np.int64).min
_Key = tuple[str, str, str, str]


class DuckdbStore:
    """Readings in a DuckDB file. One writer; queries may run beside it in other threads."""

    def __init__(self, path: Path, *, memory_limit: str = "1GB", threads: int = 0) -> None:
        """Open or create the file; ``threads`` work on one question, 0 = one for each core.

        Raises:
            StartError: when it cannot be opened, for one because another process has it open.
        """
        config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory_limit}
        if threads:
            config["threads"] = threads
        self._writing = threading.Lock()
        self._ids: dict[_Key, int] = {}
        self._newest: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        try:
            self._connection = duckdb.connect(str(path), config=config)
            self._connection.execute(_SCHEMA)
            self._load_series()
            self.rollups = DuckdbRollups(
                self._connection, self._writing, lambda series: self._ids.get(_key(series), -1)
            )
        except duckdb.Error as exc:
            raise StartError(f"cannot open the readings store {path}: {exc}") from exc

    def prepare(self, classes: Mapping[str, EquipmentClass]) -> None:
        """Do nothing: one table holds the points of every class."""

    def write(self, rows: StoreRows, position: int) -> Written:
        written = Written(
            stored=len(rows) + len(rows.events),
            null=rows.null,
            quarantined=rows.faults,
            arrived=rows.arrived,
        )
        with self._writing, refusals(), self._connection.cursor() as cursor:
            cursor.begin()
            ids, fresh = self._assign(rows.keys)
            newest = self._write_values(cursor, rows, ids)
            self._write_rest(cursor, fresh, rows, written, position)
            cursor.commit()
            self._ids |= fresh
            self._newest = newest
        return written

    def counts(self) -> StoreCounts:
        with refusals(), self._connection.cursor() as cursor:
            row = cursor.execute("FROM progress").fetchone()
        assert row is not None
        return StoreCounts(
            position=row[0],
            stored=row[1],
            expired=row[2],
            null=row[3],
            quarantined=row[4],
            arrived=msgspec.json.decode(row[5], type=Arrived),
        )

    def cursor(self) -> int:
        return self.counts().position

    def query(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None = None,
        *,
        most: int | None = None,
    ) -> Trend:
        worded = series.kind in (PointKind.ENUM, PointKind.TEXT)
        if step is None or worded:
            return self._select(series, start, end, step, most)

        def ask(span: Span) -> Trend:
            if span.step:
                return _trend(self.rollups.bands(series, span.start, span.end, span.step))
            return self._select(series, span.start, span.end, step)

        return banded(plan(start, end, step, self.rollups.rolled().until), step, ask)

    def _select(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None,
        most: int | None = None,
    ) -> Trend:
        """Return what the readings themselves say."""
        bound = [self._ids.get(_key(series), -1), start, end]
        worded = series.kind in (PointKind.ENUM, PointKind.TEXT)
        select = (_RAW_TEXTS if worded else _RAW) if step is None else (_LAST if worded else _BANDS)
        with refusals(), self._connection.cursor() as cursor:
            return _trend(fetched(cursor, select, [*bound, most if step is None else step]))

    def quarantined(self, limit: int = 1000) -> tuple[Quarantined, ...]:
        """Return what no store could take, the newest first."""
        with refusals(), self._connection.cursor() as cursor:
            rows = cursor.execute(
                "FROM quarantine ORDER BY position DESC LIMIT ?", [limit]
            ).fetchall()
        return tuple(Quarantined(*row) for row in rows)

    def close(self) -> None:
        self._connection.close()

    def _load_series(self) -> None:
        rows = self._connection.execute(
            "SELECT id, site, equipment, class, point, coalesce(newest, ?) FROM series LEFT JOIN"
            " (SELECT series, max(observed_at) AS newest FROM reading GROUP BY series)"
            " ON id = series ORDER BY id",
            [_NEVER],
        ).fetchall()
        self._ids = {(row[1], row[2], row[3], row[4]): row[0] for row in rows}
        self._newest = np.array([row[5] for row in rows], dtype=np.int64)

    def _assign(self, keys: tuple[Series, ...]) -> tuple[NDArray[np.int32], dict[_Key, int]]:
        """Return the id of each key, and those that are new."""
        fresh: dict[_Key, int] = {}
        ids = []
        for series in keys:
            key = _key(series)
            known = self._ids.get(key)
            if known is None:
                known = fresh.setdefault(key, len(self._ids) + len(fresh))
            ids.append(known)
        return np.array(ids, dtype=np.int32), fresh

    def _write_values(
        self, cursor: duckdb.DuckDBPyConnection, rows: StoreRows, ids: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Insert the values and return the newest time of every series after it."""
        highest = int(ids.max(initial=-1)) + 1
        missing = max(0, highest - len(self._newest))
        newest = np.append(self._newest, np.full(missing, _NEVER, dtype=np.int64))
        if not len(rows):
            return newest
        series = ids[rows.series]
        keep = winners(series, rows.observed_at)
        late = rows.observed_at[keep] <= newest[series[keep]]
        _append(cursor, _table(rows, series, keep[~late]))
        if late.any():
            _settle(cursor, _table(rows, series, keep[late]))
        np.maximum.at(newest, series, rows.observed_at)
        return newest

    def _write_rest(
        self,
        cursor: duckdb.DuckDBPyConnection,
        fresh: dict[_Key, int],
        rows: StoreRows,
        written: Written,
        position: int,
    ) -> None:
        if fresh:
            _insert(cursor, "series", _series_table(fresh))
        if rows.events:
            span = [rows.events[0].position, rows.events[-1].position]
            cursor.execute("DELETE FROM event WHERE position BETWEEN ? AND ?", span)
            _insert(cursor, "event", _events_table(rows.events))
        if rows.faults:
            faults = [[one.position, one.reason, one.content] for one in rows.faults]
            cursor.executemany("INSERT INTO quarantine VALUES (?, ?, ?)", faults)
        cursor.execute(
            "UPDATE progress SET position = ?, stored = stored + ?, nulls = nulls + ?,"
            " quarantined = quarantined + ?, arrived = ?",
            [
                position,
                written.stored,
                written.null,
                len(written.quarantined),
                msgspec.json.encode(written.arrived).decode(),
            ],
        )


def _key(series: Series) -> _Key:
    return (series.site, series.equipment, series.equipment_class, series.point)


def _series_table(fresh: Mapping[_Key, int]) -> pa.Table:
    sites, equipment, classes, points = zip(*fresh, strict=True)
    ids = pa.array(fresh.values(), pa.int32())
    return pa.table(
        {"id": ids, "site": sites, "equipment": equipment, "class": classes, "point": points}
    )


def _table(rows: StoreRows, series: NDArray[np.int32], chosen: NDArray[np.int64]) -> pa.Table:
    value, text = rows.value[chosen], rows.text[chosen]
    words = pa.array(rows.texts, pa.string())
    return pa.table(
        {
            "series": series[chosen],
            "observed_at": rows.observed_at[chosen],
            "position": rows.position[chosen],
            "value": pa.array(value, mask=text >= 0),
            "text": words.take(pa.array(text, mask=text < 0)),
        }
    )


def _events_table(events: tuple[StoreEvent, ...]) -> pa.Table:
    lines = [
        (
            *one[:5],
            one.event.type,
            one.event.part,
            one.event.id,
            one.event.observed_at,
            one.event.received_at,
            msgspec.json.encode(one.event.attributes).decode(),
        )
        for one in events
    ]
    columns = zip(*lines, strict=True)
    return pa.table(
        {
            name: pa.array(column, kind)
            for (name, kind), column in zip(_EVENT_COLUMNS, columns, strict=True)
        }
    )


def _insert(cursor: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    cursor.register("incoming", rows)
    cursor.execute(f"INSERT INTO {table} SELECT * FROM incoming")  # noqa: S608 – our own two names
    cursor.unregister("incoming")


def _append(cursor: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    if rows.num_rows:
        _insert(cursor, "reading", rows)


def _settle(cursor: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Insert rows that may meet older ones: the higher journal position stays."""
    times = rows["observed_at"].to_numpy()
    span = [int(times.min()), int(times.max())]
    cursor.register("incoming", rows)
    cursor.execute(
        "DELETE FROM reading USING incoming WHERE reading.series = incoming.series"
        " AND reading.observed_at = incoming.observed_at"
        " AND reading.position <= incoming.position AND reading.observed_at BETWEEN ? AND ?",
        span,
    )
    cursor.execute(
        "INSERT INTO reading SELECT * FROM incoming ANTI JOIN"
        " (SELECT series, observed_at FROM reading WHERE observed_at BETWEEN ? AND ?)"
        " USING (series, observed_at)",
        span,
    )
    cursor.unregister("incoming")


def _trend(table: pa.Table) -> Trend:
    columns = [column.combine_chunks() for column in table.columns]
    times = columns[0].to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_string(columns[1].type):
        return Trend(times=times, values=tuple(columns[1].to_pylist()))
    numbers = [column.to_numpy(zero_copy_only=False) for column in columns[1:]]
    values = numbers[0].astype(np.float64)
    if len(numbers) == 1:
        return Trend(times=times, values=values)
    band = Band(low=numbers[1], high=numbers[2], count=numbers[3].astype(np.int64))
    return Trend(times=times, values=values, band=band)
