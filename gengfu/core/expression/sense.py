"""Finds what is well formed and cannot be meant: comparisons that never change, units that do not fit.

Points have ranges in which a value is plausible. A comparison that is the same in all of them is a
slip (mostly of the unit: kPa written where the class says MPa), and so are tests that exclude each
other, or leave nothing out. It is careful: what it cannot prove it does not tell.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from gengfu.core.clock import SECOND
from gengfu.core.expression.lexer import Flaw
from gengfu.core.expression.parser import Expression
from gengfu.core.expression.scope import Scope, Within
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
    walk,
)
from gengfu.core.names import PointKind
from gengfu.core.said import NOTHING, Said, joined, said

Range: TypeAlias = tuple[float, float]
_ANY: Range = (-math.inf, math.inf)
_POSITIVE: Range = (0.0, math.inf)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def nonsense(expression: Expression, scope: Scope) -> list[Flaw]:
    """Return what cannot be meant in an expression whose names and kinds are right."""
    sense = _Sense(scope)
    found = (flaw for node in walk(expression.root) for flaw in sense.flaws(node))
    return list(dict.fromkeys(found))


def excludes(one: Expression, other: Expression, scope: Scope) -> bool | None:
    """Tell whether two single tests of the same thing exclude each other; None where they are not."""
    sense = _Sense(scope)
    first, second = sense.test(one.root), sense.test(other.root)
    if first is None or second is None or first.of != second.of:
        return None
    return first.joined(second) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """What one test leaves of one thing: a part of the numbers, or some of its words."""

    of: str
    node: Node
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    words: frozenset[str] | None = None
    every: frozenset[str] = frozenset()
    """All words that there are."""

    def joined(self, other: "_Test") -> "_Test | None":
        """Return what both leave; None = nothing."""
        if self.words is not None and other.words is not None:
            words = self.words & other.words
            return replace(self, words=words) if words else None
        low, open_low = max((self.low, self.open_low), (other.low, other.open_low))
        high, closed = min((self.high, not self.open_high), (other.high, not other.open_high))
        if low > high or (low == high and (open_low or not closed)):
            return None
        return replace(self, low=low, open_low=open_low, high=high, open_high=not closed)


class _Sense:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def flaws(self, node: Node) -> Iterator[Flaw]:
        """Yield what is wrong at one node, not below it."""
        match node:
            case Binary(_, sign, left, right) if sign in {"+", "-", *_MIRRORED, "!="}:
                yield from self._units(node, left, right)
                if sign in _NEGATED:
                    yield from self._fixed(node)
            case Binary(_, "and" | "or"):
                yield from self._together(node)

    def test(self, node: Node) -> _Test | None:
        """Read a node as one test of one thing."""
        match node:
            case Not(_, operand):
                inner = self.test(operand)
                return None if inner is None else _turned(inner)
            case Point() if self._kind(node) is PointKind.BOOLEAN:
                both = frozenset({"true", "false"})
                return _Test(of=str(node), node=node, words=frozenset({"true"}), every=both)
            case OneOf(_, Point() as point, choices) if words := self._words(point):
                chosen = frozenset(str(one) for one in choices if isinstance(one, Word))
                return _Test(of=str(point), node=node, words=chosen, every=words)
            case Binary(_, "==" | "!=" as sign, Point() as point, Word(_, text)):
                words = self._words(point)
                chosen = frozenset({text}) if sign == "==" else words - {text}
                return _Test(of=str(point), node=node, words=chosen, every=words) if words else None
            case Binary(_, sign, left, right) if sign in _MIRRORED:
                return self._number_test(node, sign, left, right)
        return None

    def _number_test(self, node: Node, sign: str, left: Node, right: Node) -> _Test | None:
        if _constant(left) is not None:
            sign, left, right = _MIRRORED[sign], right, left
        limit = _constant(right)
        if limit is None or _constant(left) is not None:
            return None
        found = _Test(of=str(left), node=node)
        match sign:
            case "<" | "<=":
                return replace(found, high=limit, open_high=sign == "<")
            case ">" | ">=":
                return replace(found, low=limit, open_low=sign == ">")
        return replace(found, low=limit, high=limit)

    def _units(self, node: Node, left: Node, right: Node) -> Iterator[Flaw]:
        one, other = self._unit(left), self._unit(right)
        if one and other and one != other:
            yield Flaw(
                node.column,
                said("{} is in {}, {} in {}", left, one, right, other),
                said("bring them to one unit"),
            )

    def _fixed(self, node: Binary) -> Iterator[Flaw]:
        """Tell of a comparison that is the same for all plausible values."""
        low, high = self.range(node.left)
        least, most = self.range(node.right)
        match node.operator:
            case "<" | ">=":
                certain, impossible = high < least, low >= most
            case _:
                certain, impossible = high <= least, low > most
        if node.operator in {">", ">="}:
            certain, impossible = impossible, certain
        if certain or impossible:
            known = joined("; ", dict.fromkeys(self._spoken(node)))
            message = said("is always true") if certain else said("is never true")
            if known:
                message = said("{}: {}", message, known)
            yield Flaw(node.column, message, said("is it the unit?") if known else NOTHING)

    def _spoken(self, node: Node) -> Iterator[Said]:
        for one in walk(node):
            if isinstance(one, Point) and self.range(one) != _ANY:
                low, high = self.range(one)
                unit = self._unit(one)
                yield said(
                    "{} lies between {:g} and {:g}{}",
                    one.name,
                    low,
                    high,
                    f" {unit}" if unit else "",
                )

    def _together(self, node: Binary) -> Iterator[Flaw]:
        """Tell of tests in a chain that exclude each other, or of which one is always true."""
        is_or = node.operator == "or"
        left: dict[str, _Test] = {}
        for part in _chain(node, node.operator):
            test = self.test(part)
            if test is not None and is_or:
                test = _turned(test)
            if test is None:
                continue
            before = left.get(test.of)
            both = test if before is None else before.joined(test)
            if both is None:
                message = (
                    said("one of both is always true") if is_or else said("never true together")
                )
                assert before is not None
                yield Flaw(
                    part.column, said("{} {} {}: {}", before.node, node.operator, part, message)
                )
                return
            left[test.of] = replace(both, node=part)

    def range(self, node: Node) -> Range:
        """Return between which numbers a node's value plausibly lies."""
        constant = _constant(node)
        if constant is not None:
            return constant, constant
        match node:
            case Point(_, name):
                point = self._scope.points.get(name)
                low = -math.inf if point is None or point.low is None else point.low
                high = math.inf if point is None or point.high is None else point.high
                return low, high
            case Minus(_, operand):
                low, high = self.range(operand)
                return -high, -low
            case Binary(_, "+" | "-" | "*" as sign, left, right):
                return _combined(sign, self.range(left), self.range(right))
            case Call(_, "abs", (operand,)):
                low, high = self.range(operand)
                return max(0.0, low, -high), max(abs(low), abs(high))
            case Call(_, "min" | "max" as choose, arguments):
                return _chosen(min if choose == "min" else max, map(self.range, arguments))
            case Window(_, function, arguments):
                return self._of_window(function, arguments)
            case Group(_, "share"):
                return 0.0, 1.0
            case Group(_, "count"):
                return _POSITIVE
        return _ANY

    def _of_window(self, function: str, arguments: tuple[Node, ...]) -> Range:
        signature = self._scope.functions.get(function)
        match signature.within if signature else Within.ANYTHING:
            case Within.FIRST:
                return self.range(arguments[0])
            case Within.POSITIVE:
                return _POSITIVE
        return _ANY

    def _unit(self, node: Node) -> str:
        """Return a value's unit; empty where it is not known, or where it has none."""
        match node:
            case Point(_, name):
                point = self._scope.points.get(name)
                return point.unit if point is not None else ""
            case Attribute(_, name):
                fact = self._scope.attributes.get(name)
                return fact.unit if fact is not None else ""
            case Minus(_, operand):
                return self._unit(operand)
            case Binary(_, "+" | "-", left, right):
                return self._unit(left) or self._unit(right)
            case Call(_, "abs" | "min" | "max", (first, *_)):
                return self._unit(first)
            case Window(_, function, (first, *_)):
                signature = self._scope.functions.get(function)
                is_same = signature is not None and signature.within is Within.FIRST
                return self._unit(first) if is_same else ""
        return ""

    def _kind(self, node: Point) -> PointKind | None:
        point = self._scope.points.get(node.name)
        return point.kind if point else None

    def _words(self, node: Point) -> frozenset[str]:
        point = self._scope.points.get(node.name)
        return frozenset(point.words) if point else frozenset()


