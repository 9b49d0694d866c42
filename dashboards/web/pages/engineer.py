"""The engineer's wall: every building as floors of cells, grey until something is wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.model import Alert
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.identity import Desk, Who
from dashboards.web.pages.alerts import open_alerts
from dashboards.web.render import page
from gengfu.core.naming import Bilingual
from gengfu.core.states import OperatingState, StateInterval
from gengfu.core.urgency import Severity
from gengfu.ledger.model import Equipment, EquipmentClass, PlaceKind, SiteLedger

router = APIRouter()
CROWDED = 240
"""With more equipment than this a normal cell shows its icon only."""
_GRAVEST_FIRST = tuple(Severity)
_LOWEST = -1000


@dataclass(frozen=True, slots=True)
class Cell:
    """One equipment on the wall. ``severity`` of its gravest open alert, if any."""

    equipment: Equipment
    icon: str
    state: OperatingState
    since: int | None
    severity: Severity | None

    @property
    def abnormal(self) -> bool:
        return self.severity is not None or self.state not in _NORMAL


_NORMAL = (OperatingState.RUNNING, OperatingState.STANDBY)


@dataclass(slots=True)
class Floor:
    """A row of a building; highest first."""

    id: str
    name: Bilingual
    level: int
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class Building:
    """A column of the wall."""

    id: str
    name: Bilingual
    floors: dict[str, Floor] = field(default_factory=dict)

    @property
    def rows(self) -> list[Floor]:
        return sorted(self.floors.values(), key=lambda floor: -floor.level)

    @property
    def cells(self) -> list[Cell]:
        return [cell for floor in self.floors.values() for cell in floor.cells]


def build_wall(
    ledger: SiteLedger,
    classes: Mapping[str, EquipmentClass],
    states: Mapping[str, StateInterval],
    worst: Mapping[str, Severity],
) -> list[Building]:
    """Put a site's equipment into buildings and floors, in the ledger's order."""
    buildings: dict[str, Building] = {}
    for equipment in ledger.equipment.values():
        way = ledger.way_to(equipment.place)
        top = way[0] if way else None
        key, name = (top.id, top.name) if top else (ledger.site.id, ledger.site.name)
        building = buildings.setdefault(key, Building(key, name))
        place = next((step for step in way if step.kind is PlaceKind.FLOOR), None)
        place = place or next((step for step in way if step.kind is PlaceKind.UNIT), top)
        floor = building.floors.setdefault(
            place.name.zh if place else "",
            Floor(place.id if place else key, place.name if place else name, _level(place)),
        )
        state = states.get(equipment.id)
        floor.cells.append(
            Cell(
                equipment,
                classes[equipment.equipment_class].icon,
                state.state if state else OperatingState.UNKNOWN,
                state.start if state else None,
                worst.get(equipment.id),
            )
        )
    return list(buildings.values())


def _level(place: object) -> int:
    """Sort floors by number; units and the building itself stand above them."""
    level = getattr(place, "level", None)
    if level is not None:
        return int(level)
    return 1000 if getattr(place, "kind", None) is PlaceKind.UNIT else 1001


def count_states(buildings: Sequence[Building]) -> Counter[OperatingState]:
    """Count equipment by operating state."""
    return Counter(cell.state for building in buildings for cell in building.cells)


def gravest(alerts: Sequence[Alert]) -> dict[str, Severity]:
    """Return the gravest severity of each equipment's open alerts."""
    worst: dict[str, Severity] = {}
    for alert in alerts:
        if alert.equipment:
            before = worst.get(alert.equipment, alert.severity)
            worst[alert.equipment] = min(before, alert.severity, key=_GRAVEST_FIRST.index)
    return worst


@router.get("/engineer")
def wall(ports: Desk, who: Who, request: Request) -> Response:
    """Show open alerts beside the wall of equipment."""
    alerts = open_alerts(ports, who)
    worst = gravest(alerts)
    states = ports.estate.states()
    sites = [
        (ledger.site, build_wall(ledger, ports.ledgers.classes, states, worst))
        for ledger in seen_ledgers(ports, who)
    ]
    every = [building for _site, buildings in sites for building in buildings]
    counts = count_states(every)
    return page(
        request,
        "engineer.html",
        sites=sites,
        alerts=alerts,
        counts=counts,
        total=counts.total(),
        crowded=counts.total() > CROWDED,
        names=ports.people.names(),
    )


@router.get("/engineer/dead-letters")
def dead_letters(ports: Desk, request: Request) -> Response:
    """Show what devices sent that could not be taken, and the sums."""
    return page(
        request,
        "dead_letters.html",
        letters=ports.estate.dead_letters(200),
        tally=ports.estate.tally(),
    )
