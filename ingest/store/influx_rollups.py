"""Roll-ups in InfluxDB: measurements ``rollup_1m`` and ``rollup_1h``, written by us on every version.

Continuous queries are 1.x only, tasks 2.x only, and neither does it again for what comes late.
Retention is by ``DELETE``, which 1.x and 2.x both answer: a retention policy of the server's would
refuse what is back-filled, and knows no classes.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import HOUR, MINUTE, Micros
from gengfu.durable import replace_file
from ingest.store.influxql import literal, quoted, time_span
from ingest.store.keeper import Rolled
from ingest.store.lines import Line, Unwritable, line_head
from ingest.store.port import Band, Trend
from ingest.store.rollups import Buckets, Values
from ingest.store.rows import Series
from ingest.store.wire import Generation, Wire, numeric

MEASUREMENTS = {MINUTE: "rollup_1m", HOUR: "rollup_1h"}
_Column = tuple[int, NDArray[np.int64], NDArray[np.float64]]


class InfluxRollups:
    """Its part of the store; ``deliver`` sends lines, as many requests as it takes."""

    def __init__(self, wire: Wire, path: Path, deliver: Callable[[Sequence[Line]], object]) -> None:
        self._wire = wire
        self._path = path
        self._deliver = deliver
        self.classes: frozenset[str] = frozenset()
        """The measurements that hold readings; what is derived and events are never dropped."""
        self._rolled = Rolled()
        if path.exists():
            self._rolled = msgspec.json.decode(path.read_bytes(), type=Rolled)

    def rolled(self) -> Rolled:
        return self._rolled

    def note(self, rolled: Rolled) -> None:
        replace_file(self._path, msgspec.json.encode(asdict(rolled)))
        self._rolled = rolled

    def values(self, series: Sequence[Series], start: Micros, end: Micros) -> Values:
        owners: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for place, one in enumerate(series):
            owners[one.equipment_class, one.site, one.equipment].append(place)
        columns = [
            column
            for (class_, site, equipment), places in owners.items()
            for column in self._columns(class_, site, equipment, series, places, (start, end))
        ]
        columns.sort(key=lambda column: column[0])
        sizes = [len(times) for _, times, _ in columns]
        places = np.array([place for place, _, _ in columns], dtype=np.int32)
        empty = np.empty(0, dtype=np.int64)
        return Values(
            series=np.repeat(places, sizes),
            times=np.concatenate([empty, *(times for _, times, _ in columns)]),
            values=np.concatenate([empty.astype(float), *(values for _, _, values in columns)]),
        )

    def write(self, series: Sequence[Series], buckets: Buckets) -> None:
        self._deliver(_lines(series, buckets))

    def drop_before(self, at: Micros, step: Micros, classes: Sequence[str], *, but: bool) -> None:
        if self._wire.generation() is Generation.THREE:
            return  # its InfluxQL has no DELETE: there the bucket's own retention counts
        if step == 0:
            names = classes if not but else sorted(self.classes - set(classes))
            for name in names:
                self._wire.query(f"DELETE FROM {quoted(name)} WHERE time < {at * 1000}", {})  # noqa: S608 – quoted
            return
        sign, joint = ("!=", " AND ") if but else ("=", " OR ")
        chosen = joint.join(f'"class" {sign} {literal(one)}' for one in classes)
        where = f" AND ({chosen})" if chosen else ""
        name = quoted(MEASUREMENTS[step])
        self._wire.query(f"DELETE FROM {name} WHERE time < {at * 1000}{where}", {})  # noqa: S608 – quoted

    def bands(self, series: Series, start: Micros, end: Micros, step: Micros) -> Trend:
        """Return roll-ups of one series in [start, end)."""
        found = self._wire.query(
            f'SELECT "mean", "min", "max", "count" FROM {quoted(MEASUREMENTS[step])}'  # noqa: S608 – bound
            ' WHERE "site" = $site AND "equipment" = $equipment AND "class" = $class'
            f' AND "point" = $point{time_span(start, end)}',
            {
                "site": series.site,
                "equipment": series.equipment,
                "class": series.equipment_class,
                "point": series.point,
            },
        )
        cells = [row for one in found for row in msgspec.json.decode(numeric(one.values))]
        table = np.array([row[1:4] for row in cells], dtype=np.float64).reshape(-1, 3)
        return Trend(
            times=np.array([row[0] for row in cells], dtype=np.int64) // 1000,
            values=table[:, 0],
            band=Band(
                low=table[:, 1],
                high=table[:, 2],
                count=np.array([row[4] for row in cells], dtype=np.int64),
            ),
        )

    def _columns(
        self,
        class_: str,
        site: str,
        equipment: str,
        series: Sequence[Series],
        places: Sequence[int],
        span: tuple[Micros, Micros],
    ) -> list[_Column]:
        """Return (place, times, values) of the points of one equipment, in one question."""
        points = ", ".join(quoted(series[place].point) for place in places)
        found = self._wire.query(
            f"SELECT {points} FROM {quoted(class_)}"  # noqa: S608 – quoted, bound
            f' WHERE "site" = $site AND "equipment" = $equipment{time_span(*span)}',
            {"site": site, "equipment": equipment},
        )
        rows = [row for one in found for row in msgspec.json.decode(numeric(one.values))]
        times = np.array([row[0] for row in rows], dtype=np.int64) // 1000
        columns = []
        for nth, place in enumerate(places, start=1):
            cells = [row[nth] for row in rows]
            there = np.array([cell is not None for cell in cells], dtype=bool)
            numbers = np.array([cell for cell in cells if cell is not None], dtype=np.float64)
            columns.append((place, times[there], numbers))
        return columns


def _lines(series: Sequence[Series], buckets: Buckets) -> list[Line]:
    heads = [_head(one, MEASUREMENTS[buckets.step]) for one in series]
    columns = zip(
        buckets.series.tolist(),
        buckets.times.tolist(),
        buckets.mean.tolist(),
        buckets.low.tolist(),
        buckets.high.tolist(),
        buckets.last.tolist(),
        buckets.weighted.tolist(),
        buckets.count.tolist(),
        strict=True,
    )
    return [
        Line(
            heads[place],
            (f"mean={mean!r},min={low!r},max={high!r},last={last!r},weighted={over!r},count={n}i",),
            at * 1000,
            0,
            whole=True,
        )
        for place, at, mean, low, high, last, over, n in columns
        if heads[place]
    ]


def _head(series: Series, measurement: str) -> str:
    tags = {
        "class": series.equipment_class,
        "equipment": series.equipment,
        "point": series.point,
        "site": series.site,
    }
    try:
        return line_head(measurement, tags)
    except Unwritable:
        return ""
