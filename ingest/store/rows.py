"""Rows as every store takes them: journal records with their names resolved, still in columns.

No object is made for a value. What cannot be a value (not finite, an unknown word) is set aside
here, so that no adapter has to look again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gengfu.core.batch import Event, Flag, ReadingBatch
from gengfu.core.names import Names, PointKind
from gengfu.core.record import Record
from ingest.store.arrived import Arrived

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One item that no store can take: where it stands in the journal, why, and what it was."""

    position: int
    reason: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One point of one equipment. ``kind`` as its class has it; it fixes the type in the store."""

    site: str
    equipment: str
    equipment_class: str
    point: str
    kind: PointKind

    def __str__(self) -> str:
        return f"{self.site}/{self.equipment}/{self.point}"


class StoreEvent(NamedTuple):
    """An event with its names. (position, item) is its identity in the journal."""

    position: int
    item: int
    site: str
    equipment: str
    equipment_class: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRows:
    """n values in columns and the events of consecutive records.

    ``series`` int32 (index of ``keys``), ``observed_at`` int64 µs, ``position`` int64 ascending,
    ``value`` float64 (always finite for numbers, NaN for texts), ``text`` int32 (index of
    ``texts``, -1 for numbers). ``null`` items had no value; ``faults`` could not be one.
    ``arrived`` is the sum of everything up to the last of the records.
    """

    keys: tuple[Series, ...]
    series: NDArray[np.int32]
    observed_at: NDArray[np.int64]
    position: NDArray[np.int64]
    value: NDArray[np.float64]
    text: NDArray[np.int32]
    texts: tuple[str, ...] = ()
    events: tuple[StoreEvent, ...] = ()
    null: int = 0
    faults: tuple[Quarantined, ...] = ()
    arrived: Arrived = field(default_factory=Arrived)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def items(self) -> int:
        """How many items of the journal these rows stand for."""
        return len(self.value) + len(self.events) + self.null + len(self.faults)


def winners(*keys: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the rows to keep, ordered by ``keys``: of equal ones the last in journal order."""
    order: NDArray[np.int64] = np.lexsort(keys[::-1])
    if len(order) < 2:
        return order
    same = np.ones(len(order) - 1, dtype=bool)
    for key in keys:
        ordered = key[order]
        same &= ordered[1:] == ordered[:-1]
    last: NDArray[np.int64] = order[np.append(~same, True)]
    return last


@dataclass(slots=True)
class _Columns:
    """The columns of one record, with pairs of names still unresolved."""

    pair: NDArray[np.int64]
    observed_at: NDArray[np.int64]
    position: NDArray[np.int64]
    value: NDArray[np.float64]
    text: NDArray[np.int32]


