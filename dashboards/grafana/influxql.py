"""InfluxQL for panels: the query class that the SDK lacks, and the statements our panels share.

One language on InfluxDB 1.x, 2.x (by DBRP) and 3. Whoever groups by time fills with nothing: a gap
in what was measured stays a gap.
"""

from typing import Any, Self

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

SOURCE = DataSourceRef(type_val="influxdb", uid="gengfu")
TIME_SERIES, TABLE = "time_series", "table"
EVERY = ".*"
"""What a variable's "All" stands for in a regular expression."""


class InfluxQL(Dataquery):
    """One query of a panel, in the shape that Grafana's InfluxDB source keeps it."""

    def __init__(self, query: str, *, ref_id: str, result_format: str, alias: str) -> None:
        self.query = query
        self.ref_id = ref_id
        self.result_format = result_format
        self.alias = alias

    def to_json(self) -> dict[str, object]:
        """Return what stands in the dashboard."""
        return {
            "refId": self.ref_id,
            "query": self.query,
            "rawQuery": True,
            "resultFormat": self.result_format,
            "alias": self.alias,
            "datasource": {"type": SOURCE.type_val, "uid": SOURCE.uid},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what ``to_json`` wrote."""
        return cls(
            data["query"],
            ref_id=data.get("refId", "A"),
            result_format=data.get("resultFormat", TIME_SERIES),
            alias=data.get("alias", ""),
        )


class Query(Builder[InfluxQL]):
    """Builds an ``InfluxQL``; ``alias`` names its series, with ``$tag_…`` for a tag's value."""

    def __init__(
        self, query: str, *, ref_id: str = "A", result_format: str = TIME_SERIES, alias: str = ""
    ) -> None:
        self._query = InfluxQL(query, ref_id=ref_id, result_format=result_format, alias=alias)

    def build(self) -> InfluxQL:
        """Return the query."""
        return self._query


def quoted(name: str) -> str:
    """Write an identifier."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def literal(text: str) -> str:
    """Write a tag's value."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def select(figures: str, measurement: str, *variables: str, group: str = "", **equal: str) -> str:
    """Return a statement over the chosen time.

    ``variables`` are tags narrowed by the dashboard's variable of that name, ``equal`` tags with
    one value, ``group`` what stands behind GROUP BY.
    """
    conditions = [
        "$timeFilter",
        *(f"{quoted(name)} =~ /^${name}$/" for name in variables),
        *(f"{quoted(name)} = {literal(value)}" for name, value in equal.items()),
    ]
    grouped = f" GROUP BY {group}" if group else ""
    return f"SELECT {figures} FROM {quoted(measurement)} WHERE {' AND '.join(conditions)}{grouped}"  # noqa: S608 – names of ours, quoted


def over_time(*tags: str, fill: str = "none") -> str:
    """Return what groups by the panel's interval and tags, for ``select``."""
    grouped = ", ".join(["time($__interval)", *map(quoted, tags)])
    return f"{grouped} fill({fill})"
