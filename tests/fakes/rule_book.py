"""The desk's port to the rules made by hand: the shipped rules, and a back-test that answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from gengfu.core.clock import MINUTE, Micros
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import EquipmentClass
from rules import packs
from rules.backtest.document import Document, document
from rules.backtest.replay import Lack, Missing, Replayed
from rules.backtest.selection import only
from rules.language import read_rules
from rules.rule import Rule


@cache
def _classes() -> Mapping[str, EquipmentClass]:
    return load_classes()


@dataclass
class FakeRuleBook:
    """The shipped rules, and a back-test that answers what a test puts here."""

    result: Document | None = None
    fault: Exception | None = None
    asked: list[tuple[Micros, Micros, str, frozenset[str] | None]] = field(default_factory=list)

    def in_force(self) -> Sequence[Rule]:
        """Return the shipped rules."""
        return read_rules(packs.shipped(), _classes())

    def text_of(self, rule: str) -> str:
        """Return a shipped rule's text."""
        return next(iter(only(packs.shipped(), {rule}).values()), "")

    async def backtest(
        self, start: Micros, end: Micros, draft: str, sites: frozenset[str] | None
    ) -> Document:
        """Remember the question; answer what was put here."""
        self.asked.append((start, end, draft, sites))
        if self.fault is not None:
            raise self.fault
        if draft:
            read_rules({"draft.yaml": draft}, _classes())
        return self.result or empty_document(start, end)


def empty_document(start: Micros, end: Micros) -> Document:
    """Return the result of a back-test in which nothing opened."""
    nothing = Replayed(
        start=start,
        end=end,
        rules=(),
        records=0,
        readings=0,
        events=0,
        found=(),
        live=None,
        missing=(Missing(lack=Lack.BEGINNING, until=start + MINUTE),),
    )
    return document(nothing, None, 0.0)
