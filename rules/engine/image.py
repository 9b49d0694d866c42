"""The process image: the newest value of every point that rules read, of all units, in arrays.

The name is that of controllers' practice. A unit reads and writes its own row; a whole batch of
readings is compared at once with the band of each place (``band.py``), and what can move no rule is
put down without asking any. Both ways end in the same state with the same verdicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from rules.engine.band import NONE
from rules.engine.frame import NEVER, Numbers
from rules.engine.unit import Unit


@dataclass(slots=True)
class Image:
    """Flat arrays: a unit's place for a slot is its number × ``wide`` + slot."""

    wide: int = 1
    value: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """As ``ReadingBatch`` has it; NaN = unknown."""
    observed: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """When it was observed last, NEVER = not yet."""
    low: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    high: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """The band in which a value moves no rule of a unit that is not busy."""
    steady: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whether the same value again moves nothing."""
    busy: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """By unit's number: something is going on there, or was when it was looked at last."""

    @classmethod
    def of(cls, roll: Sequence[Unit]) -> "Image":
        """Lay out the arrays; from here on the units' own rows lie in them."""
        wide = max((unit.plan.points for unit in roll), default=1)
        size = len(roll) * wide
        image = cls(
            wide=wide,
            value=np.full(size, np.nan),
            observed=np.full(size, NEVER, dtype=np.int64),
            low=np.full(size, NONE.low),
            high=np.full(size, NONE.high),
            steady=np.zeros(size, dtype=np.bool_),
            busy=np.zeros(len(roll), dtype=np.bool_),
        )
        values, times = cast("Numbers", image.value.data), image.observed.data
        for unit in roll:
            begin = unit.number * wide
            end = begin + unit.plan.points
            image.low[begin:end] = [one.low for one in unit.bands]
            image.high[begin:end] = [one.high for one in unit.bands]
            image.steady[begin:end] = unit.plan.steady
            unit.move(values[begin:end], times[begin:end])
        return image

    def take(
        self,
        roll: Sequence[Unit],
        numbers: NDArray[np.int32],
        slots: NDArray[np.int32],
        observed: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> NDArray[np.intp]:
        """Put down readings (n,) of units that they can not move; return the rows of all others.

        Units are taken whole: of one with a reading that must be looked at all are returned.
        """
        places = self.places(numbers, slots)
        calm = self.are_calm(roll, numbers, places, observed, values)
        left, rest = np.zeros(0, dtype=np.intp), np.arange(len(calm))
        if not calm.all():
            stirred = np.zeros(len(roll), dtype=np.bool_)
            stirred[numbers[~calm]] = True
            moving = stirred[numbers]
            left, rest = np.flatnonzero(moving), np.flatnonzero(~moving)
        if (observed[1:] < observed[:-1]).any():
            rest = rest[np.argsort(observed[rest], kind="stable")]
        self.put(places[rest], observed[rest], values[rest])
        return left

    def places(self, numbers: NDArray[np.int32], slots: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return where units' slots lie."""
        return numbers.astype(np.intp) * self.wide + slots

    def are_calm(
        self,
        roll: Sequence[Unit],
        numbers: NDArray[np.int32],
        places: NDArray[np.intp],
        observed: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Tell of which readings (n,) nothing can follow: in their band or the same again.

        And not older than what is known, of a unit where nothing is going on.
        """
        calm = (self.low[places] <= values) & (values <= self.high[places])
        if not calm.all():
            other = np.flatnonzero(~calm)
            there = places[other]
            calm[other] = (self.value[there] == values[other]) & self.steady[there]
        calm &= observed >= self.observed[places]
        calm &= ~self._are_busy(roll, numbers)
        return calm

    def put(
        self,
        places: NDArray[np.intp],
        observed: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> None:
        """Put down calm readings; of several for one place the last stays."""
        self.observed[places] = observed
        self.value[places] = values

    def look_again(self, roll: Sequence[Unit]) -> None:
        """Note where something is going on, after units took over what others remembered."""
        self.busy[:] = [unit.is_busy for unit in roll]

    def stir(self, unit: Unit) -> None:
        """Note that something begins at a unit."""
        self.busy[unit.number] = True

    def _are_busy(self, roll: Sequence[Unit], numbers: NDArray[np.int32]) -> NDArray[np.bool_]:
        found = self.busy[numbers]
        if found.any():
            for number in set(numbers[found].tolist()):
                self.busy[number] = roll[number].is_busy
            found = self.busy[numbers]
        return found
