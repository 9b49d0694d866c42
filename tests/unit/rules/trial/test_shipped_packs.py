"""Every shipped rule has tests in the users' own format: seen firing, and seen silent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import rules.packs
from gengfu.core.expression import parse
from gengfu.core.states import OperatingState
from rules.language.reader import read_rules
from rules.packs import shipped
from rules.trial.case import Case
from rules.trial.reading import read_book
from rules.trial.running import run_book
from tests.fakes.rule_scene import CLASSES

FOLDER = Path(rules.packs.__file__).parent / "tests"
FILES = sorted(FOLDER.glob("*.yaml"))


def cases(file: Path) -> tuple[Case, ...]:
    return read_book(file.name, file.read_text(encoding="utf-8"), CLASSES).cases


def every() -> Iterator[Case]:
    for file in FILES:
        yield from cases(file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_shipped_rules_do_what_their_tests_say(file: Path) -> None:
    """All tests that come with a pack pass."""
    book = read_book(file.name, file.read_text(encoding="utf-8"), CLASSES)
    files = {name: (FOLDER / name).read_text(encoding="utf-8") for name in book.rules}
    assert [
        (outcome.case.where, outcome.differences)
        for outcome in run_book(book, files, CLASSES)
        if not outcome.passed
    ] == []


def test_every_shipped_rule_is_seen_firing_and_seen_silent() -> None:
    """A rule without both tests is a rule that nobody has seen work."""
    fired = {one.rule for case in every() for one in case.alerts}
    silent = {case.rule for case in every() if not case.alerts}
    shipped_rules = {rule.id for rule in read_rules(shipped(), CLASSES)}
    assert shipped_rules - fired == set()
    assert shipped_rules - silent == set()


def test_equipment_is_down_and_nobody_is_told() -> None:
    """Every point that makes equipment of a class count as out of order stands in a rule for it."""
    read: dict[str, set[str]] = {name: set() for name in CLASSES}
    for rule in read_rules(shipped(), CLASSES):
        read[rule.equipment_class].update(*(one.points for one in rule.expressions))
    unread = {
        (name, point)
        for name, known in CLASSES.items()
        for clause in known.operating_state
        if clause.state is OperatingState.FAULT
        for point in parse(clause.when).points - read[name] - {"online"}
    }
    assert unread == set()
