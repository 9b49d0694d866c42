"""Finds readings that can move no rule, many at once: the engine only remembers them.

Where telemetry comes in big batches most values are ordinary: far from every limit, of equipment where
nothing is going on. They are found in columns; everything else goes the plain way, and both ways end
in the same state with the same verdicts.
"""

import numpy as np
from numpy.typing import NDArray

from gengfu.core.expression.columns import column, moderate
from gengfu.core.names import PointKind
from rules.plan import ONLINE_SLOT, CompiledRule, Plan
from rules.state import Screen, State

MANY = 24
"""Fewer rows are quicker the plain way."""
SHARE = 6
"""So many rows each screen must have on average to be worth its call."""
_NUMBERS = (PointKind.ANALOG, PointKind.INTEGER)


def screens_of(plan: Plan) -> tuple[Screen | None, ...]:
    """Return the screen of each slot; None where only the plain way will do."""
    names = {slot: name for name, slot in plan.layout.slots.items()}
    return tuple(_screen(plan, slot, names[slot]) for slot in range(len(names)))


def _screen(plan: Plan, slot: int, name: str) -> Screen | None:
    point = plan.layout.equipment_class.points.get(name)
    if slot == ONLINE_SLOT or point is None or point.kind not in _NUMBERS:
        return None
    if plan.pasts_of_slot[slot] or slot in plan.history or slot in plan.counted:
        return None
    tests: list[Screen] = []
    for index in plan.rules_of_slot[slot]:
        rule = plan.rules[index]
        if _begins_by_values(rule):
            test = _column(rule, name)
            if test is None:
                return None
            tests.append(test)

    def quiet(values: NDArray[np.float64]) -> NDArray[np.bool_]:
        found = moderate(values)
        for test in tests:
            found &= ~test(values)
        return found

    return quiet


def _begins_by_values(compiled: CompiledRule) -> bool:
    return compiled.rule.event is None and compiled.when is not None


def _column(compiled: CompiledRule, name: str) -> Screen | None:
    when = compiled.rule.when
    if when is None or when.points != {name} or when.windows or when.attributes:
        return None
    return column(when)


def quiet_rows(
    state: State,
    numbers: NDArray[np.int32],
    slots: NDArray[np.int32],
    values: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Tell of each row whether its value moves no rule, unless something is going on there."""
    quiet = np.zeros(len(values), dtype=np.bool_)
    if len(values) < MANY:
        return quiet
    wide = state.widest
    keys = state.plan_of[numbers] * wide + slots
    every = np.unique(keys).tolist()
    if len(every) * SHARE > len(values):
        return quiet
    for key in every:
        screen = state.screens[key // wide][key % wide]
        if screen is not None:
            chosen = keys == key
            quiet[chosen] = screen(values[chosen])
    return quiet
