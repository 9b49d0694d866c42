"""The embedded store's file."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from gengfu.core.clock import HOUR, MINUTE
from gengfu.core.names import PointKind
from ingest.store.duckdb import DuckdbStore
from ingest.store.keeper import Rolled
from ingest.store.port import NotTaken, Refusal
from ingest.store.rows import Series, StoreRows
from tests.fakes.rows import rows_of, series

MB = 1024 * 1024
FLOW = series("pump-1", "flow")


def test_the_log_grows_without_end(tmp_path: Path) -> None:
    """What is written goes from the log into the file while the store is open, not when it is closed.

    DuckDB folds the log in at 16 MB unless an answer is still open somewhere: a store that left one
    open kept months of readings uncompressed, to be read again after a kill.
    """
    store, count = DuckdbStore(tmp_path / "readings.duckdb"), 40_000
    keys = tuple(
        Series(site="s", equipment=f"e{n}", equipment_class="c", point="p", kind=PointKind.ANALOG)
        for n in range(1_000)
    )
    for nth in range(1, 31):
        rows = StoreRows(
            keys=keys,
            series=np.arange(count, dtype=np.int32) % 1_000,
            observed_at=np.arange(count, dtype=np.int64) + nth * count,
            position=np.full(count, nth),
            value=np.random.default_rng(nth).random(count),
            text=np.full(count, -1, dtype=np.int32),
        )
        store.write(rows, nth)
        assert store.cursor() == nth
    log, file = (tmp_path / f"readings.duckdb{end}" for end in (".wal", ""))
    assert log.stat().st_size < 17 * MB
    assert file.stat().st_size > MB
    store.close()


ASKED: dict[str, Callable[[DuckdbStore], object]] = {
    "write": lambda store: store.write(rows_of([("pump-1", "flow", 1, 2.0)]), 2),
    "counts": lambda store: store.counts(),
    "cursor": lambda store: store.cursor(),
    "query": lambda store: store.query(FLOW, 0, 10),
    "query in buckets": lambda store: store.query(FLOW, 0, HOUR, MINUTE),
    "quarantined": lambda store: store.quarantined(),
    "note": lambda store: store.rollups.note(Rolled(position=1)),
    "values": lambda store: store.rollups.values([FLOW], 0, 10),
    "bands": lambda store: store.rollups.bands(FLOW, 0, HOUR, MINUTE),
    "drop_before": lambda store: store.rollups.drop_before(10, 0, [], but=True),
}


@pytest.mark.parametrize("asked", ASKED)
def test_an_error_of_duckdb_escapes_from(tmp_path: Path, asked: str) -> None:
    """Whatever DuckDB raises, in a query as in a write, is told as ``NotTaken``: it is tried again."""
    store = DuckdbStore(tmp_path / "readings.duckdb")
    store.close()
    with pytest.raises(NotTaken) as told:
        ASKED[asked](store)
    assert told.value.reason is Refusal.BROKEN
    assert isinstance(told.value.__cause__, duckdb.Error)


def test_a_query_out_of_memory_ends_the_keeper(tmp_path: Path) -> None:
    """What does not fit into memory while it is read says that there is no space, and is no end."""
    store, count = DuckdbStore(tmp_path / "readings.duckdb", memory_limit="200MB"), 200_000
    store.write(
        StoreRows(
            keys=(FLOW,),
            series=np.zeros(count, dtype=np.int32),
            observed_at=np.random.default_rng(7).permutation(count).astype(np.int64),
            position=np.ones(count, dtype=np.int64),
            value=np.arange(count, dtype=np.float64),
            text=np.full(count, -1, dtype=np.int32),
        ),
        1,
    )
    store.close()
    small = DuckdbStore(tmp_path / "readings.duckdb", memory_limit="4MB", threads=1)
    with pytest.raises(NotTaken) as told:
        small.rollups.values([FLOW], 0, count)
    assert told.value.reason is Refusal.NO_SPACE
    small.close()
