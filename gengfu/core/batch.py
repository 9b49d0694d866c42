"""Readings in columns, and events: what the gateway decodes once and everyone behind reads.

A message becomes a few rows of a growing batch; no object is made for a value.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar


class Lane(StrEnum):
    """The two ways through the gateway: alarms never queue behind telemetry."""

    ALARM = "alarm"
    TELEMETRY = "telemetry"


class TopicKind(StrEnum):
    """The last level of a device's topic; each counts its own ``seq``."""

    TELEMETRY = "telemetry"
    EVENT = "event"
    VITAL = "vital"
    STATUS = "status"

    @property
    def lane(self) -> Lane:
        return Lane.TELEMETRY if self is TopicKind.TELEMETRY else Lane.ALARM


class Flag(IntFlag):
    """What else is known about a row."""

    NONE = 0
    NULL = 1
    """The device says that the value is missing; ``value`` is NaN."""
    CLOCK = 2
    """The device's time was not believed; ``observed_at`` is the time of receipt."""
    RECEIPT_TIME = 4
    """The device gave no time; ``observed_at`` is the time of receipt."""
    VITAL = 8
    """Came by the alarm lane."""
    RETAINED = 16
    """The broker replayed a retained message: what was, not what happens now."""


_RETAINED = Flag.RETAINED.value
"""As a plain number: a flag's own ``&`` takes longer than the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBatch:
    """Rows of readings of one site, as columns of equal length n.

    ``equipment`` and ``point`` int32 (indices of ``Names``), ``observed_at`` and ``received_at``
    int64 (µs), ``value`` float64 (an enum's code, a text's position in ``texts``, 0/1 for booleans,
    whole numbers exact within ±2**53, NaN when null), ``flags`` uint8 (``Flag``).
    """

    equipment: NDArray[np.int32]
    point: NDArray[np.int32]
    observed_at: NDArray[np.int64]
    received_at: NDArray[np.int64]
    value: NDArray[np.float64]
    flags: NDArray[np.uint8]
    texts: tuple[str, ...] = ()
    claimed: tuple[tuple[int, Micros], ...] = ()
    """(row, the device's own time) of rows flagged CLOCK."""

    def __len__(self) -> int:
        return len(self.value)

    def where(self, chosen: NDArray[np.bool_]) -> "ReadingBatch":
        """Return the rows for which ``chosen`` (n,) is true, in their order."""
        numbers = np.cumsum(chosen) - 1
        return ReadingBatch(
            equipment=self.equipment[chosen],
            point=self.point[chosen],
            observed_at=self.observed_at[chosen],
            received_at=self.received_at[chosen],
            value=self.value[chosen],
            flags=self.flags[chosen],
            texts=self.texts,
            claimed=tuple((int(numbers[row]), at) for row, at in self.claimed if chosen[row]),
        )


@dataclass(slots=True)
class BatchBuilder:
    """Grows a ``ReadingBatch`` row by row without an object per value."""

    _equipment: "array[int]" = field(default_factory=lambda: array("i"))
    _point: "array[int]" = field(default_factory=lambda: array("i"))
    _observed_at: "array[int]" = field(default_factory=lambda: array("q"))
    _received_at: "array[int]" = field(default_factory=lambda: array("q"))
    _value: "array[float]" = field(default_factory=lambda: array("d"))
    _flags: "array[int]" = field(default_factory=lambda: array("B"))
    _texts: dict[str, int] = field(default_factory=dict)
    _claimed: list[tuple[int, Micros]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._value)

    def add(
        self,
        equipment: int,
        point: int,
        observed_at: Micros,
        received_at: Micros,
        value: float,
        flags: int = 0,
    ) -> None:
        """Append one row."""
        self._equipment.append(equipment)
        self._point.append(point)
        self._observed_at.append(observed_at)
        self._received_at.append(received_at)
        self._value.append(value)
        self._flags.append(flags)

    def extend(
        self,
        equipment: int,
        received_at: Micros,
        *,
        point: Sequence[int],
        observed_at: Sequence[Micros],
        value: Sequence[float],
        flags: Sequence[int],
    ) -> int:
        """Append rows of one equipment from columns of equal length; return the first one's number."""
        first, count = len(self._value), len(value)
        self._equipment.extend([equipment] * count)
        self._received_at.extend([received_at] * count)
        self._point.extend(point)
        self._observed_at.extend(observed_at)
        self._value.extend(value)
        self._flags.extend(flags)
        return first

    def mark(
        self,
        first: int,
        texts: Sequence[tuple[int, str]],
        claimed: Sequence[tuple[int, Micros]],
    ) -> None:
        """Give texts and the device's own times to rows counted from ``first``."""
        for row, text in texts:
            self._value[first + row] = self.text(text)
        self._claimed.extend((first + row, device_time) for row, device_time in claimed)

    def text(self, text: str) -> float:
        """Return the value that stands for a text in this batch."""
        return float(self._texts.setdefault(text, len(self._texts)))

    def claim(self, device_time: Micros) -> None:
        """Keep the device's own time beside the row added last."""
        self._claimed.append((len(self._value) - 1, device_time))

    def build(self) -> ReadingBatch:
        """Return the rows so far as a batch; the builder may go on growing afterwards."""
        return ReadingBatch(
            equipment=np.array(self._equipment, dtype=np.int32),
            point=np.array(self._point, dtype=np.int32),
            observed_at=np.array(self._observed_at, dtype=np.int64),
            received_at=np.array(self._received_at, dtype=np.int64),
            value=np.array(self._value, dtype=np.float64),
            flags=np.array(self._flags, dtype=np.uint8),
            texts=tuple(self._texts),
            claimed=tuple(self._claimed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened once: a card, a tripped detector, a pressed button."""

    equipment: int
    """Index of ``Names``."""
    type: str
    part: str | None = None
    """The address below the equipment, when it has one."""
    id: str | None = None
    """The device's own id of it; the same id again is the same event."""
    observed_at: Micros
    received_at: Micros
    claimed_at: Micros | None = None
    """The device's own time, when it was not believed."""
    flags: int = 0
    attributes: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def is_retained(self) -> bool:
        """Whether the broker replayed it: what was, not what happens now."""
        return bool(self.flags & _RETAINED)
