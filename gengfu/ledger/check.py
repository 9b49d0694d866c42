"""What must hold between the things of a ledger: relations lead somewhere and never in circles.

Each mistake is a ``Finding`` that names table, row and field, so that the import can say file, row
and column, and everyone else can say the id.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from gengfu.core.errors import Fault
from gengfu.core.names import MAX_WHOLE, PointKind
from gengfu.core.naming import Bilingual, Scalar, is_slug
from gengfu.core.said import NOTHING, Said, said
from gengfu.ledger.check_hours import calendar_flaws, guarded_flaw
from gengfu.ledger.check_linkage import flaws, line_key
from gengfu.ledger.model import (
    Equipment,
    EquipmentClass,
    Part,
    Place,
    PlaceKind,
    SiteLedger,
    ZoneKind,
)
from gengfu.marked import is_identifier

MAX_NAME = 128
_NO_NAME = said("a name of at most {} printable characters is expected", MAX_NAME)
MAX_LEVEL = 1000
_DEPTH = {PlaceKind.BUILDING: 0, PlaceKind.UNIT: 1, PlaceKind.FLOOR: 2, PlaceKind.ZONE: 3}
_WANTED = {
    PointKind.BOOLEAN: said("true or false"),
    PointKind.ANALOG: said("a number"),
    PointKind.INTEGER: said("a number"),
    PointKind.ENUM: said("a word"),
    PointKind.TEXT: said("a text"),
}
_SLUG_MEND = said("use a-z, 0-9, - and _, at most 64, a letter or digit first")


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake. ``key`` is the row's identity in its table, ``field`` the CSV column's name."""

    table: str
    key: tuple[str, ...]
    field: str
    message: Said
    mend: Said = NOTHING

    def fault(self) -> Fault:
        """Return it for someone who has no file before him."""
        return Fault(
            f"ledger {self.table}", f"{'/'.join(self.key)} {self.field}", self.message, self.mend
        )


def check(ledgers: Sequence[SiteLedger], classes: Mapping[str, EquipmentClass]) -> list[Fault]:
    """Return all mistakes of ledgers that are to hold together; none = consistent."""
    return [finding.fault() for finding in find(ledgers, classes)]


def find(ledgers: Sequence[SiteLedger], classes: Mapping[str, EquipmentClass]) -> Iterator[Finding]:
    """Yield all mistakes: each site by itself, then ids that two sites share."""
    for ledger in ledgers:
        yield from _site(ledger)
        for place in ledger.places.values():
            yield from _place(ledger, place)
        for equipment in ledger.equipment.values():
            yield from _equipment(ledger, equipment, classes)
            for part in equipment.parts.values():
                yield from _part(ledger, equipment, part)
        for line in ledger.linkage:
            table, *key = line_key(ledger.site.id, line)
            for field, message, mend in flaws(ledger, line, classes):
                yield Finding(table, tuple(key), field, message, mend)
        yield from _calendar(ledger)
    yield from shared_ids(ledgers)


def _calendar(ledger: SiteLedger) -> Iterator[Finding]:
    site = ledger.site.id
    for first, column, message, mend in calendar_flaws(ledger.special_days):
        yield Finding("holidays", (site, first.isoformat()), column, message, mend)
    for one in ledger.special_days:
        if _is_no_text(one.name):
            yield Finding("holidays", (site, one.first.isoformat()), "name", _NO_NAME)


def _guarded(table: str, key: tuple[str, ...], text: str) -> Iterator[Finding]:
    message = guarded_flaw(text)
    if message:
        mend = said("such as 22:00-06:00, or workday 19:00-07:00; restday 00:00-24:00")
        yield Finding(table, key, "guarded", message, mend)


