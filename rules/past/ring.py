"""A window that moves in steps: figures are kept for each step, never for each sample."""

import math
from array import array
from collections.abc import Sequence
from typing import ClassVar

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from rules.past.memory import NOT_DUE, Past

STEPS = 15
"""A window moves in fifteenths of its length."""
_SIZE = STEPS + 1


class Ring(Past):
    """Which steps are still inside the window, and when it began to be seen."""

    __slots__ = ("_began", "_marks", "_span", "_width")
    KEPT: ClassVar[tuple[str, ...]] = ("_began", "_marks")

    def __init__(self, span: Micros) -> None:
        self._span = span
        self._width = max(1, span // STEPS)
        self._marks = array("d", [-math.inf] * _SIZE)
        self._began = math.nan

    def clear(self) -> None:
        """Forget all steps."""
        self._marks = array("d", [-math.inf] * _SIZE)
        self._began = math.nan

    def _step(self, at: Micros) -> tuple[int, bool]:
        """Return the place of ``at``'s step in the ring, and whether it is a fresh one."""
        number = at // self._width
        place = number % _SIZE
        fresh = self._marks[place] != number
        if fresh:
            if max(self._marks) < number - STEPS:
                self._began = float(at)
            self._marks[place] = number
        return place, fresh

    def _inside(self, at: Micros) -> list[int]:
        oldest = at // self._width - STEPS
        return [place for place, mark in enumerate(self._marks) if mark >= oldest]

    def _full(self, at: Micros) -> bool:
        return at - self._began >= self._span


class Totals(Ring):
    """Sums by step: of what was counted, or of seconds."""

    __slots__ = ("_sums",)
    KEPT = (*Ring.KEPT, "_sums")

    def __init__(self, span: Micros) -> None:
        super().__init__(span)
        self._sums = figures()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        """Add a number at a time; return the sum of the window."""
        place, fresh = self._step(at)
        amount = inputs[0]
        assert isinstance(amount, int | float)
        self._sums[place] = amount if fresh else self._sums[place] + amount
        return self.total(at)

    def spread(self, start: Micros, end: Micros) -> None:
        """Add the seconds from ``start`` to ``end``, each to its step; what has left is left out."""
        start = max(start, end - self._span - self._width)
        while start < end:
            until = min(end, (start // self._width + 1) * self._width)
            self.update(start, [(until - start) / SECOND])
            start = until

    def total(self, at: Micros) -> float:
        """Return the sum of the window that ends at a time."""
        return sum(self._sums[place] for place in self._inside(at))

    def falls_at(self, at: Micros) -> Micros:
        """Return when the oldest step that counts leaves the window; NOT_DUE when none does."""
        counted = [self._marks[place] for place in self._inside(at) if self._sums[place]]
        return (int(min(counted)) + STEPS + 1) * self._width if counted else NOT_DUE


def figures() -> "array[float]":
    """Return one figure for each step of a ring."""
    return array("d", [0.0] * _SIZE)
