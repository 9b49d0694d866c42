"""Finds what an expression cannot mean, all of it at once, before anything runs.

Here are names and kinds; ``sense`` looks at what is well formed and yet cannot be meant.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from gengfu.core.expression.lexer import Flaw
from gengfu.core.expression.parser import Expression
from gengfu.core.expression.scope import Parameter, Scope, Signature
from gengfu.core.expression.sense import nonsense
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


class _Kind(Enum):
    BOOLEAN = said("true or false")
    NUMBER = said("a number")
    TEXT = said("a text")
    ANY = said("anything")


@dataclass(frozen=True, slots=True)
class _Type:
    kind: _Kind
    words: tuple[str, ...] = ()


_ANY, _NUMBER, _BOOLEAN, _TEXT = (
    _Type(kind) for kind in (_Kind.ANY, _Kind.NUMBER, _Kind.BOOLEAN, _Kind.TEXT)
)
_POINT_KINDS = {
    PointKind.ANALOG: _Kind.NUMBER,
    PointKind.INTEGER: _Kind.NUMBER,
    PointKind.BOOLEAN: _Kind.BOOLEAN,
    PointKind.ENUM: _Kind.TEXT,
    PointKind.TEXT: _Kind.TEXT,
}
_PARAMETERS = {
    Parameter.VALUE: said("value"),
    Parameter.CONDITION: said("condition"),
    Parameter.POINT: said("point"),
    Parameter.OCCURRENCE: said("point or event"),
    Parameter.HAPPENING: said("event or condition"),
    Parameter.SPAN: said("duration"),
}
_ABSENT = frozenset({"null", "none", "unknown"})
"""What people write for no value; a language of three values asks for it by name."""
_SLIP = 0.85
"""So alike are a name and a slip of it: a letter or two. Other names are a site's own."""
_ARITY = {
    "known": (1, 1),
    "maybe": (1, 1),
    "surely": (1, 1),
    "abs": (1, 1),
    "min": (2, 9),
    "max": (2, 9),
}


def check(expression: Expression, scope: Scope, *, condition: bool = True) -> list[Flaw]:
    """Return every mistake of an expression, by column; ``condition``: it must be true or false."""
    checker = _Checker(scope)
    found = checker.type_of(expression.root)
    if condition:
        checker.want(expression.root, found, _Kind.BOOLEAN)
    flaws = checker.flaws or nonsense(expression, scope)
    return sorted(flaws, key=lambda flaw: flaw.column)


