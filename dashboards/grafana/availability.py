"""The manager's dashboard: how much of the required time did things work, and what did not.

Its figures come from intervals and were written back by the desk: a mean over reported values
would be wrong for devices that report only changes. By time, so 可用率; 完好率 is a count.
"""

from collections.abc import Collection

from grafana_foundation_sdk.builders import stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from dashboards.availability.figures import ENOUGH, By
from dashboards.grafana import look
from dashboards.grafana.frame import frame, variable
from dashboards.grafana.influxql import SOURCE, TABLE, Query, over_time, select
from dashboards.grafana.measurements import AVAILABILITY, OPERATING_STATE
from gengfu.ledger.model import EquipmentClass

TARGET = 0.99
"""Below it a figure is red unless a class's own target, in the table, says otherwise."""
RATIO = 'sum("up_s") / (sum("up_s") + sum("down_s"))'
"""Over the days shown: planned maintenance counts on neither side, unknown is left out."""
COVERAGE = '(sum("up_s") + sum("down_s")) / (sum("up_s") + sum("down_s") + sum("unknown_s"))'
_COLUMNS = (
    (RATIO, "可用率 Availability"),
    ('last("target")', "目标 Target"),
    (COVERAGE, "数据覆盖率 Coverage"),
    ('sum("failures")', "故障次数 Failures"),
    ('sum("down_s")', "停用 Down"),
    ('sum("planned_s")', "计划检修 Planned"),
    ('sum("unknown_s")', "无数据 Unknown"),
)
_KEPT_APART = (
    f"无数据的时间单列，既不算可用也不算停用；覆盖率低于 {ENOUGH:.0%} 时不能据此判定达标。"
    "Unknown time is kept apart, neither up nor down: "
    f"with a coverage below {ENOUGH:.0%} no target counts as met."
)
_FIGURES = ", ".join(f'{figure} AS "{title}"' for figure, title in _COLUMNS)


def build(classes: Collection[EquipmentClass]) -> model.Dashboard:
    """Return the dashboard; series and rows of a class bear its title."""
    by_class = _now("各类设备可用率 Availability by class", By.CLASS, 14)
    table_by_class = _table("按设备类别 By class", By.CLASS)
    table_by_class.override_by_name("class", [look.class_titles(classes)])
    trend = _trend()
    for name, properties in look.classes(classes).items():
        by_class.override_by_name(name, properties)
        trend.override_by_name(name, properties)
    return (
        frame("gf-availability", "更夫 · 可用率 Availability", "now-30d")
        .with_variable(variable("site", "项目 Site", AVAILABILITY))
        .with_panel(by_class)
        .with_panel(_now("各楼栋可用率 Availability by building", By.BUILDING, 10))
        .with_panel(table_by_class)
        .with_panel(_table("按楼栋 By building", By.BUILDING))
        .with_panel(trend)
        .with_panel(_worst())
        .with_panel(_states())
        .build()
    )


def _now(title: str, by: By, span: int) -> stat.Panel:
    query = select(RATIO, AVAILABILITY, "site", by=by, group=f'"site", "{by}"')
    return (
        stat.Panel()
        .title(title)
        .description(_KEPT_APART)
        .datasource(SOURCE)
        .unit("percentunit")
        .decimals(2)
        .thresholds(look.against(TARGET))
        .graph_mode(common.BigValueGraphMode.NONE)
        .span(span)
        .height(5)
        .with_target(Query(query, alias=f"$tag_{by}"))
    )


def _table(title: str, by: By) -> table.Panel:
    query = select(_FIGURES, AVAILABILITY, "site", by=by, group=f'"site", "{by}"')
    return (
        table.Panel()
        .title(title)
        .description(_KEPT_APART)
        .datasource(SOURCE)
        .span(24)
        .height(7)
        .override_by_name("Time", [look.prop("custom.hidden", True)])
        .override_by_regexp(
            "Availability|Target|Coverage",
            [look.prop("unit", "percentunit"), look.prop("decimals", 2)],
        )
        .override_by_name(
            "数据覆盖率 Coverage",
            [
                look.prop("thresholds", look.known(ENOUGH).build()),
                look.prop("custom.cellOptions", {"type": "color-text"}),
            ],
        )
        .override_by_regexp("Down|Planned|Unknown", [look.prop("unit", "dtdurations")])
        .with_target(Query(query, result_format=TABLE))
    )


def _trend() -> timeseries.Panel:
    query = select(
        'last("ratio")', AVAILABILITY, "site", by=By.CLASS, group=over_time("site", "class")
    )
    return (
        timeseries.Panel()
        .title("可用率走势 Trend")
        .datasource(SOURCE)
        .unit("percentunit")
        .decimals(2)
        .max(1)
        .legend(look.legend())
        .span(14)
        .height(9)
        .with_target(Query(query, alias="$tag_class"))
    )


def _worst() -> table.Panel:
    inner = select(
        f'{RATIO} AS "ratio"', AVAILABILITY, "site", by=By.EQUIPMENT, group='"equipment"'
    )
    return (
        table.Panel()
        .title("最差 10 台 Worst ten")
        .datasource(SOURCE)
        .span(10)
        .height(9)
        .override_by_name("Time", [look.prop("custom.hidden", True)])
        .override_by_name("bottom", [look.prop("unit", "percentunit"), look.prop("decimals", 2)])
        .with_target(
            Query(f'SELECT bottom("ratio", "equipment", 10) FROM ({inner})', result_format=TABLE)  # noqa: S608
        )
    )


def _states() -> statetimeline.Panel:
    query = select('last("state")', OPERATING_STATE, "site", group=over_time("equipment"))
    return (
        statetimeline.Panel()
        .title("运行状态 Operating state")
        .datasource(SOURCE)
        .mappings(look.states())
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.8)
        .per_page(30)
        .span(24)
        .height(14)
        .with_target(Query(query, alias="$tag_equipment"))
    )
