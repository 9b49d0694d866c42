"""Rule files: what they mean, and that every mistake is told at once with its line."""

from zoneinfo import ZoneInfo

import pytest

from gengfu.core.clock import MINUTE, SECOND, from_iso
from gengfu.core.errors import BadInput
from gengfu.core.naming import Scalar
from rules.language.reader import read_rules
from rules.language.rule import Count, Matcher, Source, SubjectKind
from rules.language.schedule import PlaceClock
from tests.fakes.rule_scene import CLASSES

GOOD = """
pack: own
rules:
  - id: hot
    for: pump
    where: attr.role == supply
    when: bearing_temp > 90 and avg(vibration, 5m) > 3
    hold: [{where: attr.old, for: 2m}, {for: 30s}]
    clear: bearing_temp < 80
    clear_hold: 1m
    no_data: 10m
    severity: high
    kind: maintenance
    priority: 4
    latched: true
    supply: true
    children: true
    title: {zh: "轴承 {bearing_temp} °C", en: "Bearing {bearing_temp} °C"}
    advice: [{zh: 看, en: look}]
    source: U test
  - id: cards
    for: door
    event: {event: denied, reason: [lost, expired]}
    subject: part
    count: 3 within 2m
    clear: [{event: granted}, {action: reset}]
    severity: low
    kind: security
    priority: 3
    title: {zh: "卡 {card}", en: "card {card}"}
    source: S GB 0
"""


