"""Every function of the past by its name: what rules may call."""

from collections.abc import Mapping

from gengfu.core.clock import Micros
from gengfu.core.expression import Parameter, Signature, Within
from gengfu.core.expression.tree import Node, Span, Window, below
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


def looks_back(node: Node) -> Micros:
    """Return how much of the past an expression's value depends on."""
    inner = max(map(looks_back, below(node)), default=0)
    function = FUNCTIONS.get(node.function) if isinstance(node, Window) else None
    if function is None or not isinstance(node, Window):
        return inner
    span = next((one.micros for one in node.arguments if isinstance(one, Span)), 0)
    return inner + function.spans * span + function.learns
