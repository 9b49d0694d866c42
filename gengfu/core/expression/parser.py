"""A Pratt parser: from tokens to the tree. Nesting is bounded, so no text can exhaust the stack."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gengfu.core.expression.lexer import ExpressionError, Token, TokenKind, parse_span, tokens
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
    depth,
    outside,
    put,
    walk,
    window,
)
from gengfu.core.said import NOTHING, Misread, Said, said

MAX_DEPTH = 40
"""Of brackets within each other."""
DEEPEST = 150
"""Of the tree, with what its names stand for."""
BUILT_IN = frozenset({"known", "maybe", "surely", "abs", "min", "max"})
GROUPS = frozenset({"any", "all", "count", "share"})
RESERVED = frozenset({"and", "or", "not", "in", "true", "false", "attr"})

_POWER = {
    "or": 10,
    "and": 20,
    "==": 40,
    "!=": 40,
    "<": 40,
    "<=": 40,
    ">": 40,
    ">=": 40,
    "in": 40,
    "not": 40,
    "+": 50,
    "-": 50,
    "*": 60,
    "/": 60,
}
_NOT = 30
_COMPARE = 40
_SIGN = 70


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. Equal trees are equal whatever their spacing was."""

    text: str = field(compare=False)
    root: Node
    points: frozenset[str]
    """Names it reads: points, and event types inside ``since``."""
    windows: tuple[Window, ...]
    """Its functions of the past, each once, in order."""
    attributes: frozenset[str]
    groups: tuple[Group, ...] = ()
    """Its conditions over related equipment, each once, in order; ``points`` has theirs too."""

    @classmethod
    def of(cls, root: Node, text: str = "") -> "Expression":
        """Return the expression of a tree; ``text``: as it was written."""
        nodes = walk(root)
        return cls(
            text=text or str(root),
            root=root,
            points=frozenset(node.name for node in nodes if isinstance(node, Point)),
            windows=tuple({node.key: node for node in nodes if isinstance(node, Window)}.values()),
            attributes=frozenset(node.name for node in nodes if isinstance(node, Attribute)),
            groups=tuple({node.key: node for node in nodes if isinstance(node, Group)}.values()),
        )

    def named(self, names: Mapping[str, Node]) -> "Expression":
        """Return it with named parts in the place of their names.

        Raises:
            ExpressionError: when that is too deep.
        """
        return Expression.of(_shallow(put(self.root, names)), self.text)

    @property
    def alone(self) -> frozenset[str]:
        """The points that it reads outside its groups."""
        return frozenset(node.name for node in outside(self.root) if isinstance(node, Point))


def parse(text: str, names: Collection[str] = ()) -> Expression:
    """Read an expression; ``names`` stand for other expressions, also on the right of ``==``.

    Raises:
        ExpressionError: at its first mistake, with the column and, where possible, the mend.
    """
    parser = _Parser(tokens(text), names)
    root = parser.expression(0)
    parser.expect_end()
    return Expression.of(_shallow(root), text)


def _shallow(root: Node) -> Node:
    """Return a tree that whoever walks it can walk; a chain of many terms is as deep as it is long."""
    if depth(root) > DEEPEST:
        raise ExpressionError(1, said("nested deeper than {} levels", DEEPEST))
    return root


