"""Which facts of the ledger rules ask: a column that nobody fills makes a rule silent."""

import pytest
from typer.testing import CliRunner

from gengfu.app.facts import Fact, facts_asked
from gengfu.cli.program import app
from gengfu.core.errors import BadInput
from rules.language.reader import read_rules
from tests.fakes.rule_scene import CLASSES

RULES = """
pack: own
rules:
  - id: hot
    for: pump
    where: attr.role in (supply, pit) and not surely(attr.on_trial)
    when: bearing_temp > 90 and current > load
    let: {load: 0.5 * attr.rated_current}
    hold: [{where: attr.maker == 'ABC 7', for: 5m}, {for: 1m}]
    severity: medium
    kind: maintenance
    priority: 5
    title: {zh: 热, en: hot}
    source: U own
  - id: open
    for: door
    where: attr.door_type == unit
    when: contact == open and any(attr.rated_speed > 2, building, elevator)
    severity: medium
    kind: security
    priority: 5
    title: {zh: 开, en: open}
    source: U own
"""


def test_facts_of_all_parts_of_a_rule() -> None:
    """Where, when by way of ``let``, and hold; with the words they are compared with."""
    rules = read_rules({"own.yaml": RULES}, CLASSES)
    assert facts_asked(rules, "pump") == tuple(
        Fact(name=name, words=words, rules=("own.hot",))
        for name, words in (
            ("maker", ("ABC 7",)),
            ("on_trial", ()),
            ("rated_current", ()),
            ("role", ("pit", "supply")),
        )
    )


def test_facts_that_another_class_is_asked_for() -> None:
    """What a door's rule asks of lifts is a lift's fact, and no door's."""
    rules = read_rules({"own.yaml": RULES}, CLASSES)
    (asked,) = facts_asked(rules, "elevator")
    assert (asked.name, asked.rules) == ("rated_speed", ("own.open",))
    assert [one.name for one in facts_asked(rules, "door")] == ["door_type"]


def test_class_whose_names_nobody_told() -> None:
    """The command shows points with units and words, events with theirs, and facts; or is helped."""
    shown = CliRunner().invoke(app, ["ledger", "classes", "door"])
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert any(line.startswith("contact") and "closed, open" in line for line in lines)
    assert any(line.startswith("denied") and "reason: unknown_card" in line for line in lines)
    assert any(line.startswith("attr.door_type") and "door.held_open" in line for line in lines)
    listed = CliRunner().invoke(app, ["ledger", "classes"])
    assert "elevator" in listed.output
    refused = CliRunner().invoke(app, ["ledger", "classes", "elevater"])
    assert isinstance(refused.exception, BadInput)
    assert "did you mean 'elevator'" in str(refused.exception)


@pytest.mark.parametrize("equipment_class", ["camera", "no_such_class"])
def test_class_that_no_rule_is_for(equipment_class: str) -> None:
    """Other classes' facts are none of it."""
    assert facts_asked(read_rules({"own.yaml": RULES}, CLASSES), equipment_class) == ()
