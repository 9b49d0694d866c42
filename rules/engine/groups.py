"""Conditions over several equipment: who belongs together, and how many of them say yes.

A ``Poll`` is shared by its members and follows every change of one of them at once; what was saved
and reloaded counts anew. Members are the equipment of one class at one site that one relation joins:
of the rule's own class those that it is for, of another class all. Unknown stays unknown: it is no
yes, and no no.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment, SiteLedger
from rules.language.rule import Relation


@dataclass(slots=True)
class Poll:
    """The votes of those that belong together, one each."""

    members: tuple[int, ...]
    """Units' numbers, by the equipment's id: the first one leads."""
    lookers: tuple[tuple[int, int], ...] = ()
    """(unit's number, rule's number in its plan) of those that look again when a vote changes."""
    votes: dict[int, bool | None] = field(default_factory=dict)
    """By unit's number; None = unknown."""
    yes: int = 0
    unknown: int = 0

    def __post_init__(self) -> None:
        self.votes = dict.fromkeys(self.members)
        self.unknown = len(self.members)

    def vote(self, number: int, value: bool | None) -> bool:
        """Take a member's vote; tell whether it is another than before."""
        before = self.votes[number]
        if before is value:
            return False
        self.votes[number] = value
        self.yes += (value is True) - (before is True)
        self.unknown += (value is None) - (before is None)
        return True

    def value(self, function: str) -> Scalar:
        """Return what is certain of ``any all count share``; None when it is not."""
        low, high = self.least(function), self.most(function)
        return low if low == high else None

    def least(self, function: str) -> Scalar:
        """Return what it is if everything unknown is a no."""
        return self._of(function, self.yes)

    def most(self, function: str) -> Scalar:
        """Return what it is if everything unknown is a yes."""
        return self._of(function, self.yes + self.unknown)

    def _of(self, function: str, yes: int) -> Scalar:
        match function:
            case "any":
                return yes > 0
            case "all":
                return yes == len(self.members)
            case "share":
                return yes / len(self.members)
        return float(yes)


def anchors(ledger: SiteLedger) -> Callable[[Equipment, Relation], str | None]:
    """Return how to find what joins an equipment to others; None = nothing does."""
    feeders = _feeders(ledger)

    def anchor(equipment: Equipment, relation: Relation) -> str | None:
        match relation:
            case Relation.SIBLINGS:
                return equipment.parent
            case Relation.SUPPLY:
                return next(
                    (feeders[one] for one in _fed(ledger, equipment) if one in feeders), None
                )
        return place_of(ledger, equipment.place, relation)

    return anchor


def place_of(ledger: SiteLedger, place: str, relation: Relation) -> str | None:
    """Return the zone, floor, unit or building that a place is or lies in, or its site."""
    if relation is Relation.SITE:
        return ledger.site.id
    way = reversed(ledger.way_to(place))
    return next((one.id for one in way if one.kind.value == relation.value), None)


def _fed(ledger: SiteLedger, equipment: Equipment) -> Iterator[str]:
    """Yield what a supply of an equipment may be written for: it, then its places from within."""
    yield equipment.id
    for place in reversed(ledger.way_to(equipment.place)):
        yield place.id


def _feeders(ledger: SiteLedger) -> Mapping[str, str]:
    """Return by what each fed equipment or place is fed; of several the first by id."""
    found: dict[str, str] = {}
    for one in sorted(ledger.equipment.values(), key=lambda one: one.id, reverse=True):
        found.update(dict.fromkeys(one.feeds, one.id))
    return found
