"""What the pages and the API need of rules: those in force, and back-tests of others."""

from collections.abc import Sequence
from typing import Protocol

from gengfu.core.clock import Micros
from rules.backtest.document import Document
from rules.rule import Rule


class BacktestBusy(Exception):
    """Another back-test is running: one at a time, so that the desk stays quick."""


class BacktestFailed(Exception):
    """A back-test took too long or broke; the message says which."""


class RuleBook(Protocol):
    """The rules in force, and what others would have done."""

    def in_force(self) -> Sequence[Rule]:
        """Return the rules in force, in the order of their files."""

    def text_of(self, rule: str) -> str:
        """Return a rule as the text of a file; empty for none."""

    async def backtest(
        self, start: Micros, end: Micros, draft: str, sites: frozenset[str] | None
    ) -> Document:
        """Run a back-test over [start, end); an empty draft means all that ran live.

        Raises:
            BadInput: with every mistake of the draft.
            BacktestBusy: another one is running.
            BacktestFailed: it took too long, or broke.
        """
