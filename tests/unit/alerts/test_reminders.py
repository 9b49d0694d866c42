"""A story that goes on while nobody does anything stays short and loses nothing that happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from alerts.channels.port import Delivered, Delivery, Failed
from alerts.clocks import Due, run_out, wind
from alerts.model import Entry, FindingVerdict, Step, What
from alerts.opening import by_rule
from alerts.outbox import Attempt
from alerts.read import AlertFilter, AlertReader
from alerts.reminders import FIRST_TOLD, reminder, round_of, told
from alerts.schema import open_alerts, outbox, timeline
from alerts.service import AlertService
from alerts.settings import usual_clocks
from alerts.whereabouts import Whereabouts
from gengfu.core.clock import HOUR, MINUTE
from tests.fakes.alerts import FIRE, FakeChannel, asks
from tests.fakes.manual_clock import ManualClock


@dataclass
class Desk:
    """A fire that nobody has taken, with one channel that is away."""

    engine: Engine
    clock: ManualClock
    service: AlertService
    reader: AlertReader
    alert: str

    def due(self, *ended: Attempt) -> Sequence[Delivery]:
        """Note ended attempts, and return what is due then."""
        return self.service.exchange_deliveries(ended, "fake", life_safety=True, limit=200)

    def remind(self, times: int) -> None:
        """Let the next clock run out so often."""
        for _ in range(times):
            due = self.service.next_due()
            assert due is not None
            self.clock.advance(due - self.clock.now())
            assert self.service.fire_due() == 1


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = open_alerts(tmp_path / "alerts.db")
    clock = ManualClock()
    service = AlertService(engine, clock, channels=[FakeChannel()])
    service.apply([FIRE], position=1, at=clock.now())
    reader = AlertReader(engine)
    yield Desk(engine, clock, service, reader, reader.list(AlertFilter()).alerts[0].id)
    engine.dispose()


def test_an_untaken_alert_falls_silent(desk: Desk) -> None:
    """However long it goes on, each reminder is due 5 min after the last and is sent."""
    desk.remind(50)
    (due,) = desk.due()[1:]
    assert (due.what, due.created_at) == ("timer", desk.clock.now())
    assert desk.service.next_due() == desk.clock.now() + 5 * MINUTE


def test_a_story_grows_while_nothing_happens(desk: Desk) -> None:
    """Of 60 reminders the first few and the last are told; every one stays written down (I6)."""
    desk.remind(60)
    lines = desk.reader.timeline(desk.alert)
    assert [round_of(line) for line in lines] == [0, *range(1, FIRST_TOLD + 1), 60]
    with desk.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(timeline)).scalar() == 61


def test_a_new_run_hides_the_one_before(desk: Desk) -> None:
    """What people did stands in the story, and each clock's run ends with its own count."""
    desk.remind(20)
    desk.service.act(desk.alert, Step.ACKNOWLEDGE, asks())
    desk.remind(30)
    desk.service.act(desk.alert, Step.ARRIVE, asks())
    story = [(line.what, round_of(line)) for line in desk.reader.timeline(desk.alert)]
    assert [one for one in story if not 0 < one[1] <= FIRST_TOLD] == [
        ("opened", 0),
        ("timer", 20),
        ("acknowledge", 0),
        ("timer", 30),
        ("arrive", 0),
    ]


def test_a_receiver_that_was_away_is_flooded(desk: Desk) -> None:
    """Of the reminders that wait for a channel only the newest goes; the others keep their rows."""
    desk.remind(30)
    waiting = desk.due()
    assert [one.what for one in waiting] == ["opened", "timer"]
    with desk.engine.connect() as connection:
        rows = connection.execute(select(outbox.c.state, func.length(outbox.c.body))).all()
    assert sum(state == "replaced" and size == 0 for state, size in rows) == 29


def test_a_reminder_that_was_replaced_under_way_comes_back(desk: Desk) -> None:
    """An attempt that fails after a newer reminder came neither waits again nor is told of."""
    desk.remind(1)
    (_, under_way) = desk.due()
    desk.remind(1)
    desk.due(Attempt(under_way, Failed("away"), desk.clock.now()))
    waiting = desk.due(Attempt(under_way, Failed("away")))
    assert under_way.id not in {one.id for one in waiting}
    assert "gave_up" not in {line.what for line in desk.reader.timeline(desk.alert)}


def test_a_second_fire_after_the_reset_is_not_told(desk: Desk) -> None:
    """What trips again after its reset calls people as at first, and goes on until one takes it."""
    for step in (Step.ACKNOWLEDGE, Step.ARRIVE, Step.VERDICT, Step.RESET):
        desk.service.act(desk.alert, step, asks(verdict=FindingVerdict.FALSE))
    assert desk.service.next_due() is None
    now = desk.clock.now()
    desk.service.apply([replace(FIRE, position=2, at=now, since=now)], position=2, at=now)
    assert desk.service.next_due() == now + MINUTE
    desk.remind(1)
    waiting = desk.due()
    assert [one.what for one in waiting] == ["opened", "acknowledge", "returned", "timer"]
    desk.service.act(desk.alert, Step.ACKNOWLEDGE, asks())
    alert = desk.reader.get(desk.alert)
    assert alert is not None
    assert (alert.due_what, alert.verdict) == (Due.NOT_ARRIVED, None)


def test_what_was_sent_keeps_its_body(desk: Desk) -> None:
    """A delivery that has left keeps its row as the proof, and no body."""
    (opened,) = desk.due()
    desk.due(Attempt(opened, Delivered()))
    with desk.engine.connect() as connection:
        (row,) = connection.execute(select(outbox.c.state, outbox.c.body)).all()
    assert tuple(row) == ("sent", b"")


_FIRE = by_rule(FIRE, Whereabouts(), 0)


@given(st.lists(st.sampled_from(["remind", "occurred", "comment", "shelved"]), max_size=60))
def test_a_line_goes_untold(story: list[str]) -> None:
    """Whatever goes on between: only reminders are left out, and what is told counts them all."""
    alert, lines = wind(_FIRE, _FIRE.opened_at, usual_clocks()), list[Entry]()
    for nth, what in enumerate(story, start=2):
        if what == "remind":
            lines.append(reminder(alert, nth, nth * HOUR))
            alert = run_out(alert, nth * HOUR, usual_clocks())
        else:
            lines.append(Entry(alert=alert.id, version=nth, at=nth, actor="rule", what=what))
    for first in (0, FIRST_TOLD):
        kept = list(told(reversed(lines), first))
        left_out = [line for line in lines if line not in kept]
        assert all(line.what == What.TIMER for line in left_out)
        assert max(map(round_of, kept), default=0) == story.count("remind")
        assert len(kept) <= len(story) - story.count("remind") + first + 1
