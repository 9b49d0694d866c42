"""``/sites``, ``/equipment`` and what hangs on one equipment: states and readings."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query

from dashboards.web.api.shapes import (
    EquipmentShape,
    ReadingsShape,
    SiteShape,
    StateShape,
    iso,
)
from dashboards.web.api.times import read_period, read_span
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem, as_it_is, bad_request, not_found
from gengfu.core.clock import DAY, to_iso
from gengfu.core.errors import StoreUnavailable
from gengfu.core.said import said
from gengfu.core.states import OperatingState
from gengfu.ledger.model import Equipment, PointDef, SiteLedger
from ingest.store.port import Trend
from ingest.store.rows import Series

router = APIRouter(prefix="/api/v1")
MOST_VALUES = 200_000
MOST_BUCKETS = 20_000


def seen_ledgers(ports: DeskPorts, who: Visitor) -> Iterator[SiteLedger]:
    """Go through the ledgers of the sites that somebody may see."""
    return (ledger for site, ledger in ports.ledgers.sites.items() if who.sees(site))


def find_equipment(
    ports: DeskPorts, who: Visitor, equipment_id: str
) -> tuple[SiteLedger, Equipment]:
    """Look up an equipment; of a site he may not see it does not exist.

    Raises:
        Problem: 404.
    """
    for ledger in seen_ledgers(ports, who):
        if equipment_id in ledger.equipment:
            return ledger, ledger.equipment[equipment_id]
    raise not_found(said("there is no equipment {!r}", equipment_id))


def shape(ports: DeskPorts, ledger: SiteLedger, equipment: Equipment) -> EquipmentShape:
    """Put an equipment together with what is known of it now."""
    return EquipmentShape.of(
        equipment,
        ledger,
        ports.ledgers.classes[equipment.equipment_class],
        ports.estate.state(equipment.id),
        ports.estate.current(equipment.id),
    )


@router.get("/sites")
def list_sites(ports: Desk, who: Who) -> list[SiteShape]:
    """List the sites."""
    return [SiteShape.of(ledger) for ledger in seen_ledgers(ports, who)]


@router.get("/equipment")
def list_equipment(
    ports: Desk,
    who: Who,
    site: str | None = None,
    equipment_class: Annotated[str | None, Query(alias="class")] = None,
    state: OperatingState | None = None,
) -> list[EquipmentShape]:
    """List equipment with current points and operating state."""
    found = [
        shape(ports, ledger, equipment)
        for ledger in seen_ledgers(ports, who)
        if site in (None, ledger.site.id)
        for equipment in ledger.equipment.values()
        if equipment_class in (None, equipment.equipment_class)
    ]
    return [one for one in found if state in (None, one.state)]


@router.get("/equipment/{equipment_id}")
def get_equipment(ports: Desk, who: Who, equipment_id: str) -> EquipmentShape:
    """Show one equipment with current points and operating state."""
    return shape(ports, *find_equipment(ports, who, equipment_id))


@router.get("/equipment/{equipment_id}/states")
def get_states(
    ports: Desk,
    who: Who,
    equipment_id: str,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
) -> list[StateShape]:
    """List the operating states of a period, by default of the last 24 hours."""
    find_equipment(ports, who, equipment_id)
    since, until = read_period(start, end, ports.clock.now(), default=DAY)
    return [
        StateShape(state=one.state, start=to_iso(one.start), end=iso(one.end))
        for one in ports.estate.intervals(equipment_id, since, until)
    ]


@router.get("/equipment/{equipment_id}/readings")
def get_readings(
    ports: Desk,
    who: Who,
    equipment_id: str,
    point: str,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
    step: str | None = None,
) -> ReadingsShape:
    """Read one point's values, raw or (with ``step``) as mean, min and max of each step."""
    ledger, equipment = find_equipment(ports, who, equipment_id)
    definition = ports.ledgers.classes[equipment.equipment_class].points.get(point)
    if definition is None:
        of_class = equipment.equipment_class
        raise not_found(said("there is no point {!r} of class {}", point, of_class))
    since, until = read_period(start, end, ports.clock.now(), default=DAY)
    bucket = read_span(step, "query.step") if step else None
    if bucket and (until - since) / bucket > MOST_BUCKETS:
        raise bad_request(
            said("more than {} steps: take a longer one", MOST_BUCKETS), where="query.step"
        )
    series = Series(
        site=ledger.site.id,
        equipment=equipment_id,
        equipment_class=equipment.equipment_class,
        point=point,
        kind=definition.kind,
    )
    try:
        trend = ports.readings.query(series, since, until, bucket, most=MOST_VALUES + 1)
    except StoreUnavailable as exc:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, as_it_is(exc), headers={"Retry-After": "5"}
        ) from exc
    if len(trend.times) > MOST_VALUES:
        raise bad_request(
            said("more than {} values: ask for steps", MOST_VALUES), where="query.step"
        )
    return readings_shape(definition, trend)


def readings_shape(point: PointDef, trend: Trend) -> ReadingsShape:
    """Write a trend in columns; times in ms, with a fraction only where a device has one."""
    values = trend.values.tolist() if isinstance(trend.values, np.ndarray) else list(trend.values)
    times = [at // 1000 if at % 1000 == 0 else at / 1000 for at in trend.times.tolist()]
    band = trend.band
    return ReadingsShape(
        point=point.name,
        unit=point.unit,
        times=times,
        values=values,
        min=band.low.tolist() if band else None,
        max=band.high.tolist() if band else None,
        count=band.count.tolist() if band else None,
    )
