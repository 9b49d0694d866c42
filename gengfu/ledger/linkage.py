"""The test sheet (联动测试表) of a building: what its equipment should do once a fire is certain.

Each building has its own cause-and-effect table, in the fire plan. This drafts one from the ledger,
with the figures of the field, for an engineer to compare with that plan and fill in at the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gengfu.core.clock import SECOND, Micros
from gengfu.core.errors import BadInput
from gengfu.core.expression import nearest
from gengfu.core.said import said
from gengfu.ledger.csv_export import linkage_file
from gengfu.ledger.model import Cause, Equipment, LinkageLine, PlaceKind, SiteLedger


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


_VALVE: Final = "sprinkler"
_VALVE_OPEN: Final = "flow_switch or pressure_switch"
_EXPERIENCE: Final = "经验值，现场确认 (experience: confirm on site)"

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
        mend = nearest(building, buildings) or said(
            "it has {}", ", ".join(buildings) or said("none")
        )
        raise BadInput.of(ledger.site.id, "", said("there is no building {!r}", building), mend)
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
    """Return the sheet as a ``linkage.csv`` that the import reads once every ``where`` is filled in.

    Raises:
        BadInput: as ``responses``.
    """
    drafted = responses(ledger, building)
    return linkage_file([(ledger, _line(ledger, building, one)) for one in drafted])


def _line(ledger: SiteLedger, building: str, response: Response) -> LinkageLine:
    default, where, signal = response.default, building, ""
    if default.cause is not Cause.CONFIRMED_FIRE:
        valves = (one for one in _concerned(ledger, building) if one.equipment_class == _VALVE)
        where, signal = next((one.id for one in valves), ""), _VALVE_OPEN
    return LinkageLine(
        cause=default.cause,
        where=where,
        signal=signal,
        equipment=(response.equipment.id,),
        expectation=default.expectation,
        within=default.within,
        source=default.source,
    )
