"""The same hour of the week: what is usual on a Monday at eight is not what is usual on a Sunday."""

from array import array
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, Micros, wall
from gengfu.core.expression import Parameter, Signature, Within
from gengfu.core.naming import Bilingual, Scalar
from rules.past.memory import Function, Past

HOURS = 7 * 24
_SINCE_MONDAY = 3 * 24
"""Hours: 1970 began on a Thursday."""
WEEKS = 2
"""An hour is unknown until it was seen in so many weeks."""
FOLLOWS = 4
"""Later weeks are averaged as if there had been so many: a season is followed, a holiday forgiven."""


class Usual(Past):
    """``usual(x)``: the mean of x in this hour of the week, over the weeks before.

    By the site's own clock. The hour that is under way is not part of what it is compared with.
    """

    __slots__ = ("_count", "_hour", "_means", "_seen", "_sum", "_zone")
    KEPT = ("_hour", "_sum", "_count", "_means", "_seen")

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hour = -1.0
        """The hour under way: hours since 1970 by the site's own clock; -1 = none yet.

        By the clock an hour that autumn repeats goes on: it is not seen in two weeks at once.
        """
        self._sum = self._count = 0.0
        self._means = array("d", [0.0] * HOURS)
        self._seen = array("d", [0.0] * HOURS)
        """Of each hour of the week: in how many weeks it was seen."""

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        value, hour = inputs[0], float(wall(at, self._zone) // HOUR)
        if hour != self._hour:
            self._fold()
            self._hour, self._sum, self._count = hour, 0.0, 0.0
        if isinstance(value, int | float):
            self._sum += value
            self._count += 1.0
        place = _place(hour)
        return self._means[place] if self._seen[place] >= WEEKS else None

    def _fold(self) -> None:
        """Take the hour that is over into its place in the week."""
        if not self._count:
            return
        place = _place(self._hour)
        self._seen[place] += 1.0
        weight = 1.0 / min(self._seen[place], FOLLOWS)
        self._means[place] += weight * (self._sum / self._count - self._means[place])


def _place(hour: float) -> int:
    """Return the hour's place in the week, from Monday's first."""
    return int(hour + _SINCE_MONDAY) % HOURS


SEASON = (
    Function(
        "usual",
        Signature((Parameter.VALUE,), within=Within.FIRST),
        lambda terms: Usual(terms.zone),
        Bilingual(
            zh="往周同一小时的平均值；见过两周之前为未知",
            en="its mean in the same hour of the weeks before; unknown until two weeks were seen",
        ),
        learns=FOLLOWS * 7 * DAY,
    ),
)
