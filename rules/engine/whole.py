"""Which figures are whole whatever happens: counts, and what is made of counts. Texts show them so."""

from gengfu.core.expression.tree import (
    Binary,
    Call,
    Group,
    Literal,
    Minus,
    Node,
    Point,
    Span,
    Window,
)
from gengfu.core.names import PointKind
from gengfu.ledger.model import EquipmentClass

_KEEPS = frozenset({"abs", "change", "max", "min", "previous"})
"""Functions, of the past too, whose value is as whole as what they are given."""


def is_whole(node: Node, equipment_class: EquipmentClass) -> bool:
    """Tell whether an expression's value can be no fraction, by its form alone."""
    match node:
        case Literal(_, value):
            return isinstance(value, float) and value.is_integer()
        case Point(_, name):
            point = equipment_class.points.get(name)
            return point is not None and point.kind is PointKind.INTEGER
        case Group() | Window(function="count"):
            return node.function == "count"
        case Minus(_, operand):
            return is_whole(operand, equipment_class)
        case Binary(_, "+" | "-" | "*", left, right):
            return is_whole(left, equipment_class) and is_whole(right, equipment_class)
        case Call() | Window():
            given = [one for one in node.arguments if not isinstance(one, Span)]
            return node.function in _KEEPS and all(is_whole(one, equipment_class) for one in given)
    return False
