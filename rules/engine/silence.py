"""Who was not heard for too long, worked out of when each unit was heard last.

Devices speak far more often than they fall silent, so nothing is done when one speaks: it is known
until when nobody can be silent, and the arrays are looked at again only then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from rules.engine.unit import Unit

_NEVER: Micros = 2**62

Pace: TypeAlias = Callable[[Micros], Micros]
"""A span of the journal's time → how long it is to be when that time races."""


class Silence(NamedTuple):
    """A unit that was not heard for a span of its plan."""

    row: int
    unit: int
    rule: int
    """Its number in the plan, or OWN_SILENCE."""
    due: Micros


@dataclass(slots=True)
class Silences:
    """A row for each span that a unit may be silent, in the units' order."""

    unit: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    rule: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    span: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    """Which of ``spans``."""
    spans: Sequence[Micros] = ()
    noticed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    doubted: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Until when its cause was not clear."""
    nobody_until: Micros = 0
    """Nobody can be silent before."""

    @classmethod
    def of(cls, roll: Sequence[Unit]) -> "Silences":
        """Lay out the rows of all units."""
        rows = [(unit, index) for unit in roll for index in unit.plan.silences]
        every = [unit.plan.silences[index] for unit, index in rows]
        spans, which = np.unique(np.array(every, dtype=np.int64), return_inverse=True)
        return cls(
            unit=np.array([unit.number for unit, _ in rows], dtype=np.intp),
            rule=np.array([index for _, index in rows], dtype=np.int64),
            span=which,
            spans=spans.tolist(),
            noticed=np.array([unit.is_silent(index) for unit, index in rows], dtype=np.bool_),
            doubted=np.zeros(len(rows), dtype=np.int64),
        )

    def due(self, now: Micros, heard: NDArray[np.int64], pace: Pace) -> list[Silence]:
        """Return who is silent and not yet noticed, the longest due first."""
        if now < self.nobody_until:
            return []
        paced = np.array([pace(one) for one in self.spans], dtype=np.int64)
        due = np.maximum(heard[self.unit] + paced[self.span], self.doubted)
        due[self.noticed] = _NEVER
        rows = np.flatnonzero(due <= now)
        self.nobody_until = int(due.min(where=due > now, initial=_NEVER))
        found = zip(rows, self.unit[rows], self.rule[rows], due[rows], strict=True)
        return sorted((Silence(*map(int, one)) for one in found), key=lambda one: one[:0:-1])

    def notice(self, row: int) -> None:
        """Leave it at that until the unit is heard."""
        self.noticed[row] = True

    def doubt(self, row: int, until: Micros) -> None:
        """Look at it again then."""
        self.doubted[row] = until
        self.nobody_until = min(self.nobody_until, until)

    def hear(self, unit: Unit, now: Micros) -> None:
        """Watch for a unit's silence again."""
        begin = int(np.searchsorted(self.unit, unit.number))
        end = begin + len(unit.plan.silences)
        self.noticed[begin:end] = [unit.is_silent(rule) for rule in unit.plan.silences]
        self.nobody_until = min(self.nobody_until, now + min(unit.plan.silences.values()))

    def recount(self) -> None:
        """Look at everything at the next record."""
        self.nobody_until = 0
