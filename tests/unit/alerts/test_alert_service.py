"""The service: one transaction for each verdict batch and each step."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, inspect, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from alerts.lifecycle import Refusal
from alerts.model import Alert, Condition, FindingVerdict, Handling, Report, Step
from alerts.read import AlertFilter, AlertReader
from alerts.refusals import IllegalStep, RefusedReport, ReportRefusal, UnknownAlert
from alerts.schema import alerts, open_alerts, timeline
from alerts.service import AlertService
from gengfu.core.clock import HOUR, MINUTE, SECOND
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import Equipment, Part, Place, PlaceKind, Site, SiteLedger
from rules.engine.verdict import Turn, Verdict
from tests.fakes.alerts import FIRE, HELD_OPEN, asks
from tests.fakes.manual_clock import ManualClock

LEDGER = SiteLedger(
    site=Site(id="yunhe", name=Bilingual("云和花园", "Yunhe Gardens")),
    places={
        place.id: place
        for place in (
            Place(id="b1", kind=PlaceKind.BUILDING, name=Bilingual("1号楼", "Building 1")),
            Place(
                id="b1-room",
                kind=PlaceKind.ZONE,
                name=Bilingual("消控室", "Fire control room"),
                parent="b1",
            ),
            Place(id="b3", kind=PlaceKind.BUILDING, name=Bilingual("3号楼", "Building 3")),
            Place(id="b3-f2", kind=PlaceKind.FLOOR, name=Bilingual("2层", "Floor 2"), parent="b3"),
        )
    },
    equipment={
        "fire-panel-1": Equipment(
            id="fire-panel-1",
            equipment_class="fire_panel",
            name=Bilingual("消防主机", "Fire panel"),
            place="b1-room",
            parts={
                "1-001": Part(
                    address="1-001",
                    type="smoke",
                    name=Bilingual("烟感 1-001", "Smoke 1-001"),
                    place="b3-f2",
                    compartment="b3-east",
                )
            },
        )
    },
)
CALL = Report(
    actor="guard-1",
    idempotency_key="call-1",
    site="yunhe",
    kind=Kind.LIFE_SAFETY,
    text="住户来电：闻到烟味",
    place="b3-f2",
)


class Desk:
    """A service with its clock, and a reader of the same database."""

    def __init__(self, file: Path) -> None:
        self.clock = ManualClock()
        self.engine: Engine = open_alerts(file)
        self.service = AlertService(self.engine, self.clock)
        self.service.set_ledgers([LEDGER])
        self.reader = AlertReader(self.engine)

    def apply(self, *verdicts: Verdict) -> None:
        self.service.apply(
            verdicts, position=max(verdict.position for verdict in verdicts), at=self.clock.now()
        )

    def all(self) -> tuple[Alert, ...]:
        return self.reader.list(AlertFilter(open_only=False)).alerts

    def only(self) -> Alert:
        (alert,) = self.all()
        return alert

    def words(self, alert: Alert) -> list[str]:
        return [entry.what for entry in self.reader.timeline(alert.id)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "alerts.db")
    yield made
    made.engine.dispose()


def test_a_replay_opens_a_second_alert(desk: Desk) -> None:
    """The same verdicts again, from any position on, make nothing new."""
    batch = [FIRE, replace(FIRE, turn=Turn.OCCURRED, position=2), replace(HELD_OPEN, position=3)]
    desk.apply(*batch)
    before = (desk.all(), desk.service.last_change())
    for start in range(3):
        desk.apply(*batch[start:])
    assert (desk.all(), desk.service.last_change()) == before
    assert desk.service.applied_position() == 3


def test_positions_stand_still_without_verdicts(desk: Desk) -> None:
    """A batch without verdicts moves the position and nothing else; an older one nothing at all."""
    desk.service.apply([], position=7, at=desk.clock.now())
    desk.service.apply([], position=5, at=desk.clock.now())
    assert (desk.service.applied_position(), desk.service.last_change()) == (7, 0)


def test_another_journal_opens_no_alert(tmp_path: Path) -> None:
    """A journal that ends before what is applied is followed from its end on, over a restart too."""
    desk = Desk(tmp_path / "alerts.db")
    desk.service.apply([], position=1000, at=desk.clock.now())
    desk.service.follow(2)
    assert desk.service.applied_position() == 2
    desk.engine.dispose()
    again = Desk(tmp_path / "alerts.db")
    again.service.follow(3)
    again.apply(FIRE)
    assert again.all() == ()
    again.apply(replace(FIRE, position=3))
    assert len(again.all()) == 1


def test_a_journal_that_grew_is_told_again(desk: Desk) -> None:
    """A journal that goes on from what is applied is not begun anew."""
    desk.apply(FIRE)
    desk.service.follow(1)
    desk.service.follow(5)
    desk.apply(FIRE)
    assert (desk.service.applied_position(), len(desk.all())) == (1, 1)


def test_an_id_depends_on_more_than_its_record(tmp_path: Path) -> None:
    """Two databases that are given the same journal hold the same alerts under the same ids."""
    ids = []
    for name in ("one", "two"):
        desk = Desk(tmp_path / name)
        desk.apply(FIRE)
        ids.append(desk.only().id)
        desk.engine.dispose()
    assert ids[0] == ids[1]


def test_one_record_that_opens_clears_and_opens_collides(desk: Desk) -> None:
    """On, off and on again in one journal record are two alerts: one closed, one open."""
    desk.apply(HELD_OPEN, replace(HELD_OPEN, turn=Turn.OFF), HELD_OPEN)
    assert sorted(alert.handling for alert in desk.all()) == [Handling.CLOSED, Handling.NEW]


def test_a_second_open_alert_gets_past_the_database(desk: Desk) -> None:
    """The database itself refuses a second open alert of a rule for a subject."""
    desk.apply(FIRE)
    with desk.engine.begin() as connection:
        row = dict(connection.execute(select(alerts)).mappings().one()) | {"id": "another"}
        with pytest.raises(IntegrityError, match="UNIQUE"):
            connection.execute(insert(alerts).values(row))


def test_the_timeline_can_be_edited(desk: Desk) -> None:
    """A timeline's line can be neither changed nor deleted."""
    desk.apply(FIRE)
    for statement in (update(timeline).values(note="never happened"), delete(timeline)):
        with desk.engine.begin() as connection, pytest.raises(DatabaseError, match="insert-only"):
            connection.execute(statement)


