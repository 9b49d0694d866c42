"""Second proofs: an event that counts only when another device nearby told of it as well.

Either may come first, so what may be one half of a proof is remembered for a while. Nearness is that
of places: a part's own, else its equipment's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import SiteLedger
from rules.engine.groups import place_of
from rules.language.rule import LONGEST_PROOF, Proof, Relation

KEPT: Micros = 2 * LONGEST_PROOF
"""How long a half is remembered after it arrived: what happened together may arrive apart."""
MOST = 500
"""Halves remembered at most; a device that floods pushes out the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An event as rules look at it."""

    site: str
    equipment: str
    part: str | None
    type: str
    at: Micros
    came: Micros
    facts: Mapping[str, Scalar]
    """Its attributes, and its part."""

    def with_proof(self, other: "Occurrence") -> "Occurrence":
        """Return it as of when both had happened."""
        return replace(self, at=max(self.at, other.at))


@dataclass(slots=True)
class Halves:
    """Events that are, or want, a proof: the newest, in the order in which they came."""

    kept: list[Occurrence] = field(default_factory=list)

    def add(self, one: Occurrence, kept: Micros) -> None:
        """Remember an event, and forget what came longer ago than ``kept``."""
        self.kept = [old for old in self.kept if one.came - old.came <= kept][1 - MOST :]
        self.kept.append(one)

    def beside(self, one: Occurrence) -> list[Occurrence]:
        """Return what other devices, or other parts of this one, told at the same site."""
        here = [other for other in self.kept if other.site == one.site]
        return [
            other for other in here if (other.equipment, other.part) != (one.equipment, one.part)
        ]


def proves(ledger: SiteLedger, proof: Proof, one: Occurrence, other: Occurrence) -> bool:
    """Tell whether ``other`` is the proof that a rule on ``one`` wants."""
    if other.type != proof.matcher.type or abs(one.at - other.at) > proof.within:
        return False
    told = ledger.equipment.get(other.equipment)
    if told is None or told.equipment_class != proof.equipment_class:
        return False
    near = _anchor(ledger, one, proof.relation)
    is_near = near is not None and near == _anchor(ledger, other, proof.relation)
    return is_near and proof.matcher.matches(other.facts)


def _anchor(ledger: SiteLedger, one: Occurrence, relation: Relation) -> str | None:
    equipment = ledger.equipment.get(one.equipment)
    if equipment is None:
        return None
    part = equipment.parts.get(one.part or "")
    return place_of(ledger, (part and part.place) or equipment.place, relation)
