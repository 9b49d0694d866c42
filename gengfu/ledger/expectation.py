"""Says what a line of linkage expects in words: ``not locked`` is 未锁闭, ``mode == fire`` 模式：消防."""

from collections.abc import Mapping

from gengfu.core.expression import parse
from gengfu.core.expression.tree import Binary, Node, Not, Point, Word
from gengfu.core.naming import Bilingual
from gengfu.ledger.model import PointDef

_DOING_ZH = (
    "运行",
    "锁闭",
    "动作",
    "闭合",
    "吸合",
    "带电",
    "亮灯",
    "启动",
    "开启",
    "关闭",
    "打开",
    "到位",
)
_DOING_EN = ("ed", "ing", "open", "present", "on", "off")
"""What a title ends with that tells of a doing or a state, which is not; of another thing there is none."""
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
            return points[name].title
        case Not(operand=Point(name=name)) if name in points:
            return _denied(points[name].title)
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


def _denied(title: Bilingual) -> Bilingual:
    """Return what it is called that a point is not true: 风机未运行, 无故障; fan not running, no fault."""
    doing = next((end for end in _DOING_ZH if title.zh.endswith(end)), None)
    zh = f"{title.zh.removesuffix(doing)}未{doing}" if doing else f"无{title.zh}"
    *before, last = (title.en[:1].lower() + title.en[1:]).split()
    is_doing = last.endswith(_DOING_EN)
    return Bilingual(
        zh=zh, en=" ".join((*before, "not", last) if is_doing else ("no", *before, last))
    )


def _equation(point: PointDef, value: Bilingual | None) -> Bilingual | None:
    return value and Bilingual(
        zh=f"{point.title.zh}：{value.zh}", en=f"{point.title.en}: {value.en}"
    )
