"""Readings that move no rule, noted for many units at once.

Most telemetry changes nothing: far from every limit, of equipment where nothing is going on. A whole
batch of it goes into arrays, by unit and slot; the units take it over only when something looks at
their values. When each point was observed last stands in one array that the units share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rules.frame import NEVER
from rules.unit import Unit


@dataclass(slots=True)
class Rest:
    """What units have not taken over yet. Arrays are flat: unit's number × ``wide`` + slot."""

    wide: int = 1
    observed: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """When it was observed last, NEVER = not yet; the units' own ``observed`` lie in it."""
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    waiting: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Where ``values`` has what the unit has not taken over."""
    is_waiting: bool = False
    busy: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """By unit's number: something is going on there, or was when it was looked at last."""
    stirred: set[int] = field(default_factory=set)
    """Units of which that may have changed."""

    @classmethod
    def of(cls, roll: Sequence[Unit], wide: int) -> "Rest":
        """Lay out the arrays; from here on the units' times of observation lie in them."""
        size = len(roll) * wide
        rest = cls(
            wide=wide,
            observed=np.full(size, NEVER, dtype=np.int64),
            values=np.zeros(size),
            waiting=np.zeros(size, dtype=np.bool_),
            busy=np.ones(len(roll), dtype=np.bool_),
            stirred=set(range(len(roll))),
        )
        times = rest.observed.data
        for unit in roll:
            begin = unit.number * wide
            own = times[begin : begin + unit.plan.points]
            for slot, at in enumerate(unit.observed):
                own[slot] = at
            unit.observed = own
        return rest

    def take(
        self,
        roll: Sequence[Unit],
        numbers: NDArray[np.int32],
        slots: NDArray[np.int32],
        observed: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> bool:
        """Note readings (n,) that move no rule; False, and nothing noted, where a unit must look.

        It must where something is going on, at older readings, and at two of one point.
        """
        self._look_again(roll)
        places = numbers.astype(np.intp) * self.wide + slots
        if (
            self.busy[numbers].any()
            or (observed < self.observed[places]).any()
            or not np.diff(np.sort(places)).all()
        ):
            return False
        self.observed[places] = observed
        self.values[places] = values
        self.waiting[places] = self.is_waiting = True
        return True

    def settle(self, roll: Sequence[Unit]) -> None:
        """Let the units take over what is waiting for them."""
        if not self.is_waiting:
            return
        places = np.flatnonzero(self.waiting)
        for place, value, at in zip(
            places.tolist(),
            self.values[places].tolist(),
            self.observed[places].tolist(),
            strict=True,
        ):
            number, slot = divmod(place, self.wide)
            unit = roll[number]
            unit.values[slot] = value
            unit.at = max(unit.at, at)
        self.waiting[places] = self.is_waiting = False

    def stir(self, unit: Unit) -> None:
        """Note that something begins at a unit."""
        self.busy[unit.number] = True
        self.stirred.add(unit.number)

    def _look_again(self, roll: Sequence[Unit]) -> None:
        still = {number for number in self.stirred if roll[number].is_busy}
        for number in self.stirred - still:
            self.busy[number] = False
        self.stirred = still
