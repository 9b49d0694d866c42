"""Second proofs: an event that counts only when another device nearby told of it as well.

Either may come first, so what may be one half of a proof is remembered for a while. Nearness is that
of places: a part's own, else its equipment's.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import SiteLedger
from rules.engine.groups import place_of
from rules.language.rule import LONGEST_PROOF, Proof, Relation

KEPT: Micros = 2 * LONGEST_PROOF
"""How long a half is remembered after it arrived: what happened together may arrive apart."""
MOST = 50
"""Halves of one type remembered of one device's part; one that floods pushes out its own oldest."""


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
    """Events that are, or want, a proof: the newest of everyone, in the order in which they came."""

    told: dict[tuple[str, str], dict[tuple[str, str | None], list[Occurrence]]] = field(
        default_factory=dict
    )
    """By site and type, then by who told it: equipment and part."""
    forgotten: Micros = 0
    """What came before counts no more."""

    def add(self, one: Occurrence, kept: Micros) -> None:
        """Remember an event, and forget what came longer than ``kept`` before."""
        self.forgotten = one.came - kept
        own = self.told.setdefault((one.site, one.type), {}).setdefault(_teller(one), [])
        del own[: max(0, len(own) + 1 - MOST)]
        own.append(one)

    def beside(self, one: Occurrence, type_: str) -> list[Occurrence]:
        """Return what other devices, or other parts of this one, told of a type at the same site."""
        tellers = self.told.get((one.site, type_), {})
        others = (
            own[bisect_left(own, self.forgotten, key=_came) :]
            for teller, own in tellers.items()
            if teller != _teller(one)
        )
        return sorted(chain.from_iterable(others), key=_came)


def _teller(one: Occurrence) -> tuple[str, str | None]:
    return one.equipment, one.part


def _came(one: Occurrence) -> Micros:
    return one.came


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
