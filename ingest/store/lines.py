"""InfluxDB's line protocol, written by us because it is the hot path and because escaping is safety.

An unescaped newline in a tag value once wrote another device's series: every name and text goes
through the three ``escape`` functions of this module, and nothing else writes a line. A field has
one type for ever, that of its point's kind: a float always has a point or an exponent.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from ingest.store.port import Measurement
from ingest.store.rows import Quarantined, Series, StoreEvent, StoreRows, winners

MAX_TIME: Micros = (2**63 - 2) // 1000 - 1
"""InfluxDB refuses |time| > 9223372036854775806 ns; one µs of room for events' sub-microseconds."""
MAX_NAME = 64 * 1024 - 1
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\\]")
_NAME = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_TEXT = str.maketrans({"\\": r"\\", '"': r"\""})
EVENT = "event"
"""The measurement of events; no equipment class may have this name."""


class Unwritable(ValueError):
    """A name that the line protocol cannot carry safely."""


def escape_name(text: str) -> str:
    """Write a tag's key or value, or a field's key.

    Raises:
        Unwritable: when it is empty, too long, or has a backslash or control character, for which
            the protocol has no escape that every server reads alike.
    """
    _refuse_unwritable(text)
    return text.translate(_NAME)


def escape_measurement(text: str) -> str:
    """Write a measurement's name; ``Unwritable`` as for ``escape_name``, or with a # in front."""
    _refuse_unwritable(text)
    if text.startswith("#"):
        raise Unwritable("a line that begins with # is a comment")
    return text.translate(_MEASUREMENT)


def escape_text(text: str) -> str:
    """Write a text as a field's value, quoted. Every text can be one, newlines included."""
    return f'"{text.translate(_TEXT)}"'


def _refuse_unwritable(text: str) -> None:
    if not text or len(text.encode()) > MAX_NAME or _UNWRITABLE.search(text):
        raise Unwritable(f"{text[:80]!r} cannot be a name in the line protocol")


