"""Group commit: acknowledged only after the commit, in order, and bounded."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.decoded import RawMessage
from gateway.intake import Committed
from gateway.lane import Bounds, Lane
from gateway.session import Delivery
from gengfu.core.errors import JournalError
from gengfu.core.record import Tally


class FakeSession:
    """Notes what it was told to acknowledge."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self.resumed = 0
        self.changed = asyncio.Event()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.changed.set()
        self.acknowledged += [one.mid for one in deliveries]

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> bool:
        return True

    def resume(self) -> None:
        self.resumed += 1


class HeldCommit:
    """A commit that waits until it is let go, and notes its groups."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.shed: list[bool] = []
        self.started = asyncio.Event()
        self.let_go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, messages: Sequence[RawMessage], is_shedding: bool) -> Committed:
        self.groups.append(len(messages))
        self.shed.append(is_shedding)
        self.started.set()
        await self.let_go.wait()
        if self.error is not None:
            raise self.error
        return Committed(Tally(), (), ())


def delivery(mid: int, payload: bytes = b"{}") -> Delivery:
    return Delivery(RawMessage("t", payload, 0), mid, 1, 1)


def nothing(_session: object, _done: Committed) -> None:
    return None


async def until(condition: asyncio.Event) -> None:
    async with asyncio.timeout(120):
        await condition.wait()


async def settled(session: FakeSession, count: int) -> None:
    async with asyncio.timeout(120):
        while len(session.acknowledged) < count:
            session.changed.clear()
            await session.changed.wait()


async def test_messages_wait_each_for_a_commit_of_its_own() -> None:
    """What arrives while one commit runs is the next commit, and nothing is acknowledged before its own."""
    commit, session = HeldCommit(), FakeSession()
    lane = Lane(Bounds(), commit, nothing)
    running = asyncio.create_task(lane.run(session))
    lane.offer(delivery(0))
    await until(commit.started)
    for mid in range(1, 50):
        lane.offer(delivery(mid))
    assert session.acknowledged == []

    commit.let_go.set()
    await settled(session, 50)

    assert commit.groups == [1, 49]
    assert session.acknowledged == list(range(50))
    running.cancel()


async def test_a_failed_commit_is_acknowledged() -> None:
    """When the journal fails the lane ends with its error and acknowledges nothing of the group."""
    commit, session = HeldCommit(), FakeSession()
    commit.error = JournalError("disk gone")
    commit.let_go.set()
    lane = Lane(Bounds(), commit, nothing)
    lane.offer(delivery(1))
    with pytest.raises(JournalError):
        await lane.run(session)
    assert session.acknowledged == []


@pytest.mark.parametrize("bounds", [Bounds(messages=3), Bounds(bytes=6)])
async def test_a_slow_journal_fills_the_memory(bounds: Bounds) -> None:
    """At its bound, in messages or bytes, the lane asks for a pause, and for more at half of it."""
    commit, session = HeldCommit(), FakeSession()
    lane = Lane(bounds, commit, nothing)
    assert [lane.offer(delivery(mid)) for mid in range(3)] == [True, True, False]
    running = asyncio.create_task(lane.run(session))
    commit.let_go.set()
    await settled(session, 3)
    assert session.resumed == 1
    running.cancel()


async def test_a_storm_is_one_enormous_commit() -> None:
    """A group never exceeds its limit."""
    commit, session = HeldCommit(), FakeSession()
    commit.let_go.set()
    lane = Lane(Bounds(group=10), commit, nothing)
    for mid in range(25):
        lane.offer(delivery(mid))
    running = asyncio.create_task(lane.run(session))
    await settled(session, 25)
    assert commit.groups == [10, 10, 5]
    running.cancel()


async def test_lingering_waits_with_a_full_window() -> None:
    """A lane that lingers goes at once when a broker's window of messages has come."""
    commit, session = HeldCommit(), FakeSession()
    commit.let_go.set()
    lane = Lane(Bounds(linger_s=3600, company=3), commit, nothing)
    running = asyncio.create_task(lane.run(session))
    for mid in range(3):
        lane.offer(delivery(mid))
    await settled(session, 3)
    assert commit.groups == [3]
    running.cancel()


async def test_a_durable_group_stays_unacknowledged_when_the_lane_stops() -> None:
    """A commit under way when the lane is told to stop is seen through and acknowledged."""
    commit, session = HeldCommit(), FakeSession()
    lane = Lane(Bounds(), commit, nothing)
    running = asyncio.create_task(lane.run(session))
    lane.offer(delivery(1))
    await until(commit.started)
    running.cancel()
    commit.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert session.acknowledged == [1]


async def test_a_group_that_is_not_durable_is_acknowledged_when_the_lane_stops() -> None:
    """A commit that fails while the lane is told to stop acknowledges nothing (I1).

    So it is when the journal breaks: the first lane that hears of it stops the other one.
    """
    commit, session = HeldCommit(), FakeSession()
    commit.error = JournalError("broken")
    lane = Lane(Bounds(), commit, nothing)
    running = asyncio.create_task(lane.run(session))
    lane.offer(delivery(1))
    await until(commit.started)
    running.cancel()
    commit.let_go.set()
    with pytest.raises(JournalError):
        await running
    assert session.acknowledged == []


async def test_a_hanging_journal_keeps_the_lane_from_stopping() -> None:
    """A commit that does not end in time is left, unacknowledged."""
    commit, session = HeldCommit(), FakeSession()
    lane = Lane(Bounds(leave_s=0), commit, nothing)
    running = asyncio.create_task(lane.run(session))
    lane.offer(delivery(1))
    await until(commit.started)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert session.acknowledged == []


@pytest.mark.parametrize(
    ("shed_after_s", "stall_s", "sheds"), [(0.0, 60, True), (60, 60, False), (0.05, 0.0, False)]
)
async def test_what_cannot_be_followed_grows_old(
    shed_after_s: float, stall_s: float, sheds: bool
) -> None:
    """Full for too long: all that waits is looked at together and shed, and all is acknowledged.

    Not before its time, and not when a single commit took it: that one waited for something.
    """
    commit, session = HeldCommit(), FakeSession()
    lane = Lane(
        Bounds(messages=4, group=3, shed_after_s=shed_after_s, stall_s=stall_s), commit, nothing
    )
    for mid in range(5):
        lane.offer(delivery(mid))
    running = asyncio.create_task(lane.run(session))
    await until(commit.started)
    assert lane.is_shedding is sheds
    for mid in (5, 6):
        lane.offer(delivery(mid))
    commit.let_go.set()
    await settled(session, 7)
    assert commit.groups[0] == (5 if sheds else 3)
    assert commit.shed == ([True, True] if sheds else [False] * 3)
    assert session.acknowledged == list(range(7))
    assert not lane.is_shedding
    running.cancel()
