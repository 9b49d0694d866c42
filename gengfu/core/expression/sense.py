"""Finds what is well formed and cannot be meant: comparisons that never change, units that do not fit.

Points have ranges in which a value is plausible. A comparison that is the same in all of them is a
slip (mostly of the unit: kPa written where the class says MPa), and so are tests that exclude each
other, or leave nothing out. It is careful: what it cannot prove it does not tell.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from gengfu.core.clock import HOUR, SECOND
from gengfu.core.expression.lexer import Flaw
from gengfu.core.expression.parser import Expression
from gengfu.core.expression.scope import Scope, Within
from gengfu.core.expression.single import Test
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
    walk,
)
from gengfu.core.names import PointKind
from gengfu.core.said import Said, joined, said

Range: TypeAlias = tuple[float, float]
_ANY: Range = (-math.inf, math.inf)
_POSITIVE: Range = (0.0, math.inf)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""Every comparison, and how it reads from the other side."""
_LONGEST_DAY = 25 * HOUR / SECOND


def nonsense(expression: Expression, scope: Scope) -> list[Flaw]:
    """Return what cannot be meant in an expression whose names and kinds are right."""
    sense = _Sense(scope)
    found = [flaw for node in walk(expression.root) for flaw in sense.flaws(node)]
    return list(dict.fromkeys([*_constants(expression.root), *found]))


def flapping(when: Expression, clear: Expression, scope: Scope) -> Flaw | None:
    """Return where ``clear`` is true while ``when`` is, so far as single tests tell."""
    sense = _Sense(scope)
    for branch in _chain(when.root, "or"):
        parts = tuple(_chain(branch, "and"))
        left = sense.left_by(parts)
        for part in _chain(clear.root, "or"):
            test = sense.test(_bare(part))
            meets = test is not None and test.of in left and left[test.of].joined(test) is not None
            if meets or part in parts or clear.root == when.root:
                message = said("{} is true while when is: it would flap", part)
                return Flaw(part.column, message, said("move clear away"))
    return None


