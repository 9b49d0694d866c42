"""Rule tests of users: both too few and too many alerts fail, and every mistake is told at once."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gengfu.cli.program import app
from gengfu.core.errors import BadInput
from rules.language.reader import read_rules
from rules.packs import shipped
from rules.trial.reading import read_book
from rules.trial.running import run_book
from tests.fakes.rule_scene import CLASSES

HOT = """
tests:
  - name: a hot bearing
    rule: pump.bearing_hot
    equipment: {p: {class: pump}}
    series:
      p: {bearing_temp: 96x7 80x20}
    alerts:
      ALERTS
"""
ATTRIBUTES = "{class: pump, attributes: {role: supply}}"
RIGHT = "- {opened: 60s, cleared: 3m20s, since: 0s, severity: high, values: {bearing_temp: 96}}"


def differences(alerts: str, text: str = HOT) -> list[str]:
    book = read_book("t.yaml", text.replace("ALERTS", alerts), CLASSES)
    return [line for outcome in run_book(book, shipped(), CLASSES) for line in outcome.differences]


def test_what_is_expected_and_happens_passes() -> None:
    """No difference in rule, subject, times, severity and values."""
    assert differences(RIGHT) == []


@pytest.mark.parametrize(
    ("alerts", "line"),
    [
        ("[]", "extra    pump.bearing_hot on p, opened 1m, cleared 3m20s: Bearing hot: 96.0 °C"),
        (
            RIGHT.replace("60s", "61s"),
            "line 9: differs  pump.bearing_hot on p opened: expected 1m1s, found 1m",
        ),
        (
            "- {opened: 60s}",
            "line 9: differs  pump.bearing_hot on p cleared: expected not at all, found 3m20s",
        ),
        (
            RIGHT.replace("96}", "97}"),
            "line 9: differs  pump.bearing_hot on p value bearing_temp: expected 97, found 96",
        ),
        (
            RIGHT.replace("severity: high", "title: {zh: 轴承热}"),
            "line 9: differs  pump.bearing_hot on p title: expected zh '轴承热', found '轴承温度高：96.0 °C'",
        ),
    ],
)
def test_a_difference_is_told_with_both_sides(alerts: str, line: str) -> None:
    """An extra alert, another time, value or title each give one line."""
    assert differences(alerts) == [line]


def test_a_missing_alert_fails() -> None:
    """What was expected and did not open is told with its line."""
    twice = f"{RIGHT}\n      - {{opened: 9m}}"
    assert differences(twice) == [
        "line 10: missing  pump.bearing_hot on p, opened 9m, cleared not at all"
    ]


def test_a_missing_alert_hides_that_its_rule_does_not_look_there() -> None:
    """A slip in the class's attributes is told where the alert is missed, not guessed at."""
    text = HOT.replace("bearing_hot", "pit_very_high").replace("{class: pump}", ATTRIBUTES)
    assert differences("- {opened: 60s}", text) == [
        "line 9: missing  pump.pit_very_high on p, opened 1m, cleared not at all",
        "         pump.pit_very_high does not look at p: compare its for and where",
    ]


def test_without_a_rule_every_alert_counts() -> None:
    """A test that names no rule sees the whole pack."""
    text = HOT.replace("    rule: pump.bearing_hot\n", "").replace("80x20", "80x3 _x30")
    found = differences("[]", text)
    assert [line.split(" on ")[0] for line in found] == [
        "extra    pump.bearing_hot",
        "extra    pump.lost",
    ]


def test_all_mistakes_are_told_at_once_with_a_suggestion() -> None:
    """Class, point, word, time and event mistakes of one file are one report."""
    text = """
tests:
  - name: wrong
    equipment: {p: {class: pomp}, d: {class: door}}
    series:
      d: {contact: ajar, lokced: "true"}
    events: [{at: soon, equipment: d, event: grantd}]
    alerts: [{opened: 1s, equipment: q, rule: door.forced}]
"""
    with pytest.raises(BadInput) as caught:
        read_book("t.yaml", text, CLASSES)
    told = str(caught.value)
    for part in ("'pomp'", "'ajar'", "'lokced'", "'soon'", "'grantd'", "'q'", "granted", "locked"):
        assert part in told, part


@pytest.mark.parametrize("named", ["", ", equipment: ''"])
def test_equipment_that_nobody_named_is_told_once(named: str) -> None:
    """Which of two is asked for, and nothing is said of one called ''."""
    text = f"""
tests:
  - name: which
    equipment: {{p: {{class: pump}}, q: {{class: pump}}}}
    alerts: [{{opened: 1s, rule: pump.bearing_hot{named}}}]
"""
    with pytest.raises(BadInput) as caught:
        read_book("t.yaml", text, CLASSES)
    (fault,) = caught.value.faults
    assert fault.told() == "t.yaml:5: which equipment? (write: equipment: ID)"


