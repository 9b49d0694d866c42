"""A full disk passes: a task of core that met one goes on when there is room again.

Core must live through it. The journal gives up its reserve a second later, and a core that ended
would for seconds hear nothing, neither the fire nor that its disk is full.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import OperationalError

from gengfu.core.errors import JournalFull
from gengfu.database import is_full

log = structlog.get_logger()

WAIT_SECONDS = 1.0
CALM_SECONDS = 60.0
"""So long a task has to go on before its outage is over: some write once in half a minute."""


async def through_full_disk(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Run a task that finds in files where it was, and begin it again whenever a disk was full.

    Each outage is logged once when it begins and once when it ends.

    Raises:
        Exception: whatever else ends the task.
    """
    outage = _Outage(name)
    while True:
        over = asyncio.get_running_loop().call_later(CALM_SECONDS, outage.end)
        try:
            await run()
        except (OSError, OperationalError, JournalFull, ExceptionGroup) as exc:
            if not is_full(exc):
                raise
            outage.begin(exc)
        else:
            return outage.end()
        finally:
            over.cancel()
        await asyncio.sleep(WAIT_SECONDS)


@dataclass(slots=True)
class _Outage:
    """Whether a task waits for room, told when that changes."""

    task: str
    lasts: bool = False

    def begin(self, error: BaseException) -> None:
        if not self.lasts:
            log.error("task_waits_for_room", task=self.task, reason=_words(error))
        self.lasts = True

    def end(self) -> None:
        if self.lasts:
            log.info("task_has_room_again", task=self.task)
        self.lasts = False


def _words(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error.orig) if isinstance(error, OperationalError) else str(error)