def test_a_detector_sends_people_to_its_panel(desk: Desk) -> None:
    """A part's own place and compartment win: people are sent to where it is."""
    desk.apply(FIRE)
    alert = desk.only()
    assert alert.place == Bilingual("3号楼 2层", "Building 3 Floor 2")
    assert (alert.building, alert.zone) == ("b3", "b3-east")
    assert (alert.equipment_class, alert.name) == (
        "fire_panel",
        Bilingual("烟感 1-001", "Smoke 1-001"),
    )
    desk.apply(replace(FIRE, subject=Subject("fire-panel-1", "9-999"), position=2))
    panel = next(alert for alert in desk.all() if alert.part == "9-999")
    assert (panel.place.zh, panel.building, panel.zone) == ("1号楼 消控室", "b1", "b1-room")


def test_another_detector_is_counted_on_the_first(desk: Desk) -> None:
    """A second detector is another subject, so another alert."""
    desk.apply(FIRE, replace(FIRE, subject=Subject("fire-panel-1", "1-002")))
    assert len(desk.all()) == 2


def test_cleared_before_anybody_took_it_waits(desk: Desk) -> None:
    """The rule closes what cleared before anybody took it, as two changes of one version each."""
    desk.apply(HELD_OPEN)
    desk.apply(replace(HELD_OPEN, turn=Turn.OFF, position=2))
    alert = desk.only()
    assert (alert.handling, alert.version) == (Handling.CLOSED, 3)
    assert desk.words(alert) == ["opened", "cleared", "closed"]
    desk.apply(replace(HELD_OPEN, position=3))
    assert len(desk.all()) == 2


def test_a_taken_alert_is_closed_under_the_guard(desk: Desk) -> None:
    """What a person took waits for the person when it clears."""
    desk.apply(HELD_OPEN)
    desk.service.act(desk.only().id, Step.ACKNOWLEDGE, asks())
    desk.apply(replace(HELD_OPEN, turn=Turn.OFF, position=2))
    assert (desk.only().handling, desk.only().condition) == (Handling.ACKNOWLEDGED, Condition.OFF)


