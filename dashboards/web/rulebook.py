"""What the pages and the API need of rules: those in force, changes, and back-tests of drafts."""

from typing import Protocol

from gengfu.core.clock import Micros
from rules.backtest.document import Document
from rules.editions.editor import Editor


class BacktestBusy(Exception):
    """Another back-test is running: one at a time, so that the desk stays quick."""


class BacktestFailed(Exception):
    """A back-test took too long or broke; the message says which."""


class RuleBook(Protocol):
    """The rules in force and their changes, and what others would have done."""

    @property
    def editor(self) -> Editor: ...

    async def backtest(
        self, start: Micros, end: Micros, draft: str, sites: frozenset[str] | None
    ) -> Document:
        """Run a back-test over [start, end); an empty draft means all that ran live.

        Raises:
            BadInput: with every mistake of the draft.
            BacktestBusy: another one is running.
            BacktestFailed: it took too long, or broke.
        """
