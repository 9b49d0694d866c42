"""Floods, chatter, stale alarms and walks are counted as ISA-18.2 has them."""

from dataclasses import replace

import pytest

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from rules.backtest.quality import quality
from rules.episodes import Episode

START: Micros = 1_000 * DAY
ONE = Episode(
    rule="pump.fault",
    site="s",
    subject=Subject("p"),
    position=1,
    opened=START,
    since=START,
    cleared=START + SECOND,
    severity=Severity.MEDIUM,
    kind=Kind.MAINTENANCE,
    latched=False,
    late=False,
    title=Bilingual(zh="泵", en="pump"),
)


def at(*times: Micros, of: Episode = ONE) -> list[Episode]:
    return [replace(of, opened=START + time, cleared=START + time + SECOND) for time in times]


def test_more_than_ten_in_ten_minutes_is_a_flood() -> None:
    """Ten are not yet one; the bins begin with the period."""
    ten = at(*range(0, 10 * MINUTE, MINUTE))
    eleven = at(*range(HOUR, HOUR + 10 * MINUTE, MINUTE), HOUR + 5)
    found = quality([*ten, *eleven], START, START + DAY)
    assert (found.flood_bins, found.peak, found.alarms) == (1, 11, 21)
    assert [(one.start - START, one.alarms) for one in found.bins] == [(0, 10), (HOUR, 11)]
    assert found.quiet_bins == 142


@pytest.mark.parametrize(
    ("times", "chatters"),
    [
        ((0, 30 * SECOND, 60 * SECOND), True),
        ((0, 30 * SECOND, 61 * SECOND), False),
        ((0, 50 * SECOND, 100 * SECOND, 110 * SECOND), True),
        ((0, 1), False),
        ((), False),
    ],
)
def test_three_times_on_within_a_minute_is_chatter(times: tuple[int, ...], chatters: bool) -> None:
    """Of one rule and subject, anywhere in the period."""
    found = quality(at(*times), START, START + DAY)
    assert found.chattering == ((("pump.fault", Subject("p")),) if chatters else ())


def test_two_subjects_do_not_chatter_together() -> None:
    """Three pumps that fail at once are three alarms."""
    every = [replace(ONE, subject=Subject(f"p{n}")) for n in range(3)]
    assert quality(every, START, START + DAY).chattering == ()


def test_on_for_more_than_a_day_is_stale_also_when_it_is_still_on() -> None:
    """What is on at the end lasts until the end."""
    still = replace(ONE, cleared=None)
    long = replace(ONE, cleared=START + DAY + 1)
    assert quality([still, long, ONE], START, START + 2 * DAY).stale == 2
    assert quality([still], START, START + DAY).stale == 0


def test_walks_are_what_sends_a_person_and_late_ones_send_nobody() -> None:
    """Security and life safety always, maintenance from high on."""
    every = [
        *at(0, 1, of=replace(ONE, kind=Kind.SECURITY, severity=Severity.LOW)),
        *at(HOUR, of=replace(ONE, severity=Severity.HIGH)),
        *at(HOUR, of=ONE),
        *at(2 * HOUR, of=replace(ONE, severity=Severity.CRITICAL, late=True)),
    ]
    found = quality(every, START, START + 3 * HOUR)
    assert (found.walks, found.most_walks_in_an_hour, found.walks_per_hour) == (3, 2, 1.0)
    assert found.alarms == 4
