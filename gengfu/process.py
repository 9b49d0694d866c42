"""How one of our processes runs: logging, a clean stop, a heartbeat, and one sentence on failure."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import structlog
from structlog.dev import plain_traceback

from gengfu.core.errors import GengfuError, JournalError
from gengfu.heartbeat import SupervisorGone, await_turn, beat

log = structlog.get_logger()

WORKERS = 8
"""Threads for what waits for a disk or computes, beside the event loop."""

Main = Callable[[Callable[[], None]], Awaitable[None]]
"""A process's main function; it is given what it calls once when it is ready."""


def run_process(name: str, main: Main) -> int:
    """Run a process until SIGTERM or SIGINT and return its exit code.

    0 = stopped as asked, 1 = it cannot work and a person must mend that, 3 = a failure that a
    restart may heal.
    """
    os.umask(0o077)  # whatever a process of ours writes is for its owner alone
    configure_logging()
    structlog.contextvars.bind_contextvars(process=name)
    try:
        await_turn()
        asyncio.run(_until_stopped(main))
    except SupervisorGone:
        return 0
    except ExceptionGroup as group:
        return _fate(name, group)
    return 0


def _fate(name: str, group: ExceptionGroup[Exception]) -> int:
    """Say what ended the process, and return the exit code for it."""
    errors = list(_leaves(group))
    ours = [error for error in errors if isinstance(error, GengfuError)]
    if any(isinstance(error, SupervisorGone) for error in errors):
        log.warning("the supervisor is gone: stopping")
        return 0
    if len(ours) < len(errors) or any(isinstance(error, JournalError) for error in ours):
        log.error("failed", exc_info=group)
        return 3
    for error in ours:
        sys.stderr.write(f"gengfu {name}: {error}\n")
    return 1


def configure_logging() -> None:
    """Log to standard error: a line for a person at a terminal, else one JSON object a line.

    Tracebacks are plain: with the values of local variables they would tell passwords.
    """
    for_a_person = sys.stderr.isatty()
    rendering: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=plain_traceback)]
        if for_a_person
        else [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    time_format = "%H:%M:%S" if for_a_person else "iso"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt=time_format, utc=not for_a_person),
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


async def _until_stopped(main: Main) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(started_workers())
    stop, ready = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(_work(main, ready, stop), name="main")
        life = tasks.create_task(beat(ready), name="heartbeat")
        await stop.wait()
        work.cancel()
        await asyncio.wait([work])  # what it raised is the group's to tell, once
        life.cancel()


def started_workers() -> ThreadPoolExecutor:
    """Return threads that all run already.

    One that is started when it is first needed may find no memory left, and whoever starts it then
    waits for it for ever: with the whole event loop.
    """
    pool, together = ThreadPoolExecutor(WORKERS, "worker"), Barrier(WORKERS + 1)
    for _ in range(WORKERS):
        pool.submit(together.wait)
    together.wait()
    return pool


async def _work(main: Main, ready: asyncio.Event, stop: asyncio.Event) -> None:
    try:
        await main(ready.set)
    finally:
        stop.set()


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
