"""The cast of a scenario: equipment of its own, written in a line or two each, as a site's ledger.

Ids in the script are short (``lift``); in the ledger they carry the scenario's name, since ids are
unique across sites. Places are made as they are named: ``f3`` is a floor with its fire compartment.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import yaml

from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.said import said
from gengfu.ledger.check import find
from gengfu.ledger.model import (
    Cause,
    Equipment,
    EquipmentClass,
    LinkageLine,
    Needs,
    Part,
    Place,
    PlaceKind,
    Site,
    SiteLedger,
    ZoneKind,
)
from gengfu.marked import Page

BUILDING = "b1"
_FLOOR = re.compile(r"f(-?\d{1,3})", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def scalar(text: str) -> Scalar:
    """Return a truth, a number, or else the text."""
    if text in {"true", "false"}:
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


@dataclass(slots=True)
class CastReader:
    """Reads ``cast`` and ``linkage`` of one file; mistakes go to the page."""

    page: Page
    site: str
    classes: Mapping[str, EquipmentClass]
    places: dict[str, Place] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    """Short id → id in the ledger."""

    def ledger(
        self, cast: yaml.Node, linkage: yaml.Node | None, title: Bilingual
    ) -> SiteLedger | None:
        """Return the site's ledger; None when what was written cannot be one."""
        self.places[BUILDING] = Place(
            id=BUILDING, kind=PlaceKind.BUILDING, name=Bilingual("1号楼", "Building 1")
        )
        entries = self.page.entries(cast)
        written = {name: self._fields(node) for name, node in entries.items()}
        for name, fields in written.items():
            for one in self._names(name, fields):
                self.ids[one] = f"{self.site}-{one}"
        equipment = [
            self._equipment(one, fields)
            for name, fields in written.items()
            for one in self._names(name, fields)
        ]
        found = SiteLedger(
            site=Site(id=self.site, name=title),
            places=self.places,
            equipment={one.id: one for one in equipment},
        )
        lines = tuple(self._line(node) for node in self.page.items(linkage))
        found = replace(found, places=dict(self.places), linkage=lines)
        for finding in find([found], self.classes):
            fault = finding.fault()
            self.page.fault(cast, said("{}: {}", fault.place, fault.message), fault.mend)
        return None if self.page.faults else found

    def _fields(self, node: yaml.Node) -> dict[str, yaml.Node]:
        return self.page.fields(
            node,
            required=("class",),
            optional=("count", "place", "parent", "feeds", "attributes", "parts"),
        )

    def _names(self, name: str, fields: Mapping[str, yaml.Node]) -> Sequence[str]:
        count = self.page.number(fields.get("count"))
        if count is None:
            return (name,)
        return tuple(f"{name}-{number}" for number in range(1, int(count) + 1))

    def _equipment(self, name: str, fields: Mapping[str, yaml.Node]) -> Equipment:
        page = self.page
        attributes = page.entries(fields["attributes"]) if "attributes" in fields else {}
        parts = page.entries(fields["parts"]) if "parts" in fields else {}
        parent = page.text(fields.get("parent"))
        return Equipment(
            id=self.ids[name],
            equipment_class=page.text(fields.get("class")),
            name=Bilingual(name, name),
            place=self.place(page.text(fields.get("place")) or BUILDING),
            parent=self.ids.get(parent, parent) or None,
            feeds=tuple(self._fed(one) for one in page.items(fields.get("feeds"))),
            attributes={key: scalar(page.text(one)) for key, one in attributes.items()},
            parts={address: self._part(address, node) for address, node in parts.items()},
        )

    def _fed(self, node: yaml.Node) -> str:
        name = self.page.text(node)
        return self.ids[name] if name in self.ids else self.place(name)

    def _part(self, address: str, node: yaml.Node) -> Part:
        type_, _, where = self.page.text(node).partition(" ")
        place = self.place(where.strip() or BUILDING)
        compartment = f"{place}-fc" if f"{place}-fc" in self.places else None
        name = Bilingual(f"{address} {type_}", f"{address} {type_}")
        return Part(address=address, type=type_, name=name, place=place, compartment=compartment)

    def place(self, name: str) -> str:
        """Return a place's id, making the place when it is named for the first time."""
        floor = _FLOOR.fullmatch(name)
        if name not in self.places and floor is not None:
            level = int(floor[1])
            self.places[name] = Place(
                id=name,
                kind=PlaceKind.FLOOR,
                name=Bilingual(f"{level}层", f"Floor {level}"),
                parent=BUILDING,
                level=level,
            )
            self._zone(f"{name}-fc", name, ZoneKind.FIRE_COMPARTMENT)
        elif name not in self.places:
            self._zone(name, BUILDING, ZoneKind.AREA)
        return name

    def _zone(self, id_: str, parent: str, kind: ZoneKind) -> None:
        name = Bilingual(id_, id_)
        self.places[id_] = Place(
            id=id_, kind=PlaceKind.ZONE, name=name, parent=parent, zone_kind=kind
        )

    def _line(self, node: yaml.Node) -> LinkageLine:
        page = self.page
        found = page.fields(
            node,
            required=("where", "equipment", "expect", "within"),
            optional=("cause", "signal", "needs"),
        )
        where = page.text(found.get("where"))
        within: Micros = page.duration(found.get("within"))
        return LinkageLine(
            cause=page.choice(found.get("cause"), Cause, Cause.CONFIRMED_FIRE),
            where=self.ids[where] if where in self.ids else self.place(where),
            signal=page.text(found.get("signal")),
            equipment=tuple(self._responding(page.items(found.get("equipment")))),
            needs=page.choice(found.get("needs"), Needs, Needs.ALL),
            expectation=page.text(found.get("expect")),
            within=within,
        )

    def _responding(self, nodes: Sequence[yaml.Node]) -> Iterator[str]:
        for node in nodes:
            name = self.page.text(node)
            yield self.ids.get(name, name)