def test_rules_and_their_tests_swapped() -> None:
    """One file given for the other is told in one sentence that names the right command."""
    rules, tests = "pack: own\nrules: []\n", "rules: [own.yaml]\ntests: []\n"
    with pytest.raises(BadInput) as caught:
        read_book("own.yaml", rules, CLASSES)
    assert str(caught.value) == (
        "own.yaml:1: is a rule file, not one of rule tests (gengfu rules check)"
    )
    with pytest.raises(BadInput) as caught:
        read_rules({"tests.yaml": tests}, CLASSES)
    assert str(caught.value) == (
        "tests.yaml:1: is a file of rule tests, not of rules (gengfu rules test)"
    )


def test_a_rule_that_no_file_has_is_a_mistake() -> None:
    """A test of a rule that was renamed must not pass by seeing nothing."""
    with pytest.raises(BadInput, match="bearing_hot"):
        differences("[]", HOT.replace("bearing_hot", "bearing_hott"))


@pytest.mark.parametrize(("alerts", "exit_code"), [(RIGHT, 0), ("[]", 1)])
def test_the_command_fails_when_a_test_does(tmp_path: Path, alerts: str, exit_code: int) -> None:
    """``gengfu rules test`` counts what passed, shows what differs, and exits 1."""
    file = tmp_path / "mine.yaml"
    file.write_text(HOT.replace("ALERTS", alerts), encoding="utf-8")
    result = CliRunner().invoke(app, ["rules", "test", str(file)])
    assert result.exit_code == exit_code
    assert ("1 passed, 0 failed" if exit_code == 0 else "0 passed, 1 failed") in result.output


@pytest.mark.parametrize(
    ("estate", "message"),
    [
        ("{p: {class: pump, place: {building: B 2}}}", "'B 2' is no place"),
        ("{p: {class: pump, place: {room: r1}}}", "room"),
        ("{p: {class: pump, feeds: [q]}}", "nothing 'q' to feed"),
        (
            "{p: {class: pump, place: {unit: b2, floor: f1}}, q: {class: pump, place: {floor: f1}}}",
            "'f1' stands elsewhere too",
        ),
    ],
)
def test_equipment_placed_where_nothing_is(estate: str, message: str) -> None:
    """A place or a supply that cannot be meant is told with its line."""
    with pytest.raises(BadInput, match=message):
        read_book("t.yaml", HOT.replace("{p: {class: pump}}", estate), CLASSES)


SILENT = """
tests:
  - name: a test
    rule: door.refused
    equipment: {d: {class: door}, c: {class: door}}
    begins: 2026-10-01 21:30
    every: 10s
    series: {d: {contact: closed x5}}
    events: [{at: 10s, equipment: d, event: denied, reason: lost}]
    alerts: [{equipment: d, opened: 10s, severity: low}]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{d: {class: door}, c: {class: door}}", "{d: {class: door, parent: c}, c: {class: door, parent: d}}", "lead back to it"),
        ("opened: 10s", "opened: -10s", "'-10s' is no duration"),
        ("opened: 10s", "opened: 约10s", "'约10s' is no duration"),
        ("opened: 10s", "opened: 1h-10m", "'1h-10m' is no duration"),
        ("every: 10s", "every: 0s", "the duration is zero"),
        ("reason: lost", "raeson: lost", "the event has no attribute 'raeson' (did you mean 'reason'?)"),
        ("reason: lost", "reason: lots", "no word 'lots' here (did you mean 'lost'?)"),
        ("severity: low", "severity: lo", "'lo' is none of"),
    ],
)  # fmt: skip
def test_a_slip_in_a_test_proves_nothing(old: str, new: str, message: str) -> None:
    """What would be read as something else, or pass in silence, is told with its line."""
    read_book("t.yaml", SILENT, CLASSES)
    text = SILENT.replace(old, new)
    assert text != SILENT
    with pytest.raises(BadInput) as caught:
        read_book("t.yaml", text, CLASSES)
    assert message in str(caught.value)


def test_a_beginning_may_name_its_zone() -> None:
    """21:30 in Shanghai is 13:30 in London, written either way."""
    (local,) = read_book("t.yaml", SILENT, CLASSES).cases
    zoned = SILENT.replace("2026-10-01 21:30", "2026-10-01T13:30Z")
    (other,) = read_book("t.yaml", zoned, CLASSES).cases
    assert local.begins == other.begins
