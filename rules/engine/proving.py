"""Brings the halves of proofs together as events come; the step calls it for events that may be one."""

from rules.engine.judge import UNDER_WAY, Judge
from rules.engine.proofs import KEPT, Occurrence, proves


def prove(judge: Judge, new: Occurrence) -> None:
    """Let an event count if another proves it, and those that it is the first to prove."""
    state = judge.state
    ledger, halves = state.ledgers[new.site], state.halves
    halves.add(new, state.at_pace(KEPT, real=UNDER_WAY))
    waiting = [one for type_ in state.unproved for one in halves.beside(new, type_)]
    for one in (new, *waiting):
        unit = state.units.get(one.equipment)
        if unit is None:
            continue
        for index, proof in unit.plan.proofs_of(one.type):
            if one is not new and not proves(ledger, proof, one, new):
                continue
            others = halves.beside(one, proof.matcher.type)
            found = [other for other in others if proves(ledger, proof, one, other)]
            if found and (one is new or found == [new]):
                first = min(found, key=lambda other: other.at)
                judge.occur(unit, index, one.with_proof(first))