def _site(ledger: SiteLedger) -> Iterator[Finding]:
    site = ledger.site
    key = (site.id,)
    if not is_slug(site.id):
        yield Finding("sites", key, "id", said("{!r} is no id", site.id), _SLUG_MEND)
    if site.time_zone not in available_timezones():
        yield Finding(
            "sites",
            key,
            "time_zone",
            said("{!r} is no time zone", site.time_zone),
            said("write Asia/Shanghai"),
        )
    yield from _name("sites", key, site.name)
    yield from _guarded("sites", key, site.guarded)


def _place(ledger: SiteLedger, place: Place) -> Iterator[Finding]:
    key = (ledger.site.id, place.id)
    if not is_slug(place.id):
        yield Finding("places", key, "id", said("{!r} is no id", place.id), _SLUG_MEND)
    yield from _name("places", key, place.name)
    if (place.zone_kind is not None) != (place.kind is PlaceKind.ZONE):
        yield Finding(
            "places",
            key,
            "zone_kind",
            said("a zone, and only a zone, has a zone_kind"),
            said("area, fire_compartment or armed_area"),
        )
    if place.level is not None and abs(place.level) > MAX_LEVEL:
        yield Finding("places", key, "level", said("no building has {} floors", MAX_LEVEL))
    yield from _guarded("places", key, place.guarded)
    yield from _place_parent(ledger, place, key)


def _place_parent(ledger: SiteLedger, place: Place, key: tuple[str, ...]) -> Iterator[Finding]:
    if place.parent is None:
        if place.kind in {PlaceKind.UNIT, PlaceKind.FLOOR}:
            yield Finding(
                "places",
                key,
                "parent",
                said("a {} stands in a building, none is given", place.kind),
            )
        return
    parent = ledger.places.get(place.parent)
    if parent is None:
        yield Finding(
            "places", key, "parent", said("there is no place {!r} in this site", place.parent)
        )
    elif _in_circle(place.id, lambda id_: _parent_place(ledger, id_)):
        yield Finding("places", key, "parent", said("the parents of this place lead back to it"))
    elif not _may_hold(parent.kind, place.kind):
        yield Finding(
            "places", key, "parent", said("a {} cannot stand in a {}", place.kind, parent.kind)
        )


def _may_hold(parent: PlaceKind, child: PlaceKind) -> bool:
    return _DEPTH[parent] < _DEPTH[child] or parent is child is PlaceKind.ZONE


def _equipment(
    ledger: SiteLedger, equipment: Equipment, classes: Mapping[str, EquipmentClass]
) -> Iterator[Finding]:
    key = (equipment.id,)
    if not is_slug(equipment.id):
        yield Finding("equipment", key, "id", said("{!r} is no id", equipment.id), _SLUG_MEND)
    yield from _name("equipment", key, equipment.name)
    if equipment.equipment_class not in classes:
        yield Finding(
            "equipment",
            key,
            "class",
            said("there is no class {!r}", equipment.equipment_class),
            said("known: {}", ", ".join(classes)),
        )
    if equipment.place not in ledger.places:
        yield Finding(
            "equipment", key, "place", said("there is no place {!r} in this site", equipment.place)
        )
    yield from _relations(ledger, equipment, key)
    kind = classes.get(equipment.equipment_class)
    for name, value in equipment.attributes.items():
        yield from _attribute(key, name, value)
        defined = kind.attributes.get(name) if kind is not None else None
        if defined is not None and not defined.takes(value):
            wanted = _WANTED[defined.kind]
            yield Finding("equipment", key, f"attr.{name}", said("{!r} is not {}", value, wanted))


def _relations(ledger: SiteLedger, equipment: Equipment, key: tuple[str, ...]) -> Iterator[Finding]:
    parent = equipment.parent
    if parent is not None and parent not in ledger.equipment:
        yield Finding(
            "equipment", key, "parent", said("there is no equipment {!r} in this site", parent)
        )
    elif parent is not None and _in_circle(equipment.id, lambda id_: _speaker(ledger, id_)):
        yield Finding(
            "equipment", key, "parent", said("the parents of this equipment lead back to it")
        )
    for fed in equipment.feeds:
        if fed == equipment.id:
            yield Finding("equipment", key, "feeds", said("it cannot feed itself"))
        elif fed not in ledger.equipment and fed not in ledger.places:
            yield Finding(
                "equipment",
                key,
                "feeds",
                said("there is no equipment or place {!r} in this site", fed),
            )


