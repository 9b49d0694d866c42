"""The examples of docs/rules.md are executed, in both languages."""

import re
from pathlib import Path

import pytest

from rules.language import read_rules
from rules.packs import shipped
from rules.trial.reading import read_book
from rules.trial.running import run_book
from tests.fakes.rule_scene import CLASSES

ROOT = Path(__file__).parents[4]
PAGES = [ROOT / "docs" / "rules.md", ROOT / "docs" / "zh" / "rules.md"]


def examples(page: Path, start: str) -> list[str]:
    found = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [text for text in found if start in text]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_documented_rule_is_a_rule(page: Path) -> None:
    """What stands there as a rule file is read without a fault."""
    for text in examples(page, "pack:"):
        assert read_rules({"mine.yaml": text}, CLASSES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_documented_rule_tests_pass(page: Path) -> None:
    """What stands there as a file of tests passes on the shipped rules."""
    texts = examples(page, "tests:")
    assert texts
    for text in texts:
        outcomes = list(run_book(read_book("mine.yaml", text, CLASSES), shipped(), CLASSES))
        assert len(outcomes) == 2
        assert [one.differences for one in outcomes if not one.passed] == []
