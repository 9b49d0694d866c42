"""The outbox: at least once, the most urgent first, given up only by policy and visibly."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.channels.port import Delivered, Delivery, Failed
from alerts.model import FindingVerdict, Handling, Step
from alerts.outbox import Attempt, next_attempt
from alerts.read import AlertFilter, AlertReader
from alerts.schema import open_alerts, outbox
from alerts.service import AlertService
from alerts.settings import AlertSettings, OutboxPolicy, Pace
from gengfu.core.clock import DAY, MINUTE, SECOND
from gengfu.core.naming import Subject
from tests.fakes.alerts import FIRE, HELD_OPEN, FakeActionLog, FakeChannel, asks
from tests.fakes.manual_clock import ManualClock
from tests.fakes.waiting import until

POLICY = OutboxPolicy(in_flight=1)


class Post:
    """A service with one fake channel and a fake journal."""

    def __init__(self, file: Path) -> None:
        self.clock = ManualClock()
        self.channel = FakeChannel()
        self.log = FakeActionLog()
        self.engine = open_alerts(file)
        self.service = AlertService(
            self.engine,
            self.clock,
            AlertSettings(outbox=POLICY),
            channels=[self.channel],
            action_log=self.log,
        )
        self.reader = AlertReader(self.engine)

    def apply_fire(self) -> str:
        self.service.apply([FIRE], position=1, at=self.clock.now())
        return self.reader.list(AlertFilter()).alerts[0].id

    def due(self, *ended: Attempt, life_safety: bool = True) -> Sequence[Delivery]:
        """Note ended attempts, and return what is due on a lane then."""
        return self.service.exchange_deliveries(ended, "fake", life_safety=life_safety, limit=9)

    def sendings(self, alert: str) -> list[tuple[str, int]]:
        """Return the state and the attempts of an alert's notifications, oldest first."""
        columns = select(outbox.c.state, outbox.c.attempts)
        query = columns.where(outbox.c.alert == alert).order_by(outbox.c.created_at)
        with self.engine.connect() as connection:
            return [(row.state, row.attempts) for row in connection.execute(query)]

    def handling(self, alert: str) -> Handling:
        found = self.reader.get(alert)
        assert found is not None
        return found.handling


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path / "alerts.db")
    yield made
    made.engine.dispose()


