"""Where to send a person: a subject's place in the ledger, as a guard is told it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from gengfu.core.naming import Bilingual, Subject
from gengfu.ledger.model import PlaceKind, SiteLedger

NOWHERE_KNOWN = Bilingual("位置未登记", "place not in the ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a subject is and what it is called."""

    place: Bilingual = NOWHERE_KNOWN
    building: str | None = None
    zone: str | None = None
    equipment_class: str | None = None
    name: Bilingual | None = None


class Directory:
    """Finds equipment, parts and places in the ledgers of all sites."""

    def __init__(self, ledgers: Iterable[SiteLedger] = ()) -> None:
        self._sites = {ledger.site.id: ledger for ledger in ledgers}

    def knows_site(self, site: str) -> bool:
        return site in self._sites

    def knows_equipment(self, site: str, equipment: str) -> bool:
        return site in self._sites and equipment in self._sites[site].equipment

    def knows_place(self, site: str, place: str) -> bool:
        return site in self._sites and place in self._sites[site].places

    def of_subject(self, site: str, subject: Subject) -> Whereabouts:
        """Return where a subject is: a part's own place goes before its equipment's."""
        ledger = self._sites.get(site)
        equipment = ledger.equipment.get(subject.equipment) if ledger else None
        if ledger is None or equipment is None:
            return Whereabouts()
        part = equipment.parts.get(subject.part) if subject.part else None
        place = (part.place if part else None) or equipment.place
        compartment = part.compartment if part else None
        return Whereabouts(
            place=ledger.place_name(place),
            building=ledger.building_of(place),
            zone=compartment or _zone(ledger, place),
            equipment_class=equipment.equipment_class,
            name=part.name if part else equipment.name,
        )

    def of_place(self, site: str, place: str) -> Whereabouts:
        """Return where a place is; ``NOWHERE_KNOWN`` for one that the ledger does not have."""
        ledger = self._sites.get(site)
        if ledger is None or place not in ledger.places:
            return Whereabouts()
        return Whereabouts(
            place=ledger.place_name(place),
            building=ledger.building_of(place),
            zone=_zone(ledger, place),
        )


def _zone(ledger: SiteLedger, place: str) -> str | None:
    zones = [step.id for step in ledger.way_to(place) if step.kind is PlaceKind.ZONE]
    return zones[-1] if zones else None
