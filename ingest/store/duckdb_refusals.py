"""What the DuckDB file says when it cannot, in the words of every readings store.

A query can fail as a write can: when its memory is used up, or the disk that it spills to.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ingest.store.port import NotTaken, Refusal

_NO_SPACE = (duckdb.IOException, duckdb.OutOfMemoryException)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn every error of DuckDB within the block into ``NotTaken``.

    Raises:
        NotTaken: DuckDB raised; a transaction whose cursor is closed with the block left nothing.
    """
    try:
        yield
    except duckdb.Error as exc:
        reason = Refusal.NO_SPACE if isinstance(exc, _NO_SPACE) else Refusal.BROKEN
        raise NotTaken(reason, f"the readings store: {exc}") from exc
