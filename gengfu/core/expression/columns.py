"""Evaluates an expression of one number for a whole column of values at once.

Only what is the same in plain Python: comparisons, sums, differences, products, ``abs`` and logic over
one point and constants, for moderate values. Everything else has no column form.
"""

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import SECOND
from gengfu.core.expression.parser import Expression
from gengfu.core.expression.tree import Binary, Call, Literal, Minus, Node, Not, Point, Span, walk

Column: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
"""Values (n,) → whether the expression is true for each; meant for ``moderate`` values."""

MODERATE = 1e6
_MOST_NODES = 40
"""So many factors of at most MODERATE overflow nothing."""
_TESTS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_Values: TypeAlias = Callable[[NDArray[np.float64]], Any]


def moderate(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell for which values a column form says the same as the plain one; never for NaN."""
    return np.abs(values) <= MODERATE


def column(expression: Expression) -> Column | None:
    """Return the column form of an expression over one point; None when it has none."""
    if len(expression.points) != 1 or len(walk(expression.root)) > _MOST_NODES:
        return None
    return _test(expression.root)


def _test(node: Node) -> Column | None:
    match node:
        case Not(_, operand):
            inner = _test(operand)
            return None if inner is None else lambda values: ~inner(values)
        case Binary(_, "and" | "or" as word, left, right):
            one, other = _test(left), _test(right)
            if one is None or other is None:
                return None
            join = np.logical_and if word == "and" else np.logical_or
            return lambda values: join(one(values), other(values))
        case Binary(_, sign, left, right) if sign in _TESTS:
            low, high = _number(left), _number(right)
            if low is None or high is None:
                return None
            compare = _TESTS[sign]
            return lambda values: np.broadcast_to(
                np.asarray(compare(low(values), high(values)), dtype=np.bool_), values.shape
            )
        case _:
            return None


def _number(node: Node) -> _Values | None:
    match node:
        case Literal(_, bool() | str()):
            return None
        case Literal(_, float() | int() as value) if abs(value) <= MODERATE:
            return lambda _values: value
        case Span(_, micros) if micros <= MODERATE * SECOND:
            return lambda _values: micros / SECOND
        case Point():
            return lambda values: values
        case Minus(_, operand):
            return _sum("-", lambda _values: 0.0, _number(operand))
        case Binary(_, sign, left, right) if sign in _SUMS:
            return _sum(sign, _number(left), _number(right))
        case Call(_, "abs", (operand,)):
            inner = _number(operand)
            return None if inner is None else lambda values: np.abs(inner(values))
        case _:
            return None


def _sum(sign: str, one: _Values | None, other: _Values | None) -> _Values | None:
    if one is None or other is None:
        return None
    join = _SUMS[sign]
    return lambda values: join(one(values), other(values))
