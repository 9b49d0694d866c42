"""Brings the halves of proofs together as events come; the step calls it for events that may be one."""

from rules.engine.judge import UNDER_WAY, Judge
from rules.engine.proofs import KEPT, Occurrence, proves


def prove(judge: Judge, new: Occurrence) -> None:
    """Let an event count if another proves it, and those that it is the first to prove."""
    state = judge.state
    ledger, halves = state.ledgers[new.site], state.halves
    others = halves.beside(new)
    halves.add(new, state.at_pace(KEPT, real=UNDER_WAY))
    for one in (new, *others):
        unit = state.units.get(one.equipment)
        if unit is None:
            continue
        for index, proof in unit.plan.proofs_of(one.type):
            if one is not new and not proves(ledger, proof, one, new):
                continue
            found = [other for other in halves.beside(one) if proves(ledger, proof, one, other)]
            if found and (one is new or found == [new]):
                first = min(found, key=lambda other: other.at)
                judge.occur(unit, index, one.with_proof(first))