class _Sense:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def flaws(self, node: Node) -> Iterator[Flaw]:
        """Yield what is wrong at one node, not below it."""
        match node:
            case Binary(_, sign, left, right) if sign in {"+", "-", *_MIRRORED}:
                yield from self._units(node, left, right)
                if sign in _MIRRORED:
                    yield from self._fixed(node)
            case OneOf():
                yield from self._choices(node)
            case Binary(_, "and" | "or", left, right):
                yield from (*_constants(left), *_constants(right))
                yield from self._together(node)

    def left_by(self, parts: Iterable[Node]) -> Mapping[str, Test]:
        """Return what tests that are all true leave of each thing; what nothing is left of is out."""
        left: dict[str, Test] = {}
        for part in parts:
            test = self.test(_bare(part))
            if test is None:
                continue
            both = left.get(test.of, test).joined(test)
            if both is not None:
                left[test.of] = both
        return left

    def test(self, node: Node) -> Test | None:
        """Read a node as one test of one thing."""
        match node:
            case Not(_, operand):
                inner = self.test(operand)
                return None if inner is None else inner.turned()
            case Point() as point if self._kind(node) is PointKind.BOOLEAN:
                return self._word_test(node, point, frozenset({"true"}))
            case OneOf(_, Point() as point, choices) if self._words(point):
                return self._word_test(node, point, frozenset(map(_word, choices)))
            case Binary(_, "==" | "!=" as sign, Point() as point, right) if self._words(point):
                chosen = frozenset({_word(right)})
                return self._word_test(
                    node, point, chosen if sign == "==" else self._words(point) - chosen
                )
            case Binary(_, sign, left, right) if sign in _MIRRORED and sign != "!=":
                return self._number_test(node, sign, left, right)
        return None

    def _word_test(self, node: Node, point: Point, chosen: frozenset[str]) -> Test:
        return Test(of=str(point), node=node, words=chosen, every=self._words(point))

    def _number_test(self, node: Node, sign: str, left: Node, right: Node) -> Test | None:
        if _constant(left) is not None:
            sign, left, right = _MIRRORED[sign], right, left
        limit = _constant(right)
        if limit is None or _constant(left) is not None:
            return None
        found = Test(of=str(left), node=node)
        match sign:
            case "<" | "<=":
                return replace(found, high=limit, open_high=sign == "<")
            case ">" | ">=":
                return replace(found, low=limit, open_low=sign == ">")
        return replace(found, low=limit, high=limit)

    def _units(self, node: Node, left: Node, right: Node) -> Iterator[Flaw]:
        one, other = self._unit(left), self._unit(right)
        if self._is_mixed(left) or self._is_mixed(right):
            return  # said there
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
            case "==" | "!=":
                certain, impossible = low == high == least == most, high < least or low > most
            case "<" | ">=":
                certain, impossible = high < least, low >= most
            case _:
                certain, impossible = high <= least, low > most
        if node.operator in {">", ">=", "!="}:
            certain, impossible = impossible, certain
        if certain or impossible:
            yield self._always(node, said("is always true") if certain else said("is never true"))

    def _choices(self, node: OneOf) -> Iterator[Flaw]:
        """Tell of a list that nothing, or everything, stands in."""
        test = self.test(node)
        if test is not None and test.words == test.every:
            yield self._always(node, said("is always true"))
        low, high = self.range(node.operand)
        figures = [figure for one in node.choices if (figure := _constant(one)) is not None]
        if figures and all(figure < low or figure > high for figure in figures):
            yield self._always(node, said("is never true"))

    def _always(self, node: Node, message: Said) -> Flaw:
        known = joined("; ", dict.fromkeys(self._spoken(node)))
        if known:
            return Flaw(node.column, said("{}: {}", message, known), said("is it the unit?"))
        return Flaw(node.column, message)

    def _spoken(self, node: Node) -> Iterator[Said]:
        for one in walk(node):
            low, high = self.range(one)
            if self._is_bound(one) and (low, high) != _ANY:
                yield said(
                    "{} lies between {:g} and {:g}{}",
                    one,
                    low,
                    high,
                    f" {unit}" if (unit := self._unit(one)) else "",
                )

    def _is_bound(self, node: Node) -> bool:
        match node:
            case Window(_, function):
                signature = self._scope.functions.get(function)
                return signature is not None and signature.within in {Within.SPAN, Within.DAY}
        return isinstance(node, Point) or (isinstance(node, Group) and node.function == "share")

    def _together(self, node: Binary) -> Iterator[Flaw]:
        """Tell of tests in a chain that exclude each other, or of which one is always true."""
        is_or = node.operator == "or"
        left: dict[str, Test] = {}
        for part in _chain(node, node.operator):
            test = self.test(part)
            if test is not None and is_or:
                test = test.turned()
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
            case Within.SPAN:
                spans = [one.micros / SECOND for one in arguments if isinstance(one, Span)]
                return 0.0, max(spans, default=math.inf)
            case Within.DAY:
                return 0.0, _LONGEST_DAY
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

    def _is_mixed(self, node: Node) -> bool:
        """Tell whether a sum is one of different units."""
        if not isinstance(node, Binary) or node.operator not in {"+", "-"}:
            return False
        one, other = self._unit(node.left), self._unit(node.right)
        if one and other and one != other:
            return True
        return self._is_mixed(node.left) or self._is_mixed(node.right)

    def _kind(self, node: Point) -> PointKind | None:
        point = self._scope.points.get(node.name)
        return point.kind if point else None

    def _words(self, node: Point) -> frozenset[str]:
        """Return all that an enum or a contact can be."""
        point = self._scope.points.get(node.name)
        if point is not None and point.kind is PointKind.BOOLEAN:
            return frozenset({"true", "false"})
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
        case Binary(_, "+" | "-" as sign, left, right):
            one, other = _constant(left), _constant(right)
            if one is not None and other is not None:
                return one + other if sign == "+" else one - other
    return None


def _constants(node: Node) -> tuple[Flaw, ...]:
    """Tell of a bare ``true`` or ``false`` where a condition is wanted."""
    match node:
        case Literal(column, bool(value)):
            message = said("is always true") if value else said("is never true")
            return (Flaw(column, message, said("leave it out")),)
    return ()


def _word(node: Node) -> str:
    """Return a choice as the word that it is: bare, in quotes, ``true`` or ``false``."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return node.value
    return str(node)


def _bare(node: Node) -> Node:
    """Return what is looked at by ``maybe`` or ``surely``."""
    match node:
        case Call(_, "maybe" | "surely", (operand,)):
            return _bare(operand)
    return node


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
