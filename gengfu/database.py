"""Open the relational databases: one file for each owner, or a schema each on PostgreSQL.

SQLite comes from ``pysqlite3``, whose SQLite (≥ 3.51.3) has no WAL-reset defect: two processes open
each of our files, one to write and one to read.
"""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pysqlite3 import dbapi2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from gengfu.core.errors import JournalFull

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

Answer = TypeVar("Answer")

BUSY_MILLISECONDS = 5_000


def is_full(error: BaseException) -> bool:
    """Tell whether an error, or each of a group of them, says that a disk or a quota is full."""
    match error:
        case BaseExceptionGroup():
            return all(map(is_full, error.exceptions))
        case OperationalError():
            return "database or disk is full" in str(error.orig)
        case OSError():
            return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, JournalFull)


def open_sqlite(file: Path, *, read_only: bool = False) -> Engine:
    """Open a database file with write-ahead log and full sync; connections may cross threads.

    Read-only connections cannot write at all; opening fails while the file does not exist.
    """
    if read_only:
        engine = create_engine(f"sqlite+pysqlite:///file:{file}?mode=ro&uri=true", module=dbapi2)
    else:
        engine = create_engine(f"sqlite+pysqlite:///{file}", module=dbapi2)

    @event.listens_for(engine, "connect")
    def _prepare(connection: "DBAPIConnection", _entry: "ConnectionPoolEntry") -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            cursor.execute("PRAGMA journal_mode = WAL").fetchall()
            cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    if not read_only:
        event.listen(engine, "do_connect", lambda *_: _own(file))

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            """Take the write lock at once: a transaction that reads first never fails half-way.

            Connections of ``engine.execution_options(reads=True)`` never write and take none.
            """
            reads = connection.get_execution_options().get("reads", False)
            connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _own(file: Path) -> None:
    """Make the file for its owner alone, whoever comes first; SQLite's log takes its mode."""
    if file.parent.is_dir() and not file.exists():
        file.touch(mode=0o600)


def read_from(file: Path, read: Callable[[Engine], Answer]) -> Answer | None:
    """Read what another process writes; None while it has not made its file and tables.

    Raises:
        OperationalError: it cannot be read now (no file handle left, a lock, a disk): that says nothing
            about what stands in it.
    """
    if not file.exists():
        return None
    engine = open_sqlite(file, read_only=True)
    try:
        return read(engine)
    except OperationalError as exc:
        if "no such table" not in str(exc.orig):
            raise
        return None
    finally:
        engine.dispose()
