"""Rules with hours: on the site's clock, over midnight, weekends and daylight saving."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.errors import BadInput
from gengfu.core.hours import (
    DayKind,
    Schedule,
    is_of,
    read_days,
    read_hours,
    read_timetable,
    read_weekdays,
)
from gengfu.ledger.model import SpecialDays
from rules.due_calendar import calendars_due
from rules.engine import checkpoint
from rules.engine.step import begin, step
from rules.engine.verdict import Turn, Verdict
from rules.language.reader import read_rules
from rules.language.schedule import During, PlaceClock
from tests.fakes.rule_scene import CLASSES, Scene, equipment, ledger

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
RULE = """
pack: mine
rules:
  - id: open_at_night
    for: door
    when: contact == open
    during: 22:00-06:00
    hold: 60s
    severity: high
    kind: security
    priority: 3
    title: {zh: 夜间开门, en: open at night}
    source: "U"
"""


def at(zone: ZoneInfo, *when: int) -> Micros:
    """Return a moment by the wall clock of a zone."""
    return round(datetime(*when, tzinfo=zone).timestamp()) * SECOND  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "days", "moment", "holds"),
    [
        ("22:00-06:00", "", (2026, 11, 20, 21, 59), False),
        ("22:00-06:00", "", (2026, 11, 20, 22, 0), True),
        ("22:00-06:00", "", (2026, 11, 21, 5, 59), True),
        ("22:00-06:00", "", (2026, 11, 21, 6, 0), False),
        ("22:00-06:00", "fri", (2026, 11, 21, 3, 0), True),
        ("22:00-06:00", "sat", (2026, 11, 21, 3, 0), False),
        ("09:00-17:30", "mon tue wed thu fri", (2026, 11, 21, 12, 0), False),
        ("00:00-24:00", "sat", (2026, 11, 21, 23, 59), True),
    ],
)
def test_hour_on_the_wrong_side(text: str, days: str, moment: tuple[int, ...], holds: bool) -> None:
    """The first minute is in, the last is out, and Friday night is Friday's until it ends."""
    weekdays = read_weekdays(days.split()) if days else Schedule().weekdays
    schedule = Schedule(hours=(read_hours(text),), weekdays=weekdays)
    assert schedule.holds(at(SHANGHAI, *moment), SHANGHAI) is holds


def test_night_of_the_clock_change() -> None:
    """In the night that has an hour twice, or lacks one, the wall clock decides."""
    night = Schedule(hours=(read_hours("22:00-06:00"),))
    assert night.holds(at(BERLIN, 2026, 10, 25, 5, 59), BERLIN)
    assert not night.holds(at(BERLIN, 2026, 10, 25, 6, 0), BERLIN)
    assert not night.holds(at(BERLIN, 2026, 3, 29, 6, 0), BERLIN)


@given(st.integers(0, 365 * 24 * 60), st.integers(0, 1439), st.integers(0, 1439))
@settings(max_examples=200)
def test_hours_and_their_rest_share_a_minute(minute: int, start: int, end: int) -> None:
    """Any minute is either within some hours or within all the others, never in both."""
    if start == end:
        return
    moment = at(SHANGHAI, 2026, 1, 1, 0, 0) + minute * MINUTE
    texts = [f"{one // 60:02}:{one % 60:02}" for one in (start, end)]
    within = Schedule(hours=(read_hours("-".join(texts)),))
    outside = Schedule(hours=(read_hours("-".join(reversed(texts))),))
    assert within.holds(moment, SHANGHAI) is not outside.holds(moment, SHANGHAI)


OCTOBER = {
    **{date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)},
    date(2026, 10, 10): DayKind.WORKDAY,
}


@pytest.mark.parametrize(
    ("days", "moment", "holds"),
    [
        ("workday", (2026, 9, 30), True),
        ("workday", (2026, 10, 1), False),
        ("restday", (2026, 10, 1), True),
        ("holiday", (2026, 10, 1), True),
        ("holiday", (2026, 10, 11), False),
        ("restday", (2026, 10, 11), True),
        ("workday", (2026, 10, 10), True),
        ("restday", (2026, 10, 10), False),
    ],
)
def test_day_that_is_not_what_its_weekday_says(
    days: str, moment: tuple[int, ...], holds: bool
) -> None:
    """A Thursday off is a holiday, the Saturday worked for it a working day."""
    schedule = Schedule(days=read_days([days]))
    assert schedule.holds(at(SHANGHAI, *moment, 12, 0), SHANGHAI, OCTOBER) is holds


@given(st.dates(date(2026, 9, 1), date(2026, 11, 1)))
def test_every_day_is_one_of_two(day: date) -> None:
    """Any day is a working day or a day of rest, never both; every holiday is a day of rest."""
    works, rests, feast = (is_of(day, kind, OCTOBER) for kind in DayKind)
    assert works is not rests
    assert rests or not feast


def test_night_before_a_holiday() -> None:
    """The night that begins on a working day is that day's until it ends, on the holiday's morning."""
    (nights, days) = read_timetable("workday 19:00-07:00；restday 00:00-24:00")
    clock = PlaceClock(SHANGHAI, OCTOBER, (nights,))
    assert clock.is_guarded(at(SHANGHAI, 2026, 10, 1, 6, 59))
    assert not clock.is_guarded(at(SHANGHAI, 2026, 10, 1, 19, 0))
    assert days.holds(at(SHANGHAI, 2026, 10, 1, 19, 0), SHANGHAI, OCTOBER)


