"""Slow change: a sum of small deviations that never average out (Page 1954)."""

from collections.abc import Sequence

from gengfu.core.clock import Micros
from gengfu.core.expression import Parameter, Signature
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import Function, Learner
from rules.past.normal import LEARNING, LONGEST_STEP, Normal, applies

SLACK = 0.5
"""Spreads that are forgiven: what lies closer to the normal pulls the sum back to nothing."""
FULL = 10.0
"""The sum grows no further: after a repair it must not take for ever to come back."""
LEARNS = 4
"""Its normal is learned for so many T …"""
FOLLOWS = 1000
"""… and afterwards follows so much slower: a drift is no new normal before people have seen it."""


class Drift(Learner):
    """``cusum(x, T, while)``: how long and how far x has been off its own normal, above or below.

    One spread beyond the slack for a time T adds 1; below the normal the sum is negative.
    """

    __slots__ = ("_above", "_below", "_last", "_normal", "_span")
    KEPT = ("_above", "_below", "_last", "_normal")

    def __init__(self, span: Micros) -> None:
        super().__init__()
        self._span = span
        self._normal = Normal(learning=max(LEARNING, LEARNS * span), adapting=FOLLOWS * span)
        self._above = self._below = 0.0
        self._last = -1.0
        """When the last sample came while the condition held; -1 = it did not hold."""

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value, normal = inputs[0], self._normal
        if not isinstance(value, int | float) or not applies(inputs[1:]):
            self._last = -1.0
            normal.pause()
            return self._value()
        if normal.known and 0 <= self._last <= at:
            off = max(-FULL, min(FULL, (value - normal.mean) / normal.spread))
            share = min(at - self._last, float(LONGEST_STEP)) / self._span
            self._above = min(FULL, max(0.0, self._above + share * (off - SLACK)))
            self._below = min(FULL, max(0.0, self._below + share * (-off - SLACK)))
        self._last = float(at)
        normal.learn(at, value, in_doubt=self.in_doubt)
        return self._value()

    def _value(self) -> Scalar:
        if not self._normal.known:
            return None
        return self._above if self._above >= self._below else -self._below


DRIFT = (
    Function(
        "cusum",
        Signature((Parameter.VALUE, Parameter.SPAN, Parameter.CONDITION), optional=1),
        lambda terms: Drift(terms.span),
        Bilingual(
            zh="偏离自身正常值的累积和：偏一个波动、持续 T 约加 1，低于正常为负，最多 ±10",
            en="the sum of deviations from its own normal: one spread for T adds about 1; below it is negative; at most ±10",
        ),
        spans=LEARNS + 10,
        learns=LEARNING,
    ),
)
