"""Wear: in how many days a slow trend reaches a limit, and how sure that is.

A straight line through the means of the window's steps (least squares); the interval of the day on
which it meets the limit is Fieller's (E. C. Fieller, J. R. Stat. Soc. B 16, 1954): the slope and
the height are both uncertain. Where the slope is not clearly other than level there is no day.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from gengfu.core.clock import DAY, Micros
from gengfu.core.expression import Parameter, Signature, Within
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import Function
from rules.past.normal import applies
from rules.past.ring import Ring, figures

STUDENT = 2.3
"""Standard errors within which the truth lies with 95 %, from ten steps (Student's t)."""
LEAST_STEPS = 10
"""So many steps of the window must have samples."""


class Bound(IntEnum):
    """Which end of the interval is asked for."""

    BEST = 0
    SOONEST = 1
    LATEST = 2


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a line meets a limit, in days after the last point; 0 = it is there already."""

    best: float
    soonest: float
    latest: float


def crossing(days: Sequence[float], values: Sequence[float], limit: float) -> Crossing | None:
    """Return when the line through the points meets a limit; None when it is level or leads away.

    ``days``: of each point, ascending; at least three.
    """
    count = len(days)
    middle, height = math.fsum(days) / count, math.fsum(values) / count
    across = math.fsum((one - middle) ** 2 for one in days)
    slope = (
        math.fsum((one - middle) * (y - height) for one, y in zip(days, values, strict=True))
        / across
    )
    left = (y - height - slope * (one - middle) for one, y in zip(days, values, strict=True))
    error = STUDENT**2 * math.fsum(one * one for one in left) / (count - 2)
    steepness = slope * slope - error / across
    far = limit - height
    if steepness <= 0:
        return None
    best, last = middle + far / slope - days[-1], days[-1] - middle
    root = math.sqrt(max(0.0, (slope * far) ** 2 - steepness * (far * far - error / count)))
    soonest, latest = sorted((slope * far + sign * root) / steepness - last for sign in (-1, 1))
    if latest <= 0:
        return None
    return Crossing(max(0.0, best), max(0.0, soonest), latest)


class Reaches(Ring):
    """``reaches(x, limit, T, while)``: days until the trend of the last T meets the limit.

    Looked at anew when a step of the window begins. Unknown without a clear trend towards it.
    """

    __slots__ = ("_bound", "_counts", "_days", "_sums")
    KEPT = (*Ring.KEPT, "_counts", "_sums", "_days")

    def __init__(self, span: Micros, bound: Bound) -> None:
        super().__init__(span)
        self._bound = bound
        self._counts, self._sums = figures(), figures()
        self._days = math.nan

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value, limit = inputs[:2]
        if not isinstance(value, int | float) or not applies(inputs[2:]):
            return self._value()
        place, fresh = self._step(at)
        if fresh and isinstance(limit, int | float):
            self._days = self._look(at, limit, apart=place)
        self._sums[place] = value if fresh else self._sums[place] + value
        self._counts[place] = 1.0 if fresh else self._counts[place] + 1.0
        return self._value()

    def _value(self) -> Scalar:
        return None if math.isnan(self._days) else self._days

    def _look(self, at: Micros, limit: float, *, apart: int) -> float:
        """Return the days left by all steps but the one that just began; nan = nobody knows."""
        places = [place for place in self._inside(at) if place != apart]
        places.sort(key=self._marks.__getitem__)
        if len(places) < LEAST_STEPS:
            return math.nan
        days = [(self._marks[place] + 0.5) * self._width / DAY for place in places]
        values = [self._sums[place] / self._counts[place] for place in places]
        found = crossing(days, values, limit)
        if found is None:
            return math.nan
        passed = at / DAY - days[-1]
        return max(0.0, (found.best, found.soonest, found.latest)[self._bound] - passed)


def _function(name: str, bound: Bound, gives: Bilingual) -> Function:
    takes = (Parameter.VALUE, Parameter.VALUE, Parameter.SPAN, Parameter.CONDITION)
    return Function(
        name,
        Signature(takes, optional=1, within=Within.POSITIVE),
        lambda terms: Reaches(terms.span, bound),
        gives,
    )


TREND = (
    _function(
        "reaches",
        Bound.BEST,
        Bilingual(
            zh="按 T 内的趋势，多少天后到达界限",
            en="in how many days the trend of the last T meets the limit",
        ),
    ),
    _function(
        "reaches_soonest",
        Bound.SOONEST,
        Bilingual(zh="同上，最早（95 % 区间）", en="the same at the soonest (95 % interval)"),
    ),
    _function(
        "reaches_latest",
        Bound.LATEST,
        Bilingual(zh="同上，最晚（95 % 区间）", en="the same at the latest (95 % interval)"),
    ),
)
