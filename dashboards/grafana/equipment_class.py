"""One dashboard for each equipment class, made from its YAML alone: a new class costs no code."""

from collections.abc import Callable, Iterable

from grafana_foundation_sdk.builders import dashboard, statetimeline, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from dashboards.grafana import look
from dashboards.grafana.frame import frame, variable
from dashboards.grafana.influxql import SOURCE, Query, over_time, quoted, select
from dashboards.grafana.measurements import OPERATING_STATE
from gengfu.core.names import PointKind
from gengfu.ledger.model import EquipmentClass, PointDef

_Panel = timeseries.Panel | statetimeline.Panel


def build(kind: EquipmentClass) -> model.Dashboard:
    """Return the dashboard of a class: states on top, then trends, then single signals."""
    page = (
        frame(f"gf-class-{kind.name}", f"更夫 · {look.both(kind.title)}", "now-6h")
        .with_variable(variable("site", "项目 Site", kind.name))
        .with_variable(variable("equipment", "设备 Equipment", kind.name, within="site"))
        .with_panel(_operating_state(kind))
    )
    points = kind.points.values()
    _add(page, "曲线 Trends", _panels(kind, points, _trend, PointKind.ANALOG, PointKind.INTEGER))
    _add(page, "状态 States", _panels(kind, points, _words, PointKind.ENUM, PointKind.TEXT))
    _add(page, "信号 Signals", _panels(kind, points, _signal, PointKind.BOOLEAN))
    return page.build()


def _panels(
    kind: EquipmentClass,
    points: Iterable[PointDef],
    make: Callable[[EquipmentClass, PointDef], _Panel],
    *kinds: PointKind,
) -> list[_Panel]:
    return [make(kind, point) for point in points if point.kind in kinds]


def _add(page: dashboard.Dashboard, title: str, panels: list[_Panel]) -> None:
    if panels:
        page.with_row(dashboard.Row(title))
    for panel in panels:
        page.with_panel(panel)


def _operating_state(kind: EquipmentClass) -> statetimeline.Panel:
    query = select(
        'last("state")',
        OPERATING_STATE,
        "site",
        "equipment",
        group=over_time("equipment"),
        **{"class": kind.name},
    )
    return _timeline("运行状态 Operating state", query, look.states()).span(24).height(8)


def _trend(kind: EquipmentClass, point: PointDef) -> timeseries.Panel:
    """Return a trend: straight lines between what was measured, gaps left open."""
    query = select(
        f"mean({quoted(point.name)})",
        kind.name,
        "site",
        "equipment",
        group=over_time("equipment"),
    )
    return (
        timeseries.Panel()
        .title(look.both(point.title))
        .datasource(SOURCE)
        .unit(look.unit(point.unit))
        .decimals(point.digits)
        .line_interpolation(common.LineInterpolation.LINEAR)
        .line_width(1)
        .fill_opacity(0)
        .span_nulls(False)
        .legend(look.legend())
        .span(12)
        .height(8)
        .with_target(Query(query, alias="$tag_equipment"))
    )


def _words(kind: EquipmentClass, point: PointDef) -> statetimeline.Panel:
    return _point_timeline(kind, point, look.words(point.words))


def _signal(kind: EquipmentClass, point: PointDef) -> statetimeline.Panel:
    return _point_timeline(kind, point, look.yes_no())


def _point_timeline(
    kind: EquipmentClass, point: PointDef, mappings: list[look.Mapped]
) -> statetimeline.Panel:
    query = select(
        f"last({quoted(point.name)})",
        kind.name,
        "site",
        "equipment",
        group=over_time("equipment"),
    )
    return _timeline(look.both(point.title), query, mappings).span(12).height(7)


def _timeline(title: str, query: str, mappings: list[look.Mapped]) -> statetimeline.Panel:
    return (
        statetimeline.Panel()
        .title(title)
        .datasource(SOURCE)
        .mappings(mappings)
        .show_value(common.VisibilityMode.NEVER)
        .per_page(20)
        .with_target(Query(query, alias="$tag_equipment"))
    )
