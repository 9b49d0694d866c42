"""The form without YAML: what it writes is what the language reads."""

import pytest

from gengfu.core.clock import MINUTE
from gengfu.core.errors import BadInput
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.ledger.classes import load_classes
from rules.language.reader import read_rules
from rules.language.rule import Count, Rule
from rules.language.simple import (
    Comparison,
    Flaw,
    Measure,
    SimpleRule,
    Times,
    Trigger,
    answer_at,
    flaws,
    write,
)

CLASSES = load_classes()


def simple(**given: object) -> SimpleRule:
    answers: dict[str, object] = {
        "equipment_class": "pump",
        "id": "mine",
        "trigger": Trigger.POINT,
        "severity": Severity.HIGH,
        "kind": Kind.SECURITY,
        "title_zh": "标题",
        "title_en": "title: with a colon",
        "source": "U own",
        **given,
    }
    return SimpleRule(**answers)  # type: ignore[arg-type]


def read(**given: object) -> Rule:
    """Write a simple rule and read it again."""
    (rule,) = read_rules({"x": write(simple(**given))}, CLASSES)
    return rule


@pytest.mark.parametrize(
    ("point", "comparison", "value", "when"),
    [
        ("bearing_temp", Comparison.ABOVE, "80", "bearing_temp > 80"),
        ("mode", Comparison.IS_NOT, "auto", "mode != auto"),
        ("run", Comparison.IS, "true", "run"),
        ("run", Comparison.IS_NOT, "true", "not run"),
        ("fault", Comparison.IS, "false", "not fault"),
    ],
)
def test_comparison_misread(point: str, comparison: Comparison, value: str, when: str) -> None:
    """Numbers, words and contacts are compared as an engineer would write it."""
    rule = read(trigger=Trigger.POINT, point=point, comparison=comparison, value=value, hold="3m")
    assert rule.when is not None
    assert rule.when.text == when
    assert rule.hold[0].span == 3 * MINUTE
    assert (rule.id, rule.priority, rule.title.en) == ("own.mine", 3, "title: with a colon")


def test_separate_end_lost() -> None:
    """A value to come back to becomes the clear expression, on the other side."""
    rule = read(
        trigger=Trigger.POINT,
        point="pressure_in",
        comparison=Comparison.BELOW,
        value="0.1",
        clear_value="0.15",
    )
    assert rule.clear is not None
    assert rule.clear.text == "pressure_in > 0.15"


def test_silence_and_counted_events() -> None:
    """Silence is no_data; an event more than once is counted within its span."""
    assert read(trigger=Trigger.SILENCE, silence="10m").no_data == 10 * MINUTE
    rule = read(
        equipment_class="door",
        trigger=Trigger.EVENT,
        event="denied",
        times=5,
        within="2m",
        quiet="10m",
    )
    assert rule.event is not None
    assert rule.count == Count(times=5, within=2 * MINUTE)
    assert rule.clear_hold == 10 * MINUTE


@pytest.mark.parametrize(
    ("answers", "when", "clear"),
    [
        ({"measure": "average", "window": "5m"}, "avg(flow, 5m) > 3", "avg(flow, 5m) < 2"),
        ({"measure": "change", "window": "1h"}, "change(flow, 1h) > 3", "change(flow, 1h) < 2"),
        ({"measure": "normal", "window": "1m"}, "zscore(flow, 1m) > 3", "zscore(flow, 1m) < 2"),
        (
            {"measure": "normal", "window": "1m", "only_while": "run"},
            "zscore(flow, 1m, run) > 3",
            "zscore(flow, 1m, run) < 2 or not run",
        ),
        ({"measure": "usual"}, "flow / usual(flow) > 3", "flow / usual(flow) < 2"),
        ({"only_while": "run"}, "run and flow > 3", "flow < 2 or not run"),
        ({"measure": "missing", "window": "5m"}, "no_data(flow, 5m)", None),
        (
            {"point": "run", "measure": "starts", "window": "1h"},
            "count(run, 1h) > 3",
            "count(run, 1h) < 2",
        ),
        (
            {"point": "run", "measure": "runtime", "value": "4h", "clear_value": ""},
            "runtime(run) > 4h",
            None,
        ),
    ],
)
def test_measure_misread(answers: dict[str, object], when: str, clear: str | None) -> None:
    """Whatever of a point is compared, the rule is what an engineer would have written."""
    given = {"point": "flow", "value": "3", "clear_value": "2", **answers}
    assert not flaws(simple(**given))
    rule = read(**given | {"measure": Measure(str(given.get("measure", "value")))})
    assert rule.when is not None
    assert (rule.when.text, rule.clear and rule.clear.text) == (when, clear)