def test_fire_clears_by_itself(desk: Desk) -> None:
    """A fire alert stays open when its condition goes."""
    desk.apply(FIRE)
    desk.apply(replace(FIRE, turn=Turn.OFF, position=2))
    assert (desk.only().handling, desk.only().condition) == (Handling.NEW, Condition.OFF)


def test_an_occurrence_after_closing_is_lost(desk: Desk) -> None:
    """A signal that occurs again after its alert was closed opens a new one (I2)."""
    desk.apply(FIRE)
    first = desk.only().id
    for step in (Step.ARRIVE, Step.VERDICT, Step.RESET, Step.CLOSE):
        desk.service.act(first, step, asks(verdict=FindingVerdict.FALSE))
    desk.apply(replace(FIRE, turn=Turn.OCCURRED, position=2))
    assert len(desk.reader.list(AlertFilter()).alerts) == 1


@pytest.mark.parametrize(("news", "opened"), [(FIRE, 1), (HELD_OPEN, 0)], ids=["fire", "door"])
def test_late_data_page_for_the_past(desk: Desk, news: Verdict, opened: int) -> None:
    """Late news opens no alert, but a late fire is a fire."""
    desk.apply(replace(news, late=True))
    assert len(desk.all()) == opened


def test_two_guards_both_take_it(desk: Desk) -> None:
    """Of two who acknowledge at once one wins; the other is told how it stands."""
    desk.apply(FIRE)
    alert = desk.only().id
    outcomes: list[object] = []

    def take(actor: str) -> None:
        try:
            outcomes.append(desk.service.act(alert, Step.ACKNOWLEDGE, asks(actor)))
        except IllegalStep as exc:
            outcomes.append(exc)

    guards = [threading.Thread(target=take, args=(f"guard-{n}",)) for n in range(2)]
    for guard in guards:
        guard.start()
    for guard in guards:
        guard.join()
    (won,) = (one for one in outcomes if isinstance(one, Alert))
    (lost,) = (one for one in outcomes if isinstance(one, IllegalStep))
    assert lost.reason is Refusal.ILLEGAL_STEP
    assert lost.current == won
    assert desk.words(won) == ["opened", "acknowledge"]


def test_a_request_sent_twice_is_done_twice(desk: Desk) -> None:
    """The same key again changes nothing; the same key for something else is refused."""
    desk.apply(FIRE)
    alert = desk.only().id
    request = asks(key="k", note="on my way")
    once = desk.service.act(alert, Step.COMMENT, request)
    assert desk.service.act(alert, Step.COMMENT, request) == once
    with pytest.raises(IllegalStep) as refused:
        desk.service.act(alert, Step.COMMENT, asks(key="k", note="another"))
    assert refused.value.reason is Refusal.KEY_REUSED
    assert desk.service.act(alert, Step.COMMENT, asks("guard-2", key="k", note="mine")).version == 3


def test_a_step_of_nothing(desk: Desk) -> None:
    """An alert that is not there is an error of its own."""
    with pytest.raises(UnknownAlert):
        desk.service.act("nothing", Step.ACKNOWLEDGE, asks())


