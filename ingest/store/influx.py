"""InfluxDB behind the port: measurement = class, tags site and equipment, a field for each point.

Writing the same again overwrites, so a batch may be sent as often as needed; only the cursor, kept
in a file of ours with the counts, says what is done. Every read is InfluxQL.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from gengfu.core.clock import Micros
from gengfu.core.names import PointKind
from gengfu.ledger.model import EquipmentClass
from ingest.store.answers import Answer, Outcome
from ingest.store.influx_rollups import InfluxRollups
from ingest.store.influxql import quoted, time_span
from ingest.store.lines import Line, LineEncoder, Unwritable, measurement_line
from ingest.store.port import Band, Measurement, NotTaken, Refusal, StoreCounts, Trend, Written
from ingest.store.progress import ProgressFile, QuarantineFile
from ingest.store.rows import Quarantined, Series, StoreRows
from ingest.store.trends import Span, banded, plan
from ingest.store.wire import Found, Wire, numeric

MAX_LINES = 5_000
MAX_BYTES = 5_000_000
"""1.x resets the connection of a body over 25 MB before its 413 can be read."""
PATIENCE = 5
"""So many answers with an error of the server's own, and a batch is taken apart."""
MAX_PIECES = 60
"""After so many requests without one taken it is the server that is broken, not a line."""

_Rows = list[tuple[int, float]]
_Texts = list[tuple[int, str]]
_Bands = list[tuple[int, float, float, float, int]]


class InfluxStore:
    """Readings in an InfluxDB 1.x, 2.x or 3. One writer; queries may run beside it."""

    def __init__(self, wire: Wire, data: Path) -> None:
        """Open the cursor's file in ``data``; nothing is asked of the server yet."""
        name = re.sub(r"[^A-Za-z0-9.]+", "-", wire.server.database)
        target = f"{wire.server.url}/{wire.server.database}"
        self._wire = wire
        self._progress = ProgressFile(data / f"influxdb-{name}.json", target)
        self._quarantine = QuarantineFile(data / f"influxdb-{name}.quarantine.jsonl")
        self._encoder = LineEncoder()
        self._broken = 0
        self.rollups = InfluxRollups(wire, data / f"influxdb-{name}.rollups.json", self._deliver)

    def prepare(self, classes: Mapping[str, EquipmentClass]) -> None:
        """Create the database or bucket when it is missing."""
        self.rollups.classes = frozenset(classes)
        self._wire.create_database()

    def write(self, rows: StoreRows, position: int) -> Written:
        encoded = self._encoder.encode(rows)
        fate = self._deliver(encoded.lines)
        written = Written(
            stored=fate.stored + encoded.superseded,
            expired=fate.expired,
            null=rows.null,
            quarantined=(*rows.faults, *encoded.faults, *fate.quarantined),
            arrived=rows.arrived,
        )
        self._quarantine.append(written.quarantined)
        self._progress.advance(written, position)
        return written

    def write_measurements(self, measurements: Sequence[Measurement]) -> Written:
        lines: list[Line] = []
        faults: list[Quarantined] = []
        for one in measurements:
            try:
                line = measurement_line(one)
            except Unwritable as exc:
                faults.append(Quarantined(0, str(exc), repr(one)))
            else:
                lines.extend([line] if line is not None else [])
        fate = self._deliver(lines)
        quarantined = (*faults, *fate.quarantined)
        self._quarantine.append(quarantined)
        return Written(stored=fate.stored, expired=fate.expired, quarantined=quarantined)

    def counts(self) -> StoreCounts:
        return self._progress.counts

    def cursor(self) -> int:
        return self._progress.counts.position

    def query(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None = None,
        *,
        most: int | None = None,
    ) -> Trend:
        worded = series.kind in (PointKind.ENUM, PointKind.TEXT)
        if step is None or worded:
            return self._select(series, start, end, step, most)

        def ask(span: Span) -> Trend:
            if span.step:
                return self.rollups.bands(series, span.start, span.end, span.step)
            return self._select(series, span.start, span.end, step)

        return banded(plan(start, end, step, self.rollups.rolled().until), step, ask)

    def _select(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None,
        most: int | None = None,
    ) -> Trend:
        """Return what the readings themselves say."""
        worded = series.kind in (PointKind.ENUM, PointKind.TEXT)
        point = quoted(series.point)
        figures = point
        if step is not None:
            figures = f"last({point})" if worded else _BAND_OF.format(point)
        statement = (
            f"SELECT {figures} FROM {quoted(series.equipment_class)}"  # noqa: S608 – quoted, bound
            ' WHERE "site" = $site AND "equipment" = $equipment'
            f"{time_span(start, end)}"
        )
        if step is not None:
            statement += f" GROUP BY time({step}u) fill(none)"
        elif most is not None:
            statement += f" LIMIT {most}"
        bound = {"site": series.site, "equipment": series.equipment}
        found = self._wire.query(statement, bound)
        return _texts(found) if worded else _numbers(found, banded=step is not None)

    def quarantined(self, limit: int = 1000) -> tuple[Quarantined, ...]:
        """Return what no store could take, the newest first."""
        return self._quarantine.newest(limit)

    def close(self) -> None:
        self._wire.close()

    def _deliver(self, lines: Sequence[Line]) -> "_Fate":
        fate = _Fate()
        waiting = list(reversed(_batches(lines)))
        requests = 0
        while waiting:
            part = waiting.pop()
            answer = self._wire.post("\n".join(map(str, part)).encode())
            requests += 1
            if answer.outcome is Outcome.REFUSED:
                self._take_apart(answer, requests, some_taken=fate.stored > 0)
            waiting.extend(reversed(_judge(part, answer, fate)))
        fate.settle()
        self._broken = 0
        return fate

    def _take_apart(self, answer: Answer, requests: int, *, some_taken: bool) -> None:
        """Raise unless the server breaks on this batch again and again: then look for the line."""
        refusal = answer.refusal or Refusal.BROKEN
        if refusal is Refusal.BROKEN and (some_taken or requests <= MAX_PIECES):
            self._broken += requests == 1
            if self._broken > PATIENCE:
                return
        raise NotTaken(refusal, answer.message, retry_after_s=answer.retry_after_s)


