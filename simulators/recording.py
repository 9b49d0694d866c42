"""A recorded CSV as rows of points: found out by itself where it can be, refused whole where not.

Delimiter, header and time column are detected. A number keeps the text it was written with, so that
what is published is bit-equal to what was recorded. All mistakes are found at once, with row and
column.
"""

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from gengfu.core.clock import SECOND, Micros, to_utc
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest
from gengfu.core.said import NOTHING, Said, said
from gengfu.marked import read_text

TIME_NAMES = ("ts", "time", "timestamp", "datetime", "date", "date_time", "observed_at", "时间")

_DELIMITERS = ",;\t|"
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:\d{6})?")
"""A date, or date and time, in digits alone: no seconds since 1970 of our days look so."""
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_MILLISECONDS_FROM = 1e11
"""A number of seconds this large lies in the year 5138: it is milliseconds."""
_EPOCH = to_utc(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One moment: the JSON text of each value, in the order of the recording's points."""

    at: Micros
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Rows in order of time. ``repeated`` counts rows that bear the time of the row before."""

    points: tuple[str, ...]
    rows: tuple[Row, ...]
    repeated: int = 0


def read_recording(
    path: Path, points: Mapping[str, str], *, zone: ZoneInfo | None = None
) -> Recording:
    """Read a recording; ``points`` maps its columns to points. Times without a zone are UTC.

    Raises:
        BadInput: with every mistake of the file and of the mapping.
    """
    text = read_text(path)
    first, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table = [Cells(cells.line_num, tuple(row)) for row in cells if any(row)]
    if len(table) < 2:
        raise BadInput.of(str(path), "1", said("no rows below a header"))
    reader = _Reader(str(path), table[0].texts, zone or ZoneInfo("UTC"), [])
    return reader.read(table[1:], points)


@dataclass(frozen=True, slots=True)
class Cells:
    """One line of the file as it was written."""

    line: int
    texts: tuple[str, ...]


@dataclass(slots=True)
class _Reader:
    file: str
    header: Sequence[str]
    zone: ZoneInfo
    faults: list[Fault]

    def read(self, rows: Sequence[Cells], points: Mapping[str, str]) -> Recording:
        header = [name.strip() for name in self.header]
        wanted = self._columns(header, points)
        time = self._time_column(header, rows[0].texts)
        if self.faults or time is None:
            raise BadInput(self.faults)
        found = [self._row(row.line, row.texts, time, wanted) for row in rows]
        for (before, row), cells in zip(pairwise(found), rows[1:], strict=True):
            if before.at > row.at > 0:
                self._fault(
                    str(cells.line),
                    said("the time is before that of the row above"),
                    said("sort it"),
                )
        if self.faults:
            raise BadInput(self.faults)
        repeated = sum(a.at == b.at for a, b in pairwise(found))
        return Recording(points=tuple(points.values()), rows=tuple(found), repeated=repeated)

    def _columns(self, header: Sequence[str], points: Mapping[str, str]) -> tuple[int, ...]:
        """Return where the mapped columns stand."""
        if not points:
            self._fault("map", said("no column is mapped to a point"), said("--map column=point"))
        taken: set[str] = set()
        for column, point in points.items():
            if column not in header:
                hint = nearest(column, header) or said("columns: {}", ", ".join(header))
                self._fault("1", said("there is no column {!r}", column), hint)
            if point in taken:
                self._fault("map", said("two columns are mapped to the point {!r}", point))
            taken.add(point)
        return tuple(header.index(column) for column in points if column in header)

    def _time_column(self, header: Sequence[str], row: Sequence[str]) -> int | None:
        """Return where the time stands: by the column's name, else the first that reads as a date."""
        for index, name in enumerate(header):
            if name.lower() in TIME_NAMES:
                return index
        for index, cell in enumerate(row):
            if not _JSON_NUMBER.fullmatch(cell.strip()) and self._parse_time(cell) is not None:
                return index
        self._fault(
            "1",
            said("there is no column of times"),
            said("name it {} or put dates in it", TIME_NAMES[0]),
        )
        return None

    def _row(self, number: int, row: Sequence[str], time: int, wanted: Sequence[int]) -> Row:
        at = self._parse_time(row[time]) if time < len(row) else None
        if at is None:
            cell = row[time] if time < len(row) else ""
            mend = said("write YYYY-MM-DD HH:MM:SS, ISO 8601 or seconds since 1970")
            self._fault(f"{number} column {self.header[time]}", said("{!r} is no time", cell), mend)
        return Row(at=at or 0, values=tuple(self._value(number, row, index) for index in wanted))

    def _value(self, number: int, row: Sequence[str], index: int) -> str:
        """Return a cell as JSON: its own digits where they are JSON, null where it is empty."""
        if index >= len(row):
            self._fault(f"{number} column {self.header[index]}", said("the row is too short"))
            return "null"
        cell = row[index].strip()
        if not cell:
            return "null"
        try:
            value = float(cell.replace("_", "?"))  # 1_000 is a number to Python alone
        except ValueError:
            return cell.lower() if cell.lower() in {"true", "false"} else json.dumps(cell)
        if not math.isfinite(value):
            self._fault(
                f"{number} column {self.header[index]}",
                said("{!r} is not finite", cell),
                said("leave it empty"),
            )
            return "null"
        return cell if _JSON_NUMBER.fullmatch(cell) else repr(value)

    def _parse_time(self, cell: str) -> Micros | None:
        text = cell.strip()
        if _COMPACT.fullmatch(text):
            text = f"{text[:8]}T{text[8:] or '000000'}"
        try:
            number = float(text)
        except ValueError:
            pass
        else:
            if not math.isfinite(number):
                return None
            return round(number * (1000 if abs(number) > _MILLISECONDS_FROM else SECOND))
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        since = aware - _EPOCH
        return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds

    def _fault(self, place: str, message: Said, mend: Said = NOTHING) -> None:
        self.faults.append(Fault(self.file, place, message, mend))
