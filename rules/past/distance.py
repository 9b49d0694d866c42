"""Several sensors of one machine together: each ordinary by itself, and yet it never was like this."""

import math
from array import array
from collections.abc import Sequence

from gengfu.core.clock import DAY, Micros
from gengfu.core.expression import Parameter, Signature, Within
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import Function, Learner
from rules.past.normal import (
    ADAPTING,
    LEARNING,
    LEAST_SPREAD,
    LONGEST_STEP,
    SETTLING,
    applies,
    following,
)
from rules.past.windows import Mean

MOST = 6
"""So many values are looked at together, at most."""
CLIP = 3.0
"""What is further off pulls no more than that."""
SHARED = 0.01
"""Share of a value's variance that is its own at least: no two sensors say exactly the same."""


class Distance(Learner):
    """``distance(x, y, …, T, while)``: how far the means of the last T lie from where they were learned.

    Mahalanobis' distance over the root of their number: 1 is ordinary. What always moves together is
    no distance, one moving without the other is. Learned and followed as ``zscore`` does.
    """

    __slots__ = ("_last", "_learned", "_means", "_normal", "_spreads")
    KEPT = ("_means", "_normal", "_spreads", "_learned", "_last")

    def __init__(self, span: Micros, values: int) -> None:
        super().__init__()
        self._means = tuple(Mean(span) for _ in range(values))
        self._normal = array("d", [0.0] * values)
        self._spreads = array("d", [0.0] * (values * values))
        """Their covariance, row by row."""
        self._learned = 0.0
        self._last = math.nan

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        size = len(self._means)
        if not applies(inputs[size:]):
            for mean in self._means:
                mean.clear()
            self._last = math.nan
            return None
        values: list[float] = []
        for mean, value in zip(self._means, inputs, strict=False):
            found = mean.update(at, (value,))
            if isinstance(found, float):
                values.append(found)
        if len(values) < size:
            return None
        off = [value - normal for value, normal in zip(values, self._normal, strict=True)]
        known = self._learned >= LEARNING
        distance = self._distance(off) if known else None
        self._learn(at, off)
        return distance

    def _distance(self, off: Sequence[float]) -> float:
        """Return the length of L⁻¹·off over √n, with L·Lᵀ the covariance (Cholesky)."""
        size = len(off)
        lower = [[0.0] * size for _ in off]
        solved: list[float] = []
        for row in range(size):
            for column in range(row):
                rest = self._covariance(row, column) - _dot(lower[row], lower[column], column)
                lower[row][column] = rest / lower[column][column]
            rest = self._covariance(row, row) - _dot(lower[row], lower[row], row)
            lower[row][row] = math.sqrt(max(rest, self._least(row)))
            solved.append((off[row] - _dot(lower[row], solved, row)) / lower[row][row])
        return math.sqrt(sum(one * one for one in solved) / size)

    def _covariance(self, row: int, column: int) -> float:
        return self._spreads[row * len(self._means) + column]

    def _least(self, row: int) -> float:
        """Return the least variance that one adds to what the others explain of it."""
        own = self._covariance(row, row)
        return max(SHARED * own, (LEAST_SPREAD * self._normal[row]) ** 2, 1e-18)

    def _learn(self, at: Micros, off: Sequence[float]) -> None:
        """Take means that lie so far off the normal; the time since the last ones is their weight."""
        span = min(at - self._last, float(LONGEST_STEP)) if self._last <= at else 0.0
        self._last = float(at)
        if self._learned == 0.0:
            share, pull = 1.0, 1.0
            self._learned = 1.0
        elif self._learned < LEARNING:
            self._learned += span
            share, pull = min(1.0, max(span / self._learned, span / SETTLING)), 1.0
        else:
            share = min(1.0, span / following(ADAPTING, in_doubt=self.in_doubt))
            pull = min(1.0, CLIP / max(self._distance(off), 1e-9))
        size = len(off)
        pulled = [one * pull for one in off]
        for row in range(size):
            self._normal[row] += share * pulled[row]
        if share < 1.0:
            for place in range(size * size):
                more = share * pulled[place // size] * pulled[place % size]
                self._spreads[place] = (1 - share) * (self._spreads[place] + more)


def _dot(one: Sequence[float], other: Sequence[float], count: int) -> float:
    return sum(one[place] * other[place] for place in range(count))


_V, _C, _S = Parameter.VALUE, Parameter.CONDITION, Parameter.SPAN


DISTANCE = (
    Function(
        "distance",
        Signature((_V, _S, _C), optional=1, values=MOST, within=Within.POSITIVE),
        lambda terms: Distance(terms.span, terms.values),
        Bilingual(
            zh="几个量一起看：T 内均值离自身正常状态多远，1 为平常",
            en="several values together: how far their means of the last T are off their normal; 1 is ordinary",
        ),
        learns=DAY,
    ),
)
