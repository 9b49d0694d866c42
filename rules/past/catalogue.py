"""Every function of the past by its name: what rules may call."""

from collections.abc import Mapping

from gengfu.core.expression import Parameter, Signature, Within
from gengfu.core.naming import Bilingual
from rules.past.distance import DISTANCE
from rules.past.drift import DRIFT
from rules.past.lasting import LASTING
from rules.past.memory import Function
from rules.past.normal import NORMALS
from rules.past.season import SEASON
from rules.past.trend import TREND
from rules.past.windows import WINDOWS

RECOLLECTIONS = (
    Function(
        "previous",
        Signature((Parameter.POINT,), as_first=True, within=Within.FIRST),
        None,
        Bilingual(zh="上一次变化之前的值", en="its value before the last change"),
    ),
    Function(
        "since",
        Signature((Parameter.OCCURRENCE,), within=Within.POSITIVE),
        None,
        Bilingual(zh="距变化或发生多少秒", en="seconds since it changed, or happened"),
    ),
)
"""What the engine remembers of every point and event anyway."""

FUNCTIONS: Mapping[str, Function] = {
    one.name: one
    for one in (*WINDOWS, *NORMALS, *DRIFT, *SEASON, *DISTANCE, *TREND, *LASTING, *RECOLLECTIONS)
}
