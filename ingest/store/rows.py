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
    point: str
    # What stands above tells series apart, and hashes are asked for often.
    equipment_class: str = field(hash=False)
    kind: PointKind = field(hash=False)

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


class _Part(NamedTuple):
    """The readings of one record; its texts stand among all from ``texts`` on."""

    position: int
    batch: ReadingBatch
    texts: int


@dataclass(slots=True)
class RowCollector:
    """Gathers records until a write is worth while. ``names`` may grow meanwhile."""

    names: Names
    arrived: Arrived = field(default_factory=Arrived)
    """The sums before the first record; they go on with each."""
    _parts: list[_Part] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _events: list[StoreEvent] = field(default_factory=list)
    _faults: list[Quarantined] = field(default_factory=list)
    _items: int = 0
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
            self._parts.append(_Part(record.position, body, len(self._texts)))
            self._texts.extend(body.texts)
            self._items += len(body)
        elif isinstance(body, tuple) and isinstance(body[0], Event):
            self._add_events(record.position, [one for one in body if isinstance(one, Event)])

    def build(self) -> StoreRows:
        """Return what was gathered and begin anew."""
        parts, self._parts = self._parts, []
        every = _joined([one.batch for one in parts])
        value, position = every.value, _spread(parts, [one.position for one in parts])
        null = (every.flags & Flag.NULL) != 0
        pair = (every.equipment.astype(np.int64) << 32) | every.point
        is_text, text, bad = self._texts_of(parts, every.point, np.where(null, 0.0, value))
        bad = (bad | ~np.isfinite(value)) & ~null
        for row in np.flatnonzero(bad).tolist():
            content = f"{self._key(int(pair[row]))} {float(value[row])!r}"
            fault = Quarantined(int(position[row]), "not a value of this point", content)
            self._faults.append(fault)
        keep = ~null & ~bad
        distinct, series = np.unique(pair[keep], return_inverse=True)
        rows = StoreRows(
            keys=tuple(self._key(pair) for pair in distinct.tolist()),
            series=series.astype(np.int32),
            observed_at=every.observed_at[keep],
            position=position[keep],
            value=np.where(is_text, np.nan, value)[keep],
            text=text[keep].astype(np.int32),
            texts=tuple(self._texts),
            events=tuple(self._events),
            null=int(null.sum()),
            faults=tuple(sorted(self._faults, key=lambda one: one.position)),
            arrived=self.arrived,
        )
        self._texts, self._events, self._faults, self._items = [], [], [], 0
        return rows

    def _texts_of(
        self, parts: Sequence[_Part], point: NDArray[np.int32], code: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
        """Return which values (n,) are words or texts, where theirs stands, and which have none.

        The words of enum points are put among the texts.
        """
        starts, counts = [], []
        for one in self.names.points:
            starts.append(len(self._texts))
            counts.append(-1 if one.kind is PointKind.TEXT else len(one.words))
            self._texts.extend(one.words)
        words, start = np.array(counts, dtype=np.int64)[point], np.array(starts)[point]
        free = words < 0
        limit = np.where(free, _spread(parts, [len(one.batch.texts) for one in parts]), words)
        start = np.where(free, _spread(parts, [one.texts for one in parts]), start)
        is_text = words != 0
        bad = is_text & ((code < 0) | (code >= limit) | (code % 1 != 0))
        good = is_text & ~bad
        place = np.where(good, start + np.where(good, code, 0.0).astype(np.int64), -1)
        return is_text, place, bad

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


def _joined(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Return the rows of all batches, as far as a store wants them and without texts."""
    several = (_NOTHING, *batches)
    observed_at = np.concatenate([one.observed_at for one in several])
    return ReadingBatch(
        equipment=np.concatenate([one.equipment for one in several]),
        point=np.concatenate([one.point for one in several]),
        observed_at=observed_at,
        received_at=observed_at,
        value=np.concatenate([one.value for one in several]),
        flags=np.concatenate([one.flags for one in several]),
    )


_NOTHING = ReadingBatch(
    equipment=np.empty(0, dtype=np.int32),
    point=np.empty(0, dtype=np.int32),
    observed_at=np.empty(0, dtype=np.int64),
    received_at=np.empty(0, dtype=np.int64),
    value=np.empty(0, dtype=np.float64),
    flags=np.empty(0, dtype=np.uint8),
)


def _spread(parts: Sequence[_Part], figures: Sequence[int]) -> NDArray[np.int64]:
    """Give every row its part's figure."""
    return np.repeat(np.array(figures, dtype=np.int64), [len(one.batch) for one in parts])
