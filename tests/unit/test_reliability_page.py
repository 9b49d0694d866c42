"""The page on reliability names every fault that is promised, and only tests that are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs/reliability.md", ROOT / "docs/zh/reliability.md")
FAULTS = {*range(1, 31), *range(49, 55)}
"""F31 is not in the list of faults."""
_ROW = re.compile(r"^\| (F\d+(?:, F\d+)*) \|(.*)$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(one.name for one in tree.body if isinstance(one, functions))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_fault_has_no_test(page: Path) -> None:
    """F1–F30 and F49–F54 each have a row, each row a test that exists by that name."""
    rows = _ROW.findall(page.read_text(encoding="utf-8"))
    named = {int(number) for faults, _ in rows for number in re.findall(r"\d+", faults)}
    assert FAULTS - named == set()
    assert [faults for faults, row in rows if not _TEST.search(row)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_named_test_is_gone(page: Path) -> None:
    """Each ``file.py::test`` of the page is a test of that file."""
    tests = _TEST.findall(page.read_text(encoding="utf-8"))
    assert [one for one in tests if one[1] not in _tests_of(one[0])] == []
