"""One equipment: what it is, how it runs, its trends and its values, all on one time axis."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.read import AlertFilter
from dashboards.estate.point_value import PointValue
from dashboards.web import figures
from dashboards.web.api.alerts import seen_sites
from dashboards.web.api.estate import find_equipment
from dashboards.web.identity import Desk, Who
from dashboards.web.render import language_of, page
from dashboards.web.strange import strange_of
from dashboards.web.words import Words, words
from gengfu.core.clock import DAY, HOUR, Micros
from gengfu.core.names import PointKind
from gengfu.ledger.model import Equipment, EquipmentClass, PointDef

router = APIRouter()
PERIODS: dict[str, Micros] = {"1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY}
_FIGURES = (PointKind.ANALOG, PointKind.INTEGER)
_LATE = 10
_LAST_ALERTS = 20
_DRAWN_FIRST = 6
"""So many trends are open at once; the others wait for a tap."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of current values; ``value`` None = never told."""

    point: PointDef
    value: PointValue | None
    text: str
    stale: bool

    @property
    def is_figure(self) -> bool:
        return self.point.kind in _FIGURES


def rows_of(
    klass: EquipmentClass, current: dict[str, PointValue], now: Micros, own: Words
) -> list[Row]:
    """Return every point that was told, then those that never were but are not optional.

    A figure is stale when it is old itself; a word or a yes, told only when it changes, is stale
    when nothing at all was heard of the equipment for so long.
    """
    told, silent = [], []
    heard = max((value.received_at for value in current.values()), default=0)
    for name, point in klass.points.items():
        value = current.get(name)
        if value is None:
            if not point.optional:
                silent.append(Row(point, None, "–", stale=True))
            continue
        text = figures.reading(value.value, point, own)
        last = value.received_at if point.kind in _FIGURES else heard
        told.append(Row(point, value, text, now - last > klass.silent_after))
    return told + silent


def facts_of(equipment: Equipment, klass: EquipmentClass, own: Words) -> list[tuple[str, str, str]]:
    """Return what the ledger tells of an equipment: the attribute, its title, its value."""
    found: list[tuple[str, str, str]] = []
    for name, value in equipment.attributes.items():
        defined = klass.attributes.get(name)
        title = own.say(defined.title) if defined is not None else ""
        found.append((name, title, figures.fact(value, defined, own)))
    return found


@router.get("/equipment/{equipment_id}")
def show_equipment(
    ports: Desk, who: Who, request: Request, equipment_id: str, period: str = "6h"
) -> Response:
    """Show one equipment."""
    ledger, equipment = find_equipment(ports, who, equipment_id)
    klass = ports.ledgers.classes[equipment.equipment_class]
    current = dict(ports.estate.current(equipment_id))
    now = ports.clock.now()
    rows = rows_of(klass, current, now, words(language_of(request)))
    drawn = [row.point for row in rows if row.value is not None and row.is_figure]
    wanted = AlertFilter(
        open_only=False, sites=seen_sites(who), equipment=equipment_id, limit=_LAST_ALERTS
    )
    return page(
        request,
        "equipment.html",
        equipment=equipment,
        ledger=ledger,
        klass=klass,
        state=ports.estate.state(equipment_id),
        rows=rows,
        drawn=drawn,
        drawn_first=_DRAWN_FIRST,
        alerts=ports.alerts.list(wanted).alerts,
        facts=facts_of(equipment, klass, words(language_of(request))),
        late=ports.late.of_equipment(equipment_id, limit=_LATE),
        strange=strange_of(ports.unmapped().names, {klass.name: klass}, {equipment_id}),
        names=ports.people.names(),
        periods=tuple(PERIODS),
        period=period if period in PERIODS else "6h",
        children=[ledger.equipment[one] for one in ledger.children_of(equipment_id)],
    )
