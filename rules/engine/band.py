"""For which values of a point an expression that is not true stays so, whatever the others are.

Most telemetry is far from every limit. A band tells so by two comparisons, for one value or for a
whole column. It may be narrower than it could be, never wider: outside it the expression is asked.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from gengfu.core.expression import Expression, evaluate, holds
from gengfu.core.expression.tree import (
    Attribute,
    Binary,
    Call,
    Literal,
    Minus,
    Node,
    Not,
    Point,
    Span,
    walk,
)
from gengfu.core.naming import Scalar

_STEPS = 8
"""How many floats a limit may be off because sums are rounded."""
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_ORDER = frozenset({"<", "<=", ">", ">="})


class Band(NamedTuple):
    """The values from ``low`` to ``high``, both within; none when ``low`` is above ``high``."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def meet(self, other: "Band") -> "Band":
        """Return what lies in both."""
        return Band(max(self.low, other.low), min(self.high, other.high))

    @property
    def is_empty(self) -> bool:
        return self.low > self.high


EVERY = Band(-math.inf, math.inf)
NONE = Band(math.inf, -math.inf)

Fact: TypeAlias = Callable[[str], Scalar]
"""The value of ``attr.NAME``; None = the equipment has none."""


def band(expression: Expression, point: str, fact: Fact) -> Band:
    """Return the values that a point may take without making an expression true that is not."""
    return _Reader(point, fact).stays(_without_not(expression.root))


def _without_not(node: Node, *, denied: bool = False) -> Node:
    """Bring ``not`` down to the comparisons; under Kleene's logic that changes nothing."""
    match node:
        case Not(_, operand):
            return _without_not(operand, denied=not denied)
        case Binary(column, "and" | "or" as word, left, right):
            if denied:
                word = "or" if word == "and" else "and"
            both = (_without_not(one, denied=denied) for one in (left, right))
            return Binary(column, word, *both)
        case Binary(column, sign, left, right) if sign in _OPPOSITE and denied:
            return Binary(column, _OPPOSITE[sign], left, right)
    return Not(0, node) if denied else node


class _Reader:
    def __init__(self, point: str, fact: Fact) -> None:
        self._point = point
        self._fact = fact

    def stays(self, node: Node) -> Band:
        """Return for which values a part that speaks of the point does not *become* true.

        Of ``or`` and ``and`` the whole becomes true only when a part does; and an ``and`` never
        when one part is never true.
        """
        match node:
            case Binary(_, "or", left, right):
                return self._all_stay(left, right)
            case Binary(_, "and", left, right):
                return _first(self.never(left), self.never(right), self._all_stay(left, right))
        return self.never(node)

    def _all_stay(self, *parts: Node) -> Band:
        found = EVERY
        for one in parts:
            if self._speaks(one):
                found = found.meet(self.stays(one))
        return found

    def never(self, node: Node) -> Band:
        """Return for which values a part is not true, whatever the other points are."""
        match node:
            case Binary(_, "or", left, right):
                return self.never(left).meet(self.never(right))
            case Binary(_, "and", left, right):
                return _first(self.never(left), self.never(right))
            case Binary(_, sign, left, right) if sign in _OPPOSITE:
                if self._speaks(left):
                    return self._compared(left, sign, right)
                if self._speaks(right):
                    return self._compared(right, _MIRRORED[sign], left)
        return NONE

    def _compared(self, side: Node, sign: str, limit: Node) -> Band:
        """Return the band of ``side sign limit`` where only ``side`` speaks of the point."""
        if any(not isinstance(one, _Constant) for one in walk(limit)):
            return NONE
        value = evaluate(Expression.of(limit), self._fact)
        if value is None:
            return EVERY  # what is compared with an unknown is unknown for ever
        if isinstance(value, str | bool):
            return NONE
        match side:
            case Point() if sign == "!=":
                return Band(float(value), float(value))
            case Call(column, "abs", (inner,)) if sign in _ORDER:
                word = "or" if sign in {">", ">="} else "and"
                both = (Binary(column, sign, one, limit) for one in (inner, Minus(column, inner)))
                return self.never(Binary(column, word, *both))
        line = self._line(side) if sign in _ORDER else None
        if line is None:
            return NONE
        compare = Expression.of(Binary(0, sign, side, limit))
        return self._up_to(
            compare, line.where(float(value)), rising=line.rising == (sign[0] == ">")
        )

    def _up_to(self, compare: Expression, limit: float, *, rising: bool) -> Band:
        """Return all below a limit (``rising``: what is compared turns true above it), or above.

        Sums are rounded, so the limit is tried; what is true no further down is true nowhere there,
        because rounded sums, products and quotients never fall where the exact ones rise.
        """
        away = -math.inf if rising else math.inf
        for _ in range(_STEPS):
            if not math.isfinite(limit):
                return NONE
            if not self._is_true(compare, limit):
                return Band(-math.inf, limit) if rising else Band(limit, math.inf)
            limit = math.nextafter(limit, away)
        return NONE

    def _is_true(self, compare: Expression, value: float) -> bool:
        found = holds(compare, lambda name: value if name == self._point else self._fact(name))
        return found is True

    def _line(self, node: Node) -> "_Line | None":
        """Read what rises or falls with the point everywhere; None when it is not of that form."""
        match node:
            case Point(_, name) if name == self._point:
                return _Line(rising=True, where=lambda y: y)
            case Minus(_, operand):
                return _moved(self._line(operand), "*", -1.0)
            case Binary(_, sign, left, right) if not self._speaks(right):
                return _moved(self._line(left), sign, self._figure(right))
            case Binary(_, "+" | "*" as sign, left, right):
                return self._line(Binary(0, sign, right, left))
            case Binary(_, "-", left, right):
                return self._line(Binary(0, "+", Minus(0, right), left))
        return None

    def _figure(self, node: Node) -> float | None:
        if any(not isinstance(one, _Constant) for one in walk(node)):
            return None
        value = evaluate(Expression.of(node), self._fact)
        return None if value is None or isinstance(value, str | bool) else float(value)

    def _speaks(self, node: Node) -> bool:
        return any(isinstance(one, Point) and one.name == self._point for one in walk(node))


def _first(*bands: Band) -> Band:
    """Return the first of which anything is known: any of them would be right."""
    return next((one for one in bands if not one.is_empty), NONE)


_Constant = (Literal, Span, Attribute, Minus, Binary, Call)


class _Line(NamedTuple):
    """A figure that goes one way with the point, and for which value of it the figure is reached."""

    rising: bool
    where: Callable[[float], float]


def _moved(line: _Line | None, sign: str, figure: float | None) -> _Line | None:
    if line is None or figure is None:
        return None
    match sign:
        case "+":
            return _Line(line.rising, lambda y: line.where(y - figure))
        case "-":
            return _Line(line.rising, lambda y: line.where(y + figure))
        case "*" if figure:
            return _Line(line.rising == (figure > 0), lambda y: line.where(y / figure))
        case "/" if figure:
            return _Line(line.rising == (figure > 0), lambda y: line.where(y * figure))
    return None
