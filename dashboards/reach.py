"""For how much of the estate a rule is: a ``where`` that fits nothing is never told otherwise."""

from collections.abc import Iterable

from gengfu.core.expression import holds
from gengfu.ledger.model import Equipment, SiteLedger
from rules.language.rule import Rule


def is_for(rule: Rule, equipment: Equipment) -> bool:
    """Tell whether a rule looks at an equipment: its class, and what the ledger says of it."""
    if equipment.equipment_class != rule.equipment_class:
        return False
    if rule.where is None:
        return True
    facts = equipment.attributes
    return holds(rule.where, lambda name: facts.get(name.removeprefix("attr."))) is True


def reach(rule: Rule, ledgers: Iterable[SiteLedger]) -> int:
    """Return at how many pieces of equipment a rule looks."""
    return sum(is_for(rule, one) for ledger in ledgers for one in ledger.equipment.values())