@pytest.mark.parametrize(
    ("times", "hours", "written"),
    [
        (Times.ALWAYS, "", None),
        (Times.GUARDED, "", "guarded"),
        (Times.ALWAYS, "22:00-06:00", "22:00-06:00"),
        (Times.WORKDAY, "", "workday"),
        (
            Times.WORKDAY,
            "7:00-9:00, 17:00-19:00",
            "{hours: [7:00-9:00, 17:00-19:00], days: [workday]}",
        ),
        (Times.UNGUARDED, "22:00-06:00", "{hours: [22:00-06:00], guarded: false}"),
    ],
)
def test_times_misread(times: Times, hours: str, written: str | None) -> None:
    """Days, guarded time and hours are what the language reads from the text that says it."""
    rule = read(point="flow", value="3", during=times, hours=hours)
    if written is None:
        assert rule.during is None
        return
    text = write(simple(point="flow", value="3")).replace(
        "severity:", f"during: {written}\n  severity:"
    )
    (said,) = read_rules({"x": text}, CLASSES)
    assert rule.during == said.during


def test_urgency_lost() -> None:
    """A response class, and another severity in guarded hours, come out as they were chosen."""
    answers = {"point": "flow", "value": "3", "response": Response.URGENT}
    rule = read(**answers, severity_guarded=Severity.CRITICAL)
    assert (rule.response, rule.severity) == (Response.URGENT, Severity.HIGH)
    assert [severity for _, severity in rule.severities] == [Severity.CRITICAL]
    assert read(**answers, severity_guarded=Severity.HIGH).severities == ()


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, {"point": Flaw.EMPTY, "value": Flaw.EMPTY}),
        ({"point": "flow", "value": "3", "measure": Measure.AVERAGE}, {"window": Flaw.EMPTY}),
        ({"point": "flow", "measure": Measure.MISSING}, {"window": Flaw.EMPTY}),
        ({"point": "flow", "value": "3", "hold": "3 min"}, {"hold": Flaw.NO_DURATION}),
        ({"point": "flow", "value": "3", "hours": "22-6"}, {"hours": Flaw.NO_HOURS}),
        ({"point": "flow", "value": "3", "hours": "1:00-2:00,"}, {"hours": Flaw.NO_HOURS}),
        ({"point": "flow", "value": "3", "id": "Too Hot"}, {"id": Flaw.NO_NAME}),
        (
            {"point": "flow", "value": "3", "id": "", "title_zh": " ", "title_en": ""},
            {"id": Flaw.EMPTY, "title_zh": Flaw.EMPTY},
        ),
        (
            {"point": "flow", "value": "四十", "clear_value": "30 L"},
            {"value": Flaw.NO_LIMIT, "clear_value": Flaw.NO_LIMIT},
        ),
        (
            {"point": "run", "measure": Measure.RUNTIME, "value": "4"},
            {"value": Flaw.NO_DURATION},
        ),
        ({"point": "flow", "value": "3", "title_zh": "", "title_en": ""}, {"title_zh": Flaw.EMPTY}),
        ({"trigger": Trigger.SILENCE}, {"silence": Flaw.EMPTY}),
        ({"trigger": Trigger.SILENCE, "silence": "3m", "hold": "abc", "window": "x"}, {}),
        ({"point": "flow", "value": "3", "window": "abc"}, {}),
        ({"point": "flow", "value": "80 or true"}, {"value": Flaw.NO_LIMIT}),
        ({"point": "flow", "value": "3 > 2"}, {"value": Flaw.NO_LIMIT}),
        ({"point": "flow", "value": "not run"}, {"value": Flaw.NO_LIMIT}),
        ({"point": "flow", "value": "attr.rated_flow * 1.1 + 2"}, {}),
        (
            {
                "point": "mode",
                "comparison": Comparison.IS,
                "value": "auto",
                "clear_value": "manual",
            },
            {"clear_value": Flaw.NO_END},
        ),
        ({"point": "flow", "value": "3", "hours": "22：00－06：00，12：00～13：00"}, {}),
        (
            {"trigger": Trigger.EVENT, "event": "x", "quiet": "1m", "times": 0},
            {"times": Flaw.NO_COUNT},
        ),
        (
            {"trigger": Trigger.EVENT, "times": 3},
            dict.fromkeys(("event", "quiet", "within"), Flaw.EMPTY),
        ),
    ],
)
def test_answer_that_cannot_be_written(answers: dict[str, object], wrong: dict[str, Flaw]) -> None:
    """What is empty or unreadable is told by its field; what is not asked for may be empty."""
    assert flaws(simple(**answers)) == wrong


