"""What all our dashboards have: name, time, links between them and the variables on top."""

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from dashboards.grafana.influxql import EVERY, SOURCE, literal, quoted

TAG = "gengfu"


def frame(uid: str, title: str, since: str) -> dashboard.Dashboard:
    """Return an empty dashboard that shows the time since ``since`` (as Grafana writes it)."""
    others = dashboard.DashboardLink("更夫 Gengfu").type(model.DashboardLinkType.DASHBOARDS)
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags([TAG])
        .refresh("30s")
        .time(since, "now")
        .timezone("browser")
        .editable()
        .link(others.tags([TAG]).as_dropdown(True).keep_time(True))
    )


def variable(
    name: str, label: str, measurement: str, *, within: str | None = None, **equal: str
) -> dashboard.QueryVariable:
    """Return a choice among the values of a tag, narrowed by another variable (``within``)."""
    conditions = [
        *([f"{quoted(within)} =~ /^${within}$/"] if within else []),
        *(f"{quoted(tag)} = {literal(value)}" for tag, value in equal.items()),
    ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(f"SHOW TAG VALUES FROM {quoted(measurement)} WITH KEY = {quoted(name)}{where}")
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(EVERY)
    )
