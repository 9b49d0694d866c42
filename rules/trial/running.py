"""Runs rule tests and tells of each how the alerts differ from those expected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest
from gengfu.core.said import said
from gengfu.ledger.model import EquipmentClass
from rules.language.reader import read_rules
from rules.trial.case import Book, Case
from rules.trial.compare import differences
from rules.trial.stage import play


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one test; no difference = it passed."""

    case: Case
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def run_book(
    book: Book, files: Mapping[str, str], classes: Mapping[str, EquipmentClass]
) -> Iterator[Outcome]:
    """Run every test of a file on these rule files.

    Raises:
        BadInput: a rule file has mistakes, or a test names a rule that no file has.
    """
    known = {rule.id: rule for rule in read_rules(files, classes)}
    faults = [
        Fault(book.file, place, said("no rule {!r}", rule), nearest(rule, known))
        for case in book.cases
        for place, rule in _named(case)
        if rule not in known
    ]
    if faults:
        raise BadInput(faults)
    for case in book.cases:
        found = play(case, files, classes)
        yield Outcome(case=case, differences=differences(case, found, known))


def _named(case: Case) -> Iterator[tuple[str, str]]:
    if case.rule:
        yield case.place, case.rule
    for one in case.alerts:
        if one.rule != case.rule:
            yield one.place, one.rule