@asynccontextmanager
async def running(service: AlertService) -> AsyncIterator[None]:
    task = asyncio.create_task(service.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_sent_notification_is_not_noted(post: Post) -> None:
    """What opened is sent once, and the alert is then notified."""
    alert = post.apply_fire()
    async with running(post.service):
        await until(lambda: post.handling(alert) is Handling.NOTIFIED, "notified")
    (delivery,) = post.channel.sent
    assert delivery.id == f"{alert}.1.fake"
    body = msgspec.json.decode(delivery.body)
    assert (body["id"], body["what"], body["alert"]["id"]) == (delivery.id, "opened", alert)
    assert post.sendings(alert) == [("sent", 1)]


async def test_an_outage_loses_a_notification(post: Post) -> None:
    """While a channel fails the notification waits; when it is back the same id is sent."""
    post.channel.fails = True
    alert = post.apply_fire()
    async with running(post.service):
        await until(lambda: post.sendings(alert)[0][1] == 1, "one attempt")
        assert post.handling(alert) is Handling.NEW
        post.channel.fails = False
        post.clock.advance(3 * SECOND)
        await until(lambda: len(post.channel.sent) == 1, "sent")
    assert post.channel.sent[0].id == f"{alert}.1.fake"


async def test_a_defect_of_a_channel_silences_the_others(post: Post) -> None:
    """What a channel raises is a failed attempt of its own; the other channel has its notification."""

    class Broken(FakeChannel):
        async def send(self, delivery: Delivery, *, now: int) -> Delivered | Failed:
            raise UnicodeError("label empty or too long")

    post.service = AlertService(
        post.engine, post.clock, AlertSettings(), channels=[Broken("broken"), post.channel]
    )
    alert = post.apply_fire()
    async with running(post.service):
        await until(lambda: sorted(post.sendings(alert)) == [("sent", 1), ("waiting", 1)], "both")
    with post.engine.connect() as connection:
        why = connection.execute(select(outbox.c.last_failure).where(outbox.c.state == "waiting"))
        assert why.scalar_one() == "UnicodeError: label empty or too long"


async def test_giving_up_goes_unseen(post: Post) -> None:
    """After the policy's span a notification is given up, and the timeline says so."""
    post.channel.fails = True
    alert = post.apply_fire()
    post.clock.advance(DAY)
    async with running(post.service):
        await until(lambda: post.sendings(alert)[0][0] == "gave_up", "given up")
    lines = [entry for entry in post.reader.timeline(alert) if entry.what == "gave_up"]
    assert [line.note for line in lines] == ["told to fail"]


async def test_a_door_is_told_before_a_fire(post: Post) -> None:
    """Among what waits, the gravest goes first, in both lanes."""
    grave = replace(HELD_OPEN, priority=3, subject=Subject("door-9"))
    post.service.apply([HELD_OPEN, grave, FIRE], position=1, at=post.clock.now())
    due = post.due(life_safety=False)
    listed = [post.reader.get(delivery.alert) for delivery in due]
    assert [alert.subject.equipment for alert in listed if alert] == ["door-9", "door-b1-u1-main"]
    assert len(post.due()) == 1


async def test_a_hanging_door_holds_up_a_fire(post: Post) -> None:
    """While everything else hangs in its lane, a fire's notification goes out."""
    hangs = asyncio.Event()
    sent: list[str] = []

    class Slow(FakeChannel):
        async def send(self, delivery: Delivery, *, now: int) -> Delivered | Failed:
            if b"life_safety" not in delivery.body:
                await hangs.wait()
            sent.append(delivery.what)
            return await super().send(delivery, now=now)

    post.service = AlertService(
        post.engine, post.clock, AlertSettings(outbox=POLICY), channels=[Slow()]
    )
    post.service.apply([HELD_OPEN], position=1, at=post.clock.now())
    async with running(post.service):
        post.service.apply([replace(FIRE, position=2)], position=2, at=post.clock.now())
        await until(lambda: sent == ["opened"], "the fire's")
        hangs.set()
        await until(lambda: len(sent) == 2, "the door's")


async def test_a_dead_receiver_holds_up_the_others(post: Post) -> None:
    """While every attempt at one channel hangs, the other has all of its notifications."""
    hangs = asyncio.Event()

    class Dead(FakeChannel):
        async def send(self, delivery: Delivery, *, now: int) -> Delivered | Failed:
            await hangs.wait()
            return Failed("timeout")

    post.service = AlertService(
        post.engine,
        post.clock,
        AlertSettings(outbox=POLICY),
        channels=[Dead("dead"), post.channel],
    )
    fires = [replace(FIRE, subject=Subject("fire-panel-1", f"1-{n:03}")) for n in range(9)]
    post.service.apply(fires, position=1, at=post.clock.now())
    async with running(post.service):
        await until(lambda: len(post.channel.sent) == len(fires), "all of the other's")


async def test_a_removed_channel_waits_for_ever(post: Post) -> None:
    """What waits for a channel that was taken out of the settings is given up, and visibly."""
    alert = post.apply_fire()
    post.service = AlertService(post.engine, post.clock, AlertSettings(outbox=POLICY))
    post.clock.advance(DAY)
    async with running(post.service):
        await until(lambda: post.sendings(alert)[0][0] == "gave_up", "given up")


async def test_retries_hold_up_a_first_call(post: Post) -> None:
    """Among equals, what was never tried goes before what failed, however old that is."""
    fires = [replace(FIRE, subject=Subject("fire-panel-1", part)) for part in ("1-001", "1-002")]
    post.service.apply(fires[:1], position=1, at=post.clock.now())
    (first,) = post.due()
    post.due(Attempt(first, Failed("timeout"), post.clock.now()))
    post.clock.advance(SECOND)
    second = replace(fires[1], position=2)
    post.service.apply([second], position=2, at=post.clock.now())
    due = post.due()
    assert [delivery.attempts for delivery in due] == [0, 1]


async def test_a_due_clock_sends_nothing(post: Post) -> None:
    """A clock that runs out leaves a line and a notification of its own (I4)."""
    alert = post.apply_fire()
    async with running(post.service):
        await until(lambda: post.handling(alert) is Handling.NOTIFIED, "notified")
        post.clock.advance(MINUTE)
        await until(lambda: len(post.channel.sent) == 2, "escalated")
    assert [delivery.what for delivery in post.channel.sent] == ["opened", "timer"]


async def test_a_verdict_does_not_reach_the_rules(post: Post) -> None:
    """A verdict and a reset each reach the journal once, under the same identity after a restart."""
    alert = post.apply_fire()
    for step in (Step.ARRIVE, Step.VERDICT, Step.RESET):
        post.service.act(alert, step, asks(verdict=FindingVerdict.REAL, cause="kitchen"))
    async with running(post.service):
        await until(lambda: not post.service.waiting_actions(), "journaled")
    (verdict, reset) = post.log.actions.values()
    assert (verdict.name, reset.name) == ("verdict", "reset")
    assert (verdict.equipment, verdict.part) == ("fire-panel-1", "1-001")
    assert (verdict.attributes["verdict"], verdict.attributes["cause"]) == ("real", "kitchen")
    assert [one.id for one in post.log.actions] == [f"action:{alert}.3", f"action:{alert}.4"]


async def test_a_verdict_given_while_closing_is_not_told(post: Post) -> None:
    """Rules also hear of a verdict that came with the close."""
    post.service.apply([HELD_OPEN], position=1, at=post.clock.now())
    door = post.reader.list(AlertFilter()).alerts[0].id
    post.service.act(door, Step.CLOSE, asks(verdict=FindingVerdict.FALSE))
    async with running(post.service):
        await until(lambda: len(post.log.actions) == 1, "journaled")
    (action,) = post.log.actions.values()
    assert (action.name, action.attributes["verdict"]) == ("verdict", "false")


async def test_a_device_s_own_word_is_told_as_a_person_s(post: Post) -> None:
    """A device may have a point called ``verdict``: rules hear only of what a person said."""
    post.service.apply([replace(HELD_OPEN, values={"verdict": "ok"})], position=1, at=1)
    assert not post.service.waiting_actions()


@given(attempts=st.integers(0, 200), age=st.integers(0, 2 * DAY), jitter=st.floats(0, 0.999))
def test_retries_run_away(attempts: int, age: int, jitter: float) -> None:
    """The next attempt is within the policy's longest wait, or there is none after its end."""
    policy = OutboxPolicy(retry=Pace(2 * SECOND, 5 * MINUTE))
    delivery = Delivery(
        id="d", alert="a", channel="c", what="opened", body=b"", created_at=0, attempts=attempts
    )
    again = next_attempt(delivery, policy, age, jitter)
    if age >= policy.give_up_after:
        assert again is None
    else:
        assert again is not None
        assert age + SECOND <= again <= age + 5 * MINUTE