def faults(text: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_rules({"own.yaml": text}, CLASSES)
    return [str(fault) for fault in caught.value.faults]


def test_a_rule_says_everything_it_may_say() -> None:
    """Every field arrives in the rule as it was written."""
    hot, cards = read_rules({"own.yaml": GOOD}, CLASSES)
    assert (hot.id, hot.equipment_class, hot.priority, hot.supply) == (
        "own.hot",
        "pump",
        4,
        True,
    )
    assert [one.span for one in hot.hold] == [2 * MINUTE, 30 * SECOND]
    assert (hot.clear_hold, hot.no_data) == (MINUTE, 10 * MINUTE)
    assert hot.latched
    assert hot.children
    assert cards.count == Count(times=3, within=2 * MINUTE)
    assert cards.subject is SubjectKind.PART
    assert cards.event is not None
    assert cards.event.attributes == {"reason": ("lost", "expired")}
    assert [one.source for one in cards.clear_on] == [Source.EVENT, Source.ACTION]


def test_spacing_and_comments_do_not_make_another_rule() -> None:
    """A rule that was only laid out anew is the same rule: its state is kept."""
    again = GOOD.replace("bearing_temp > 90 and", "bearing_temp>90   and").replace(
        "rules:", "rules: # all"
    )
    assert read_rules({"a": GOOD}, CLASSES) == read_rules({"a": again}, CLASSES)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("bearing_temp > 90", "bering_temp > 90", "own.yaml:7: when, column 1: no point 'bering_temp' (did you mean 'bearing_temp'?)"),
        ("bearing_temp > 90", "bearing_temp = 90", "own.yaml:7: when, column 14: '=' means nothing here (compare with ==)"),
        ("for: pump", "for: 水泵", "own.yaml:5: no class '水泵' (did you mean 'pump'?)"),
        ("severity: high", "severity: 重要", "own.yaml:12: '重要' is none of critical, high, medium, low (did you mean 'high'?)"),
        ("kind: maintenance", "kind: 维护", "own.yaml:13: '维护' is none of life_safety, security, maintenance, system (did you mean 'maintenance'?)"),
        ("{action: reset}", "{action: verdict, is: false_alarm}", "own.yaml:26: an action has no attribute 'is' (write: {action: NAME})"),
        ("for: pump", "for: pomp", "own.yaml:5: no class 'pomp' (did you mean 'pump'?)"),
        ("attr.role == supply", "role == supply", "own.yaml:6: where, column 1: 'role': only facts of the ledger stand here, no points (write attr.role)"),
        ("{for: 30s}]", "{where: attr.x, for: 30s}]", "own.yaml:8: the last of 'hold' is for all others: it has no 'where'"),
        ("clear_hold: 1m", "clear_hold: 1 minute", "own.yaml:10: '1 minute' is no duration: write 500ms, 60s, 3m, 4h or 7d"),
        ("severity: high", "severity: hihg", "own.yaml:12: 'hihg' is none of critical, high, medium, low"),
        ("priority: 4", "priority: 9", "own.yaml:14: '9' is no priority (1 fire … 6 the rest)"),
        ("bearing_temp > 90", "bearing_temp > 90 °C", "own.yaml:7: when, column 19: '°' means nothing here (units are left out"),
        ("{action: reset}", "{action: rest}", "own.yaml:26: 'rest' is none of verdict, reset (did you mean 'reset'?)"),
        ('{zh: "卡 {card}", en: "card {card}"}', '"卡 {card}"', "own.yaml:30: a text in both languages is expected here (write {zh: …, en: …})"),
        ("latched: true", "latched: yes", "own.yaml:15: 'yes' is neither true nor false"),
        ("latched: true", "latch: true", "own.yaml:15: unknown key 'latch'"),
        ("Bearing {bearing_temp}", "Bearing {temp}", "own.yaml:18: no value {temp}"),
        (", en: look", "", "own.yaml:19: 'en' is missing"),
        ("source: U test", "source: trust me", "own.yaml:20: does not say whose figure it is"),
        ("event: denied,", "event: denyed,", "own.yaml:23: no event 'denyed' in class door (did you mean 'denied'?)"),
        ("reason: [lost, expired]", "reason: [lots]", "own.yaml:23: no word 'lots' here (did you mean 'lost'?)"),
        ("reason: [lost", "raeson: [lost", "own.yaml:23: the event has no attribute 'raeson' (did you mean 'reason'?)"),
        ("3 within 2m", "3 in 2m", "own.yaml:25: is no count (write: 5 within 2m)"),
        ("3 within 2m", "500 within 2m", "own.yaml:25: counts 1 to 100 times"),
        ("    clear: [{event: granted}, {action: reset}]\n", "", "own.yaml:21: nothing makes it off (give it clear or clear_hold)"),
        ("    count: 3 within 2m", "    hold: 5s", "own.yaml:21: an event is an instant"),
        ("id: cards", "id: Cards!", "own.yaml:21: the rule 'Cards!' is no name"),
        ("id: cards\n    for: door", "id: hot\n    for: door", "own.yaml:21: rule 'own.hot' stands in own.yaml:4 already"),
        ("pack: own", "pack: [own]", "own.yaml:2: a single value is expected here"),
        ("pack: own", "pack: {own", "own.yaml:"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_mend(old: str, new: str, wanted: str) -> None:
    """Whatever is wrong, the message names file, line, what, and where possible the mend."""
    text = GOOD.replace(old, new)
    assert text != GOOD
    assert any(fault.startswith(wanted) for fault in faults(text)), faults(text)


def test_what_was_read_before_hides_a_change() -> None:
    """The same texts are read once; another text, or other classes, are read for themselves."""
    texts = {"own.yaml": GOOD}
    rules = read_rules(texts, CLASSES)
    assert read_rules(dict(texts), dict(CLASSES)) is rules
    texts["own.yaml"] = GOOD.replace("bearing_temp > 90", "bearing_temp > 91")
    changed = read_rules(texts, CLASSES)
    assert (changed[0] == rules[0], changed[1] == rules[1]) == (False, True)
    with pytest.raises(BadInput):
        read_rules({"own.yaml": GOOD}, {k: v for k, v in CLASSES.items() if k != "pump"})
    assert read_rules({"own.yaml": GOOD}, CLASSES) == rules


def test_an_unknown_class_hides_no_other_mistake() -> None:
    """With the class mistyped, all that can be judged without it is told all the same."""
    wrong = (
        GOOD.replace("for: pump", "for: pomp")
        .replace("bearing_temp > 90", "bearing_temp >> 90")
        .replace("severity: high", "severity: hihg")
        .replace("source: U test", "source: trust me")
    )
    told = faults(wrong)
    assert len(told) == 4, told
    assert [line.split(": ", 1)[0] for line in told] == [f"own.yaml:{n}" for n in (5, 7, 12, 20)]


def test_all_mistakes_of_all_files_come_together() -> None:
    """A person mends everything in one go, and nothing is taken while one is left."""
    wrong = GOOD.replace("severity: high", "severity: hi").replace("for: door", "for: dor")
    with pytest.raises(BadInput) as caught:
        read_rules({"a.yaml": wrong, "b.yaml": "[1", "c.yaml": ""}, CLASSES)
    assert {fault.file for fault in caught.value.faults} == {"a.yaml", "b.yaml", "c.yaml"}
    assert sum(fault.file == "a.yaml" for fault in caught.value.faults) == 2


RULE = """
pack: own
rules:
  - id: it
    for: elevator
    severity: low
    kind: maintenance
    priority: 4
    title: {zh: 试, en: it}
    source: U test
    """
HALF = "motor_temp * 2 / 4"
LONG = "+".join(["speed"] * 60)
DOUBLED = ", ".join(f"{name}: {one}+{one}+{one}+{one}" for one, name in ("ab", "bc", "cd"))


def test_names_stand_for_what_they_name() -> None:
    """A rule with names is the rule with everything written out; a later name may use an earlier."""
    named = """let: {twice: motor_temp * 2, half: twice / 4, hot: "avg(half, 5m) > 3"}
    when: half > 2 and hot"""
    plain = f"when: {HALF} > 2 and avg({HALF}, 5m) > 3"
    one, other = (read_rules({"t.yaml": RULE + text}, CLASSES)[0] for text in (named, plain))
    assert one == other


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("hot: motor_temq > 3", "did you mean 'motor_temp'?"),
        ("speed: motor_temp > 3", "'speed' means something already"),
        ("late: hot, hot: fault", "no point 'hot'"),
        (f"a: {LONG}, {DOUBLED}", "let d is too long"),
    ],
)
def test_a_name_that_cannot_be_meant_is_told(names: str, message: str) -> None:
    """Mistyped points, names of points, names used before they are there, sizes that explode."""
    with pytest.raises(BadInput) as caught:
        read_rules({"t.yaml": f"{RULE}let: {{{names}}}\n    when: fault"}, CLASSES)
    assert message in str(caught.value)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("when", "clear"),
    [
        ("motor_temp > 95", "motor_temp < 95 - 7"),
        ("motor_temp >= attr.limit", "motor_temp < attr.limit - 7"),
        ("avg(motor_temp, 5m) < 20", "avg(motor_temp, 5m) > 20 + 7"),
    ],
)
def test_hysteresis_is_a_clear_moved_away(when: str, clear: str) -> None:
    """The short form is the rule with its clear written out."""
    short, whole = (
        read_rules({"t.yaml": f"{RULE}when: {when}\n    {more}"}, CLASSES)[0]
        for more in ("hysteresis: 7", f"clear: {clear}")
    )
    assert short == whole


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("when: fault\n    hysteresis: 7", "a single limit in when"),
        ("when: motor_temp > 95\n    hysteresis: -7", "a number above 0"),
        ("when: motor_temp > 95\n    hysteresis: 7\n    clear: not fault", "a clear of its own"),
        ("no_data: 3m\n    hysteresis: 7", "hysteresis goes with when"),
        ("when: motor_temp > 95\n    clear: motor_temp < 99", "it would flap"),
        ("when: motor_temp > 9500", "is never true: motor_temp lies between"),
        ("when: motor_temp > speed", "bring them to one unit"),
        ("when: fault\n    runbook: see the wiki", "is no link"),
    ],
)
def test_what_could_not_work_is_told(fields: str, message: str) -> None:
    """Limits that flap, limits outside all that is plausible, units that do not fit, no link."""
    with pytest.raises(BadInput) as caught:
        read_rules({"t.yaml": RULE + fields}, CLASSES)
    assert message in str(caught.value)


