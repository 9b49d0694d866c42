"""Database files: who may read them."""

import os
from pathlib import Path

from gengfu.database import open_sqlite


def test_file_that_others_may_read(tmp_path: Path) -> None:
    """Password hashes and what people did are for the owner alone, whichever command comes first."""
    before = os.umask(0o022)
    try:
        engine = open_sqlite(tmp_path / "desk.db")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (a)")
            modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
        engine.dispose()
    finally:
        os.umask(before)
    assert modes == {"desk.db": 0o600, "desk.db-wal": 0o600, "desk.db-shm": 0o600}
