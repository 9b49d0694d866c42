"""Alerts as they change, by server-sent events: resumable, bounded, ended when the session ends.

One task looks for changes and wakes every stream; a stream reads on from its own place.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from alerts.document import alert_document
from dashboards.web.identity import Credential, Desk, Who, credential
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem, SignInNeeded, bad_request
from gengfu.core.said import said

router = APIRouter(prefix="/api/v1")
_log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.25
BEAT_EVERY_S = 0.7
"""Also how soon a stream notices that its session ended."""
RETRY_MS = 1500
BATCH = 100
MOST_STREAMS = 400
MOST_STREAMS_EACH = 12


@dataclass(slots=True, eq=False)
class Place:
    """Where a stream stands: one that is taken by a newer stream ends."""

    taken: bool = False


class Feed:
    """Looks for changes of alerts and wakes the streams that wait for them."""

    def __init__(self, ports: DeskPorts) -> None:
        self._ports = ports
        self._changed = asyncio.Condition()
        self._open: dict[str, deque[Place]] = {}
        self._nudged = asyncio.Event()
        self.latest = 0
        self.closed = False

    async def run(self) -> None:
        """Look until cancelled. A database that does not answer is an outage, not an end."""
        failing = False
        while not self.closed:
            try:
                latest = await run_in_threadpool(self._ports.alerts.last_change)
            except Exception as exc:  # noqa: BLE001 – the supervisor of this one task
                if not failing:
                    _log.warning("alert_changes_unreadable", error=str(exc))
                failing = True
            else:
                if failing:
                    _log.info("alert_changes_readable")
                failing = False
                await self._tell(latest)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._nudged.wait()
            self._nudged.clear()

    async def listen(self) -> None:
        """Look at once when core says that something changed; without core we look by ourselves."""
        async for _ in self._ports.core.changes():
            self._nudged.set()

    async def close(self) -> None:
        """End every stream, so that the server can stop."""
        self.closed = True
        await self._tell(self.latest)

    async def wait(self, after: int, seconds: float) -> None:
        """Wait until there is something after ``after``, but no longer than so many seconds."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.latest > after or self.closed)
        except TimeoutError:
            pass

    def refuse_when_full(self) -> None:
        """Raise a Problem (503) when all places for streams are taken."""
        if sum(map(len, self._open.values())) >= MOST_STREAMS:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                said("too many open streams"),
                headers={"Retry-After": "5"},
            )

    @contextmanager
    def place(self, who: str) -> Iterator[Place]:
        """Hold one of the places for streams; one too many of a person takes that of his oldest.

        A phone whose line dies again and again leaves streams that nobody reads for a quarter of
        an hour: they must not keep him from listening.
        """
        self.refuse_when_full()
        own, place = self._open.setdefault(who, deque()), Place()
        own.append(place)
        if len(own) > MOST_STREAMS_EACH:
            own.popleft().taken = True
        try:
            yield place
        finally:
            if place in own:
                own.remove(place)

    async def _tell(self, latest: int) -> None:
        async with self._changed:
            self.latest = max(self.latest, latest)
            self._changed.notify_all()


@router.get("/alerts/stream", response_class=StreamingResponse)
async def stream(request: Request, ports: Desk, who: Who) -> StreamingResponse:
    """Send every change of an alert as it happens; ``Last-Event-ID`` resumes after a cut."""
    feed: Feed = request.app.state.feed
    brought = credential(request)
    if brought is None:
        raise SignInNeeded
    start = await _start(request, ports)
    lines = _lines(ports, feed, who, brought, start)
    feed.refuse_when_full()  # now, with a status, rather than in the middle of a stream
    return StreamingResponse(
        lines, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _start(request: Request, ports: DeskPorts) -> int:
    text = request.headers.get("last-event-id") or request.query_params.get("last_event_id")
    newest = await run_in_threadpool(ports.alerts.last_change)
    if text is None:
        return newest
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise bad_request(said("{!r} is no event id", text), where="header.Last-Event-ID")
    return min(int(text), newest)


async def _lines(
    ports: DeskPorts, feed: Feed, who: Visitor, brought: Credential, start: int
) -> AsyncIterator[bytes]:
    position = start
    with feed.place(who.id) as place:
        yield f"retry: {RETRY_MS}\n".encode() + _beat(ports, position)
        while not (feed.closed or place.taken):
            await feed.wait(position, BEAT_EVERY_S)
            if (
                await run_in_threadpool(brought.visitor, ports.people, ports.wall_clock.now())
                is None
            ):
                return
            while True:
                lines, position, more = await run_in_threadpool(_changes, ports, who, position)
                yield lines
                if not more:
                    break


def _changes(ports: DeskPorts, who: Visitor, position: int) -> tuple[bytes, int, bool]:
    changes = ports.alerts.changes_after(position, BATCH)
    newest = {change.alert.id: change for change in changes}
    lines = [
        b"id: %d\nevent: alert\ndata: %b\n\n"
        % (change.id, msgspec.json.encode(alert_document(change.alert)))
        for change in newest.values()
        if who.sees(change.alert.site)
    ]
    after = changes[-1].id if changes else position
    return b"".join(lines) + _beat(ports, after), after, len(changes) == BATCH


def _beat(ports: DeskPorts, position: int) -> bytes:
    watched = ports.alarm_path().ready
    beat = msgspec.json.encode({"now": ports.clock.now() // 1000, "watched": watched})
    return b"id: %d\nevent: beat\ndata: %b\n\n" % (position, beat)
