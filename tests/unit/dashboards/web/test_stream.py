"""The alert stream: resumable, bounded, ended with its session."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from dashboards.web.api import stream
from dashboards.web.api.stream import Feed
from dashboards.web.identity import Credential
from dashboards.web.ports import PartState
from dashboards.web.problems import Problem
from tests.fakes.alerts import sample_alert
from tests.fakes.desk import PASSWORD, FakeDesk

pytestmark = pytest.mark.asyncio

PATIENCE_S = 120.0
"""Guards against waiting for ever, on a busy machine too; what is claimed is what comes first."""


class Listener:
    """Reads one stream as a browser would."""

    def __init__(self, desk: FakeDesk, feed: Feed, secret: str, start: int = 0) -> None:
        ports = desk.ports()
        visitor = desk.people.by_session(secret, at=0)
        assert visitor is not None
        brought = Credential(secret, is_session=True)
        self._lines = stream._lines(ports, feed, visitor, brought, start)

    async def events(self) -> AsyncIterator[tuple[str, int, dict[str, object]]]:
        async for chunk in self._lines:
            for block in chunk.decode().strip().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in block.splitlines())
                yield fields["event"], int(fields["id"]), json.loads(fields["data"])


@pytest.fixture
async def feed(desk: FakeDesk) -> AsyncIterator[Feed]:
    made = Feed(desk.ports())
    looking = asyncio.create_task(made.run())
    yield made
    looking.cancel()


def _session(desk: FakeDesk) -> str:
    secret = desk.people.sign_in("guard", PASSWORD, address="", at=0)
    assert secret is not None
    return secret


async def test_a_change_reaches_the_page(desk: FakeDesk, feed: Feed) -> None:
    """A change is told without being asked for, with the alert as it stands."""
    events = Listener(desk, feed, _session(desk)).events()
    assert (await anext(events))[0] == "beat"
    desk.alerts.put(sample_alert(), "opened")
    async with asyncio.timeout(PATIENCE_S):
        while (event := await anext(events))[0] != "alert":
            pass
    assert (event[1], event[2]["id"]) == (1, "a-1")


@pytest.mark.parametrize("ready", [True, False])
async def test_nobody_watches_and_the_page_is_quiet(
    desk: FakeDesk, feed: Feed, ready: bool
) -> None:
    """Every beat says whether an alarm would come through."""
    desk.parts = [PartState(name="alarm path", ready=ready)]
    event = await anext(Listener(desk, feed, _session(desk)).events())
    assert (event[0], event[2]["watched"]) == ("beat", ready)


async def test_resuming_misses_nothing(desk: FakeDesk, feed: Feed) -> None:
    """From any Last-Event-ID on, the newest state of every alert changed since arrives once."""
    for n in range(3):
        desk.alerts.put(sample_alert(f"a-{n}"), "opened")
    desk.alerts.put(sample_alert("a-1", version=2), "comment")
    for start, expected in ((0, ["a-0", "a-2", "a-1"]), (2, ["a-2", "a-1"]), (4, [])):
        events = Listener(desk, feed, _session(desk), start).events()
        seen: list[object] = []
        async with asyncio.timeout(PATIENCE_S):
            await anext(events)
            while (event := await anext(events))[0] != "beat":
                seen.append(event[2]["id"])
        assert sorted(map(str, seen)) == sorted(expected)
        assert event[1] == 4


async def test_a_stream_after_its_session_ended(desk: FakeDesk, feed: Feed) -> None:
    """A revoked session's stream ends by its next beat, with nothing told in between."""
    secret = _session(desk)
    events = Listener(desk, feed, secret).events()
    await anext(events)
    desk.people.sign_out(secret, at=0)
    desk.alerts.put(sample_alert(), "opened")
    async with asyncio.timeout(PATIENCE_S):
        assert [event async for event in events] == []


async def test_a_server_that_stops(desk: FakeDesk, feed: Feed) -> None:
    """Closing the feed ends every stream, so that the server can stop."""
    events = Listener(desk, feed, _session(desk)).events()
    await anext(events)
    await feed.close()
    async with asyncio.timeout(PATIENCE_S):
        assert all([event[0] == "beat" async for event in events])


async def test_a_phone_whose_line_dies_again_and_again(feed: Feed) -> None:
    """A person's newest stream always has a place: one too many takes that of the oldest."""
    with ExitStack() as open_streams:
        places = [
            open_streams.enter_context(feed.place("guard"))
            for _ in range(stream.MOST_STREAMS_EACH + 1)
        ]
        assert [place.taken for place in places] == [True] + [False] * stream.MOST_STREAMS_EACH
        with feed.place("engineer") as other:
            assert not other.taken


async def test_a_stream_whose_place_is_taken(desk: FakeDesk, feed: Feed) -> None:
    """It ends, so that its browser may come again, from where it was."""
    events = Listener(desk, feed, _session(desk)).events()
    await anext(events)
    with ExitStack() as newer:
        for _ in range(stream.MOST_STREAMS_EACH):
            newer.enter_context(feed.place("guard"))
        async with asyncio.timeout(PATIENCE_S):
            assert all([event[0] == "beat" async for event in events])


async def test_more_streams_than_places(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    """When all places are taken a stream is refused; a place is free again after its stream."""
    monkeypatch.setattr(stream, "MOST_STREAMS", 1)
    with feed.place("guard"), pytest.raises(Problem):
        feed.refuse_when_full()
    feed.refuse_when_full()


async def test_a_database_that_comes_back(desk: FakeDesk, feed: Feed) -> None:
    """While the alerts cannot be read the feed waits; afterwards the change still arrives."""
    desk.alerts.broken = True
    desk.alerts.put(sample_alert(), "opened")
    await feed.wait(0, stream.LOOK_EVERY_S * 2)
    assert feed.latest == 0
    desk.alerts.broken = False
    async with asyncio.timeout(PATIENCE_S):
        await feed.wait(0, 2)
    assert feed.latest == 1