def nearest(name: str, names: Iterable[str], *, cutoff: float = 0.6) -> Said:
    """Return a suggestion for a mistyped name, or an empty text; ``cutoff``: how alike, up to 1."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=cutoff)
    return said("did you mean {!r}?", close[0]) if close else NOTHING


class _Checker:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.flaws: list[Flaw] = []

    def want(self, node: Node, found: _Type, kind: _Kind) -> None:
        if found.kind is not kind and found.kind is not _Kind.ANY:
            mend = said("compare it with something") if kind is _Kind.BOOLEAN else NOTHING
            self._flaw(node, said("is {}, expected {}", found.kind.value, kind.value), mend)

    def type_of(self, node: Node) -> _Type:
        match node:
            case Literal() | Word() | Span():
                return _type_of_constant(node)
            case Point():
                return self._point(node)
            case Attribute():
                return self._attribute(node)
            case Not() | Minus():
                wanted = _BOOLEAN if isinstance(node, Not) else _NUMBER
                self.want(node.operand, self.type_of(node.operand), wanted.kind)
                return wanted
            case Binary():
                return self._binary(node)
            case OneOf():
                return self._one_of(node)
            case Call():
                return self._call(node)
            case Window():
                return self._window(node)
            case Group():
                return self._group(node)

    def _flaw(self, node: Node, message: Said, suggestion: Said = NOTHING) -> None:
        self.flaws.append(Flaw(node.column, message, suggestion))

    def _point(self, node: Point) -> _Type:
        point = self._scope.points.get(node.name)
        if point is None:
            self._no_point(node, node.name)
            return _ANY
        return _Type(_POINT_KINDS[point.kind], point.words)

    def _no_point(self, node: Node, name: str) -> None:
        fact = said("write attr.{}", name) if name in self._scope.attributes else NOTHING
        if name in self._scope.events:
            message = said("{!r} is an event, no point", name)
            self._flaw(node, message, said("write: count({}, 10m) > 0", name))
        elif self._scope.points:
            mend = nearest(name, self._scope.points) or fact
            self._flaw(node, said("no point {!r}", name), mend)
        else:
            message = said("{!r}: only facts of the ledger stand here, no points", name)
            self._flaw(node, message, fact or said("such as attr.role == supply"))

    def _attribute(self, node: Attribute) -> _Type:
        known = self._scope.attributes.get(node.name)
        if known is not None:
            return _Type(_POINT_KINDS[known.kind], known.words)
        likely = nearest(node.name, self._scope.attributes, cutoff=_SLIP)
        if likely:
            self._flaw(node, said("no attribute {!r}", node.name), likely)
        return _ANY

    def _binary(self, node: Binary) -> _Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        match node.operator:
            case "and" | "or":
                self.want(node.left, left, _Kind.BOOLEAN)
                self.want(node.right, right, _Kind.BOOLEAN)
                return _BOOLEAN
            case "==" | "!=":
                self._comparable(node.left, left, node.right, right, node.operator)
                return _BOOLEAN
        self.want(node.left, left, _Kind.NUMBER)
        self.want(node.right, right, _Kind.NUMBER)
        return _BOOLEAN if node.operator in {"<", "<=", ">", ">="} else _NUMBER

    def _one_of(self, node: OneOf) -> _Type:
        operand = self.type_of(node.operand)
        for choice in node.choices:
            self._comparable(node.operand, operand, choice, self.type_of(choice), "in")
        return _BOOLEAN

    def _comparable(self, node: Node, left: _Type, other: Node, right: _Type, sign: str) -> None:
        if isinstance(other, Word) and self._is_no_word(node, left, other, sign):
            return
        if left.words and isinstance(other, Word | Literal):
            text = other.text if isinstance(other, Word) else other.value
            if text not in left.words:
                mend = nearest(str(text), left.words) or said("one of: {}", ", ".join(left.words))
                self._flaw(other, said("no word {!r} here", text), mend)
        elif right.words and not left.words and isinstance(node, Point):
            self._flaw(node, said("the point comes first"), said("write: point == word"))
        elif isinstance(other, Word) and left.kind in {_Kind.NUMBER, _Kind.BOOLEAN}:
            self._flaw(other, said("the word {!r} beside {}", other.text, left.kind.value))
        elif _Kind.ANY not in {left.kind, right.kind} and left.kind is not right.kind:
            self._flaw(other, said("compares {} with {}", left.kind.value, right.kind.value))

    def _is_no_word(self, node: Node, left: _Type, word: Word, sign: str) -> bool:
        """Tell (and note) whether a bare name on the right was never meant as a word."""
        if word.text in left.words:
            return False
        if word.text in _ABSENT:
            message = said("{!r} is no value: nothing is equal to what is unknown", word.text)
            self._flaw(word, message, said("write: known({}), or: not known({})", node, node))
            return True
        is_free = left.kind is _Kind.ANY or isinstance(node, Attribute)
        if word.text not in self._scope.points or is_free:
            return False
        message = said("two points cannot be compared by {}", sign)
        if left.kind is _Kind.NUMBER:
            mend = said("write: {} <= {} and {} >= {}", node, word, node, word)
        elif left.kind is _Kind.BOOLEAN:
            mend = said("write: {} and {} or not {} and not {}", node, word, node, word)
        else:
            mend = said("a text stands in quotes")
        self._flaw(word, message, mend)
        return True

    def _call(self, node: Call) -> _Type:
        low, high = _ARITY[node.function]
        found = [self.type_of(argument) for argument in node.arguments]
        if not low <= len(found) <= high:
            self._flaw(
                node,
                said("{} takes {}", node.function, low if low == high else said("{} or more", low)),
            )
            return _ANY
        if node.function == "known":
            return _BOOLEAN
        kind = _Kind.BOOLEAN if node.function in {"maybe", "surely"} else _Kind.NUMBER
        for argument, type_ in zip(node.arguments, found, strict=True):
            self.want(argument, type_, kind)
        return _BOOLEAN if kind is _Kind.BOOLEAN else _NUMBER

    def _window(self, node: Window) -> _Type:
        signature = self._scope.functions.get(node.function)
        if signature is None:
            names = (*_ARITY, *self._scope.functions)
            self._flaw(node, said("no function {!r}", node.function), nearest(node.function, names))
            return _ANY
        values = min(node.values, signature.values)
        parameters = signature.parameters[:1] * (values - 1) + signature.parameters
        most = len(parameters)
        if not most - signature.optional <= len(node.arguments) <= most:
            self._flaw(node, said("{} takes ({})", node.function, _spoken(signature)))
            return _ANY
        found = [
            self._argument(argument, parameter)
            for argument, parameter in zip(node.arguments, parameters, strict=False)
        ]
        if signature.as_first:
            return found[0]
        return _BOOLEAN if signature.truth else _NUMBER

    def _group(self, node: Group) -> _Type:
        relations = self._scope.relations
        if not relations:
            self._flaw(node, said("no other equipment is looked at here"))
            return _ANY
        if node.relation not in relations:
            mend = nearest(node.relation, relations) or said(
                "one of: {}", ", ".join(sorted(relations))
            )
            self._flaw(node, said("no relation {!r}", node.relation), mend)
        if any(isinstance(below, Group) for below in walk(node.operand)):
            self._flaw(node, said("a group takes no other group"))
        if node.of:
            self._elsewhere(node)
            return _NUMBER if node.is_number else _BOOLEAN
        self.want(node.operand, self.type_of(node.operand), _Kind.BOOLEAN)
        return _NUMBER if node.is_number else _BOOLEAN

    def _elsewhere(self, node: Group) -> None:
        """Check a condition on equipment of another class by what may be said of that."""
        there = self._scope.elsewhere.get(node.of)
        if there is None:
            self._flaw(
                node, said("no class {!r}", node.of), nearest(node.of, self._scope.elsewhere)
            )
            return
        for flaw in check(Expression.of(node.operand), there):
            message = said("{}, in class {}", flaw.message, node.of)
            self.flaws.append(replace(flaw, message=message))

    def _argument(self, node: Node, parameter: Parameter) -> _Type:
        if parameter is Parameter.SPAN:
            if not isinstance(node, Span):
                self._flaw(node, said("expected a duration"), said("such as 30s or 10m"))
            elif node.micros <= 0:
                self._flaw(node, said("the duration is zero"), said("such as 30s or 10m"))
            return _NUMBER
        if parameter in {Parameter.OCCURRENCE, Parameter.HAPPENING} and self._is_event(node):
            return _ANY
        if parameter in {Parameter.OCCURRENCE, Parameter.HAPPENING} and self._is_unknown(node):
            names = (*self._scope.points, *self._scope.events)
            self._flaw(
                node, said("no point and no event {!r}", str(node)), nearest(str(node), names)
            )
            return _ANY
        if parameter in {Parameter.POINT, Parameter.OCCURRENCE} and not isinstance(node, Point):
            self._flaw(node, said("expected the name of a point"))
            return _ANY
        if any(isinstance(below, Group) for below in walk(node)):
            self._flaw(node, said("a function of the past takes no group"))
        found = self.type_of(node)
        if parameter is Parameter.VALUE:
            self.want(node, found, _Kind.NUMBER)
        elif parameter in {Parameter.CONDITION, Parameter.HAPPENING}:
            self.want(node, found, _Kind.BOOLEAN)
        return found

    def _is_unknown(self, node: Node) -> bool:
        return isinstance(node, Point) and node.name not in self._scope.points

    def _is_event(self, node: Node) -> bool:
        return isinstance(node, Point) and node.name in self._scope.events


def _type_of_constant(node: Literal | Word | Span) -> _Type:
    if isinstance(node, Span):
        return _NUMBER
    value = node.text if isinstance(node, Word) else node.value
    if isinstance(value, str):
        return _TEXT
    return _BOOLEAN if isinstance(value, bool) else _NUMBER


def _spoken(signature: Signature) -> Said:
    words = [_PARAMETERS[parameter] for parameter in signature.parameters]
    if signature.values > 1:
        words[0] = said("{} (1 to {})", words[0], signature.values)
    return joined(", ", words)