def _attribute(key: tuple[str, ...], name: str, value: Scalar) -> Iterator[Finding]:
    field = f"attr.{name}"
    if not is_identifier(name):
        yield Finding(
            "equipment",
            key,
            field,
            said("{!r} is no name", name),
            said("use a-z, 0-9 and _, a letter first"),
        )
    if isinstance(value, int | float) and not abs(value) <= _largest(value):
        yield Finding("equipment", key, field, said("the number is too large"))
    if isinstance(value, str) and _is_no_text(value):
        yield Finding(
            "equipment",
            key,
            field,
            said("a text of at most {} printable characters is expected", MAX_NAME),
        )


def _largest(value: float) -> float:
    return MAX_WHOLE if isinstance(value, int) else sys.float_info.max


def _part(ledger: SiteLedger, equipment: Equipment, part: Part) -> Iterator[Finding]:
    key = (equipment.id, part.address)
    if not part.address or len(part.address) > 64 or _has_controls(part.address):
        yield Finding(
            "parts", key, "address", said("an address of 1 to 64 printable characters is expected")
        )
    if not is_identifier(part.type):
        yield Finding(
            "parts",
            key,
            "type",
            said("{!r} is no type", part.type),
            said("smoke, heat, call_point, input, module …"),
        )
    yield from _name("parts", key, part.name)
    if part.place is not None and part.place not in ledger.places:
        yield Finding(
            "parts", key, "place", said("there is no place {!r} in this site", part.place)
        )
    if part.compartment is None:
        return
    compartment = ledger.places.get(part.compartment)
    if compartment is None:
        yield Finding(
            "parts",
            key,
            "compartment",
            said("there is no place {!r} in this site", part.compartment),
        )
    elif compartment.zone_kind is not ZoneKind.FIRE_COMPARTMENT:
        yield Finding(
            "parts",
            key,
            "compartment",
            said("{!r} is no fire compartment", part.compartment),
            said("give that place the zone_kind fire_compartment"),
        )


def shared_ids(ledgers: Sequence[SiteLedger]) -> Iterator[Finding]:
    """Yield ids that stand twice; equipment ids are unique across all sites."""
    sites: set[str] = set()
    owner: dict[str, str] = {}
    for ledger in ledgers:
        site = ledger.site.id
        if site in sites:
            yield Finding("sites", (site,), "id", said("the site {!r} stands here twice", site))
        sites.add(site)
        for id_ in ledger.equipment:
            if owner.setdefault(id_, site) != site:
                yield Finding(
                    "equipment",
                    (id_,),
                    "id",
                    said("{!r} stands in {!r} too", id_, owner[id_]),
                    said("equipment ids are unique across all sites"),
                )


def _name(table: str, key: tuple[str, ...], name: Bilingual) -> Iterator[Finding]:
    for language, text in (("zh", name.zh), ("en", name.en)):
        if not text:
            yield Finding(table, key, f"name_{language}", said("the name is empty"))
        elif _is_no_text(text):
            yield Finding(table, key, f"name_{language}", _NO_NAME)


def _is_no_text(text: str) -> bool:
    return len(text) > MAX_NAME or _has_controls(text)


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _parent_place(ledger: SiteLedger, place: str) -> str | None:
    found = ledger.places.get(place)
    return found.parent if found else None


def _speaker(ledger: SiteLedger, equipment: str) -> str | None:
    found = ledger.equipment.get(equipment)
    return found.parent if found else None


def _in_circle(start: str, parent: Callable[[str], str | None]) -> bool:
    seen: set[str] = set()
    step = parent(start)
    while step is not None and step not in seen:
        if step == start:
            return True
        seen.add(step)
        step = parent(step)
    return False