class Line(NamedTuple):
    """One point: ``head`` (measurement and tags), its ``fields``, ``at`` in ns."""

    head: str
    fields: tuple[str, ...]
    at: int
    position: int
    """The journal position of its last item; 0 for derived figures."""
    whole: bool = False
    """Whether the fields are one item together (an event), else each is one."""

    def __str__(self) -> str:
        return f"{self.head} {','.join(self.fields)} {self.at}"

    @property
    def items(self) -> int:
        return 1 if self.whole else len(self.fields)

    def apart(self) -> "tuple[Line, ...]":
        """Return a line for each item, or nothing when it is one item already."""
        if self.items == 1:
            return ()
        return tuple(self._replace(fields=(one,)) for one in self.fields)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The lines of some rows; items in no line because a later one won; items that cannot be one."""

    lines: list[Line]
    superseded: int
    faults: tuple[Quarantined, ...]


class _Head(NamedTuple):
    """What a series always writes: kept, so that a value costs only its own digits."""

    prefix: str
    field: str
    kind: PointKind


@dataclass(slots=True)
class LineEncoder:
    """Turns rows into lines, those of one equipment and time into one. Keeps the prefixes."""

    _heads: dict[Series, _Head] = field(default_factory=dict)

    def encode(self, rows: StoreRows) -> Encoded:
        """Return values and events as lines; nothing in them can break out of its place."""
        heads = [self._head(series) for series in rows.keys]
        writable = np.array([bool(head.prefix) for head in heads], dtype=bool)
        good = writable[rows.series] & (np.abs(rows.observed_at) <= MAX_TIME)
        chosen = np.flatnonzero(good)
        series, times = rows.series[chosen], rows.observed_at[chosen]
        owner = _numbers([head.prefix for head in heads])[series]
        kept = winners(owner, times, _numbers([head.field for head in heads])[series])
        order = chosen[kept]
        lines = _value_lines(rows, heads, owner[kept], order)
        faults = [_fault(rows, int(row)) for row in np.flatnonzero(~good)]
        for event, nth in _numbered(rows.events):
            try:
                lines.append(_event_line(event, nth))
            except Unwritable as exc:
                faults.append(Quarantined(event.position, str(exc), repr(event.event)))
        return Encoded(lines, len(chosen) - len(order), tuple(faults))

    def _head(self, series: Series) -> _Head:
        head = self._heads.get(series)
        if head is None:
            head = self._heads[series] = _make_head(series)
        return head


def measurement_line(measurement: Measurement) -> Line | None:
    """Return a derived figure as a line, or None when none of its fields has a value.

    Raises:
        Unwritable: when a name cannot be written, a number is not finite, or its time is too far.
    """
    fields = tuple(
        f"{escape_name(name)}={_scalar(value)}"
        for name, value in measurement.fields.items()
        if value is not None
    )
    if not fields:
        return None
    if abs(measurement.at) > MAX_TIME:
        raise Unwritable(f"time {measurement.at} µs is out of InfluxDB's range")
    tags = {name: value for name, value in measurement.tags.items() if value}
    return Line(line_head(measurement.name, tags), fields, measurement.at * 1000, 0)


def _make_head(series: Series) -> _Head:
    try:
        tags = {"equipment": series.equipment, "site": series.site}
        return _Head(
            line_head(series.equipment_class, tags), f"{escape_name(series.point)}=", series.kind
        )
    except Unwritable:
        return _Head("", "", series.kind)


def line_head(measurement: str, tags: Mapping[str, str]) -> str:
    """Return measurement and tags, sorted by key as InfluxDB likes them best; ``Unwritable`` if not."""
    written = (f",{escape_name(key)}={escape_name(tags[key])}" for key in sorted(tags))
    return escape_measurement(measurement) + "".join(written)


def _numbers(names: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each name, the same for equal ones."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)


def _value_lines(
    rows: StoreRows, heads: Sequence[_Head], owner: NDArray[np.int64], order: NDArray[np.int64]
) -> list[Line]:
    """Write rows that are ordered by owner and time, those of one owner and time into one line."""
    if not len(order):
        return []
    times, number = rows.observed_at[order], rows.series[order]
    begins = (owner[1:] != owner[:-1]) | (times[1:] != times[:-1])
    first = np.flatnonzero(np.append(True, begins))
    positions = np.maximum.reduceat(rows.position[order], first)
    written = _fields(rows, heads, order)
    ends = [*first[1:].tolist(), len(order)]
    return [
        Line(heads[one].prefix, tuple(written[start:end]), at * 1000, position)
        for one, start, end, at, position in zip(
            number[first].tolist(),
            first.tolist(),
            ends,
            times[first].tolist(),
            positions.tolist(),
            strict=True,
        )
    ]


def _fields(rows: StoreRows, heads: Sequence[_Head], order: NDArray[np.int64]) -> list[str]:
    """Write each row as a field; the hot loop."""
    keys = [head.field for head in heads]
    floats = [head.kind is PointKind.ANALOG for head in heads]
    texts = rows.texts
    return [
        keys[n] + repr(value)
        if floats[n]
        else f"{keys[n]}{int(value)}i"
        if text < 0
        else keys[n] + escape_text(texts[text])
        for n, value, text in zip(
            rows.series[order].tolist(),
            rows.value[order].tolist(),
            rows.text[order].tolist(),
            strict=True,
        )
    ]


def _numbered(events: Sequence[StoreEvent]) -> Iterator[tuple[StoreEvent, int]]:
    """Count the events of one record that are of the same equipment and time."""
    seen: Counter[tuple[int, str, Micros]] = Counter()
    for one in events:
        instant = (one.position, one.equipment, one.event.observed_at)
        yield one, seen[instant]
        seen[instant] += 1


def _event_line(one: StoreEvent, nth: int) -> Line:
    """Write an event so that no two ever overwrite each other.

    Events of one record at one time differ by the tag ``nth``, those of different records by their
    nanoseconds, which InfluxDB has and we do not use.
    """
    event = one.event
    tags = {"equipment": one.equipment, "site": one.site} | ({"nth": str(nth)} if nth else {})
    attributes = (
        json.dumps(dict(event.attributes), ensure_ascii=False) if event.attributes else None
    )
    line = measurement_line(
        Measurement(
            name=EVENT,
            tags=tags,
            fields={
                "type": event.type,
                "part": event.part,
                "id": event.id,
                "class": one.equipment_class,
                "attributes": attributes,
                "position": one.position,
            },
            at=event.observed_at,
        )
    )
    assert line is not None
    return line._replace(at=line.at + one.position % 1000, position=one.position, whole=True)


def _scalar(value: Scalar) -> str:
    if isinstance(value, str):
        return escape_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unwritable(f"{value} is no value of a field")
        return repr(value)
    return f"{int(value or 0)}i"


def _fault(rows: StoreRows, row: int) -> Quarantined:
    series = rows.keys[int(rows.series[row])]
    content = f"{series} {float(rows.value[row])!r} at {int(rows.observed_at[row])} µs"
    return Quarantined(int(rows.position[row]), "cannot be a line of InfluxDB", content)