@dataclass(slots=True)
class _Fate:
    """What became of the lines of one delivery, counted in items."""

    stored: int = 0
    expired: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)
    suspects: list[tuple[Line, str]] = field(default_factory=list)
    """Lines on which the server broke: guilty only when it took others meanwhile."""

    def settle(self) -> None:
        """Decide about the suspects.

        Raises:
            NotTaken: when nothing else was taken either: then it is the server, not the lines.
        """
        if self.suspects and not self.stored:
            raise NotTaken(Refusal.BROKEN, self.suspects[0][1])
        self.quarantined += [_quarantined(line, message) for line, message in self.suspects]


def _judge(part: list[Line], answer: Answer, fate: _Fate) -> list[list[Line]]:
    """Book what is decided; return what has to be sent again in smaller pieces."""
    items = sum(line.items for line in part)
    if answer.outcome is Outcome.TAKEN:
        fate.stored += items
        return []
    if answer.outcome is Outcome.EXPIRED and answer.expired >= len(part):
        fate.expired += items
        return []
    pieces = _halves(part, answer.outcome)
    if pieces:
        return pieces
    if answer.outcome is Outcome.EXPIRED:
        fate.expired += items
    elif answer.outcome is Outcome.REFUSED:
        fate.suspects.append((part[0], answer.message))
    else:
        fate.quarantined.append(_quarantined(part[0], answer.message))
    return []


def _halves(part: list[Line], outcome: Outcome) -> list[list[Line]]:
    """Cut lines in two, one line into its items; nothing when there is nothing left to cut."""
    if len(part) == 1:
        return [] if outcome is Outcome.EXPIRED else [[one] for one in part[0].apart()]
    if outcome is Outcome.EXPIRED:
        part = sorted(part, key=lambda line: line.at)
    middle = len(part) // 2
    return [part[:middle], part[middle:]]


def _batches(lines: Sequence[Line]) -> list[list[Line]]:
    batches: list[list[Line]] = []
    room = 0
    for line in lines:
        size = len(str(line)) * 4  # no character has more bytes in UTF-8
        if not batches or room < size or len(batches[-1]) >= MAX_LINES:
            batches.append([])
            room = MAX_BYTES
        batches[-1].append(line)
        room -= size
    return batches


def _quarantined(line: Line, message: str) -> Quarantined:
    return Quarantined(line.position, message, str(line))


_BAND_OF = "mean({0}), min({0}), max({0}), count({0})"


def _texts(found: Sequence[Found]) -> Trend:
    rows = [row for one in found for row in msgspec.json.decode(one.values, type=_Texts)]
    return Trend(times=_times([row[0] for row in rows]), values=tuple(row[1] for row in rows))


def _numbers(found: Sequence[Found], *, banded: bool) -> Trend:
    if not banded:
        rows = [
            row for one in found for row in msgspec.json.decode(numeric(one.values), type=_Rows)
        ]
        values = np.array([row[1] for row in rows], dtype=np.float64)
        return Trend(times=_times([row[0] for row in rows]), values=values)
    bands = [row for one in found for row in msgspec.json.decode(numeric(one.values), type=_Bands)]
    table = np.array([row[1:4] for row in bands], dtype=np.float64).reshape(-1, 3)
    count = np.array([row[4] for row in bands], dtype=np.int64)
    return Trend(
        times=_times([row[0] for row in bands]),
        values=table[:, 0],
        band=Band(low=table[:, 1], high=table[:, 2], count=count),
    )


def _times(nanoseconds: Sequence[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(nanoseconds, dtype=np.int64) // 1000
