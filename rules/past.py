"""Functions of the past: what they are called, what they take, and the little they remember.

Each keeps a fixed number of figures for one equipment, whatever arrives: a window is cut into
steps, a learned normal is a mean and a spread. They are told samples in the order of their time
and know no clock. A sample that is unknown is no sample.
"""

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.expression import Parameter, Signature, truth
from gengfu.core.naming import Scalar

STEPS = 15
"""A window moves in fifteenths of its length."""

LEARNING: Micros = 5 * MINUTE
"""A learned normal is unknown before so much time was seen (U)."""
ADAPTING: Micros = HOUR
"""The time constant with which it follows slow change afterwards (U)."""
CLIP = 3.0
"""A sample further off than so many spreads pulls no more than that: a fault is not learned fast."""
LEAST_SPREAD = 0.001
"""Share of the normal: no real sensor is steadier."""
LONGEST_STEP: Micros = MINUTE
"""A longer silence between two samples counts as so much."""


class Past(Protocol):
    """One function's memory for one equipment."""

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        """Take a sample of the function's arguments (without durations); return its value."""

    def save(self) -> list[float]:
        """Return everything remembered as numbers."""

    def load(self, saved: Sequence[float]) -> None:
        """Take back what ``save`` gave."""


class _Steps:
    """Which of the ring's steps are still inside the window."""

    __slots__ = ("_began", "_figures", "_marks", "_span", "_width")

    def __init__(self, span: Micros, figures: int) -> None:
        self._span = span
        self._width = max(1, span // STEPS)
        self._marks = array("d", [-math.inf] * (STEPS + 1))
        self._figures = [array("d", [0.0] * (STEPS + 1)) for _ in range(figures)]
        self._began = math.nan

    def save(self) -> list[float]:
        return [self._began, *self._marks, *(one for figure in self._figures for one in figure)]

    def load(self, saved: Sequence[float]) -> None:
        size = STEPS + 1
        self._began = saved[0]
        self._marks = array("d", saved[1 : size + 1])
        self._figures = [
            array("d", saved[1 + size * (index + 1) : 1 + size * (index + 2)])
            for index in range(len(self._figures))
        ]

    def clear(self) -> None:
        self._marks = array("d", [-math.inf] * (STEPS + 1))
        self._began = math.nan

    def _step(self, at: Micros) -> tuple[int, bool]:
        """Return the place of ``at``'s step in the ring, and whether it is a fresh one."""
        number = at // self._width
        place = number % (STEPS + 1)
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


class Mean(_Steps):
    """``avg(x, T)``: the mean of the samples of the last T; unknown until T was seen."""

    __slots__ = ()

    def __init__(self, span: Micros) -> None:
        super().__init__(span, figures=2)

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        sums, counts = self._figures
        if isinstance(value, int | float):
            place, fresh = self._step(at)
            sums[place] = value if fresh else sums[place] + value
            counts[place] = 1.0 if fresh else counts[place] + 1.0
        if not self._full(at):
            return None
        inside = self._inside(at)
        count = sum(counts[place] for place in inside)
        return sum(sums[place] for place in inside) / count if count else None


class Spread(_Steps):
    """``std(x, T)``: the standard deviation of the samples of the last T; unknown until T was seen.

    Each step keeps its count, mean and sum of squares about it (Welford); steps are put together as
    Chan, Golub and LeVeque do, so that a small spread on a large mean is not lost.
    """

    __slots__ = ()

    def __init__(self, span: Micros) -> None:
        super().__init__(span, figures=3)

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if isinstance(value, int | float):
            self._take(at, value)
        if not self._full(at):
            return None
        count, mean, squares = 0.0, 0.0, 0.0
        for place in self._inside(at):
            more, other, spread = (figure[place] for figure in self._figures)
            off, total = other - mean, count + more
            mean += off * more / total
            squares += spread + off * off * count * more / total
            count = total
        return math.sqrt(squares / count) if count else None

    def _take(self, at: Micros, value: float) -> None:
        counts, means, squares = self._figures
        place, fresh = self._step(at)
        if fresh:
            counts[place] = means[place] = squares[place] = 0.0
        counts[place] += 1.0
        off = value - means[place]
        means[place] += off / counts[place]
        squares[place] += off * (value - means[place])


class Smooth:
    """``ewma(x, T)``: the mean that forgets exponentially, by T; unknown until T was seen.

    What came a time T ago has 1/e of the weight, however often samples come. A silence longer than T
    begins it anew.
    """

    __slots__ = ("_began", "_last", "_mean", "_span")

    def __init__(self, span: Micros) -> None:
        self._span = span
        self._began = self._last = math.nan
        self._mean = 0.0

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if isinstance(value, int | float):
            gap = at - self._last
            if 0 <= gap <= self._span:
                self._mean += -math.expm1(-gap / self._span) * (value - self._mean)
            else:
                self._began, self._mean = float(at), float(value)
            self._last = float(at)
        return self._mean if at - self._began >= self._span else None

    def save(self) -> list[float]:
        return [self._began, self._last, self._mean]

    def load(self, saved: Sequence[float]) -> None:
        self._began, self._last, self._mean = saved


class Extreme(_Steps):
    """``min(x, T)`` and ``max(x, T)``: unknown until T was seen."""

    __slots__ = ("_choose",)

    def __init__(self, span: Micros, choose: Callable[[Sequence[float]], float]) -> None:
        super().__init__(span, figures=1)
        self._choose = choose

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value, figures = inputs[0], self._figures[0]
        if isinstance(value, int | float):
            place, fresh = self._step(at)
            figures[place] = value if fresh else self._choose((figures[place], value))
        inside = self._inside(at)
        if not self._full(at) or not inside:
            return None
        return self._choose([figures[place] for place in inside])


class Change(_Steps):
    """``change(x, T)``: x less what it was T ago; ``rate(x, T)``: that a second."""

    __slots__ = ("_scale",)

    def __init__(self, span: Micros, *, rate: bool) -> None:
        super().__init__(span, figures=1)
        self._scale = SECOND / span if rate else 1.0

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value, firsts = inputs[0], self._figures[0]
        if not isinstance(value, int | float):
            return None
        place, fresh = self._step(at)
        if fresh:
            firsts[place] = value
        if not self._full(at):
            return None
        oldest = min(self._inside(at), key=self._marks.__getitem__)
        return (value - firsts[oldest]) * self._scale


class Normal:
    """A machine's own normal: mean and spread, learned while a condition holds.

    The first ``LEARNING`` of seen time makes a plain mean; afterwards it follows exponentially with
    ``ADAPTING``, and what lies far off is clipped (Huber), so that a fault is not taken for normal.
    """

    __slots__ = ("_last", "_learned", "mean", "variance")

    def __init__(self) -> None:
        self._last = math.nan
        self._learned = 0.0
        self.mean = 0.0
        self.variance = 0.0

    @property
    def known(self) -> bool:
        return self._learned >= LEARNING

    @property
    def spread(self) -> float:
        return max(math.sqrt(self.variance), LEAST_SPREAD * abs(self.mean), 1e-9)

    def learn(self, at: Micros, value: float) -> None:
        """Take a sample; the time since the last one is its weight."""
        span = min(at - self._last, float(LONGEST_STEP)) if self._last <= at else 0.0
        self._last = float(at)
        off = value - self.mean
        if self.known:
            off = max(-CLIP * self.spread, min(CLIP * self.spread, off))
            share = min(1.0, span / ADAPTING)
        elif self._learned == 0.0:
            share = 1.0
            self._learned = 1.0
        else:
            self._learned += span
            share = span / self._learned
        self.mean += share * off
        if share < 1.0:
            self.variance = (1 - share) * (self.variance + share * off * off)

    def pause(self) -> None:
        """Forget when the last sample came: the time until the next one is not learned from."""
        self._last = math.nan

    def save(self) -> list[float]:
        return [self._last, self._learned, self.mean, self.variance]

    def load(self, saved: Sequence[float]) -> None:
        self._last, self._learned, self.mean, self.variance = saved


class Baseline:
    """``baseline(x, while)``: the mean of x that was learned while the condition held."""

    __slots__ = ("_normal",)

    def __init__(self) -> None:
        self._normal = Normal()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if isinstance(value, int | float) and truth(_condition(inputs)) is True:
            self._normal.learn(at, value)
        else:
            self._normal.pause()
        return self._normal.mean if self._normal.known else None

    def save(self) -> list[float]:
        return self._normal.save()

    def load(self, saved: Sequence[float]) -> None:
        self._normal.load(saved)


class Score:
    """``zscore(x, T, while)``: how many spreads the mean of the last T lies off its own normal.

    Known only while the condition holds, once T was seen and the normal is learned.
    """

    __slots__ = ("_mean", "_normal")

    def __init__(self, span: Micros) -> None:
        self._mean = Mean(span)
        self._normal = Normal()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        if truth(_condition(inputs)) is not True:
            self._mean.clear()
            self._normal.pause()
            return None
        mean = self._mean.update(at, inputs[:1])
        if not isinstance(mean, float):
            return None
        normal = self._normal
        score = (mean - normal.mean) / normal.spread if normal.known else None
        normal.learn(at, mean)
        return score

    def save(self) -> list[float]:
        return [*self._normal.save(), *self._mean.save()]

    def load(self, saved: Sequence[float]) -> None:
        self._normal.load(saved[:4])
        self._mean.load(saved[4:])


def _condition(inputs: Sequence[Scalar]) -> Scalar:
    return inputs[1] if len(inputs) > 1 else True


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the past: what it takes, and how its memory is made (None: the engine's own)."""

    signature: Signature
    make: Callable[[Micros], Past] | None


_V, _C, _S = Parameter.VALUE, Parameter.CONDITION, Parameter.SPAN

FUNCTIONS: Mapping[str, Function] = {
    "avg": Function(Signature((_V, _S)), Mean),
    "std": Function(Signature((_V, _S)), Spread),
    "ewma": Function(Signature((_V, _S)), Smooth),
    "min": Function(Signature((_V, _S)), lambda span: Extreme(span, min)),
    "max": Function(Signature((_V, _S)), lambda span: Extreme(span, max)),
    "change": Function(Signature((_V, _S)), lambda span: Change(span, rate=False)),
    "rate": Function(Signature((_V, _S)), lambda span: Change(span, rate=True)),
    "baseline": Function(Signature((_V, _C), optional=1), lambda _span: Baseline()),
    "zscore": Function(Signature((_V, _S, _C), optional=1), Score),
    "previous": Function(Signature((Parameter.POINT,), as_first=True), None),
    "since": Function(Signature((Parameter.OCCURRENCE,)), None),
}
