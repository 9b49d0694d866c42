"""Rule files: what they mean, and that every mistake is told at once with its line."""

from zoneinfo import ZoneInfo

import pytest

from gengfu.core.clock import MINUTE, SECOND, from_iso
from gengfu.core.errors import BadInput
from rules.language.reader import read_rules
from rules.language.rule import Count, Source, SubjectKind
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
        ("for: pump", "for: pomp", "own.yaml:5: no class 'pomp' (did you mean 'pump'?)"),
        ("attr.role == supply", "role == supply", "own.yaml:6: where, column 1: no point 'role'"),
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
        ("id: cards\n    for: door", "id: hot\n    for: door", "own.yaml:21: rule 'own.hot' stands somewhere else already"),
        ("pack: own", "pack: [own]", "own.yaml:2: a single value is expected here"),
        ("pack: own", "pack: {own", "own.yaml:"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_mend(old: str, new: str, wanted: str) -> None:
    """Whatever is wrong, the message names file, line, what, and where possible the mend."""
    text = GOOD.replace(old, new)
    assert text != GOOD
    assert any(fault.startswith(wanted) for fault in faults(text)), faults(text)


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
