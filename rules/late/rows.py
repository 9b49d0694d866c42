"""Tells late readings and events from the others, and puts them where they belong in time.

What is younger than ``LATENESS`` on arrival was judged at its own time already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gengfu.core.batch import Event, Flag, ReadingBatch
from gengfu.core.clock import SECOND, Micros
from gengfu.core.record import Body, Record, RecordKind
from rules.engine.judge import LATENESS

_TOLD = frozenset({RecordKind.READINGS, RecordKind.EVENTS})


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened at one time (to the second) and was told late; ``at`` is that second's end."""

    at: Micros
    body: ReadingBatch | tuple[Event, ...]


@dataclass(slots=True)
class LateSpan:
    """Late data of one site: when it happened, who told it, and when the last of it came."""

    since: Micros
    until: Micros
    heard_at: Micros
    equipment: set[int] = field(default_factory=set)
    """Indices of ``Names``."""
    rows: int = 0

    def take(self, at: Sequence[Micros], equipment: Sequence[int], heard_at: Micros) -> None:
        """Add late rows."""
        self.since, self.until = min(self.since, *at), max(self.until, *at)
        self.heard_at = max(self.heard_at, heard_at)
        self.equipment.update(equipment)
        self.rows += len(at)


def survey(records: Sequence[Record], found: dict[int, LateSpan]) -> None:
    """Add the late rows of records to the spans of their partitions."""
    for record in records:
        if record.kind not in _TOLD:
            continue
        try:
            body = record.body()
        except ValueError:
            continue
        at, equipment = _late_of(body)
        if at:
            span = found.setdefault(record.partition, LateSpan(at[0], at[0], record.written_at))
            span.take(at, equipment, record.written_at)


def _late_of(body: Body) -> tuple[list[Micros], list[int]]:
    if isinstance(body, ReadingBatch):
        rows = _late_rows(body)
        return body.observed_at[rows].tolist(), body.equipment[rows].tolist()
    if isinstance(body, tuple):
        late = [one for one in body if isinstance(one, Event) and _is_late(one)]
        return [one.observed_at for one in late], [one.equipment for one in late]
    return [], []


def split(body: Body) -> tuple[Body | None, list[Moment]]:
    """Take a record's content apart: what came in time (None: nothing), and the late moments."""
    if isinstance(body, ReadingBatch):
        return _split_readings(body)
    if isinstance(body, tuple) and isinstance(body[0], Event):
        events = tuple(one for one in body if isinstance(one, Event))
        timely = tuple(one for one in events if not _is_late(one))
        late = [
            Moment(_second(one.observed_at), (replace(one, received_at=one.observed_at),))
            for one in events
            if _is_late(one)
        ]
        return timely or None, late
    return body, []


def _split_readings(batch: ReadingBatch) -> tuple[ReadingBatch | None, list[Moment]]:
    rows = _late_rows(batch)
    if not len(rows):
        return batch, []
    timely = np.setdiff1d(np.arange(len(batch)), rows)
    seconds = batch.observed_at[rows] // SECOND
    late = [
        Moment(_second(int(second) * SECOND), _rows_of(batch, rows[seconds == second]))
        for second in np.unique(seconds)
    ]
    return _rows_of(batch, timely) if len(timely) else None, late


def _rows_of(batch: ReadingBatch, rows: NDArray[np.intp]) -> ReadingBatch:
    """Return some rows of a batch; texts stay, since rows refer to them."""
    return ReadingBatch(
        equipment=batch.equipment[rows],
        point=batch.point[rows],
        observed_at=batch.observed_at[rows],
        received_at=batch.received_at[rows],
        value=batch.value[rows],
        flags=batch.flags[rows],
        texts=batch.texts,
    )


def _late_rows(batch: ReadingBatch) -> NDArray[np.intp]:
    told = (batch.flags & Flag.RETAINED) == 0
    return np.flatnonzero(told & (batch.received_at - batch.observed_at > LATENESS))


def _is_late(event: Event) -> bool:
    return not event.is_retained and event.received_at - event.observed_at > LATENESS


def _second(at: Micros) -> Micros:
    return (at // SECOND + 1) * SECOND
