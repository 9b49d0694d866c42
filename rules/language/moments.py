"""Finds a look back that can see nothing: a rule is looked at only when something that it reads comes."""

from collections.abc import Iterator

from gengfu.core.clock import SECOND
from gengfu.core.expression.lexer import Flaw
from gengfu.core.expression.tree import Binary, Literal, Node, Not, OneOf, Point, Span, Window, walk
from gengfu.core.said import Said, said
from rules.language.rule import Rule

_AT_ONCE = frozenset({"since", "previous"})
"""They change only when their point does, or their event happens; others move on by themselves."""


def stale(rule: Rule) -> Iterator[Flaw]:
    """Yield where ``when`` asks for time gone by since the only thing that the rule waits for."""
    other_looks = rule.event, rule.no_data, rule.during
    if rule.when is None or other_looks != (None, None, None):
        return
    read = {name for one in rule.expressions for name in one.points}
    windows = [window for one in rule.expressions for window in one.windows]
    is_timed = any(window.function not in _AT_ONCE for window in windows)
    if len(read) != 1 or is_timed or any(one.groups for one in rule.expressions):
        return
    for node in walk(rule.when.root):
        name, seconds = _gone_by(node)
        if seconds > 0:
            message = said("is looked at only when {} changes, and is 0 then", name)
            yield Flaw(node.column, message, _mend(name, seconds, node, rule.when.root))


def _gone_by(node: Node) -> tuple[str, float]:
    """Return what a node wants more than so many seconds gone by of; 0 where it is no such thing."""
    match node:
        case Binary(column, "<" | "<=" as sign, left, right):
            return _gone_by(Binary(column, sign.replace("<", ">"), right, left))
        case Binary(_, ">" | ">=", Window(_, "since", (Point(_, name),)), Span(_, micros)):
            return name, micros / SECOND
        case Binary(_, ">" | ">=", Window(_, "since", (Point(_, name),)), Literal(_, float(value))):
            return name, value
    return "", 0.0


def _mend(name: str, seconds: float, node: Node, when: Node) -> Said:
    """Return what lasts so long in place of the look back: what else ``when`` wants, held."""
    others = [one for one in _parts(when) if one is not node]
    if len(others) == 1:
        text = str(others[0])
        inner = text[1:-1] if isinstance(others[0], Binary | Not | OneOf) else text
        return said("write hold: {:g}s, or held({}, {:g}s)", seconds, inner, seconds)
    if others:
        return said("write hold: {:g}s, or held(…, {:g}s)", seconds, seconds)
    return said("write no_data({}, {:g}s), or count({}, {:g}s) == 0", name, seconds, name, seconds)


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, Binary) and node.operator == "and":
        yield from _parts(node.left)
        yield from _parts(node.right)
    else:
        yield node
