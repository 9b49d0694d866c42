"""Desk's side of the door: one connection for all its requests, found again when core restarts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self

import msgspec

from alerts.door.frames import (
    LONGEST_FRAME,
    Act,
    Broken,
    Changed,
    Done,
    Illegal,
    NoRoom,
    Ping,
    Refused,
    ReloadLedger,
    Reply,
    Request,
    Tell,
    Unknown,
    frames,
    line,
)
from alerts.model import Alert, Report, Step, StepRequest
from alerts.refusals import IllegalStep, RefusedReport, UnknownAlert
from gengfu.core.errors import GengfuError

_ANSWER_WITHIN_S = 10.0
_KNOCK_AGAIN_S = 0.5


class CoreUnavailable(GengfuError):
    """Core does not answer now. Ask again with the same idempotency key: it is done once."""


class CoreHasNoRoom(CoreUnavailable):
    """Core's disk is full and nothing was done. Ask again when there is room."""


@dataclass(slots=True)
class _Connection:
    writer: asyncio.StreamWriter
    waiting: dict[int, "asyncio.Future[Reply]"] = field(default_factory=dict)


class CoreClient:
    """Asks core for steps and hears of changes; an ``async with`` keeps the connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = count(1)
        self._connection: _Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._newest = 0
        self._heard = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._stay_connected(), name="core-client")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def act(self, alert_id: str, step: Step, request: StepRequest) -> Alert:
        """Take a person's step and return the alert as it stands then.

        Raises:
            UnknownAlert: when there is no such alert.
            IllegalStep: with the reason and the alert as it stands.
            CoreUnavailable: when core does not answer; the step may have been done.
        """
        return _alert(await self._ask(Act(next(self._numbers), alert_id, step, request)))

    async def report(self, report: Report) -> Alert:
        """Open an alert for what a person reports.

        Raises:
            RefusedReport: with the reason.
            CoreUnavailable: when core does not answer; the alert may have been opened.
        """
        return _alert(await self._ask(Tell(next(self._numbers), report)))

    async def reload_ledger(self) -> None:
        """Tell core that the ledger has changed.

        Raises:
            CoreUnavailable: when core does not answer.
        """
        await self._ask(ReloadLedger(next(self._numbers)))

    async def ping(self) -> None:
        """Return when core has answered.

        Raises:
            CoreUnavailable: when it does not.
        """
        await self._ask(Ping(next(self._numbers)))

    async def changes(self) -> AsyncIterator[int]:
        """Yield the number of the newest change, now and whenever there is a newer one."""
        told = 0
        while True:
            async with self._heard:
                while self._newest <= told:
                    await self._heard.wait()
                told = self._newest
            yield told

    async def _ask(self, request: Request) -> Reply:
        connection = self._connection
        if connection is None:
            raise CoreUnavailable("core is not running")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        connection.waiting[request.id] = answer
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                connection.writer.write(line(request))
                await connection.writer.drain()
                return await answer
        except (OSError, TimeoutError) as exc:
            raise CoreUnavailable("core does not answer") from exc
        finally:
            connection.waiting.pop(request.id, None)

    async def _stay_connected(self) -> None:
        while True:
            with suppress(OSError, msgspec.DecodeError):
                async with self._connected() as reader:
                    await self._listen(reader)
            await asyncio.sleep(_KNOCK_AGAIN_S)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncio.StreamReader]:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=LONGEST_FRAME)
        connection = self._connection = _Connection(writer)
        try:
            yield reader
        finally:
            self._connection = None
            for answer in connection.waiting.values():
                if not answer.done():
                    answer.set_exception(CoreUnavailable("core went away"))
            writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Hand on what core says until it goes away."""
        while text := await _next_line(reader):
            frame = frames.decode(text)
            if isinstance(frame, Changed):
                async with self._heard:
                    self._newest = max(self._newest, frame.change)
                    self._heard.notify_all()
            elif self._connection is not None:
                answer = self._connection.waiting.get(frame.id)
                if answer is not None and not answer.done():
                    answer.set_result(frame)


async def _next_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""


def _alert(reply: Reply) -> Alert:
    match reply:
        case Done(alert=Alert() as alert):
            return alert
        case Illegal():
            raise IllegalStep(reply.reason, reply.current)
        case Unknown():
            raise UnknownAlert(reply.alert)
        case Refused():
            raise RefusedReport(reply.reason)
        case NoRoom():
            raise CoreHasNoRoom("core's disk is full")
        case Broken():
            raise CoreUnavailable(reply.why)
        case _:
            raise CoreUnavailable("core's answer holds no alert")
