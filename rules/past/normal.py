"""What is normal for one machine: learned from itself while a condition holds."""

import math
from collections.abc import Sequence

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.expression import Parameter, Signature, Within, truth
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import Function, Learner, Past
from rules.past.windows import Mean

LEARNING: Micros = 5 * MINUTE
"""A learned normal is unknown before so much time was seen (U)."""
SETTLING: Micros = 100 * SECOND
"""Until then, what came so long ago has 1/e of the weight: a start is no part of the normal (U).

Where learning takes longer, so does this.
"""
ADAPTING: Micros = HOUR
"""The time constant with which it follows slow change afterwards (U)."""
DOUBTING: Micros = 7 * DAY
"""The same while a rule that looks at it is on: a fault must not become normal before somebody has seen to it,
and what is a new normal, after a repair, has to be learned in the end (U)."""
CLIP = 3.0
"""A sample further off than so many spreads pulls no more than that: a fault is not learned fast."""
LEAST_SPREAD = 0.001
"""Share of the normal: no real sensor is steadier."""
LONGEST_STEP: Micros = MINUTE
"""A longer silence between two samples counts as so much."""


class Normal(Past):
    """A machine's own normal: mean and spread, learned while a condition holds.

    During the first ``learning`` of seen time it follows quickly; afterwards slowly, with
    ``adapting``, and what lies far off is clipped (Huber). That alone would learn a fault within hours,
    for the clip widens with what is clipped: what is in doubt is followed with ``DOUBTING``.
    """

    __slots__ = ("_adapting", "_last", "_learned", "_learning", "mean", "variance")
    KEPT = ("_last", "_learned", "mean", "variance")

    def __init__(self, *, learning: Micros = LEARNING, adapting: Micros = ADAPTING) -> None:
        self._learning, self._adapting = learning, adapting
        self._last = math.nan
        self._learned = 0.0
        self.mean = 0.0
        self.variance = 0.0

    @property
    def known(self) -> bool:
        return self._learned >= self._learning

    @property
    def spread(self) -> float:
        return max(math.sqrt(self.variance), LEAST_SPREAD * abs(self.mean), 1e-9)

    def learn(self, at: Micros, value: float, *, in_doubt: bool = False) -> None:
        """Take a sample; the time since the last one is its weight."""
        span = min(at - self._last, float(LONGEST_STEP)) if self._last <= at else 0.0
        self._last = float(at)
        off = value - self.mean
        if self.known:
            off = max(-CLIP * self.spread, min(CLIP * self.spread, off))
            share = min(1.0, span / following(self._adapting, in_doubt=in_doubt))
        elif self._learned == 0.0:
            share = 1.0
            self._learned = 1.0
        else:
            self._learned += span
            settling = self._learning * SETTLING / LEARNING
            share = min(1.0, max(span / self._learned, span / settling))
        self.mean += share * off
        if share < 1.0:
            self.variance = (1 - share) * (self.variance + share * off * off)

    def pause(self) -> None:
        """Forget when the last sample came: the time until the next one is not learned from."""
        self._last = math.nan


def following(adapting: Micros, *, in_doubt: bool) -> Micros:
    """Return the time constant with which a learned normal follows."""
    return max(adapting, DOUBTING) if in_doubt else adapting


class Baseline(Learner):
    """``baseline(x, while)``: the mean of x that was learned while the condition held."""

    __slots__ = ("_normal",)
    KEPT = __slots__

    def __init__(self) -> None:
        super().__init__()
        self._normal = Normal()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value = inputs[0]
        if isinstance(value, int | float) and applies(inputs[1:]):
            self._normal.learn(at, value, in_doubt=self.in_doubt)
        else:
            self._normal.pause()
        return self._normal.mean if self._normal.known else None


class Score(Learner):
    """``zscore(x, T, while)``: how many spreads the mean of the last T lies off its own normal.

    Known only while the condition holds, once T was seen and the normal is learned.
    """

    __slots__ = ("_mean", "_normal")
    KEPT = ("_normal", "_mean")

    def __init__(self, span: Micros) -> None:
        super().__init__()
        self._mean = Mean(span)
        self._normal = Normal()

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        if not applies(inputs[1:]):
            self._mean.clear()
            self._normal.pause()
            return None
        mean = self._mean.update(at, inputs[:1])
        if not isinstance(mean, float):
            return None
        normal = self._normal
        score = (mean - normal.mean) / normal.spread if normal.known else None
        normal.learn(at, mean, in_doubt=self.in_doubt)
        return score


def applies(condition: Sequence[Scalar]) -> bool:
    """Tell whether a function's ``while`` (none or one) is known to hold."""
    return not condition or truth(condition[0]) is True


_V, _C, _S = Parameter.VALUE, Parameter.CONDITION, Parameter.SPAN

NORMALS = (
    Function(
        "baseline",
        Signature((_V, _C), optional=1, within=Within.FIRST),
        lambda _terms: Baseline(),
        Bilingual(
            zh="条件成立时学到的自身正常值", en="its own normal, learned while the condition holds"
        ),
        learns=DAY,
    ),
    Function(
        "zscore",
        Signature((_V, _S, _C), optional=1),
        lambda terms: Score(terms.span),
        Bilingual(
            zh="T 内均值偏离自身正常值多少个自身波动",
            en="by how many of its own spreads the mean of the last T is off its normal",
        ),
        learns=DAY,
    ),
)
