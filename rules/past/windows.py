"""What a number did over a time: its mean, spread, extremes, change, and its smooth mean."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from gengfu.core.clock import SECOND, Micros
from gengfu.core.expression import Parameter, Signature, Within
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import Function, Past
from rules.past.ring import Ring, figures


class Mean(Ring):
    """``avg(x, T)``: the mean of the samples of the last T; unknown until T was seen."""

    __slots__ = ("_counts", "_sums")
    KEPT = (*Ring.KEPT, "_sums", "_counts")

    def __init__(self, span: Micros) -> None:
        super().__init__(span)
        self._sums, self._counts = figures(), figures()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value, sums, counts = inputs[0], self._sums, self._counts
        if isinstance(value, int | float):
            place, fresh = self._step(at)
            sums[place] = value if fresh else sums[place] + value
            counts[place] = 1.0 if fresh else counts[place] + 1.0
        if not self._full(at):
            return None
        inside = self._inside(at)
        count = sum(counts[place] for place in inside)
        return sum(sums[place] for place in inside) / count if count else None


class Spread(Ring):
    """``std(x, T)``: the standard deviation of the samples of the last T; unknown until T was seen.

    Each step keeps its count, mean and sum of squares about it (Welford); steps are put together as
    Chan, Golub and LeVeque do, so that a small spread on a large mean is not lost.
    """

    __slots__ = ("_counts", "_means", "_squares")
    KEPT = (*Ring.KEPT, "_counts", "_means", "_squares")

    def __init__(self, span: Micros) -> None:
        super().__init__(span)
        self._counts, self._means, self._squares = figures(), figures(), figures()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if isinstance(value, int | float):
            self._take(at, value)
        if not self._full(at):
            return None
        count, mean, squares = 0.0, 0.0, 0.0
        for place in self._inside(at):
            more = self._counts[place]
            off, total = self._means[place] - mean, count + more
            mean += off * more / total
            squares += self._squares[place] + off * off * count * more / total
            count = total
        return math.sqrt(squares / count) if count else None

    def _take(self, at: Micros, value: float) -> None:
        counts, means, squares = self._counts, self._means, self._squares
        place, fresh = self._step(at)
        if fresh:
            counts[place] = means[place] = squares[place] = 0.0
        counts[place] += 1.0
        off = value - means[place]
        means[place] += off / counts[place]
        squares[place] += off * (value - means[place])


class Smooth(Past):
    """``ewma(x, T)``: the mean that forgets exponentially, by T; unknown until T was seen.

    What came a time T ago has 1/e of the weight, however often samples come. A silence longer than T
    begins it anew.
    """

    __slots__ = ("_began", "_last", "_mean", "_span")
    KEPT = ("_began", "_last", "_mean")

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


class Extreme(Ring):
    """``min(x, T)`` and ``max(x, T)``: unknown until T was seen."""

    __slots__ = ("_choose", "_figures")
    KEPT = (*Ring.KEPT, "_figures")

    def __init__(self, span: Micros, choose: Callable[[Sequence[float]], float]) -> None:
        super().__init__(span)
        self._choose = choose
        self._figures = figures()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if isinstance(value, int | float):
            place, fresh = self._step(at)
            before = self._figures[place]
            self._figures[place] = value if fresh else self._choose((before, value))
        inside = self._inside(at)
        if not self._full(at) or not inside:
            return None
        return self._choose([self._figures[place] for place in inside])


class Change(Ring):
    """``change(x, T)``: x less what it was T ago; ``rate(x, T)``: that a second."""

    __slots__ = ("_firsts", "_scale")
    KEPT = (*Ring.KEPT, "_firsts")

    def __init__(self, span: Micros, *, rate: bool) -> None:
        super().__init__(span)
        self._scale = SECOND / span if rate else 1.0
        self._firsts = figures()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if not isinstance(value, int | float):
            return None
        place, fresh = self._step(at)
        if fresh:
            self._firsts[place] = value
        if not self._full(at):
            return None
        oldest = min(self._inside(at), key=self._marks.__getitem__)
        return (value - self._firsts[oldest]) * self._scale


_TAKES = Signature((Parameter.VALUE, Parameter.SPAN))
_LIKE_X = replace(_TAKES, within=Within.FIRST)

WINDOWS = (
    Function(
        "avg",
        _LIKE_X,
        lambda terms: Mean(terms.span),
        Bilingual(zh="T 内的平均值", en="the mean of the last T"),
    ),
    Function(
        "std",
        replace(_TAKES, within=Within.POSITIVE),
        lambda terms: Spread(terms.span),
        Bilingual(zh="T 内的标准差", en="the standard deviation of the last T"),
    ),
    Function(
        "min",
        _LIKE_X,
        lambda terms: Extreme(terms.span, min),
        Bilingual(zh="T 内的最小值", en="the least of the last T"),
    ),
    Function(
        "max",
        _LIKE_X,
        lambda terms: Extreme(terms.span, max),
        Bilingual(zh="T 内的最大值", en="the most of the last T"),
    ),
    Function(
        "ewma",
        _LIKE_X,
        lambda terms: Smooth(terms.span),
        Bilingual(
            zh="指数平滑均值：T 以前的数值权重只剩 1/e",
            en="the smooth mean: what came T ago has 1/e of the weight",
        ),
    ),
    Function(
        "change",
        _TAKES,
        lambda terms: Change(terms.span, rate=False),
        Bilingual(zh="比 T 以前变化了多少", en="x less what it was T ago"),
    ),
    Function(
        "rate",
        _TAKES,
        lambda terms: Change(terms.span, rate=True),
        Bilingual(zh="T 内平均每秒变化", en="the change over T, a second"),
    ),
)
