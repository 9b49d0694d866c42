"""The alarm load and how fast it was answered, from the changes that the desk wrote back.

Load is shown as a distribution of ten-minute bins, never as an average (IEC 62682).
"""

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import histogram, stat, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from dashboards.grafana import look
from dashboards.grafana.frame import frame, variable
from dashboards.grafana.influxql import SOURCE, TABLE, Query, over_time, select
from dashboards.grafana.measurements import ALERT

_NARROWED = ("site", "kind")
_OPENED = 'sum("opened")'


def build() -> model.Dashboard:
    """Return the dashboard."""
    return (
        frame("gf-alerts", "更夫 · 报警 Alerts", "now-7d")
        .with_variable(variable("site", "项目 Site", ALERT))
        .with_variable(variable("kind", "类型 Kind", ALERT))
        .with_panel(_opened())
        .with_panel(_quantiles("受理用时 Time to acknowledgement", "ack_s"))
        .with_panel(_quantiles("到场用时 Time to arrival", "arrive_s"))
        .with_panel(_over_time())
        .with_panel(_load())
        .with_panel(_most("最多的规则 Most frequent rules", "rule"))
        .with_panel(_most("报警最多的设备 Equipment with most alerts", "equipment"))
        .with_panel(_changes())
        .build()
    )


def _opened() -> stat.Panel:
    query = select(_OPENED, ALERT, *_NARROWED, group='"severity"')
    panel = (
        stat.Panel()
        .title("新报警 Alerts opened")
        .datasource(SOURCE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .span(12)
        .height(5)
    )
    for severity, properties in look.severities().items():
        panel.override_by_name(severity, properties)
    return panel.with_target(Query(query, alias="$tag_severity"))


def _quantiles(title: str, field: str) -> stat.Panel:
    """Return median and 95th percentile of a time since opening."""
    panel = stat.Panel().title(title).datasource(SOURCE).unit("s").span(6).height(5)
    panel.color_scheme(look.one_colour(look.NORMAL)).graph_mode(common.BigValueGraphMode.NONE)
    for ref_id, share, name in (("A", 50, "中位 Median"), ("B", 95, "95 %")):
        query = select(f'percentile("{field}", {share})', ALERT, *_NARROWED)
        panel.with_target(Query(query, ref_id=ref_id, alias=name))
    return panel


def _over_time() -> timeseries.Panel:
    query = select(_OPENED, ALERT, *_NARROWED, group=over_time("severity", fill="0"))
    panel = (
        timeseries.Panel()
        .title("新报警走势 Opened over time")
        .datasource(SOURCE)
        .draw_style(common.GraphDrawStyle.BARS)
        .fill_opacity(80)
        .stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
        .interval("10m")
        .decimals(0)
        .legend(look.legend())
        .span(14)
        .height(8)
    )
    for severity, properties in look.severities().items():
        panel.override_by_name(severity, properties)
    return panel.with_target(Query(query, alias="$tag_severity"))


def _load() -> histogram.Panel:
    query = select(_OPENED, ALERT, *_NARROWED, group="time(10m) fill(0)")
    return (
        histogram.Panel()
        .title("每 10 分钟报警数的分布 Alerts in ten minutes")
        .description("超过 10 个即为报警泛滥 More than 10 is a flood")
        .datasource(SOURCE)
        .color_scheme(look.one_colour(look.LOW))
        .span(10)
        .height(8)
        .with_target(Query(query, alias="个 alerts"))
    )


def _most(title: str, tag: str) -> table.Panel:
    query = select(f'{_OPENED} AS "次数 Count"', ALERT, *_NARROWED, group=f'"{tag}"')
    return (
        table.Panel()
        .title(title)
        .datasource(SOURCE)
        .override_by_name("Time", [look.prop("custom.hidden", True)])
        .sort_by([common_builders.TableSortByFieldState().display_name("次数 Count").desc(True)])
        .span(12)
        .height(8)
        .with_target(Query(query, result_format=TABLE))
    )


def _changes() -> table.Panel:
    figures = '"severity", "rule", "equipment", "part", "what", "handling", "condition"'
    query = select(figures, ALERT, *_NARROWED) + " ORDER BY time DESC LIMIT 200"
    return (
        table.Panel()
        .title("最近变化 Latest changes")
        .datasource(SOURCE)
        .span(24)
        .height(10)
        .with_target(Query(query, result_format=TABLE))
    )
