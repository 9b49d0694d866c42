"""What desk reads: pages, changes, counts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from alerts.document import alert_document
from alerts.model import Alert, Handling, Step
from alerts.opening import by_rule
from alerts.read import AlertFilter, AlertReader, BadCursor, OpenSums
from alerts.rows import alert_of, alert_row
from alerts.schema import alerts, open_alerts
from alerts.service import AlertService
from alerts.whereabouts import Whereabouts
from gengfu.core.clock import SECOND
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from gengfu.database import open_sqlite
from tests.fakes.alerts import FIRE, HELD_OPEN, START, asks
from tests.fakes.manual_clock import ManualClock


@pytest.fixture
def service(tmp_path: Path) -> Iterator[AlertService]:
    engine = open_alerts(tmp_path / "alerts.db")
    yield AlertService(engine, ManualClock())
    engine.dispose()


@pytest.fixture
def reader(tmp_path: Path, service: AlertService) -> Iterator[AlertReader]:
    engine = open_sqlite(tmp_path / "alerts.db", read_only=True)
    yield AlertReader(engine)
    engine.dispose()


def fill(service: AlertService) -> None:
    """Open 23 alerts: three fires among doors of three severities, a second apart."""
    doors = tuple(Severity)[1:]
    for n in range(20):
        door = replace(HELD_OPEN, subject=Subject(f"door-{n}"), severity=doors[n % 3])
        at = START + n * SECOND
        service.apply([replace(door, position=n + 1, at=at)], position=n + 1, at=at)
    fires = [
        replace(FIRE, subject=Subject("fire-panel-1", str(n)), position=21, at=START + n)
        for n in range(3)
    ]
    service.apply(fires, position=21, at=START)


@pytest.mark.parametrize("open_only", [True, False])
def test_pages_leave_out_or_repeat(
    service: AlertService, reader: AlertReader, open_only: bool
) -> None:
    """Page after page gives every alert once, in the order of one big page."""
    fill(service)
    whole = reader.list(AlertFilter(open_only=open_only, limit=100))
    assert (len(whole.alerts), whole.cursor) == (23, None)
    pages: list[Alert] = []
    wanted = AlertFilter(open_only=open_only, limit=4)
    while True:
        page = reader.list(wanted)
        pages.extend(page.alerts)
        if page.cursor is None:
            break
        wanted = replace(wanted, cursor=page.cursor)
    assert tuple(pages) == whole.alerts


def test_fire_stands_behind_doors(service: AlertService, reader: AlertReader) -> None:
    """The open list begins with the gravest, and within them with the newest."""
    fill(service)
    listed = reader.list(AlertFilter(limit=100)).alerts
    severities = [tuple(Severity).index(alert.severity) for alert in listed]
    assert severities == sorted(severities)
    assert [alert.part for alert in listed[:3]] == ["2", "1", "0"]


def test_sums_stop_at_a_page(service: AlertService, reader: AlertReader) -> None:
    """Sums are of every open alert of the sites, taken and shelved ones told apart."""
    fill(service)
    by_door = {one.equipment: one for one in reader.list(AlertFilter(limit=100)).alerts}
    hour = START + 3600 * SECOND
    service.act(by_door["door-0"].id, Step.SHELVE, asks(key="shelve", until=hour, note="a test"))
    service.act(by_door["door-1"].id, Step.ACKNOWLEDGE, asks(key="take"))
    sums = reader.open_sums()
    assert (sums.active, sums.untaken, sums.shelved, sums.total) == (22, 21, 1, 23)
    assert len(sums.gravest) == 21
    assert sums.gravest["fire-panel-1"] is Severity.CRITICAL
    assert sums.gravest["door-0"] is by_door["door-0"].severity
    assert reader.open_sums(["yunhe"]) == sums
    assert reader.open_sums([]) == OpenSums()
    assert len(reader.list(AlertFilter(shelved=True)).alerts) == 1
    assert len(reader.list(AlertFilter(shelved=False)).alerts) == 22


def test_a_light_alert_hides_a_grave_one(service: AlertService, reader: AlertReader) -> None:
    """Of several alerts of one equipment the gravest counts, in whatever order they came."""
    for n, severity in enumerate((Severity.LOW, Severity.HIGH, Severity.MEDIUM)):
        door = replace(HELD_OPEN, subject=Subject("door", str(n)), severity=severity)
        service.apply([replace(door, position=n + 1)], position=n + 1, at=START)
    assert reader.open_sums().gravest == {"door": Severity.HIGH}


def test_filters_let_others_through(service: AlertService, reader: AlertReader) -> None:
    """Every filter gives what it says and nothing else."""
    fill(service)
    for wanted, number in (
        (AlertFilter(kind=Kind.LIFE_SAFETY), 3),
        (AlertFilter(severity=Severity.HIGH), 7),
        (AlertFilter(equipment="door-7"), 1),
        (AlertFilter(sites=("yunhe",)), 23),
        (AlertFilter(sites=()), 0),
        (AlertFilter(since=START + 10 * SECOND), 10),
        (AlertFilter(since=START + 10 * SECOND, until=START + 12 * SECOND), 2),
    ):
        assert len(reader.list(replace(wanted, limit=100)).alerts) == number, wanted


@pytest.mark.parametrize("cursor", ["x", "%%%", "WzFd", "bnVsbA", "é"])
def test_a_foreign_cursor_breaks_the_list(reader: AlertReader, cursor: str) -> None:
    """A cursor that no page gave out is a clear error."""
    with pytest.raises(BadCursor):
        reader.list(AlertFilter(cursor=cursor))


def test_changes_have_gaps(service: AlertService, reader: AlertReader) -> None:
    """Changes count 1, 2, 3 …; whoever resumes at a number misses none and gets none twice."""
    fill(service)
    alert = reader.list(AlertFilter(kind=Kind.LIFE_SAFETY)).alerts[0]
    service.act(alert.id, Step.ACKNOWLEDGE, asks())
    seen: list[int] = []
    while changes := reader.changes_after(seen[-1] if seen else 0, limit=5):
        seen.extend(change.id for change in changes)
    assert seen == list(range(1, 25))
    (newest,) = reader.changes_after(23)
    assert (newest.entry.what, newest.alert.handling) == ("acknowledge", Handling.ACKNOWLEDGED)
    assert reader.last_change() == 24


def test_a_reader_writes(service: AlertService, tmp_path: Path) -> None:
    """Desk's connection cannot write."""
    engine = open_sqlite(tmp_path / "alerts.db", read_only=True)
    with engine.connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(insert(alerts).from_select(["id"], select(alerts.c.id)))
    engine.dispose()


TEXT = st.text(max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)


@given(
    values=st.dictionaries(TEXT, SCALARS, max_size=5),
    zh=TEXT,
    en=TEXT,
    part=st.none() | TEXT.filter(bool),
)
def test_a_row_loses_something(
    values: dict[str, bool | int | float | str | None], zh: str, en: str, part: str | None
) -> None:
    """An alert written as a row and read back is the same alert."""
    news = replace(FIRE, values=values, title=Bilingual(zh, en), subject=Subject("e", part))
    alert = by_rule(news, Whereabouts(), 0)
    assert alert_of(alert_row(alert)) == alert


def test_the_public_shape_lacks_a_field() -> None:
    """The JSON of an alert has every field that docs/alerts.md names."""
    named = (
        "id rule source equipment part site building zone place kind priority severity condition "
        "handling latched shelved_until verdict cause opened_at condition_since cleared_at "
        "closed_at occurrences title advice values assignee due_at version"
    )
    document = alert_document(by_rule(FIRE, Whereabouts(), 0))
    assert set(named.split()) <= set(document)
