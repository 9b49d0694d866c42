"""What is kept of late data: what a look takes back, and what it has no say in."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from gengfu.database import open_sqlite
from rules.late.hindsight import Changed, Finding
from rules.late.store import FindingStore

NOON = 20_000 * DAY + 12 * HOUR


def finding(
    since: Micros,
    until: Micros | None = None,
    equipment: str = "pump-1",
    part: str | None = None,
) -> Finding:
    return Finding(
        changed=Changed.WOULD_HAVE_FIRED,
        rule="pump.bearing_hot",
        site="yunhe",
        subject=Subject(equipment, part),
        since=since,
        until=until,
        severity=Severity.HIGH,
        kind=Kind.MAINTENANCE,
        title=Bilingual("轴承过热", "Bearing too hot"),
    )


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_sqlite(tmp_path / "desk.db")


@pytest.fixture
def store(engine: Engine) -> FindingStore:
    made = FindingStore(engine)
    made.prepare()
    return made


def looked(store: FindingStore, since: Micros, until: Micros, *found: Finding) -> list[Finding]:
    """Keep what a look found and return all that is kept, the oldest first."""
    store.keep([("yunhe", since, until, found)], position=1)
    return list(store.of_sites(None, 0, 2 * NOON))[::-1]


@pytest.mark.parametrize("ended", [None, NOON + 60 * DAY])
def test_look_at_a_later_time_takes_back_what_it_did_not_see(
    store: FindingStore, ended: Micros | None
) -> None:
    """A finding that goes on beyond the time that was looked at is left alone by a later look."""
    there = finding(NOON, ended)
    looked(store, NOON, NOON + HOUR, there)
    assert looked(store, NOON + 30 * DAY, NOON + 30 * DAY + HOUR) == [there]


def test_look_again_keeps_what_is_true_no_more(store: FindingStore) -> None:
    """What a look at the same time does not find any more is gone, and no other equipment's loss."""
    looked(store, NOON, NOON + HOUR, finding(NOON), finding(NOON, None, "pump-2"))
    second = finding(NOON, None, "pump-2")
    assert looked(store, NOON + 30 * MINUTE, NOON + 2 * HOUR, second) == [second]


def test_look_at_the_next_time_takes_back_what_was_over(store: FindingStore) -> None:
    """What had ended before the time that is looked at stays, though the looks overlap."""
    over = finding(NOON, NOON + 10 * MINUTE)
    looked(store, NOON, NOON + HOUR, over)
    assert looked(store, NOON + 30 * MINUTE, NOON + 2 * HOUR) == [over]


@pytest.mark.parametrize("part", [None, "1"])
def test_alarm_found_twice_is_kept_twice(store: FindingStore, part: str | None) -> None:
    """An alarm that goes on and is found by a later look as well is one, as the later has it."""
    looked(store, NOON, NOON + HOUR, finding(NOON, part=part))
    again = finding(NOON, NOON + 3 * HOUR, part=part)
    assert looked(store, NOON + 2 * HOUR, NOON + 4 * HOUR, again) == [again]


def test_findings_of_an_older_version_are_lost(engine: Engine) -> None:
    """A database that did not note what was looked at keeps its findings."""
    store = FindingStore(engine)
    store.prepare()
    there = finding(NOON)
    looked(store, NOON, NOON + HOUR, there)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE late_finding DROP COLUMN looked_until"))
    newer = FindingStore(engine)
    newer.prepare()
    assert looked(newer, NOON + DAY, NOON + DAY + HOUR) == [there]
    assert looked(newer, NOON - HOUR, NOON + HOUR) == []