class _Parser:
    def __init__(self, found: list[Token], names: Collection[str]) -> None:
        self._tokens = found
        self._names = names
        self._at = 0
        self._depth = 0

    def expression(self, power: int) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(
                self._next.column, said("nested deeper than {} levels", MAX_DEPTH)
            )
        left = self._prefix()
        while _POWER.get(self._next.text, 0) > power and self._next.kind is not TokenKind.TEXT:
            left = self._infix(left)
        self._depth -= 1
        return left

    def expect_end(self) -> None:
        token = self._next
        if token.kind is not TokenKind.END:
            mend = _in_small_letters(token)
            raise ExpressionError(token.column, said("did not expect {!r} here", token.text), mend)

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind is not TokenKind.END
        return token

    def _expect(self, sign: str) -> Token:
        token = self._take()
        if token.text != sign or token.kind is TokenKind.TEXT:
            raise ExpressionError(
                token.column, said("expected {!r}, found {}", sign, _found(token))
            )
        return token

    def _prefix(self) -> Node:
        token = self._take()
        match token.kind, token.text:
            case TokenKind.NUMBER, text:
                return Literal(token.column, _number(token))
            case TokenKind.SPAN, text:
                return Span(token.column, _span(token))
            case TokenKind.TEXT, text:
                return Literal(token.column, text[1:-1])
            case TokenKind.SIGN, "(":
                inner = self.expression(0)
                self._expect(")")
                return inner
            case TokenKind.SIGN, "-":
                return Minus(token.column, self.expression(_SIGN))
            case TokenKind.NAME, text:
                return self._named(token)
        raise ExpressionError(token.column, said("expected a value, found {}", _found(token)))

    def _named(self, token: Token) -> Node:
        match token.text:
            case "true" | "false":
                return Literal(token.column, token.text == "true")
            case "not":
                return Not(token.column, self.expression(_NOT))
            case "attr":
                self._expect(".")
                return Attribute(token.column, self._plain_name())
            case text if text in RESERVED:
                raise ExpressionError(
                    token.column, said("expected a value, found {}", _found(token))
                )
        if mend := _in_small_letters(token):
            raise ExpressionError(token.column, said("{!r} means nothing here", token.text), mend)
        if self._next.text == "(" and self._next.kind is TokenKind.SIGN:
            return self._call(token)
        return Point(token.column, token.text)

    def _plain_name(self) -> str:
        token = self._take()
        if token.kind is not TokenKind.NAME:
            raise ExpressionError(token.column, said("expected an attribute's name after 'attr.'"))
        return token.text

    def _call(self, token: Token) -> Node:
        arguments = self._list()
        spans = any(isinstance(one, Span) for one in arguments)
        if token.text in GROUPS and not spans:
            return _group(token, arguments)
        past = token.text not in BUILT_IN or spans
        if not past:
            return Call(token.column, token.text, arguments)
        return window(token.column, token.text, arguments)

    def _list(self) -> tuple[Node, ...]:
        self._expect("(")
        found: list[Node] = []
        if self._next.text != ")":
            found.append(self.expression(0))
            while self._next.text == ",":
                self._take()
                found.append(self.expression(0))
        self._expect(")")
        return tuple(found)

    def _infix(self, left: Node) -> Node:
        token = self._take()
        operator, power = token.text, _POWER[token.text]
        if operator == "not":
            self._expect("in")
            return Not(token.column, self._one_of(left, token.column))
        if operator == "in":
            return self._one_of(left, token.column)
        right = self.expression(power)
        if operator in {"==", "!="}:
            right = self._as_word(right)
        node = Binary(token.column, operator, left, right)
        if power == _COMPARE:
            self._refuse_chain()
        return node

    def _one_of(self, left: Node, column: int) -> Node:
        choices = tuple(map(self._as_word, self._list()))
        if not choices or not all(isinstance(one, Word | Literal | Minus) for one in choices):
            raise ExpressionError(
                column, said("'in' wants a list of words or numbers: in (open, closed)")
            )
        self._refuse_chain()
        return OneOf(column, left, choices)

    def _as_word(self, node: Node) -> Node:
        """Return what stands on the right: a bare name is a word, unless it names a part."""
        if isinstance(node, Point) and node.name not in self._names:
            return Word(node.column, node.name)
        return node

    def _refuse_chain(self) -> None:
        token = self._next
        if _POWER.get(token.text) == _COMPARE and token.kind is not TokenKind.TEXT:
            raise ExpressionError(
                token.column, said("comparisons do not chain"), said("write: a < b and b < c")
            )


def _group(token: Token, arguments: tuple[Node, ...]) -> Group:
    match arguments:
        case (operand, Point(_, relation)):
            return Group(token.column, token.text, operand, relation)
        case (operand, Point(_, relation), Point(_, of)):
            return Group(token.column, token.text, operand, relation, of)
    raise ExpressionError(
        token.column,
        said("{} takes a condition, a relation, and perhaps a class", token.text),
        said("write: {}(fault, building) or {}(fault, building, elevator)", token.text, token.text),
    )


def _in_small_letters(token: Token) -> Said:
    """Return the mend of AND, Not, True …; nothing for any other token."""
    word = token.text.lower()
    if token.kind is TokenKind.NAME and word != token.text and word in RESERVED:
        return said("write: {}", word)
    return NOTHING


def _found(token: Token) -> str:
    return repr(token.text) if token.text else said("the end")


def _number(token: Token) -> float:
    value = float(token.text)
    if value in {float("inf"), float("-inf")}:
        raise ExpressionError(token.column, said("{} is too large", token.text))
    return value


def _span(token: Token) -> int:
    try:
        return parse_span(token.text)
    except Misread as exc:
        raise ExpressionError(token.column, exc.said) from exc