@pytest.mark.parametrize(
    ("during", "guarded", "holds"),
    [
        (During(guarded=True), "22:00-06:00", True),
        (During(guarded=False), "22:00-06:00", False),
        (During(guarded=True), "06:00-22:00", False),
        (During(guarded=False), "06:00-22:00", True),
        (During(guarded=True), "", False),
        (During(guarded=False), "", False),
    ],
)
def test_guarded_where_nobody_said_so(during: During, guarded: str, holds: bool) -> None:
    """At midnight: guarded as the place says; where it says nothing neither of both holds."""
    clock = PlaceClock(SHANGHAI, {}, read_timetable(guarded))
    assert during.holds(at(SHANGHAI, 2026, 11, 20, 0, 0), clock) is holds


@pytest.mark.parametrize(
    "text", ["by night", "22:00", "mon", "workday", "feast 01:00-02:00", "1;2"]
)
def test_timetable_of_anything(text: str) -> None:
    """What is no timetable is told, and never read as always or never."""
    with pytest.raises(ValueError, match=r"write|no part"):
        read_timetable(text)


def night() -> Scene:
    """Open a door at 20:00 and leave it open until 08:00 of the next day."""
    scene = Scene([equipment("door", "door")], {"mine.yaml": RULE})
    scene.now = at(SHANGHAI, 2026, 11, 20, 20, 0)
    scene.says("door", contact="open")
    while scene.now < at(SHANGHAI, 2026, 11, 21, 8, 0):
        scene.tick(20)
        if scene.now % (30 * MINUTE) == 0:
            scene.says("door", locked=False)  # it is there, and says nothing of the contact
    return scene


def test_door_left_open_into_the_night() -> None:
    """Nothing in the evening, on a minute after ten, off at six, though nobody touched the door."""
    told = [(one.turn, datetime.fromtimestamp(one.at / SECOND, UTC)) for one in night().run()]
    assert [(turn, when.astimezone(SHANGHAI).strftime("%H:%M")) for turn, when in told] == [
        (Turn.ON, "22:01"),
        (Turn.OFF, "06:00"),
    ]


def test_what_opens_at_night_is_graver() -> None:
    """The same door, opened at noon and at midnight: the severity is that of the hour it opens in."""
    rule = RULE.replace("    during: 22:00-06:00\n", "")
    rule = rule.replace("high", "[{during: 22:00-06:00, is: critical}, {is: low}]")
    scene = Scene([equipment("door", "door")], {"mine.yaml": rule})
    for hour in (12, 23):
        scene.now = at(SHANGHAI, 2026, 11, 20, hour, 0)
        scene.says("door", contact="open")
        scene.wait(61)
        scene.says("door", contact="closed")
    assert [one.severity for one in scene.run() if one.turn is Turn.ON] == ["low", "critical"]


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_restart_in_the_middle(share: float) -> None:
    """A checkpoint at any time changes no verdict."""
    scene = night()
    state, told = begin(CLASSES), list[Verdict]()
    for number, record in enumerate(scene.records):
        if number == int(len(scene.records) * share):
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
        state, verdicts = step(
            state, record.body(), position=record.position, now=record.written_at
        )
        told.extend(verdicts)
    assert told == scene.run()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("22:00-06:00", "22-6", "no part of a day"),
        ("22:00-06:00", "06:00-06:00", "is empty"),
        ("22:00-06:00", "{weekdays: [funday]}", "funday"),
        ("22:00-06:00", "gaurded", "guarded"),
        ("22:00-06:00", "{days: [workdays]}", "workday, restday, holiday"),
        ("22:00-06:00", "{hours: []}", "no hours"),
        ("22:00-06:00", "{guarded: 22:00-06:00}", "neither true nor false"),
        ("kind: security", "kind: life_safety", "life safety has no hours"),
        ("hold: 60s", "no_data: 60s", "silence has no hours"),
    ],
)
def test_mistake_in_hours(old: str, new: str, said: str) -> None:
    """Each mistake is told with its mend."""
    with pytest.raises(BadInput, match=said):
        read_rules({"mine.yaml": RULE.replace(old, new)}, CLASSES)


def test_events_count_by_their_own_time() -> None:
    """An event of the night that is told in the day counts as one of the night."""
    rule = RULE.replace("when: contact == open", "event: {event: denied}").replace(
        "hold: 60s", "clear_hold: 1m"
    )
    scene = Scene([equipment("door", "door")], {"mine.yaml": rule})
    scene.now = at(SHANGHAI, 2026, 11, 21, 6, 2)
    scene.tick()
    scene.event("door", "denied", ago=(HOUR // SECOND) / 20, reason="expired")
    scene.event("door", "denied", reason="expired")
    assert [one.turn for one in scene.run() if one.turn is Turn.ON] == [Turn.ON]


NOTICE = SpecialDays(first=date(2026, 10, 1), last=date(2026, 10, 7), day=DayKind.HOLIDAY)


@pytest.mark.parametrize(
    ("during", "guarded", "moment", "due"),
    [
        ("workday", "", (2026, 11, 20), []),
        ("workday", "", (2026, 12, 20), [2027]),
        ("22:00-06:00", "", (2026, 12, 20), []),
        ("22:00-06:00", "workday 19:00-07:00", (2026, 12, 20), [2027]),
    ],
)
def test_calendar_that_ran_out(
    during: str, guarded: str, moment: tuple[int, ...], due: list[int]
) -> None:
    """Whoever asks for working days hears in December that nobody wrote down next year's."""
    rules = read_rules({"mine.yaml": RULE.replace("22:00-06:00", during)}, CLASSES)
    estate = ledger(equipment("door", "door"))
    kept = replace(estate, site=replace(estate.site, guarded=guarded), special_days=(NOTICE,))
    now = at(SHANGHAI, *moment, 12, 0)
    assert [year for _, year in calendars_due(rules, [kept], now)] == due