def _constant(node: Node) -> float | None:
    match node:
        case Literal(_, bool() | str()):
            return None
        case Literal(_, value):
            return float(value)
        case Span(_, micros):
            return micros / SECOND
        case Minus(_, operand):
            inner = _constant(operand)
            return None if inner is None else -inner
    return None


def _turned(test: _Test) -> _Test | None:
    """Return what is left when a test is false; None where that is in two pieces."""
    if test.words is not None:
        return replace(test, words=test.every - test.words)
    if test.high == math.inf and test.low > -math.inf:
        return replace(
            test, low=-math.inf, open_low=False, high=test.low, open_high=not test.open_low
        )
    if test.low == -math.inf and test.high < math.inf:
        return replace(
            test, high=math.inf, open_high=False, low=test.high, open_low=not test.open_high
        )
    return None


def _chain(node: Node, operator: str) -> Iterator[Node]:
    if isinstance(node, Binary) and node.operator == operator:
        yield from _chain(node.left, operator)
        yield from _chain(node.right, operator)
    else:
        yield node


def _combined(sign: str, one: Range, other: Range) -> Range:
    match sign:
        case "+":
            return one[0] + other[0], one[1] + other[1]
        case "-":
            return one[0] - other[1], one[1] - other[0]
    ends = [first * second if first and second else 0.0 for first in one for second in other]
    return min(ends), max(ends)


def _chosen(choose: Callable[[Iterable[float]], float], ranges: Iterable[Range]) -> Range:
    lows, highs = zip(*ranges, strict=True)
    return choose(lows), choose(highs)
