"""Core's side of the door. Whatever a client does, core goes on: it is cut off, never waited for."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

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
    line,
    requests,
)
from alerts.refusals import IllegalStep, RefusedReport, UnknownAlert
from alerts.service import AlertService
from gengfu.core.errors import GengfuError
from gengfu.database import is_full

log = structlog.get_logger()
_SLOWEST_READER_S = 5.0
_CREDENTIALS = struct.Struct("3i")


class Door:
    """Serves clients of the same user until cancelled."""

    def __init__(
        self, path: Path, alerts: AlertService, reload_ledger: Callable[[], Awaitable[None]]
    ) -> None:
        self._path = path
        self._alerts = alerts
        self._reload_ledger = reload_ledger

    async def run(self) -> None:
        """Listen until cancelled; the socket's file is gone afterwards."""
        self._path.unlink(missing_ok=True)
        async with asyncio.TaskGroup() as clients:

            def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                clients.create_task(self._serve(reader, writer), name="door-client")

            server = await asyncio.start_unix_server(enter, self._path, limit=LONGEST_FRAME)
            self._path.chmod(0o600)
            try:
                await asyncio.Event().wait()
            finally:
                server.close()
                self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not _is_own_user(writer):
                log.warning("door_stranger")
                return
            async with asyncio.TaskGroup() as tasks:
                hints = tasks.create_task(self._send_hints(writer), name="door-hints")
                await self._answer(reader, writer)
                hints.cancel()
        except* (OSError, TimeoutError) as exc:
            log.info("door_client_lost", why=str(exc.exceptions[0]))
            writer.transport.abort()
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                text = await reader.readuntil()
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                await _send(writer, line(Broken(0, f"a frame has at most {LONGEST_FRAME} bytes")))
                return
            try:
                request = requests.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                await _send(writer, line(Broken(0, str(exc))))
                return
            await _send(writer, line(await self._do(request)))

    async def _do(self, request: Request) -> Reply:
        try:
            match request:
                case Act():
                    act = self._alerts.act
                    alert = await asyncio.to_thread(
                        act, request.alert, request.step, request.request
                    )
                    return Done(request.id, alert)
                case Tell():
                    return Done(
                        request.id, await asyncio.to_thread(self._alerts.report, request.report)
                    )
                case ReloadLedger():
                    await self._reload_ledger()
                case Ping():
                    pass
        except IllegalStep as exc:
            return Illegal(request.id, exc.reason, exc.current)
        except UnknownAlert as exc:
            return Unknown(request.id, exc.alert_id)
        except RefusedReport as exc:
            return Refused(request.id, exc.reason)
        except (GengfuError, SQLAlchemyError, OSError) as exc:
            if is_full(exc):
                return NoRoom(request.id)
            log.error("door_request_failed", why=str(exc))  # noqa: TRY400 – no traceback wanted
            return Broken(request.id, str(exc))
        return Done(request.id)

    async def _send_hints(self, writer: asyncio.StreamWriter) -> None:
        """Say at once which change is the newest, then after every change."""
        told = -1
        with self._alerts.bell.listen() as ear:
            while True:
                newest = await asyncio.to_thread(self._alerts.last_change)
                if newest > told:
                    await _send(writer, line(Changed(newest)))
                    told = newest
                await ear.heard()


async def _send(writer: asyncio.StreamWriter, frame: bytes) -> None:
    """Write a frame.

    Raises:
        TimeoutError: when the other side does not read.
        ConnectionError: when it is gone.
    """
    writer.write(frame)
    async with asyncio.timeout(_SLOWEST_READER_S):
        await writer.drain()


def _is_own_user(writer: asyncio.StreamWriter) -> bool:
    peer: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _pid, uid, _gid = _CREDENTIALS.unpack(credentials)
        return bool(uid == os.getuid())
    return False
