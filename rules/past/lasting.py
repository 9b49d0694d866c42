"""How long, and how often: functions that change by the passing of time, with nothing being said.

Their times are those by which ``hold`` counts: a device's own within the lateness, else the arrival.
"""

import math
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, MINUTE, SECOND, Micros, to_utc
from gengfu.core.expression import Parameter, Signature, Within, truth
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import NOT_DUE, Function, Timed
from rules.past.ring import STEPS, Totals

LOOKED_AT: Micros = MINUTE
"""How often a time that grows is looked at, at least."""


class Held(Timed):
    """``held(condition, T)``: whether it has been true for T without a break; else unknown or false."""

    __slots__ = ("_since", "_span")
    KEPT = ("_due", "_since")

    def __init__(self, span: Micros) -> None:
        super().__init__()
        self._span = span
        self._since = math.nan

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        state = truth(inputs[0])
        if state is not True:
            self._since, self._due = math.nan, float(NOT_DUE)
            return state
        if math.isnan(self._since):
            self._since, self._due = float(at), float(at + self._span)
        return self.wake(at)

    def wake(self, at: Micros) -> Scalar:
        if at - self._since < self._span:
            return False
        self._due = float(NOT_DUE)
        return True


class Unheard(Timed):
    """``no_data(point, T)``: whether nothing was known of the point for T.

    Unknown before it was told for the first time, and while the link is lost: a point that is not
    fitted misses nothing, and for a lost link there are other rules. ``null`` is no data.
    """

    __slots__ = ("_heard", "_span")
    KEPT = ("_due", "_heard")

    def __init__(self, span: Micros) -> None:
        super().__init__()
        self._span = span
        self._heard = math.nan

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        if inputs[0] is not None:
            self._heard, self._due = float(at), float(at + self._span)
        return self.wake(at)

    def wake(self, at: Micros) -> Scalar:
        if math.isnan(self._heard):
            return None
        if at - self._heard < self._span:
            return False
        self._due = float(NOT_DUE)
        return True

    def lose(self, at: Micros) -> Scalar:
        self._heard, self._due = math.nan, float(NOT_DUE)
        return None


class Clocked(Timed):
    """Adds up the time during which a condition was known to be true."""

    __slots__ = ("_true_at",)

    def __init__(self) -> None:
        super().__init__()
        self._true_at = math.nan
        """Up to when its truth was counted; nan = it is not known to be true."""

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        self._count(at)
        self._true_at = float(at) if truth(inputs[0]) is True else math.nan
        return self._value(at)

    def wake(self, at: Micros) -> Scalar:
        self._count(at)
        return self._value(at)

    def _count(self, at: Micros) -> None:
        raise NotImplementedError

    def _value(self, at: Micros) -> Scalar:
        raise NotImplementedError


class Share(Clocked):
    """``time_in(condition, T)``: for how many seconds of the last T it was known to be true."""

    __slots__ = ("_seconds", "_span")
    KEPT = ("_due", "_true_at", "_seconds")

    def __init__(self, span: Micros) -> None:
        super().__init__()
        self._span = span
        self._seconds = Totals(span)

    def _count(self, at: Micros) -> None:
        if self._true_at < at:
            self._seconds.spread(int(self._true_at), at)
            self._true_at = float(at)

    def _value(self, at: Micros) -> Scalar:
        grows = at + min(LOOKED_AT, max(SECOND, self._span // STEPS))
        self._due = float(self._seconds.falls_at(at) if math.isnan(self._true_at) else grows)
        return min(self._seconds.total(at), self._span / SECOND)


class Today(Clocked):
    """``runtime(condition)``: for how many seconds it was known to be true since midnight.

    Midnight is that of the site's own clock: a day with a change of the clock has 23 or 25 hours.
    """

    __slots__ = ("_ends", "_seconds", "_zone")
    KEPT = ("_due", "_ends", "_seconds", "_true_at")

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone
        self._ends = 0.0
        """When today ends."""
        self._seconds = 0.0

    def _count(self, at: Micros) -> None:
        if at >= self._ends:
            today, tomorrow = midnights(at, self._zone)
            self._ends, self._seconds = float(tomorrow), 0.0
            self._true_at = max(self._true_at, float(today)) if self._true_at < at else math.nan
        if self._true_at < at:
            self._seconds += (at - self._true_at) / SECOND
            self._true_at = float(at)

    def _value(self, at: Micros) -> Scalar:
        running = not math.isnan(self._true_at)
        looked_at = min(self._ends, float(at + LOOKED_AT))
        self._due = looked_at if running else self._ends if self._seconds else float(NOT_DUE)
        return self._seconds


class Times(Timed):
    """``count(x, T)``: how often, in the last T, an event happened or a condition became true.

    Unknown is neither true nor false: a condition that was lost and is true again became nothing.
    """

    __slots__ = ("_times", "_was")
    KEPT = ("_due", "_was", "_times")

    def __init__(self, span: Micros) -> None:
        super().__init__()
        self._times = Totals(span)
        self._was = 0.0
        """Whether the condition was true when it was known last."""

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        state = truth(inputs[0]) if inputs else True
        if state is True and not self._was:
            self._times.update(at, (1.0,))
        if inputs and state is not None:
            self._was = float(state)
        return self.wake(at)

    def wake(self, at: Micros) -> Scalar:
        self._due = float(self._times.falls_at(at))
        return self._times.total(at)


def midnights(at: Micros, zone: ZoneInfo) -> tuple[Micros, Micros]:
    """Return when the day of a moment began and ends, by the wall clock of ``zone``."""
    day = to_utc(at).astimezone(zone).date()
    begun, ends = (datetime.combine(day + timedelta(days=later), time(), zone) for later in (0, 1))
    return round(begun.timestamp()) * SECOND, round(ends.timestamp()) * SECOND


_C, _S = Parameter.CONDITION, Parameter.SPAN

LASTING = (
    Function(
        "held",
        Signature((_C, _S), truth=True),
        lambda terms: Held(terms.span),
        Bilingual(zh="条件是否已不间断成立 T", en="whether it has been true for T without a break"),
        timed=True,
    ),
    Function(
        "no_data",
        Signature((Parameter.POINT, _S), truth=True),
        lambda terms: Unheard(terms.span),
        Bilingual(
            zh="该点位是否已有 T 没有数据；从未上报过的为未知",
            en="whether nothing was told of the point for T; unknown if nothing ever was",
        ),
        timed=True,
    ),
    Function(
        "time_in",
        Signature((_C, _S), within=Within.SPAN),
        lambda terms: Share(terms.span),
        Bilingual(
            zh="最近 T 内条件成立了多少秒", en="for how many seconds of the last T it was true"
        ),
        timed=True,
    ),
    Function(
        "runtime",
        Signature((_C,), within=Within.DAY),
        lambda terms: Today(terms.zone),
        Bilingual(
            zh="今天（项目所在地零点起）条件成立了多少秒",
            en="for how many seconds of today it was true, by the site's own clock",
        ),
        timed=True,
        learns=DAY,
    ),
    Function(
        "count",
        Signature((Parameter.HAPPENING, _S), within=Within.POSITIVE),
        lambda terms: Times(terms.span),
        Bilingual(
            zh="最近 T 内事件发生、或条件变为真的次数",
            en="how often in the last T an event happened, or a condition became true",
        ),
        timed=True,
    ),
)
