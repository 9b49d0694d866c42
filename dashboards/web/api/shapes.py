"""The JSON that goes out: one model for each thing, filled from the values inside.

An alert's own shape is ``alerts.document``: webhooks send the same.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from alerts.document import AlertDocument
from dashboards.estate.point_value import PointValue
from gengfu.core.clock import Micros, to_iso
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.states import StateInterval
from gengfu.ledger.model import Equipment, EquipmentClass, SiteLedger


class Shape(BaseModel):
    """A JSON object of the interface."""

    model_config = ConfigDict(frozen=True)


def iso(at: Micros | None) -> str | None:
    """Write a time that may be missing."""
    return None if at is None else to_iso(at)


class Text(Shape):
    """One text in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: Bilingual) -> Self:
        return cls(zh=text.zh, en=text.en)


class AlertList(Shape):
    """One page of alerts; ``cursor`` asks for the next, null = no more."""

    alerts: list[AlertDocument]
    cursor: str | None


class SiteShape(Shape):
    """A site."""

    id: str
    name: Text
    time_zone: str
    equipment: int

    @classmethod
    def of(cls, ledger: SiteLedger) -> Self:
        return cls(
            id=ledger.site.id,
            name=Text.of(ledger.site.name),
            time_zone=ledger.site.time_zone,
            equipment=len(ledger.equipment),
        )


class PointShape(Shape):
    """A point's newest value with what it means."""

    value: Scalar
    unit: str
    title: Text | None
    observed_at: str
    received_at: str


class EquipmentShape(Shape):
    """An equipment with its current points and operating state."""

    id: str
    site: str
    equipment_class: str = Field(serialization_alias="class")
    name: Text
    place: str
    place_name: Text
    building: str | None
    parent: str | None
    feeds: list[str]
    criticality: str
    attributes: dict[str, Scalar]
    parts: int
    state: str
    state_since: str | None
    points: dict[str, PointShape]

    @classmethod
    def of(
        cls,
        equipment: Equipment,
        ledger: SiteLedger,
        klass: EquipmentClass,
        state: StateInterval | None,
        current: Mapping[str, PointValue],
    ) -> Self:
        return cls(
            id=equipment.id,
            site=ledger.site.id,
            equipment_class=equipment.equipment_class,
            name=Text.of(equipment.name),
            place=equipment.place,
            place_name=Text.of(ledger.place_name(equipment.place)),
            building=ledger.building_of(equipment.place),
            parent=equipment.parent,
            feeds=list(equipment.feeds),
            criticality=equipment.criticality or klass.criticality,
            attributes=dict(equipment.attributes),
            parts=len(equipment.parts),
            state=state.state if state else "unknown",
            state_since=iso(state.start) if state else None,
            points={name: _point(klass, name, value) for name, value in current.items()},
        )


def _point(klass: EquipmentClass, name: str, value: PointValue) -> PointShape:
    point = klass.points.get(name)
    return PointShape(
        value=value.value,
        unit=point.unit if point else "",
        title=Text.of(point.title) if point else None,
        observed_at=to_iso(value.observed_at),
        received_at=to_iso(value.received_at),
    )


class StateShape(Shape):
    """An operating state from ``start`` until before ``end``; ``end`` null = still so."""

    state: str
    start: str
    end: str | None


class ReadingsShape(Shape):
    """A trend in columns: ``times`` in milliseconds since 1970 UTC; with a step means and bands."""

    point: str
    unit: str
    times: list[float]
    values: list[float | str | None]
    min: list[float] | None = None
    max: list[float] | None = None
    count: list[int] | None = None


class AvailabilityShape(Shape):
    """Availability by time of one equipment, class, building or site. Spans in seconds."""

    key: str
    equipment: int
    availability: float | None
    target: float | None
    met: bool | None
    """None without a target, or when too little of the time is known to say so."""
    coverage: float
    """Share of the asked time, less planned maintenance, of which something is known."""
    known_from: str | None
    """From when on something is known of it; None when nothing is."""
    failures: int
    mtbf_s: float | None
    mttr_s: float | None
    planned_s: float
    down_s: float
    unknown_s: float
