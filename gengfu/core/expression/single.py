"""A single test of one thing, as the part of its numbers or of its words that the test leaves."""

import math
from dataclasses import dataclass, replace

from gengfu.core.expression.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What one test leaves of one thing: a part of the numbers, or some of its words."""

    of: str
    node: Node
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    words: frozenset[str] | None = None
    every: frozenset[str] = frozenset()
    """All words that there are."""

    def joined(self, other: "Test") -> "Test | None":
        """Return what both leave; None = nothing."""
        if self.words is not None and other.words is not None:
            words = self.words & other.words
            return replace(self, words=words) if words else None
        low, open_low = max((self.low, self.open_low), (other.low, other.open_low))
        high, closed = min((self.high, not self.open_high), (other.high, not other.open_high))
        if low > high or (low == high and (open_low or not closed)):
            return None
        return replace(self, low=low, open_low=open_low, high=high, open_high=not closed)

    def turned(self) -> "Test | None":
        """Return what is left when the test is false; None where that is in two pieces."""
        if self.words is not None:
            return replace(self, words=self.every - self.words)
        if self.high == math.inf and self.low > -math.inf:
            high, is_open = self.low, not self.open_low
            return replace(self, low=-math.inf, open_low=False, high=high, open_high=is_open)
        if self.low == -math.inf and self.high < math.inf:
            low, is_open = self.high, not self.open_high
            return replace(self, high=math.inf, open_high=False, low=low, open_low=is_open)
        return None