def test_a_severity_by_hours() -> None:
    """The first hours that fit count; the last one is for all others."""
    text = RULE.replace("low", "[{during: 22:00-06:00, is: high}, {is: medium}]")
    rule = read_rules({"t.yaml": f"{text}when: fault"}, CLASSES)[0]
    clock = PlaceClock(ZoneInfo("Asia/Shanghai"), {}, ())
    at = [from_iso(f"2026-01-05T{hour}:30:00+08:00") for hour in ("21", "22", "05", "06")]
    assert [rule.severity_at(one, clock) for one in at] == ["medium", "high", "high", "medium"]


@pytest.mark.parametrize(
    "wrong",
    [
        "[{during: 22:00-06:00, is: high}]",
        "[{is: high}, {during: 22:00-06:00, is: low}]",
        "[{is: high}, {is: low}]",
        "[]",
    ],
)
def test_a_severity_without_one_for_all_other_hours_is_told(wrong: str) -> None:
    """Exactly the last one has no hours."""
    with pytest.raises(BadInput, match=r"severity|no hours are left"):
        read_rules({"t.yaml": f"{RULE.replace('low', wrong)}when: fault"}, CLASSES)


def test_a_runbook_stands_in_the_advice() -> None:
    """Whoever gets the alert gets the link, in both languages."""
    text = f"{RULE}when: fault\n    runbook: https://wiki.example.org/lift"
    (line,) = read_rules({"t.yaml": text}, CLASSES)[0].advice
    assert (line.zh, line.en) == (
        "处置手册：https://wiki.example.org/lift",
        "Runbook: https://wiki.example.org/lift",
    )


