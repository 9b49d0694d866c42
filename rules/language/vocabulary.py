"""What a rule of a class may speak of: its points and events, and the functions of the past."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gengfu.core.expression import PointType, Scope
from gengfu.core.names import PointKind
from gengfu.ledger.model import EquipmentClass
from rules.language.rule import Relation
from rules.past.catalogue import FUNCTIONS

ONLINE = "online"
"""The implicit point of every class: whether its link is up."""

COUNTED_CHILDREN = "children"
THE_PART = "part"
COUNTED, MEMBERS = "counted", "members"
"""Of the rule's first group: how many are known to say yes, and how many there are."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which classes rules may be for, and what ``when`` and ``clear`` may speak of in each."""

    classes: Mapping[str, EquipmentClass]
    scopes: Mapping[str, Scope]

    @classmethod
    def of(cls, classes: Mapping[str, EquipmentClass]) -> "Vocabulary":
        own = {name: _scope(one) for name, one in classes.items()}
        scopes = {name: replace(scope, elsewhere=own) for name, scope in own.items()}
        return cls(classes, scopes)


def _scope(equipment_class: EquipmentClass) -> Scope:
    points = {
        name: PointType(point.kind, tuple(point.words), point.unit, point.low, point.high)
        for name, point in equipment_class.points.items()
    }
    points.setdefault(ONLINE, PointType(PointKind.BOOLEAN))
    return Scope(
        points=points,
        events=frozenset(equipment_class.events),
        functions={name: function.signature for name, function in FUNCTIONS.items()},
        attributes={
            name: PointType(one.kind, tuple(one.words), one.unit)
            for name, one in equipment_class.attributes.items()
        },
        relations=frozenset(relation.value for relation in Relation),
    )


def facts_alone(scope: Scope | None) -> Scope:
    """Return what ``where`` may speak of: the ledger's attributes, no value that changes."""
    return Scope(points={}, attributes=scope.attributes if scope is not None else {})