@pytest.mark.parametrize("given", [{"title_en": ""}, {"title_en": " ", "advice_zh": "标题"}])
def test_second_language_forced(given: dict[str, object]) -> None:
    """Who writes one language only is read in both."""
    rule = read(point="flow", value="3", **given)
    assert (rule.title.zh, rule.title.en) == ("标题", "标题")
    assert all((one.zh, one.en) == ("标题", "标题") for one in rule.advice)


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({"point": "flow", "value": "1e9"}, "value"),
        ({"point": "flow", "value": "3", "clear_value": "4"}, "clear_value"),
        (
            {"point": "flow", "value": "3", "clear_value": "4", "only_while": "run"},
            "clear_value",
        ),
        ({"point": "flow", "value": "3", "title_zh": "{flo}"}, "title_zh"),
        ({"point": "flow", "value": "3", "title_en": "{flo}"}, "title_en"),
        ({"point": "flow", "value": "3", "advice_zh": "{flo}", "advice_en": "go"}, "advice_zh"),
        ({"trigger": Trigger.EVENT, "event": "none_such", "quiet": "1m"}, "event"),
    ],
)
def test_mistake_away_from_its_answer(answers: dict[str, object], name: str) -> None:
    """What the language refuses is told at the answer that it comes from, not at a line of YAML."""
    text = write(simple(**answers))
    with pytest.raises(BadInput) as refused:
        read_rules({"x": text}, CLASSES)
    assert {answer_at(text, int(fault.place)) for fault in refused.value.faults} == {name}


@pytest.mark.parametrize(
    ("value", "when"),
    [
        ("E41", "fault_code == 'E41'"),
        ("E 41", "fault_code == 'E 41'"),
        ("41", "fault_code == '41'"),
        ("true", "fault_code == 'true'"),
        ("'E41'", "fault_code == 'E41'"),
        ("“E41”", "fault_code == 'E41'"),
    ],
)
def test_text_misread_as_something_else(value: str, when: str) -> None:
    """A point that tells texts is compared with a text, whatever it looks like."""
    given = simple(
        equipment_class="elevator",
        point="fault_code",
        is_text=True,
        comparison=Comparison.IS,
        value=value,
    )
    assert not flaws(given)
    (rule,) = read_rules({"x": write(given)}, CLASSES)
    assert rule.when is not None
    assert rule.when.text == when


def test_hours_of_a_chinese_keyboard_refused() -> None:
    """Full-width signs in hours mean what half-width ones mean."""
    wide = read(point="flow", value="3", hours="22：00－06：00，12：00～13：00")
    assert wide.during == read(point="flow", value="3", hours="22:00-06:00,12:00-13:00").during
