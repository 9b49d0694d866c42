"""The typed tree of an expression. A node writes itself canonically.

It knows its column, which is no part of what it means: equal meanings compare equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from gengfu.core.clock import Micros


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text in quotes, ``true`` or ``false``."""

    column: int = field(compare=False)
    value: bool | float | str

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Span:
    """A duration; as a number it is seconds."""

    column: int = field(compare=False)
    micros: Micros

    def __str__(self) -> str:
        return f"{self.micros // 1_000}ms"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the equipment (or, inside ``since``, an event type)."""

    column: int = field(compare=False)
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Attribute:
    """A fact of the ledger: ``attr.rated_current``."""

    column: int = field(compare=False)
    name: str

    def __str__(self) -> str:
        return f"attr.{self.name}"


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word on the right of ``==``, ``!=`` or ``in``: one of an enum's words."""

    column: int = field(compare=False)
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    column: int = field(compare=False)
    operand: "Node"

    def __str__(self) -> str:
        return f"(not {self.operand})"


@dataclass(frozen=True, slots=True)
class Minus:
    """A number's sign."""

    column: int = field(compare=False)
    operand: "Node"

    def __str__(self) -> str:
        return f"(-{self.operand})"


@dataclass(frozen=True, slots=True)
class Binary:
    """``and or == != < <= > >= + - * /``."""

    column: int = field(compare=False)
    operator: str
    left: "Node"
    right: "Node"

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


@dataclass(frozen=True, slots=True)
class OneOf:
    """``mode in (normal, attendant)``."""

    column: int = field(compare=False)
    operand: "Node"
    choices: "tuple[Node, ...]"

    def __str__(self) -> str:
        return f"({self.operand} in ({listed(self.choices)}))"


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function of values: ``known maybe surely abs min max``."""

    column: int = field(compare=False)
    function: str
    arguments: "tuple[Node, ...]"

    def __str__(self) -> str:
        return f"{self.function}({listed(self.arguments)})"


@dataclass(frozen=True, slots=True)
class Window:
    """A function of the past, which whoever evaluates must supply under the name ``key``.

    Any function that is not built in, or that has a duration among its arguments.
    """

    column: int = field(compare=False)
    function: str
    arguments: "tuple[Node, ...]"
    key: str
    """Its canonical text: equal windows of different rules share one state."""

    @property
    def values(self) -> int:
        """How many arguments come before its duration, or one."""
        return next((n for n, one in enumerate(self.arguments) if isinstance(one, Span)), 1) or 1

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class Group:
    """``any all count share`` of a condition over related equipment: ``count(covered, building)``.

    Of another class where that is named: ``any(fire > 0, building, fire_panel)``; then nothing in the
    condition is this equipment's own, and no walk over the expression's tree enters it.
    Whoever evaluates supplies its value under ``key`` (unknown unless it is certain), and for those
    that count what it is at least and at most, by ``least`` and ``most``.
    """

    column: int = field(compare=False)
    function: str
    operand: "Node"
    relation: str
    of: str = ""
    """The class of those that are asked; empty: that of who asks."""

    @property
    def key(self) -> str:
        asked = f", {self.of}" if self.of else ""
        return f"{self.function}({self.operand}, {self.relation}{asked})"

    @property
    def least(self) -> str:
        return f"least {self.key}"

    @property
    def most(self) -> str:
        return f"most {self.key}"

    @property
    def is_number(self) -> bool:
        return self.function in {"count", "share"}

    def __str__(self) -> str:
        return self.key


Node: TypeAlias = (
    Literal | Span | Point | Attribute | Word | Not | Minus | Binary | OneOf | Call | Window | Group
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below one that are about the same equipment."""
    return () if isinstance(node, Group) and node.of else below(node)


def below(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below one, of whatever equipment."""
    match node:
        case Not() | Minus() | Group():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case OneOf():
            return (node.operand, *node.choices)
        case Call() | Window():
            return node.arguments
        case _:
            return ()


def walk(node: Node) -> "tuple[Node, ...]":
    """Return a node and all below it, from the left."""
    return (node, *(below for child in children(node) for below in walk(child)))


def size(node: Node) -> int:
    """Return of how many nodes an expression is made."""
    return 1 + sum(map(size, below(node)))


def depth(node: Node) -> int:
    """Return how many nodes stand below each other, whatever the depth: it does not recur."""
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [one for above in level for one in below(above)]
    return deepest


def outside(node: Node) -> "tuple[Node, ...]":
    """Return a node and all below it, without what is inside groups."""
    if isinstance(node, Group):
        return (node,)
    return (node, *(below for child in children(node) for below in outside(child)))


def put(node: Node, names: "Mapping[str, Node]") -> Node:
    """Return a node with named ones in the place of their names."""
    match node:
        case Point():
            return names.get(node.name, node)
        case Group() if node.of:
            return node
        case Not() | Minus() | Group():
            return replace(node, operand=put(node.operand, names))
        case Binary():
            return replace(node, left=put(node.left, names), right=put(node.right, names))
        case OneOf():
            return replace(node, operand=put(node.operand, names))
        case Call():
            return replace(node, arguments=tuple(put(one, names) for one in node.arguments))
        case Window():
            arguments = tuple(put(one, names) for one in node.arguments)
            return window(node.column, node.function, arguments)
        case _:
            return node


def window(column: int, function: str, arguments: tuple[Node, ...]) -> Window:
    """Return a function of the past with its canonical key."""
    return Window(column, function, arguments, f"{function}({listed(arguments)})")


def listed(nodes: "tuple[Node, ...]") -> str:
    """Write several nodes as a list."""
    return ", ".join(map(str, nodes))