@dataclass(slots=True)
class RowCollector:
    """Gathers records until a write is worth while. ``names`` may grow meanwhile."""

    names: Names
    arrived: Arrived = field(default_factory=Arrived)
    """The sums before the first record; they go on with each."""
    _parts: list[_Columns] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _events: list[StoreEvent] = field(default_factory=list)
    _faults: list[Quarantined] = field(default_factory=list)
    _null: int = 0
    _items: int = 0
    _word_count: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """By point: an enum's number of words, -1 for texts, 0 for numbers."""
    _word_start: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """By point: where an enum's words begin among ``_texts``."""
    _keys: dict[int, Series] = field(default_factory=dict)

    def __len__(self) -> int:
        return self._items

    def add(self, record: Record) -> None:
        """Take what a record has for the store; most kinds have nothing."""
        before = self._items
        self._take(record)
        self.arrived = self.arrived.passed(record, self._items - before)

    def _take(self, record: Record) -> None:
        try:
            body = record.body()
        except ValueError as exc:
            self._fault(record.position, str(exc), f"{record.kind.name} record")
            return
        if isinstance(body, ReadingBatch):
            self._add_batch(record.position, body)
        elif isinstance(body, tuple) and isinstance(body[0], Event):
            self._add_events(record.position, [one for one in body if isinstance(one, Event)])

    def build(self) -> StoreRows:
        """Return what was gathered and begin anew."""
        parts, self._parts = self._parts, []
        pairs = _joined([part.pair for part in parts], np.int64)
        distinct, series = np.unique(pairs, return_inverse=True)
        rows = StoreRows(
            keys=tuple(self._key(int(pair)) for pair in distinct),
            series=series.astype(np.int32),
            observed_at=_joined([part.observed_at for part in parts], np.int64),
            position=_joined([part.position for part in parts], np.int64),
            value=_joined([part.value for part in parts], np.float64),
            text=_joined([part.text for part in parts], np.int32),
            texts=tuple(self._texts),
            events=tuple(self._events),
            null=self._null,
            faults=tuple(self._faults),
            arrived=self.arrived,
        )
        self._texts, self._events, self._faults = [], [], []
        self._null = self._items = 0
        self._word_count = self._word_start = np.empty(0, dtype=np.int64)
        return rows

    def _add_batch(self, position: int, batch: ReadingBatch) -> None:
        self._learn_words()
        null = (batch.flags & Flag.NULL) != 0
        words = self._word_count[batch.point]
        is_text = words != 0
        code = np.where(is_text & ~null, batch.value, 0.0)
        limit = np.where(words < 0, len(batch.texts), words)
        bad = np.where(is_text, (code < 0) | (code >= limit) | (code % 1 != 0), False)
        bad = (bad | ~np.isfinite(batch.value)) & ~null
        start = np.where(words < 0, len(self._texts), self._word_start[batch.point])
        keep = ~null & ~bad
        text = np.where(is_text, start + np.where(bad, 0, code).astype(np.int64), -1)
        self._texts.extend(batch.texts)
        pair = (batch.equipment.astype(np.int64) << 32) | batch.point
        self._parts.append(
            _Columns(
                pair=pair[keep],
                observed_at=batch.observed_at[keep],
                position=np.full(int(keep.sum()), position, dtype=np.int64),
                value=np.where(is_text, np.nan, batch.value)[keep],
                text=text[keep].astype(np.int32),
            )
        )
        self._null += int(null.sum())
        self._items += len(batch) - int(bad.sum())
        for row in np.flatnonzero(bad):
            content = f"{self._key(int(pair[row]))} {float(batch.value[row])!r}"
            self._fault(position, "not a value of this point", content)

    def _add_events(self, position: int, events: Sequence[Event]) -> None:
        for item, event in enumerate(events):
            name = self.names.equipment[event.equipment]
            self._events.append(
                StoreEvent(position, item, name.site, name.equipment, name.equipment_class, event)
            )
        self._items += len(events)

    def _fault(self, position: int, reason: str, content: str) -> None:
        self._faults.append(Quarantined(position, reason, content))
        self._items += 1

    def _learn_words(self) -> None:
        """Put the words of enum points that are new here among the texts."""
        starts, counts = [], []
        for point in self.names.points[len(self._word_count) :]:
            starts.append(len(self._texts))
            counts.append(-1 if point.kind is PointKind.TEXT else len(point.words))
            self._texts.extend(point.words)
        self._word_start = np.append(self._word_start, np.array(starts, dtype=np.int64))
        self._word_count = np.append(self._word_count, np.array(counts, dtype=np.int64))

    def _key(self, pair: int) -> Series:
        key = self._keys.get(pair)
        if key is None:
            equipment = self.names.equipment[pair >> 32]
            point = self.names.points[pair & 0xFFFFFFFF]
            key = self._keys[pair] = Series(
                site=equipment.site,
                equipment=equipment.equipment,
                equipment_class=equipment.equipment_class,
                point=point.point,
                kind=point.kind,
            )
        return key


def _joined(parts: Sequence[NDArray[_T]], kind: type[_T]) -> NDArray[_T]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)
