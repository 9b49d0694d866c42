"""For how much of the estate a rule is: a ``where`` that fits nothing is never told otherwise."""

from collections.abc import Iterable

from gengfu.ledger.model import SiteLedger
from rules.language.rule import Rule


def reach(rule: Rule, ledgers: Iterable[SiteLedger]) -> int:
    """Return at how many pieces of equipment a rule looks."""
    return sum(rule.is_for(one) for ledger in ledgers for one in ledger.equipment.values())
