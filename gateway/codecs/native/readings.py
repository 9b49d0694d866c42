"""Readings in every shape: points object, flat object, array of either, columns.

Most messages are one small object; they take the shortest way through ``_Frames.add``.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from gateway.codecs.native import identity
from gateway.codecs.native.notes import Notes, contradiction
from gateway.codecs.native.text import Json
from gateway.codecs.native.times import Belief, Observed, observe
from gateway.codecs.native.values import scalar, show, take
from gateway.decoded import RawMessage, Rejected, Rows, UnknownPoint
from gateway.directory import Slot, Target
from gengfu.core.batch import Flag, TopicKind
from gengfu.core.record import RejectReason

_AROUND = frozenset({"ts", "seq", "boot", "site", "equipment", "device", "id"})
"""What may stand beside the points of a flat object; no class has points of these names."""
_CLAIMS = frozenset({"site", "equipment", "device", "id"})
_POINTS = "points"
_NULL = Flag.NULL.value


def decode_readings(
    content: Json, message: RawMessage, target: Target, belief: Belief, others: Collection[str]
) -> tuple[tuple[Rows, ...], Notes]:
    """Turn a message's content into rows; ``others`` are the ids nobody else may claim."""
    frames = _Frames(message, target, belief, others)
    for document in content if isinstance(content, list) else (content,):
        frames.add(document)
    return tuple(frames.rows), frames.notes


@dataclass(slots=True)
class _Frames:
    """The frames of one message as they are read."""

    message: RawMessage
    target: Target
    belief: Belief
    others: Collection[str]
    rows: list[Rows] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)

    def add(self, document: object) -> None:
        """Read one frame: an object with points, or flat, or of columns."""
        if not isinstance(document, dict):
            detail = f"{show(document)} is no object of points"
            return self.notes.reject("", Rejected(RejectReason.WRONG_SHAPE, detail))
        if not _CLAIMS.isdisjoint(document):
            mismatch = contradiction(document, self.target, self.others)
            if mismatch is not None:
                return self.notes.reject("", mismatch)
        points = document.get(_POINTS)
        if points is None:
            points = {name: value for name, value in document.items() if name not in _AROUND}
        elif not isinstance(points, dict):
            detail = f"points is {show(points)}, not an object"
            return self.notes.reject("", Rejected(RejectReason.WRONG_SHAPE, detail))
        ts = None if self._is_farewell(points) else document.get("ts")
        if isinstance(ts, list):
            observed = [self._observe(one) for one in ts]
            is_dated = any(one.is_believed for one in observed)
            return self._add_columns(self._rows_for(document, is_dated), observed, points)
        seen = self._observe(ts)
        return self._add_points(self._rows_for(document, seen.is_believed), seen, points)

    def _is_farewell(self, points: Mapping[str, object]) -> bool:
        """Tell whether a device went: its last will was written, time and all, when it came."""
        return self.target.kind is TopicKind.STATUS and points.get("online") in (False, 0)

    def _rows_for(self, document: Mapping[str, object], is_dated: bool) -> Rows:
        """Return where a frame's rows go: those that nothing recognises share theirs."""
        known_by = identity.of_readings(document, self.target, is_dated=is_dated)
        if known_by is None and self.rows and self.rows[-1].identity is None:
            return self.rows[-1]
        rows = Rows(self.target.index, known_by)
        self.rows.append(rows)
        return rows

    def _observe(self, ts: object) -> Observed:
        return observe(ts, self.message.received_at, self.belief, retained=self.message.retained)

    def _flags(self) -> int:
        """Return what is known of every row of this message."""
        vital = self.target.kind in (TopicKind.VITAL, TopicKind.STATUS)
        return (Flag.VITAL.value if vital else 0) | (
            Flag.RETAINED.value if self.message.retained else 0
        )

    def _add_points(self, rows: Rows, observed: Observed, points: Mapping[str, object]) -> None:
        slots = self.target.slots
        first = len(rows.value)
        nulls: list[int] = []
        for name, value in points.items():
            slot = slots.get(name)
            if slot is None:
                self.notes.unknown.append(UnknownPoint(name[:64], scalar(value)))
                continue
            if type(value) is slot.plain and slot.low <= value <= slot.high:  # type: ignore[operator]
                rows.value.append(value)  # type: ignore[arg-type]
            elif not self._add_value(rows, slot, value, nulls):
                continue
            rows.point.append(slot.index)
        count = len(rows.value) - first
        flags = observed.flags | self._flags()
        rows.observed_at.extend([observed.at] * count)
        rows.flags.extend([flags] * count)
        for row in nulls:
            rows.flags[row] |= _NULL
        if observed.claimed is not None:
            claimed = observed.claimed
            rows.claimed.extend((row, claimed) for row in range(first, first + count))

    def _add_value(self, rows: Rows, slot: Slot, value: object, nulls: list[int]) -> bool:
        """Add a value that needs a second look; tell whether it was taken."""
        taken = take(slot, value)
        if isinstance(taken, Rejected):
            self.notes.reject(slot.name, taken)
            return False
        if isinstance(taken, str):
            rows.texts.append((len(rows.value), taken))
            taken = 0.0
        elif value is None:
            nulls.append(len(rows.value))
        rows.value.append(taken)
        return True

    def _add_columns(
        self, rows: Rows, observed: Sequence[Observed], points: Mapping[str, object]
    ) -> None:
        columns: dict[str, list[object]] = {}
        for name, column in points.items():
            if not isinstance(column, list) or len(column) != len(observed):
                items = max(1, len(column)) if isinstance(column, list) else 1
                detail = f"needs {len(observed)} values, as many as ts"
                self.notes.reject(name, Rejected(RejectReason.WRONG_SHAPE, detail), items)
            elif name not in self.target.slots:
                if column:
                    last = scalar(column[-1])
                    self.notes.unknown.append(UnknownPoint(name[:64], last, len(column)))
            else:
                columns[name] = column
        if not self._add_plain_columns(rows, observed, columns):
            names = tuple(columns)
            for seen, values in zip(observed, zip(*columns.values(), strict=True), strict=True):
                self._add_points(rows, seen, dict(zip(names, values, strict=True)))

    def _add_plain_columns(
        self, rows: Rows, observed: Sequence[Observed], columns: Mapping[str, list[object]]
    ) -> bool:
        """Add columns at once, in order of time, when every value passes without a second look."""
        slots = [self.target.slots[name] for name in columns]
        if not columns or not observed:
            return True
        if any(seen.claimed is not None for seen in observed):
            return False
        if not all(map(_is_plain, slots, columns.values())):
            return False
        width, flags = len(slots), self._flags()
        rows.value.extend(chain.from_iterable(zip(*columns.values(), strict=True)))
        rows.point.extend([slot.index for slot in slots] * len(observed))
        rows.observed_at.extend([seen.at for seen in observed for _ in range(width)])
        rows.flags.extend([seen.flags | flags for seen in observed for _ in range(width)])
        return True


def _is_plain(slot: Slot, column: list[object]) -> bool:
    """Tell whether a column's values all are of the plain type, finite and within the limits."""
    if slot.plain is None or set(map(type, column)) != {slot.plain}:
        return False
    numbers: list[float] = column  # type: ignore[assignment]
    return slot.low <= min(numbers) and max(numbers) <= slot.high and math.isfinite(sum(numbers))
