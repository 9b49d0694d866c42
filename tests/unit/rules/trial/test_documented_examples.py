"""The examples of docs/rules.md are executed, in both languages."""

import re
from pathlib import Path

import pytest

from gengfu.core.expression.parser import BUILT_IN, GROUPS
from rules.language import FIELDS, read_rules
from rules.packs import shipped
from rules.past.catalogue import FUNCTIONS
from rules.rule import Relation
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
    """What stands there as a file of tests passes on the shipped rules and the page's own."""
    texts = examples(page, "tests:")
    own = {f"own-{n}.yaml": text for n, text in enumerate(examples(page, "pack: own"))}
    assert texts
    for text in texts:
        book = read_book("mine.yaml", text, CLASSES)
        outcomes = list(run_book(book, {**shipped(), **own}, CLASSES))
        assert len(outcomes) == 2
        assert [one.differences for one in outcomes if not one.passed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_word_of_the_language_stands_on_the_page(page: Path) -> None:
    """A function, a field or a relation that is added is documented in both languages."""
    text = page.read_text(encoding="utf-8")
    functions = {*BUILT_IN, *GROUPS, *FUNCTIONS} - {"abs"}
    assert [one for one in sorted(functions) if f"`{one}(" not in text] == []
    fields = {"where", "when", *FIELDS}
    assert [one for one in sorted(fields) if not re.search(rf"`?{one}[`:]", text)] == []
    assert [one.value for one in Relation if f"`{one.value}`" not in text] == []
