"""The small picture of an alert: the ten minutes around it of the value that caused it."""

from dataclasses import dataclass

import numpy as np

from alerts.model import Alert
from dashboards.web.ports import DeskPorts
from gengfu.core.clock import MINUTE, Micros
from gengfu.core.errors import StoreUnavailable
from gengfu.core.names import PointKind
from gengfu.ledger.model import PointDef
from ingest.store.rows import Series

BEFORE = 8 * MINUTE
AFTER = 2 * MINUTE
WIDTH, HEIGHT = 320.0, 72.0
_MARGIN = 6.0


@dataclass(frozen=True, slots=True)
class Spark:
    """A line in a box of WIDTH × HEIGHT; ``opened_x`` is where the alert opened."""

    point: PointDef
    path: str
    opened_x: float
    limit_y: float | None
    low: float
    high: float


def spark_of(ports: DeskPorts, alert: Alert) -> Spark | None:
    """Draw the first analog value of an alert; None when there is none or nothing was stored."""
    klass = ports.ledgers.classes.get(alert.equipment_class or "")
    if klass is None or alert.equipment is None:
        return None
    point = next(
        (klass.points[name] for name in alert.values if _draws(klass.points.get(name))), None
    )
    if point is None:
        return None
    series = Series(
        site=alert.site,
        equipment=alert.equipment,
        equipment_class=klass.name,
        point=point.name,
        kind=point.kind,
    )
    start, end = alert.opened_at - BEFORE, alert.opened_at + AFTER
    try:
        trend = ports.readings.query(series, start, end)
    except StoreUnavailable:
        return None
    if not isinstance(trend.values, np.ndarray) or len(trend.times) < 2:
        return None
    limit = alert.values.get(f"{point.name}_limit")
    return draw(point, trend.times, trend.values, start, end, alert.opened_at, limit)


def _draws(point: PointDef | None) -> bool:
    return point is not None and point.kind is PointKind.ANALOG


def draw(
    point: PointDef,
    times: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    start: Micros,
    end: Micros,
    opened_at: Micros,
    limit: object = None,
) -> Spark:
    """Draw values over [start, end); a gap of more than a fifth of the box stays a gap."""
    bound = float(limit) if isinstance(limit, int | float) else None
    shown = values if bound is None else np.append(values, bound)
    low, high = float(np.min(shown)), float(np.max(shown))
    spread = high - low or 1.0

    def across(at: Micros) -> float:
        return round((at - start) / (end - start) * WIDTH, 1)

    def up(value: float) -> float:
        return round(HEIGHT - _MARGIN - (value - low) / spread * (HEIGHT - 2 * _MARGIN), 1)

    steps: list[str] = []
    last = -WIDTH
    for at, value in zip(times.tolist(), values.tolist(), strict=True):
        x = across(at)
        steps.append(f"{'M' if x - last > WIDTH / 5 else 'L'}{x} {up(value)}")
        last = x
    limit_y = up(bound) if bound is not None else None
    return Spark(point, "".join(steps), across(opened_at), limit_y, low, high)
