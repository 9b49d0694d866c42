"""Second proofs: an event that counts only when another device nearby told of it as well.

Either may come first, so what may be one half of a proof is remembered for a while. Nearness is that
of places: a part's own, else its equipment's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gengfu.core.clock import MINUTE, Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import SiteLedger
from rules.engine.groups import place_of
from rules.language.rule import Proof, Relation

KEPT: Micros = 10 * MINUTE
"""How long a half is remembered after it arrived: events of one moment may come one after the other."""
MOST = 500
"""Halves remembered at most; a device that floods pushes out the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """An event that is, or wants, a proof."""

    site: str
    equipment: str
    part: str | None
    type: str
    at: Micros
    came: Micros
    facts: Mapping[str, Scalar]

    def until(self, other: "Half") -> "Half":
        """Return it as of when both had happened."""
        return replace(self, at=max(self.at, other.at))


@dataclass(slots=True)
class Halves:
    """The newest of them, in the order in which they came."""

    kept: list[Half] = field(default_factory=list)

    def add(self, half: Half) -> None:
        """Remember one, and forget what is old."""
        self.kept = [one for one in self.kept if half.came - one.came <= KEPT][1 - MOST :]
        self.kept.append(half)

    def beside(self, half: Half) -> list[Half]:
        """Return what other devices, or other parts of this one, told at the same site."""
        here = [one for one in self.kept if one.site == half.site]
        return [one for one in here if (one.equipment, one.part) != (half.equipment, half.part)]


def proves(ledger: SiteLedger, proof: Proof, half: Half, other: Half) -> bool:
    """Tell whether ``other`` is the proof that a rule on ``half`` wants."""
    if other.type != proof.matcher.type or abs(half.at - other.at) > proof.within:
        return False
    told = ledger.equipment.get(other.equipment)
    if told is None or told.equipment_class != proof.equipment_class:
        return False
    near = _anchor(ledger, half, proof.relation)
    is_near = near is not None and near == _anchor(ledger, other, proof.relation)
    return is_near and proof.matcher.matches(other.facts)


def _anchor(ledger: SiteLedger, half: Half, relation: Relation) -> str | None:
    equipment = ledger.equipment.get(half.equipment)
    if equipment is None:
        return None
    part = equipment.parts.get(half.part or "")
    return place_of(ledger, (part and part.place) or equipment.place, relation)
