"""The examples of the pages about rules are executed, in both languages."""

import re
from pathlib import Path

import pytest

from gengfu.core.expression.parser import BUILT_IN, GROUPS
from gengfu.core.hours import DayKind
from gengfu.core.urgency import Kind, Response, Severity
from rules.language.reader import FIELDS, read_rules
from rules.language.rule import Relation
from rules.packs import shipped
from rules.past.catalogue import FUNCTIONS
from rules.trial.reading import read_book
from rules.trial.running import run_book
from tests.fakes.rule_scene import CLASSES

DOCS = Path(__file__).parents[4] / "docs"
LANGUAGES = [DOCS, DOCS / "zh"]


def pages_of(folder: Path) -> list[Path]:
    """Return the pages of one language: the entrance, and one for each construct."""
    return [folder / "rules.md", *sorted((folder / "rules").glob("*.md"))]


PAGES = [page for folder in LANGUAGES for page in pages_of(folder)]


def _named(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def examples(page: Path, start: str) -> list[str]:
    found = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [text for text in found if start in text]


@pytest.mark.parametrize("page", [one for one in PAGES if examples(one, "pack:")], ids=_named)
def test_the_documented_rule_is_a_rule(page: Path) -> None:
    """What stands there as a rule file is read without a fault, and has its tests beside it."""
    for text in examples(page, "pack:"):
        assert read_rules({"mine.yaml": text}, CLASSES)
    assert examples(page, "tests:")


@pytest.mark.parametrize("page", [one for one in PAGES if examples(one, "tests:")], ids=_named)
def test_the_documented_rule_tests_pass(page: Path) -> None:
    """What stands there as tests passes on the shipped rules and the page's own: firing and silent."""
    own = {f"own-{n}.yaml": text for n, text in enumerate(examples(page, "pack: own"))}
    for text in examples(page, "tests:"):
        book = read_book("mine.yaml", text, CLASSES)
        outcomes = list(run_book(book, {**shipped(), **own}, CLASSES))
        assert {bool(one.case.alerts) for one in outcomes} == {True, False}
        assert [one.differences for one in outcomes if not one.passed] == []


@pytest.mark.parametrize("folder", LANGUAGES, ids=lambda folder: folder.name)
def test_every_word_of_the_language_stands_on_a_page(folder: Path) -> None:
    """A function, a field, a relation or a word that is added is documented in both languages."""
    text = "".join(page.read_text(encoding="utf-8") for page in pages_of(folder))
    functions = {*BUILT_IN, *GROUPS, *FUNCTIONS}
    assert [one for one in sorted(functions) if f"`{one}(" not in text] == []
    assert [one for one in sorted(FIELDS) if not re.search(rf"`{one}[`:]", text)] == []
    words = [*Relation, *DayKind, *Kind, *Severity, *Response]
    assert [one.value for one in words if f"`{one.value}`" not in text] == []


def test_a_page_in_one_language_alone() -> None:
    """Every page stands in both languages, with as many examples, and the entrance leads to it."""
    english, chinese = (pages_of(folder) for folder in LANGUAGES)
    assert [page.name for page in english] == [page.name for page in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert len(examples(one, "")) == len(examples(other, "")), one.name
    for folder in LANGUAGES:
        entrance = (folder / "rules.md").read_text(encoding="utf-8")
        pages = pages_of(folder)[1:]
        assert [one.name for one in pages if f"(rules/{one.name})" not in entrance] == []
