"""A full disk ends core, or something else does not."""

import asyncio
import errno
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

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


async def _told(attempts: Iterator[bool], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run a task whose attempts fail at once (False) or after going on for a while; return the log."""
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(room, "CALM_SECONDS", 0.0)

    async def run() -> None:
        lasts = next(attempts, None)
        if lasts is None:
            return
        if lasts:
            for _ in range(3):
                await asyncio.sleep(0)
        raise FULL

    with capture_logs() as logs:
        await room.through_full_disk(run, "rules")
    return [str(one["event"]) for one in logs]


async def test_the_second_outage_goes_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each outage is told once when it begins and once when it ends, however often it is tried."""
    begins, ends = "task_waits_for_room", "task_has_room_again"
    one = await _told(iter([False, False, False]), monkeypatch)
    assert one == [begins, ends]
    two = await _told(iter([False, False, True, False]), monkeypatch)
    assert two == [begins, ends, begins, ends]


async def test_a_task_that_never_met_it_is_told_to_have_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without an outage nothing is told."""
    assert await _told(iter([]), monkeypatch) == []
