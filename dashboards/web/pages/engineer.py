"""The engineer's wall: every building as floors of cells, grey until something is wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.read import OpenSums, Spot
from dashboards.web.api.alerts import seen_sites
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.identity import Desk, Who
from dashboards.web.letters import seen_letters
from dashboards.web.pages.alerts import open_alerts
from dashboards.web.render import page
from dashboards.web.strange import strange_of
from gengfu.core.naming import Bilingual
from gengfu.core.states import OperatingState, StateInterval
from gengfu.core.urgency import Severity
from gengfu.ledger.model import Equipment, EquipmentClass, Place, PlaceKind, SiteLedger

router = APIRouter()
CROWDED = 240
"""With more equipment than this a normal cell shows its icon only."""
_ABOVE = 1000
_MOST_STRANGE = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """One equipment on the wall. ``severity`` of its gravest open alert, if any."""

    equipment: Equipment
    name: Bilingual
    """Without the building and unit that it stands in on the wall."""
    icon: str
    state: OperatingState
    severity: Severity | None

    @property
    def abnormal(self) -> bool:
        return self.severity is not None or self.state not in _NORMAL


_NORMAL = (OperatingState.RUNNING, OperatingState.STANDBY)


@dataclass(slots=True)
class Floor:
    """A row of a building; highest first. ``name`` None = the building as a whole."""

    name: Bilingual | None
    level: int
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class Building:
    """A column of the wall."""

    id: str
    name: Bilingual
    indoors: bool
    """False for the column of everything outside the buildings."""
    floors: dict[str, Floor] = field(default_factory=dict)
    told: list[Spot] = field(default_factory=list)
    """Alerts here that no cell shows: told by equipment elsewhere, or reported by people."""

    @property
    def gravest(self) -> Severity | None:
        """The gravest of what is told about it."""
        severities = {one.gravest for one in self.told}
        return next((one for one in Severity if one in severities), None)

    @property
    def alerts(self) -> int:
        """How many alerts are told about it."""
        return sum(one.count for one in self.told)

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
    sums: OpenSums,
) -> list[Building]:
    """Put a site's equipment and its open alerts into buildings and floors, in the ledger's order."""
    buildings: dict[str, Building] = {}
    worst = sums.gravest
    for equipment in ledger.equipment.values():
        way = ledger.way_to(equipment.place)
        building = _building(buildings, ledger, ledger.building_of(equipment.place))
        row = _row(way, indoors=building.indoors)
        floor = building.floors.setdefault(
            row.name.zh if row else "", Floor(row.name if row else None, _level(row))
        )
        state = states.get(equipment.id)
        floor.cells.append(
            Cell(
                equipment,
                short_name(equipment.name, building, row),
                classes[equipment.equipment_class].icon,
                state.state if state else OperatingState.UNKNOWN,
                worst.get(equipment.id),
            )
        )
    for spot in sums.spots:
        _tell(buildings, ledger, spot)
    return sorted(buildings.values(), key=lambda building: not building.indoors)


def _building(buildings: dict[str, Building], ledger: SiteLedger, id_: str | None) -> Building:
    """Return a column of the wall, made when it is not there yet; None = outside the buildings."""
    place = ledger.places.get(id_ or "")
    named, name = (place.id, place.name) if place else (ledger.site.id, ledger.site.name)
    return buildings.setdefault(named, Building(named, name, indoors=place is not None))


def _tell(buildings: dict[str, Building], ledger: SiteLedger, spot: Spot) -> None:
    """Put alerts where they are, unless a cell shows them there or nobody knows where they are."""
    own = ledger.equipment.get(spot.equipment) if spot.equipment else None
    if spot.site != ledger.site.id or (spot.equipment and own is None and not spot.building):
        return
    if own is None or ledger.building_of(own.place) != spot.building:
        _building(buildings, ledger, spot.building).told.append(spot)


def short_name(name: Bilingual, building: Building, row: Place | None) -> Bilingual:
    """Leave out of a name the building and the unit it begins with: they head its column and row."""
    heads = [building.name]
    if row is not None and row.kind is PlaceKind.UNIT:
        heads.append(row.name)
    zh, en = name.zh, name.en
    for head in heads:
        zh = zh.removeprefix(head.zh).strip() or zh
        en = en.removeprefix(head.en).strip() or en
    return Bilingual(zh, en)


def _row(way: Sequence[Place], *, indoors: bool) -> Place | None:
    for kind in (PlaceKind.FLOOR, PlaceKind.UNIT):
        for place in way:
            if place.kind is kind:
                return place
    return way[0] if way and not indoors else None


def _level(place: Place | None) -> int:
    """Sort floors by number; what serves a whole unit or building stands above them."""
    if place is None:
        return _ABOVE + 1
    return _ABOVE if place.level is None else place.level


def abnormal_of(buildings: Sequence[Building]) -> list[Building]:
    """Leave only the cells that need a look, and only the rows and buildings that have one."""
    left = []
    for building in buildings:
        floors = {
            key: Floor(floor.name, floor.level, [cell for cell in floor.cells if cell.abnormal])
            for key, floor in building.floors.items()
        }
        kept = {key: floor for key, floor in floors.items() if floor.cells}
        if kept or building.told:
            left.append(replace(building, floors=kept))
    return left


def count_states(buildings: Sequence[Building]) -> Counter[OperatingState]:
    """Count equipment by operating state."""
    return Counter(cell.state for building in buildings for cell in building.cells)


@router.get("/engineer")
def wall(ports: Desk, who: Who, request: Request, only: str = "") -> Response:
    """Show open alerts beside the wall of equipment, all of it or only what is abnormal."""
    alerts, sums = open_alerts(ports, who), ports.alerts.open_sums(seen_sites(who))
    states = ports.estate.states()
    sites = [
        (ledger.site, build_wall(ledger, ports.ledgers.classes, states, sums))
        for ledger in seen_ledgers(ports, who)
    ]
    every = [building for _site, buildings in sites for building in buildings]
    counts = count_states(every)
    return page(
        request,
        "engineer.html",
        sites=[(site, abnormal_of(wall)) for site, wall in sites] if only == "abnormal" else sites,
        only=only,
        alerts=alerts,
        open=sums.total,
        hidden=max(0, sums.total - len(alerts)),
        counts=counts,
        total=counts.total(),
        crowded=counts.total() > CROWDED,
        names=ports.people.names(),
    )


@router.get("/engineer/dead-letters")
def dead_letters(ports: Desk, who: Who, request: Request) -> Response:
    """Show what devices sent that could not be taken, and the sums."""
    seen = {id_ for ledger in seen_ledgers(ports, who) for id_ in ledger.equipment}
    strangers = who.sites is None
    return page(
        request,
        "dead_letters.html",
        letters=seen_letters(ports.estate.dead_letters(200).letters, who),
        sums=ports.accounting(),
        strange=strange_of(
            ports.unmapped().names, ports.ledgers.classes, seen, strangers=strangers
        )[:_MOST_STRANGE],
    )
