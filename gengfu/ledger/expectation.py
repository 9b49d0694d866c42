"""Says what a line of linkage expects in words: ``not locked`` is 锁闭：否, ``mode == fire`` 模式：消防."""

from collections.abc import Mapping

from gengfu.core.expression import parse
from gengfu.core.expression.tree import Binary, Node, Not, Point, Word
from gengfu.core.naming import Bilingual
from gengfu.ledger.model import PointDef

_YES = Bilingual(zh="是", en="yes")
_NO = Bilingual(zh="否", en="no")
_JOINED = {"and": Bilingual(zh="且", en="and"), "or": Bilingual(zh="或", en="or")}


def expectation_in_words(text: str, points: Mapping[str, PointDef]) -> Bilingual:
    """Return what an expression over ``points`` wants; what has no short words stays as written.

    Raises:
        ExpressionError: when it is no expression.
    """
    return _said(parse(text).root, points) or Bilingual(zh=text, en=text)


def _said(node: Node, points: Mapping[str, PointDef]) -> Bilingual | None:
    match node:
        case Point(name=name) if name in points:
            return _equation(points[name], _YES)
        case Not(operand=Point(name=name)) if name in points:
            return _equation(points[name], _NO)
        case Binary(operator="==", left=Point(name=name), right=Word(text=word)):
            point = points.get(name)
            return _equation(point, point.words.get(word)) if point else None
        case Binary(operator=("and" | "or") as operator, left=left, right=right):
            one, other = _said(left, points), _said(right, points)
            joined = _JOINED[operator]
            return (
                one
                and other
                and Bilingual(
                    zh=f"{one.zh} {joined.zh} {other.zh}", en=f"{one.en} {joined.en} {other.en}"
                )
            )
        case _:
            return None


def _equation(point: PointDef, value: Bilingual | None) -> Bilingual | None:
    return value and Bilingual(
        zh=f"{point.title.zh}：{value.zh}", en=f"{point.title.en}: {value.en}"
    )