def told(text: str) -> str:
    """Return what is wrong with a rule of a class: ``pump: when: run``."""
    class_, _, fields = text.partition(": ")
    rule = RULE.replace("for: elevator", f"for: {class_}") + fields.replace("; ", "\n    ")
    try:
        read_rules({"t.yaml": rule}, CLASSES)
    except BadInput as exc:
        return " | ".join(map(str, exc.faults))
    return ""


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("pump: when: pressure_out == pressure_in", "two points cannot be compared by == (write: pressure_out <= pressure_in and pressure_out >= pressure_in)"),
        ("pump: when: run != fault", "two points cannot be compared by !="),
        ("pump: when: bearing_temp == null", "'null' is no value: nothing is equal to what is unknown (write: known(bearing_temp), or: not known(bearing_temp))"),
        ("pump: when: mode in (auto, unknown)", "'unknown' is no value"),
        ("elevator: when: fault_code != none", "'none' is no value"),
        ("pump: where: attr.role != null; when: run", "'null' is no value"),
        ("pump: when: tank_level > 0.5; hysteresis: 7", "it would be over at (tank_level < (0.5 - 7.0)): is never true: tank_level lies between"),
        ("pump: when: run and bearing_temp > 80; clear: bearing_temp < 90 or not run", "clear, column 14: (bearing_temp < 90.0) is true while when is: it would flap (move clear away)"),
        ("pump: when: run and bearing_temp > 80; clear: run and bearing_temp > 80", "it would flap"),
        ("pump: when: bearing_temp == 3000", "is never true: bearing_temp lies between"),
        ("pump: when: bearing_temp != 3000", "is always true: bearing_temp lies between"),
        ("pump: when: bearing_temp in (3000, 4000)", "is never true: bearing_temp lies between"),
        ("pump: when: time_in(run, 1m) > 90", "is never true: time_in(run, 60000ms) lies between 0 and 60"),
        ("pump: when: runtime(run) > 25h", "is never true: runtime(run) lies between 0 and 90000"),
        ("pump: when: true", "is always true (leave it out)"),
        ("pump: when: run or true", "column 8: is always true"),
        ("pump: when: run == true and not run", "never true together"),
        ("door: when: since(contact) > 60 and contact == open", "when, column 16: is looked at only when contact changes, and is 0 then (write hold: 60s, or held(contact == open, 60s))"),
        ("door: when: 5m <= since(contact)", "write no_data(contact, 300s)"),
        ("pump: no_data: 5m; clear: bearing_temp < 3", "an expression in clear goes with when or event (silence ends by itself: leave it out)"),
        ("pump: where: any(run, building); when: run", "where, column 1: no other equipment is looked at here"),
        ("door: when: since(denyed) > 5s and contact == open", "no point and no event 'denyed' (did you mean 'denied'?)"),
        ("door: when: since(denyed) > 5s", "no point and no event 'denyed'"),
        ("door: event: {event: denied}; count: 3 within 0s; clear_hold: 1m", "the duration is zero"),
        ("pump: when: run; during: 工作日", "'工作日' is no part of a day (did you mean 'workday'?)"),
        ("door: when: denied", "'denied' is an event, no point (write: count(denied, 10m) > 0)"),
        ("pump: when: run; during: [22:00-06:00, 12:00-13:00]", "a list stands under hours, weekdays or days (write: {hours: [22:00-06:00, 12:00-13:00]})"),
        ("pump: let: {高温: bearing_temp > 80}; when: run", "'高温' is no name"),
        ("pump: let: {auto: bearing_temp > 80}; when: run", "'auto' means something already"),
        ("camera: event: {event: person, duration_s: '≥ 20'}; clear_hold: 1m", "'≥ 20' is no limit (such as: '>= 3')"),
        ("camera: event: {event: person, duration_s: '=> 20'}; clear_hold: 1m", "'=> 20' is no limit"),
        ("camera: event: {event: person, duration_s: '> 20 s'}; clear_hold: 1m", "'> 20 s' is no limit"),
        ("pump: when: bearing_temp + current + current > 3", "bring them to one unit)"),
    ],
)  # fmt: skip
def test_what_would_be_silent_for_ever_is_refused(rule: str, message: str) -> None:
    """What never fires, never ends or is never read is told once, with what was meant instead."""
    assert message in told(rule)
    assert " | " not in told(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "pump: when: mode in ('auto', 'manual') and mode != off",
        "pump: when: bearing_temp > 80; hysteresis: 5; count: 3 within 10m",
        "pump: let: {limit: 80}; when: bearing_temp == limit",
        "pump: let: {before: previous(mode)}; when: mode == before",
        "door: when: since(granted) > 5s and contact == open",
        "door: when: since(contact) < 5s and contact == open",
        "door: event: {event: denied}; when: since(denied) > 5s; clear_hold: 1m",
        "pump: when: mode in (auto, manual)",
        "pump: when: run; clear: not run",
        "camera: event: {event: person, duration_s: 20}; clear_hold: 1m",
    ],
)
def test_what_can_be_meant_is_taken(rule: str) -> None:
    """Words in quotes, names on the right, a count with a hysteresis, looks back at a moment."""
    assert told(rule) == ""


