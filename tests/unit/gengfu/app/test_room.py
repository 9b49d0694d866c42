"""A full disk ends core, or something else does not."""

import errno

import pytest
from sqlalchemy.exc import OperationalError

from gengfu.app import room
from gengfu.core.errors import JournalError, JournalFull

FULL = OperationalError("insert", {}, Exception("database or disk is full"))


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (FULL, True),
        (OSError(errno.ENOSPC, "no space left on device"), True),
        (OSError(errno.EDQUOT, "disk quota exceeded"), True),
        (JournalFull("no room"), True),
        (ExceptionGroup("lanes", [ExceptionGroup("attempts", [FULL]), JournalFull("no")]), True),
        (ExceptionGroup("lanes", [FULL, ValueError("no")]), False),
        (OSError(errno.EIO, "input/output error"), False),
        (OperationalError("insert", {}, Exception("disk I/O error")), False),
        (JournalError("the journal is broken"), False),
        (ValueError("a mistake of ours"), False),
    ],
)
async def test_only_a_full_disk_passes(
    error: Exception, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that met it is begun again until it ends by itself; any other error ends it."""
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.0)
    begun = 0

    async def run() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise error

    if passes:
        await room.through_full_disk(run, "rules")
    else:
        with pytest.raises(type(error)):
            await room.through_full_disk(run, "rules")
    assert begun == (3 if passes else 1)