def test_nobody_takes_it_and_nobody_is_told(desk: Desk) -> None:
    """An unacknowledged alert's clock runs out again and again, ever more slowly, until taken."""
    desk.apply(FIRE)
    opened = desk.clock.now()
    ran_out = []
    while desk.clock.now() < opened + 20 * MINUTE:
        if desk.service.fire_due():
            ran_out.append((desk.clock.now() - opened) // SECOND)
        due = desk.only().due_at
        assert due is not None
        assert due > desk.clock.now()
        desk.clock.advance(10 * SECOND)
    assert ran_out == [60, 120, 240, 480, 780, 1080]
    taken = desk.service.act(desk.only().id, Step.ACKNOWLEDGE, asks())
    assert taken.due_what == "not_arrived"
    assert desk.service.act(taken.id, Step.ARRIVE, asks()).due_at is None


def test_an_older_database_is_refused(desk: Desk, tmp_path: Path) -> None:
    """What versions did not know, response classes or a second call, gets what is usual."""
    desk.apply(FIRE, replace(HELD_OPEN, position=2))
    before = desk.all()
    with desk.engine.begin() as connection:
        for column in ("response", "called_at"):
            connection.execute(text(f"ALTER TABLE alerts DROP COLUMN {column}"))
        connection.execute(text("DROP INDEX outbox_in_order"))
        connection.execute(text("CREATE INDEX outbox_waiting ON outbox (state)"))
    desk.engine.dispose()
    opened = open_alerts(tmp_path / "alerts.db")
    indexes = {index["name"] for index in inspect(opened).get_indexes("outbox")}
    opened.dispose()
    assert desk.all() == before
    assert indexes == {"outbox_in_order", "outbox_of_alert"}


def test_shelving_forgets_the_alert(desk: Desk) -> None:
    """A shelved alert is not called for, stays one alert while it chatters, and comes back."""
    desk.apply(HELD_OPEN)
    until = desk.clock.now() + HOUR
    alert = desk.service.act(desk.only().id, Step.SHELVE, asks(until=until, note="repair"))
    assert (alert.due_what, alert.due_at) == ("shelf_ends", until)
    desk.apply(replace(HELD_OPEN, turn=Turn.OFF, position=2), replace(HELD_OPEN, position=3))
    assert (desk.only().occurrences, desk.service.fire_due()) == (2, 0)
    desk.clock.advance(HOUR)
    assert desk.service.fire_due() == 1
    back = desk.only()
    assert (back.shelved_until, back.due_what) == (None, "unacknowledged")


def test_a_cleared_alert_stays_on_the_shelf(desk: Desk) -> None:
    """What is clear when its shelving ends is closed by its rule then."""
    desk.apply(HELD_OPEN)
    shelve = asks(until=desk.clock.now() + HOUR, note="repair")
    desk.service.act(desk.only().id, Step.SHELVE, shelve)
    desk.apply(replace(HELD_OPEN, turn=Turn.OFF, position=2))
    assert desk.only().open
    desk.clock.advance(HOUR)
    desk.service.fire_due()
    assert desk.words(desk.only()) == ["opened", "shelve", "cleared", "timer", "closed"]


def test_a_report_has_no_clock(desk: Desk) -> None:
    """A person's report is an alert on the same clocks, at the place that was said, once."""
    alert = desk.service.report(CALL)
    assert desk.service.report(CALL) == alert
    assert desk.only() == alert
    assert (alert.source, alert.rule, alert.equipment) == ("person", "report", None)
    assert (alert.place.zh, alert.severity) == ("3号楼 2层", Severity.CRITICAL)
    assert alert.due_at == desk.clock.now() + MINUTE
    other = desk.service.report(replace(CALL, idempotency_key="call-2"))
    assert other.id != alert.id


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (replace(CALL, text=" "), ReportRefusal.NO_TEXT),
        (replace(CALL, site="elsewhere"), ReportRefusal.UNKNOWN_SITE),
        (replace(CALL, place=None), ReportRefusal.NO_PLACE),
        (replace(CALL, place="b9"), ReportRefusal.UNKNOWN_PLACE),
        (replace(CALL, equipment="lift-9"), ReportRefusal.UNKNOWN_EQUIPMENT),
        (replace(CALL, priority=7), ReportRefusal.BAD_PRIORITY),
    ],
)
def test_a_report_about_nothing(desk: Desk, report: Report, reason: ReportRefusal) -> None:
    """A report that cannot become an alert is refused with its reason, and opens none."""
    with pytest.raises(RefusedReport) as refused:
        desk.service.report(report)
    assert (refused.value.reason, desk.all()) == (reason, ())


def test_a_failed_batch_leaves_half(desk: Desk) -> None:
    """When one verdict of a batch cannot be written, none of the batch is, nor its position."""
    broken = replace(HELD_OPEN, values={"x": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        desk.apply(FIRE, broken)
    assert (desk.all(), desk.service.applied_position(), desk.service.last_change()) == ((), 0, 0)
