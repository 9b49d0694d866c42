"""A full disk passes: a task of core that met one goes on when there is room again.

Core must live through it. The journal gives up its reserve a second later, and a core that ended
would for seconds hear nothing, neither the fire nor that its disk is full.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import OperationalError

from gengfu.core.errors import JournalFull
from gengfu.database import is_full

log = structlog.get_logger()

WAIT_SECONDS = 1.0


async def through_full_disk(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Run a task that finds in files where it was, and begin it again whenever a disk was full.

    Raises:
        Exception: whatever else ends the task.
    """
    is_told = False
    while True:
        try:
            return await run()
        except (OSError, OperationalError, JournalFull, ExceptionGroup) as exc:
            if not is_full(exc):
                raise
            if not is_told:
                log.error("task_waits_for_room", task=name, reason=_words(exc))  # noqa: TRY400 – no traceback wanted
            is_told = True
        await asyncio.sleep(WAIT_SECONDS)


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error.orig) if isinstance(error, OperationalError) else str(error)
