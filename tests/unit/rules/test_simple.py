"""The form without YAML: what it writes is what the language reads."""

import pytest

from gengfu.core.clock import MINUTE
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.classes import load_classes
from rules.language import read_rules
from rules.rule import Count, Rule
from rules.simple import Comparison, SimpleRule, Trigger, write


def read(**given: object) -> Rule:
    """Write a simple rule and read it again."""
    answers: dict[str, object] = {
        "equipment_class": "pump",
        "id": "mine",
        "severity": Severity.HIGH,
        "kind": Kind.SECURITY,
        "title_zh": "标题",
        "title_en": "title: with a colon",
        "source": "U own",
        **given,
    }
    (rule,) = read_rules({"x": write(SimpleRule(**answers))}, load_classes())  # type: ignore[arg-type]
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
