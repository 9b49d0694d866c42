"""The documentation's own examples: what it shows is what is read, in both languages."""

import re
from pathlib import Path

import pytest

from gengfu.ledger.classes import load_classes, read_class
from gengfu.ledger.columns import TABLES
from gengfu.ledger.csv_import import read_files

DOCS = Path(__file__).parents[4] / "docs"
PAGES = ["ledger.md", "zh/ledger.md"]


def _blocks(page: str) -> dict[str, str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return {name: body for name, body in re.findall(r"```\w+ (\S+)\n(.*?)```", text, re.DOTALL)}  # noqa: C416 – findall gives lists


@pytest.mark.parametrize("page", PAGES)
def test_example_estate_refused(page: str) -> None:
    """The small estate of the page is imported as it stands there."""
    files = {name: text.encode() for name, text in _blocks(page).items() if name.endswith(".csv")}
    (ledger,) = read_files(files, load_classes())
    assert ledger.children_of("door-ctl-b1") == ("door-b1-main",)
    assert list(ledger.equipment["fire-panel-1"].parts) == ["1-001"]


@pytest.mark.parametrize("page", PAGES)
def test_example_linkage_refused(page: str) -> None:
    """The table of the page on linkage is imported into the small estate."""
    blocks = _blocks(page) | _blocks(page.replace("ledger", "rules/linkage"))
    files = {name: text.encode() for name, text in blocks.items() if name.endswith(".csv")}
    (ledger,) = read_files(files, load_classes())
    assert [one.equipment for one in ledger.linkage] == [("door-b1-main",)]


@pytest.mark.parametrize("page", PAGES)
def test_example_class_refused(page: str) -> None:
    """The class of the page is read as it stands there."""
    assert read_class(_blocks(page)["barrier.yaml"], "barrier.yaml").name == "barrier"


@pytest.mark.parametrize("page", PAGES)
def test_column_missing_in_docs(page: str) -> None:
    """Every column is described, with its Chinese header."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for columns in TABLES.values():
        for column in columns:
            assert column.name in text
            assert column.chinese in text