@pytest.mark.parametrize(
    ("value", "wanted", "fits"),
    [
        (20.0, "20", True),
        (20, "20.0", True),
        (21, "20", False),
        (True, "true", True),
        (False, "true", False),
        ("20", "20.0", False),
        (None, "none", True),
        (1, "true", False),
    ],
)
def test_an_events_figures_and_truths_are_compared_as_such(
    value: Scalar, wanted: str, fits: bool
) -> None:
    """A figure is the same however it is written; a text is a text."""
    matcher = Matcher(source=Source.EVENT, type="person", attributes={"it": (wanted,)})
    assert matcher.matches({"it": value}) is fits


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        ("{轴承温度}", "pump: when: run", "'{轴承温度}' would be shown as it stands (write the bare name in half-width braces"),
        ("{ bearing_temp }", "pump: when: run", "would be shown as it stands"),
        ("{bearing_temp:.1f}", "pump: when: run", "would be shown as it stands"),
        ("｛bearing_temp｝", "pump: when: run", "would be shown as it stands"),
        ("{bearing_temp", "pump: when: run", "would be shown as it stands"),
        ("{part}", "pump: when: run", "{part} wants an event that tells it"),
        ("{reason}", "door: when: contact == open", "{reason} wants an event that tells it"),
        ("{counted}", "pump: when: run", "{counted} wants a group in when or clear"),
        ("{bearing_temp}", "pump: when: count(run, zone) > 1; per: zone", "one alert for all has no {bearing_temp} of a single one"),
        ("{reason}", "door: event: {event: denied}; clear_hold: 1m", ""),
        ("{counted} {members}", "pump: when: count(run, zone) > 1; per: zone", ""),
        ("{bearing_temp} {children} {online}", "pump: when: run", ""),
    ],
)  # fmt: skip
def test_a_brace_that_shows_nothing_is_refused(text: str, rule: str, message: str) -> None:
    """No guard reads a brace: each one has a value in a rule of that kind, or is a mistake."""
    class_, _, fields = rule.partition(": ")
    whole = RULE.replace("for: elevator", f"for: {class_}").replace("zh: 试", f"zh: '{text}'")
    try:
        read_rules({"t.yaml": whole + fields.replace("; ", "\n    ")}, CLASSES)
    except BadInput as exc:
        found = " | ".join(map(str, exc.faults))
    else:
        found = ""
    assert message in found
    assert bool(message) == bool(found)
