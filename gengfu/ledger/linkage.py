"""The test sheet (联动测试表) of a building: what its equipment should do once a fire is certain.

Each building has its own cause-and-effect table, in the fire plan. This drafts one from the ledger,
with the figures of the field, for an engineer to compare with that plan and fill in at the test.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gengfu.core.clock import SECOND, Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest
from gengfu.ledger.columns import guard
from gengfu.ledger.model import Equipment, PlaceKind, SiteLedger


class Cause(StrEnum):
    """What must have happened. One detector alone is no cause: it may be steam."""

    CONFIRMED_FIRE = "confirmed_fire"
    """Two independent signals in one compartment, or a person's verdict (GB 50116 §4.1.6)."""
    WATER = "water_switch"
    """A pressure or flow switch: it alone starts a fire pump (GB 50974 §11.0.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """What a class of equipment should do after a cause when no plan says otherwise."""

    equipment_class: str
    cause: Cause
    expectation: str
    """An expression over the points of the class."""
    within: Micros
    source: str
    """The standard, or that the figure comes from experience and is to be confirmed."""
    role: str | None = None
    """Only equipment whose attribute ``role`` is this."""


_EXPERIENCE: Final = "experience: confirm on site"

DEFAULTS: Final = (
    Default(
        equipment_class="smoke_control",
        cause=Cause.CONFIRMED_FIRE,
        expectation="fan_run",
        within=15 * SECOND,
        source="GB 51251",
    ),
    Default(
        equipment_class="hvac",
        cause=Cause.CONFIRMED_FIRE,
        expectation="not run",
        within=30 * SECOND,
        source="GB 51251",
    ),
    Default(
        equipment_class="door",
        cause=Cause.CONFIRMED_FIRE,
        expectation="not locked",
        within=30 * SECOND,
        source=f"GB 50116 §4.10.3; 30 s {_EXPERIENCE}",
    ),
    Default(
        equipment_class="barrier",
        cause=Cause.CONFIRMED_FIRE,
        expectation="arm == up",
        within=30 * SECOND,
        source=f"GB 50116 §4.10.3; 30 s {_EXPERIENCE}",
    ),
    Default(
        equipment_class="elevator",
        cause=Cause.CONFIRMED_FIRE,
        expectation="mode == fire",
        within=60 * SECOND,
        source=f"as the plan says; 60 s {_EXPERIENCE}",
    ),
    Default(
        equipment_class="pump",
        cause=Cause.WATER,
        expectation="run",
        within=120 * SECOND,
        source="GB 50974 §11.0.3",
        role="fire",
    ),
)

HEADER: Final = (
    "building",
    "cause",
    "equipment",
    "name_zh",
    "name_en",
    "place_zh",
    "place_en",
    "expectation",
    "within_seconds",
    "source",
    "measured_seconds",
    "remark",
)
"""The last two are left empty: they are filled in at the test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One line of the sheet: this equipment should do this in this time."""

    equipment: Equipment
    default: Default


def responses(ledger: SiteLedger, building: str) -> tuple[Response, ...]:
    """Return what stands in a building or serves it, cause by cause, in the order of the ledger.

    Raises:
        BadInput: when the site has no such building.
    """
    buildings = [one.id for one in ledger.places.values() if one.kind is PlaceKind.BUILDING]
    if building not in buildings:
        mend = nearest(building, buildings) or f"it has {', '.join(buildings) or 'none'}"
        raise BadInput([Fault(ledger.site.id, "", f"there is no building {building!r}", mend)])
    return tuple(
        Response(equipment=equipment, default=default)
        for default in DEFAULTS
        for equipment in _concerned(ledger, building)
        if equipment.equipment_class == default.equipment_class
        and default.role in {None, equipment.attributes.get("role")}
    )


def _concerned(ledger: SiteLedger, building: str) -> Iterator[Equipment]:
    for equipment in ledger.equipment.values():
        fed = (place for place in equipment.feeds if place in ledger.places)
        if any(ledger.building_of(place) == building for place in (equipment.place, *fed)):
            yield equipment


def sheet(ledger: SiteLedger, building: str) -> bytes:
    """Return the sheet as CSV, UTF-8 with BOM, safe against formula injection.

    Raises:
        BadInput: as ``responses``.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for response in responses(ledger, building):
        equipment, default = response.equipment, response.default
        place = ledger.place_name(equipment.place)
        cells = (building, default.cause, equipment.id, equipment.name.zh, equipment.name.en)
        said = (place.zh, place.en, default.expectation, str(default.within // SECOND))
        writer.writerow([guard(cell) for cell in (*cells, *said, default.source, "", "")])
    return ("\ufeff" + text.getvalue()).encode()
