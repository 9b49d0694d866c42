"""Brings the halves of proofs together as events come; the engine calls it for events that may be one."""

from rules.engine.judge import Judge
from rules.engine.proofs import Half, proves
from rules.engine.unit import Unit
from rules.language.rule import SubjectKind


def occur(judge: Judge, unit: Unit, index: int, half: Half) -> None:
    """Let an event count for one rule, on its part where the rule tells parts apart."""
    by_part = unit.plan.rules[index].rule.subject is SubjectKind.PART
    judge.occur(unit, index, half.at, (half.part or "") if by_part else "", half.facts)


def take_half(judge: Judge, half: Half) -> None:
    """Let it count if another event proves it, and those that it is the first to prove."""
    state = judge.state
    ledger, halves = state.ledgers[half.site], state.halves
    others = halves.beside(half)
    halves.add(half)
    for one in (half, *others):
        unit = state.units.get(one.equipment)
        if unit is None:
            continue
        for index, proof in unit.plan.proofs_of(one.type):
            if one is not half and not proves(ledger, proof, one, half):
                continue
            found = [other for other in halves.beside(one) if proves(ledger, proof, one, other)]
            if found and (one is half or found == [half]):
                first = min(found, key=lambda other: other.at)
                occur(judge, unit, index, one.until(first))
