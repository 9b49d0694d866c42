"""A recorded CSV as rows of points: found out by itself where it can be, refused whole where not.

Delimiter, header and time columns are detected. A number keeps the text it was written with, so that
what is published is bit-equal to what was recorded. What a point takes is not known here: whoever has
the ledger says so. All mistakes are found at once, with line and column.
"""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import nearest
from gengfu.core.names import MAX_TEXT, PointKind
from gengfu.core.said import NOTHING, Said, said
from gengfu.ledger.model import PointDef
from gengfu.marked import read_text
from simulators.recording.moments import is_clock, is_day, joined, read_time

DAY_NAMES = ("date", "日期")
CLOCK_NAMES = ("time", "时间", "时刻")
TIME_NAMES = (
    *("ts", "timestamp", "datetime", "date_time", "observed_at", "日期时间"),
    *CLOCK_NAMES,
    *DAY_NAMES,
)
MOST_FAULTS = 100
"""So many are told; a wrong column of a long recording has one in each line."""

_DELIMITERS = ",;\t|"
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a recording's column is to be: a point, and the intake's word on which values it takes."""

    point: PointDef
    takes: Callable[[object], bool]


def read_recording(
    path: Path,
    points: Mapping[str, str],
    *,
    zone: ZoneInfo | None = None,
    meant: Mapping[str, Meant] | None = None,
) -> Recording:
    """Read a recording; ``points`` maps its columns to points. Times without a zone are UTC.

    ``meant`` is by point; without it values are not judged.

    Raises:
        BadInput: with every mistake of the file and of the mapping.
    """
    text = read_text(path)
    first, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        table = [Cells(cells.line_num, tuple(row)) for row in cells if any(row)]
    except csv.Error as exc:
        raise BadInput.of(str(path), str(cells.line_num), said("not CSV: {}", exc)) from exc
    if len(table) < 2:
        raise BadInput.of(str(path), "1", said("no rows below a header"))
    header = tuple(name.strip() for name in table[0].texts)
    return _Reader(str(path), header, zone or ZoneInfo("UTC"), meant or {}).read(table[1:], points)


@dataclass(frozen=True, slots=True)
class Cells:
    """One line of the file as it was written."""

    line: int
    texts: tuple[str, ...]

    def at(self, index: int) -> str:
        return self.texts[index] if index < len(self.texts) else ""


class _Reader:
    def __init__(
        self, file: str, header: Sequence[str], zone: ZoneInfo, meant: Mapping[str, Meant]
    ) -> None:
        self._file = file
        self._header = header
        self._zone = zone
        self._meant = meant
        self._faults: list[Fault] = []
        self._found = 0

    def read(self, rows: Sequence[Cells], points: Mapping[str, str]) -> Recording:
        wanted = self._columns(points)
        time = self._time_columns(rows[0])
        self._refuse()
        columns = [(index, self._meant.get(point)) for index, point in wanted]
        found = [self._row(row, time, columns) for row in rows]
        for (before, row), cells in zip(pairwise(found), rows[1:], strict=True):
            if before.at > row.at >= 0:
                why = said("the time is before that of the row above")
                self._fault(cells.line, why, said("sort it"))
        self._refuse()
        repeated = sum(a.at == b.at for a, b in pairwise(found))
        return Recording(points=tuple(points.values()), rows=tuple(found), repeated=repeated)

    def _columns(self, points: Mapping[str, str]) -> list[tuple[int, str]]:
        """Return where the mapped columns stand, with their points."""
        header = self._header
        if not points:
            self._fault("map", said("no column is mapped to a point"), said("--map column=point"))
        taken: set[str] = set()
        for column, point in points.items():
            if column not in header:
                hint = nearest(column, header) or said("columns: {}", ", ".join(header))
                self._fault(1, said("there is no column {!r}", column), hint)
            elif header.count(column) > 1:
                self._fault(1, said("two columns are called {!r}", column), said("rename one"))
            if point in taken:
                self._fault("map", said("two columns are mapped to the point {!r}", point))
            taken.add(point)
        return [(header.index(name), point) for name, point in points.items() if name in header]

    def _time_columns(self, row: Cells) -> tuple[int, ...]:
        """Return where the time stands: by name, else the first that reads as a date.

        A date whose time of the day stands in another column is both.
        """
        names = [name.lower() for name in self._header]
        bare = {n for n, name in enumerate(names) if name in CLOCK_NAMES} if self._has_day() else ()
        clocks = [n for n, cell in enumerate(row.texts) if is_clock(cell, is_bare=n in bare)]
        named = [names.index(name) for name in TIME_NAMES if name in names]
        read = [n for n in named if n not in clocks and not self._why_not(row.at(n))]
        dated = [
            n
            for n, cell in enumerate(row.texts)
            if not _JSON_NUMBER.fullmatch(cell.strip()) and not self._why_not(cell)
        ]
        chosen = next(iter((*read, *dated, *named)), None)
        if chosen is None:
            mend = said("name it {} or put dates in it", TIME_NAMES[0])
            self._fault(1, said("there is no column of times"), mend)
            return ()
        beside = [n for n in clocks if n in named or abs(n - chosen) == 1]
        return (chosen, beside[0]) if beside and is_day(row.at(chosen)) else (chosen,)

    def _has_day(self) -> bool:
        return any(name.lower() in DAY_NAMES for name in self._header)

    def _why_not(self, cell: str) -> Said | None:
        at = read_time(cell, self._zone)
        return at if isinstance(at, Said) else None

    def _row(
        self, row: Cells, time: Sequence[int], columns: Sequence[tuple[int, Meant | None]]
    ) -> Row:
        cells = [row.at(index) for index in time]
        at = read_time(joined(*cells) if len(cells) == 2 else cells[0], self._zone)
        if isinstance(at, Said):
            mend = said(
                "write YYYY-MM-DD HH:MM:SS, ISO 8601 or a count since 1970, such as seconds"
            )
            self._fault(row.line, said("column {!r}: {}", self._header[time[0]], at), mend)
            at = -1
        return Row(at=at, values=tuple(self._value(row, index, meant) for index, meant in columns))

    def _value(self, row: Cells, index: int, meant: Meant | None) -> str:
        """Return a cell as JSON: its own digits where they are JSON, null where it is empty."""
        if index >= len(row.texts):
            self._mistaken(row, index, said("the row is too short"))
            return "null"
        cell = row.texts[index].strip()
        value = _json(cell, meant)
        if value is None:
            self._mistaken(row, index, said("{!r} is not finite", cell), said("leave it empty"))
            return "null"
        if meant is not None and not meant.takes(msgspec.json.decode(value)):
            self._mistaken(row, index, *_not_taken(cell, meant.point))
        return value

    def _mistaken(self, row: Cells, index: int, why: Said, mend: Said = NOTHING) -> None:
        self._fault(row.line, said("column {!r}: {}", self._header[index], why), mend)

    def _fault(self, place: int | str, message: Said, mend: Said = NOTHING) -> None:
        self._found += 1
        if self._found <= MOST_FAULTS:
            self._faults.append(Fault(self._file, str(place), message, mend))

    def _refuse(self) -> None:
        """Raise what was found, if anything was."""
        if self._found > MOST_FAULTS:
            total = said("{} mistakes; these are the first {}", self._found, MOST_FAULTS)
            self._faults.append(Fault(self._file, "", total))
        if self._faults:
            raise BadInput(self._faults)


def _json(cell: str, meant: Meant | None) -> str | None:
    """Return a cell as JSON, None for a number that is not finite. Words are not taken for numbers."""
    if not cell:
        return "null"
    if meant is not None and meant.point.kind in {PointKind.ENUM, PointKind.TEXT}:
        return json.dumps(cell)
    try:
        value = float(cell.replace("_", "?"))  # 1_000 is a number to Python alone
    except ValueError:
        return cell.lower() if cell.lower() in {"true", "false"} else json.dumps(cell)
    if not math.isfinite(value):
        return None
    return cell if _JSON_NUMBER.fullmatch(cell) else repr(value)


def _not_taken(cell: str, point: PointDef) -> tuple[Said, Said]:
    """Return why a point does not take a value, and what to write."""
    match point.kind:
        case PointKind.BOOLEAN:
            mend = said("write true, false, 1 or 0")
            return said("{!r} is neither true nor false", cell), mend
        case PointKind.ENUM:
            words = ", ".join(point.words)
            return said("{!r} is none of {}", cell, words), nearest(cell, point.words)
        case PointKind.TEXT:
            return said("longer than {} characters", MAX_TEXT), said("shorten it")
    if point.kind is PointKind.INTEGER:
        return said("{!r} is no whole number", cell), said("write a number such as {}", "1234")
    if _DECIMAL_COMMA.fullmatch(cell):
        return said("{!r} is no number", cell), said("write {}", cell.replace(",", "."))
    return said("{!r} is no number", cell), said("write a number such as {}", "1234.5")
