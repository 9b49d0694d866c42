"""The expression language of rules and operating states: small, pure, bounded, three-valued.

``parse`` turns a text into a typed tree, ``check`` finds what cannot be meant (unknown points, words
that an enum does not have, kinds that do not fit), ``evaluate`` and ``bind`` give its value. What
is not known stays unknown (Kleene's strong logic): an unknown never turns into true by itself.
"""

from gengfu.core.expression.binding import Program, bind, evaluate, holds, truth
from gengfu.core.expression.checker import check, nearest
from gengfu.core.expression.lexer import ExpressionError, Flaw, parse_span
from gengfu.core.expression.parser import Expression, parse
from gengfu.core.expression.scope import Parameter, PointType, Scope, Signature, Within

__all__ = [
    "Expression",
    "ExpressionError",
    "Flaw",
    "Parameter",
    "PointType",
    "Program",
    "Scope",
    "Signature",
    "Within",
    "bind",
    "check",
    "evaluate",
    "holds",
    "nearest",
    "parse",
    "parse_span",
    "truth",
]
