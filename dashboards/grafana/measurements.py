"""The derived figures that the desk writes back to InfluxDB, as Grafana finds them there.

``availability.writeback`` makes them with these functions and the dashboards query what they write:
both ends of the seam stand in this one file. Figures are rewritten, so their tags may hold what can
change (building, class), other than a reading's.
"""

from dataclasses import dataclass
from enum import StrEnum

from gengfu.core.clock import SECOND, Micros
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Kind, Severity
from ingest.store.port import Measurement

AVAILABILITY = "availability"
OPERATING_STATE = "operating_state"
ALERT = "alert"


class By(StrEnum):
    """What an availability figure is about."""

    EQUIPMENT = "equipment"
    CLASS = "class"
    BUILDING = "building"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityFigure:
    """Availability of something over a period that ends ``at``; times in seconds, ratios 0…1."""

    by: By
    site: str
    at: Micros
    ratio: float | None
    """None = nothing was required, or nothing is known."""
    coverage: float
    target: float | None = None
    failures: int = 0
    mtbf_s: float | None = None
    mttr_s: float | None = None
    down_s: float = 0.0
    planned_s: float = 0.0
    unknown_s: float = 0.0
    building: str = ""
    equipment_class: str = ""
    equipment: str = ""


def availability(figure: AvailabilityFigure) -> Measurement:
    """Return an availability figure; write it every few minutes."""
    return Measurement(
        name=AVAILABILITY,
        tags={
            "by": figure.by,
            "site": figure.site,
            "building": figure.building,
            "class": figure.equipment_class,
            "equipment": figure.equipment,
        },
        fields={
            "ratio": figure.ratio,
            "coverage": figure.coverage,
            "target": figure.target,
            "failures": figure.failures,
            "mtbf_s": figure.mtbf_s,
            "mttr_s": figure.mttr_s,
            "down_s": figure.down_s,
            "planned_s": figure.planned_s,
            "unknown_s": figure.unknown_s,
        },
        at=figure.at,
    )


def operating_state(
    site: str,
    equipment: str,
    equipment_class: str,
    building: str,
    state: OperatingState,
    at: Micros,
) -> Measurement:
    """Return an equipment's state; write it at each change and again every few minutes."""
    return Measurement(
        name=OPERATING_STATE,
        tags={
            "site": site,
            "equipment": equipment,
            "class": equipment_class,
            "building": building,
        },
        fields={"state": str(state)},
        at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChange:
    """One change of an alert, as its timeline has it."""

    alert: str
    site: str
    equipment: str
    part: str | None
    """A tag too: two detectors of one panel may open in one microsecond."""
    kind: Kind
    severity: Severity
    rule: str
    handling: str
    condition: str
    at: Micros
    is_opening: bool = False
    acknowledged_after: Micros | None = None
    """Since it opened; set on the change that acknowledged it."""
    arrived_after: Micros | None = None
    """Since it opened; set on the change that says that somebody arrived."""


def alert(change: AlertChange) -> Measurement:
    """Return a change of an alert; ``opened`` is 1 on the one that opened it, so that sums count."""
    return Measurement(
        name=ALERT,
        tags={
            "site": change.site,
            "equipment": change.equipment,
            "part": change.part or "",
            "kind": change.kind,
            "severity": change.severity,
            "rule": change.rule,
        },
        fields={
            "alert": change.alert,
            "handling": change.handling,
            "condition": change.condition,
            "opened": 1 if change.is_opening else None,
            "ack_s": _seconds(change.acknowledged_after),
            "arrive_s": _seconds(change.arrived_after),
        },
        at=change.at,
    )


def _seconds(span: Micros | None) -> float | None:
    return None if span is None else span / SECOND
