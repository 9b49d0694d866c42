"""Gives an expression its value: closures over a frame of values, three-valued throughout.

``None`` is unknown. ``and``, ``or``, ``not`` follow Kleene; everything else is strict: what is made
of an unknown is unknown, and so is a division by zero. Only ``known``, ``maybe`` and ``surely`` look
at whether something is known, on purpose and by name.
"""

import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from gengfu.core.clock import SECOND
from gengfu.core.expression.parser import Expression
from gengfu.core.expression.tree import (
    Attribute,
    Binary,
    Call,
    Group,
    Literal,
    Minus,
    Node,
    Not,
    OneOf,
    Point,
    Span,
    Window,
    Word,
)
from gengfu.core.naming import Scalar

Frame = TypeVar("Frame")
Program: TypeAlias = Callable[[Frame], Scalar]
Lookup: TypeAlias = Callable[[str], Program[Frame]]


def truth(value: Scalar) -> bool | None:
    """Read a value as true, false or unknown: numbers as 0 and not 0, a text as unknown."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return None
    return value != 0


def bind(expression: Expression, lookup: Lookup[Frame]) -> Program[Frame]:
    """Compile an expression for frames of one shape.

    ``lookup`` is asked once for each name (a point, ``attr.NAME``, a window's ``key``) and returns
    how to read it from a frame; reading must give None for unknown and never NaN.
    """
    return _bind(expression.root, lookup)


def evaluate(expression: Expression, values: Callable[[str], Scalar]) -> Scalar:
    """Return the value of an expression; ``values`` tells a name's value, None (or NaN) = unknown."""
    return bind(expression, _read_by_name)(values)


def holds(expression: Expression, values: Callable[[str], Scalar]) -> bool | None:
    """Return whether an expression is true, false or unknown (None)."""
    return truth(evaluate(expression, values))


def _read_by_name(name: str) -> Program[Callable[[str], Scalar]]:
    def read(values: Callable[[str], Scalar]) -> Scalar:
        value = values(name)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return read


def _bind(node: Node, lookup: Lookup[Frame]) -> Program[Frame]:
    match node:
        case Literal(_, value) | Word(_, value):
            return _constant(value)
        case Span(_, micros):
            return _constant(micros / SECOND)
        case Point() | Attribute() | Window() | Group():
            return lookup(str(node))
        case Not(_, operand):
            return _negation(_bind_truth(operand, lookup))
        case Minus(_, operand):
            return _strict(operator.sub, _constant(0.0), _bind(operand, lookup))
        case Binary():
            return _binary(node, lookup)
        case OneOf(_, operand, choices):
            return _membership(_bind(operand, lookup), [_bind(one, lookup) for one in choices])
        case Call(_, function, arguments):
            bound = _bind_truth if function in _OF_TRUTH else _bind
            return _CALLS[function]([bound(one, lookup) for one in arguments])


def _bind_truth(node: Node, lookup: Lookup[Frame]) -> Program[Frame]:
    """Compile a part of which only the truth is asked; most parts give nothing else."""
    value = _bind(node, lookup)
    match node:
        case Not() | OneOf() | Call(_, "known" | "maybe" | "surely"):
            return value
        case Binary(_, sign) if sign in _COMPARISONS or sign in {"and", "or"}:
            return value

    def known(frame: Frame) -> Scalar:
        one = value(frame)
        return one if one is True or one is False else truth(one)

    return known


def _binary(node: Binary, lookup: Lookup[Frame]) -> Program[Frame]:
    match node:
        case Binary(_, "and" | "or", left, right):
            one, other = _bind_truth(left, lookup), _bind_truth(right, lookup)
            return _junction(node.operator == "or", one, other)
        case Binary(_, sign, Group() as group, right) if _bounds(sign, group):
            return _between(sign, lookup(group.least), lookup(group.most), _bind(right, lookup))
        case Binary(_, sign, left, Group() as group) if _bounds(sign, group):
            sign = _MIRRORED.get(sign, sign)
            return _between(sign, lookup(group.least), lookup(group.most), _bind(left, lookup))
        case Binary(_, sign, left, Literal(_, limit) | Word(_, limit)) if sign in _COMPARISONS:
            return _against(_COMPARISONS[sign], _bind(left, lookup), limit)
    return _strict(_OPERATORS[node.operator], _bind(node.left, lookup), _bind(node.right, lookup))


def _constant(value: Scalar) -> Program[Frame]:
    return lambda _frame: value


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATORS: dict[str, Callable[[Any, Any], object]] = {
    **_COMPARISONS,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _bounds(sign: str, group: Group) -> bool:
    return group.is_number and (sign in _MIRRORED or sign in {"==", "!="})


def _between(
    sign: str, least: Program[Frame], most: Program[Frame], limit: Program[Frame]
) -> Program[Frame]:
    """Compare what is known only to lie between two bounds: known when every value says the same."""
    low, high = _strict(_OPERATORS[sign], least, limit), _strict(_OPERATORS[sign], most, limit)
    if sign in _MIRRORED:

        def value(frame: Frame) -> Scalar:
            found = low(frame)
            return found if found is high(frame) else None

        return value
    return lambda frame: low(frame) if least(frame) == most(frame) else None


def _strict(
    function: Callable[[Any, Any], object], left: Program[Frame], right: Program[Frame]
) -> Program[Frame]:
    def value(frame: Frame) -> Scalar:
        one, other = left(frame), right(frame)
        if one is None or other is None:
            return None
        try:
            result = function(one, other)
        except (TypeError, ZeroDivisionError, OverflowError):
            return None
        if result is True or result is False:
            return result
        return _finite(result)

    return value


def _against(
    function: Callable[[Any, Any], bool], left: Program[Frame], limit: Scalar
) -> Program[Frame]:
    """Compare with what is always the same: most limits are."""

    def value(frame: Frame) -> Scalar:
        one = left(frame)
        try:
            return None if one is None else function(one, limit)
        except TypeError:
            return None

    return value


def _finite(result: object) -> Scalar:
    if isinstance(result, float):
        return result if math.isfinite(result) else None
    return result if isinstance(result, int) else None


def _negation(operand: Program[Frame]) -> Program[Frame]:
    def value(frame: Frame) -> Scalar:
        known = operand(frame)
        return None if known is None else not known

    return value


def _junction(decisive: bool, left: Program[Frame], right: Program[Frame]) -> Program[Frame]:
    def value(frame: Frame) -> Scalar:
        one = left(frame)
        if one is decisive:
            return decisive
        other = right(frame)
        if other is decisive:
            return decisive
        return None if one is None or other is None else not decisive

    return value


def _membership(operand: Program[Frame], choices: list[Program[Frame]]) -> Program[Frame]:
    def value(frame: Frame) -> Scalar:
        found = operand(frame)
        return None if found is None else any(found == choice(frame) for choice in choices)

    return value


def _known(arguments: list[Program[Frame]]) -> Program[Frame]:
    (operand,) = arguments
    return lambda frame: operand(frame) is not None


def _maybe(arguments: list[Program[Frame]]) -> Program[Frame]:
    (operand,) = arguments
    return lambda frame: operand(frame) is not False


def _surely(arguments: list[Program[Frame]]) -> Program[Frame]:
    (operand,) = arguments
    return lambda frame: operand(frame) is True


def _abs(arguments: list[Program[Frame]]) -> Program[Frame]:
    (operand,) = arguments

    def value(frame: Frame) -> Scalar:
        found = operand(frame)
        return None if found is None or isinstance(found, str) else abs(found)

    return value


def _extreme(
    choose: Callable[[list[float]], float],
) -> Callable[[list[Program[Frame]]], Program[Frame]]:
    def bound(arguments: list[Program[Frame]]) -> Program[Frame]:
        def value(frame: Frame) -> Scalar:
            found = [argument(frame) for argument in arguments]
            numbers = [one for one in found if isinstance(one, int | float)]
            return choose(numbers) if len(numbers) == len(found) else None

        return value

    return bound


_OF_TRUTH = frozenset({"maybe", "surely"})
_CALLS: dict[str, Callable[[list[Program[Frame]]], Program[Frame]]] = {
    "known": _known,
    "maybe": _maybe,
    "surely": _surely,
    "abs": _abs,
    "min": _extreme(min),
    "max": _extreme(max),
}
