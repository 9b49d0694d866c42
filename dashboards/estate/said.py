"""What records say, equipment by equipment: columns become values for people, and samples.

Many records are taken at once. Of a point's values only the newest is made; of what an equipment
says in one moment only the points that its state follows from count, or else one sign of life.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboards.estate.point_value import Current
from dashboards.estate.remembered import Remembered
from dashboards.estate.timeline import Sample
from gengfu.core.batch import Event, Flag, ReadingBatch
from gengfu.core.clock import Micros
from gengfu.core.names import Names, PointKind, PointName
from gengfu.core.naming import Scalar

_NO_POINT = -1
"""Stands for the point in the row of an event."""
_NEVER = -1


@dataclass(frozen=True, slots=True)
class Said:
    """What one equipment said, as samples for its timeline."""

    memory: Remembered
    samples: list[Sample]
    received_at: Micros | None
    """When its last sign of life was received; None when a broker replayed it all."""


def rows_of(events: Sequence[Event]) -> ReadingBatch:
    """Return events as rows without a point: nothing but signs of life."""
    return ReadingBatch(
        equipment=np.array([one.equipment for one in events], dtype=np.int32),
        point=np.full(len(events), _NO_POINT, dtype=np.int32),
        observed_at=np.array([one.observed_at for one in events], dtype=np.int64),
        received_at=np.array([one.received_at for one in events], dtype=np.int64),
        value=np.full(len(events), np.nan),
        flags=np.array([one.flags for one in events], dtype=np.uint8),
    )


def by_equipment(
    batches: Sequence[ReadingBatch], names: Names, find: Callable[[int], Remembered | None]
) -> Iterator[Said]:
    """Tell everyone the newest values of its points, and return what its states follow from.

    ``batches`` are at least one, in the order of the journal; ``find`` gives the equipment of an
    index, if it counts.
    """
    rows = _Rows(batches, names, find)
    return rows.said(rows.tell_newest())


class _Rows:
    """The rows of many batches, as far as their equipment counts, in columns."""

    def __init__(
        self,
        batches: Sequence[ReadingBatch],
        names: Names,
        find: Callable[[int], Remembered | None],
    ) -> None:
        self._batches, self._points = batches, names.points
        numbers, which = np.unique(
            np.concatenate([one.equipment for one in batches]), return_inverse=True
        )
        found = [find(number) for number in numbers.tolist()]
        counts = np.array([memory is not None for memory in found], dtype=np.bool_)
        self._memories = [memory for memory in found if memory is not None]
        rows = np.flatnonzero(counts[which])
        self._whose = (np.cumsum(counts) - 1)[which[rows]]
        """The position in ``_memories``."""
        self._batch = np.repeat(np.arange(len(batches)), [len(one) for one in batches])[rows]
        self._point = np.concatenate([one.point for one in batches])[rows]
        self._observed_at = np.concatenate([one.observed_at for one in batches])[rows]
        self._received_at = np.concatenate([one.received_at for one in batches])[rows]
        self._value = np.concatenate([one.value for one in batches])[rows]
        self._flags = np.concatenate([one.flags for one in batches])[rows]

    def tell_newest(self) -> NDArray[np.bool_]:
        """Tell the newest value of each point; return which rows (n,) a state follows from."""
        pair = self._whose * (len(self._points) + 1) + self._point
        order = np.lexsort((self._observed_at, pair))
        first = np.flatnonzero(_differs(pair[order]))
        count = np.diff(first, append=len(order))
        newest = order[first + count - 1]
        columns = (
            newest,
            self._whose[newest],
            self._point[newest],
            self._observed_at[newest],
            self._received_at[newest],
            self._value[newest],
            self._flags[newest],
        )
        states = [self._tell(*one) for one in zip(*map(np.ndarray.tolist, columns), strict=True)]
        follows = np.empty(len(order), dtype=np.bool_)
        follows[order] = np.repeat(np.array(states, dtype=np.bool_), count)
        return follows

    def _tell(
        self,
        row: int,
        whose: int,
        point: int,
        observed_at: Micros,
        received_at: Micros,
        value: float,
        flags: int,
    ) -> bool:
        """Tell a value; return whether the equipment's state follows from its point."""
        if point == _NO_POINT:
            return False
        memory, name = self._memories[whose], self._points[point]
        told = Current(
            value=self._read(row, name, value),
            observed_at=observed_at,
            received_at=received_at,
            flags=flags,
        )
        memory.told(name.point, told)
        return name.point in memory.timeline.rule.points

    def said(self, follows: NDArray[np.bool_]) -> Iterator[Said]:
        """Return what everyone said; ``follows`` = the rows (n,) that its state follows from."""
        at = np.minimum(self._observed_at, self._received_at)  # never later than it was received
        heard = self._flags & Flag.RETAINED.value == 0
        received = np.full(len(self._memories), _NEVER)
        np.maximum.at(received, self._whose[heard], self._received_at[heard])
        rows = np.flatnonzero(follows | heard)
        rows = rows[np.lexsort((~follows[rows], at[rows], self._whose[rows]))]
        moment = np.cumsum(_differs(at[rows]) | _differs(self._whose[rows]))
        signs = np.flatnonzero(heard[rows])
        chosen = follows[rows]
        chosen[signs[_differs(moment[signs])]] = True
        rows = rows[chosen]
        samples = self._samples(rows, at[rows], follows[rows], heard[rows])
        ends = np.searchsorted(self._whose[rows], np.arange(len(received)), side="right").tolist()
        begin = 0
        for memory, end, last in zip(self._memories, ends, received.tolist(), strict=True):
            if end > begin:
                yield Said(memory, samples[begin:end], None if last == _NEVER else last)
            begin = end

    def _samples(
        self,
        rows: NDArray[np.int64],
        at: NDArray[np.int64],
        follows: NDArray[np.bool_],
        heard: NDArray[np.bool_],
    ) -> list[Sample]:
        samples = list(map(Sample, at.tolist()))
        told = np.flatnonzero(follows)
        columns = (told, rows[told], self._point[rows[told]], self._value[rows[told]], heard[told])
        for number, row, point, value, is_heard in zip(
            *map(np.ndarray.tolist, columns), strict=True
        ):
            name = self._points[point]
            said = self._read(row, name, value)
            samples[number] = Sample(samples[number].at, name.point, said, is_heard)
        return samples

    def _read(self, row: int, name: PointName, value: float) -> Scalar:
        texts = self._batches[self._batch[row]].texts if name.kind is PointKind.TEXT else ()
        return read_value(name, value, texts)


def _differs(column: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which rows (n,) are not as the one before; the first is not."""
    differs = np.ones(len(column), dtype=np.bool_)
    np.not_equal(column[1:], column[:-1], out=differs[1:])
    return differs


def read_value(name: PointName, value: float, texts: tuple[str, ...]) -> Scalar:
    """Return a row's value as its point means it; None when missing or not among the words."""
    if not math.isfinite(value):
        return None
    match name.kind:
        case PointKind.ANALOG:
            return value
        case PointKind.INTEGER:
            return int(value)
        case PointKind.BOOLEAN:
            return value != 0
    words = name.words if name.kind is PointKind.ENUM else texts
    return words[int(value)] if 0 <= value < len(words) else None
