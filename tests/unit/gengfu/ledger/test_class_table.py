"""The documents' table of classes says what the class files say."""

from pathlib import Path

import pytest

from gengfu.app.facts import facts_asked
from gengfu.core.names import PointKind
from gengfu.ledger.classes import SHIPPED, load_classes
from gengfu.ledger.model import AttributeDef
from rules.language.reader import read_rules
from rules.packs import shipped

ROOT = Path(__file__).parents[4]
GRADES = {"key": "关键", "important": "重要", "general": "一般"}


@pytest.mark.parametrize(
    ("page", "chinese"), [("docs/ledger.md", False), ("docs/zh/ledger.md", True)]
)
def test_a_class_table_behind_its_files(page: str, chinese: bool) -> None:
    """Each class that ships has its row: name, grade, target, how many points and events."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    first = lines.index(next(line for line in lines if line.startswith("| `barrier` |")))
    rows = [line for line in lines[first:] if line.startswith("| `")][: len(load_classes(SHIPPED))]
    assert rows == [
        f"| `{one.name}` | {one.title.zh if chinese else one.title.en} "
        f"| {GRADES[str(one.criticality)] if chinese else one.criticality} "
        f"| {one.availability_target * 100:g} % | {len(one.points)} | {len(one.events)} |"
        for one in sorted(load_classes(SHIPPED).values(), key=lambda klass: klass.name)
    ]


@pytest.mark.parametrize(
    ("page", "chinese"), [("docs/ledger.md", False), ("docs/zh/ledger.md", True)]
)
def test_an_attribute_that_nobody_finds(page: str, chinese: bool) -> None:
    """Each attribute that a class knows has its row: what it is, and which values it takes."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    told = [line for line in lines if line.startswith("| `") and "| `attr." in line]
    assert told == [
        f"| `{one.name}` | `attr.{fact.name}` | {fact.title.zh if chinese else fact.title.en} "
        f"| {_values(fact, chinese=chinese)} |"
        for one in sorted(load_classes(SHIPPED).values(), key=lambda klass: klass.name)
        for fact in one.attributes.values()
    ]


def _values(fact: AttributeDef, *, chinese: bool) -> str:
    if fact.words:
        words = fact.words.items()
        return ", ".join(f"`{word}` {said.zh if chinese else said.en}" for word, said in words)
    if fact.kind is PointKind.BOOLEAN:
        return "true / false"
    return fact.unit or ("数" if chinese else "a number")


def test_a_rule_reads_what_no_class_knows() -> None:
    """Whatever shipped rules read of the ledger is known to its class, and so stands in that table."""
    classes, rules = load_classes(SHIPPED), read_rules(shipped(), load_classes(SHIPPED))
    for one in classes.values():
        assert {fact.name for fact in facts_asked(rules, one.name)} <= one.attributes.keys()
