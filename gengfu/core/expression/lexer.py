"""Cuts an expression into tokens, each with its column, so that every error can point at one."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.errors import GengfuError
from gengfu.core.said import NOTHING, Misread, Said, said

MAX_LENGTH = 2_000
MAX_TOKENS = 300
"""Bounds the depth of the tree too: no expression can exhaust the stack."""

_UNITS: dict[str, Micros] = {"ms": 1_000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SPACES = " \t\n\r\f\v"
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)", re.ASCII)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<span>[0-9]+(?:\.[0-9]+)?(?:ms|[smhd])\b)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z_0-9\u4e00-\u9fff]))
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign><=|>=|==|!=|[<>+\-*/(),.])
    )""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake in an expression: its column (from 1), what is wrong, how to mend it."""

    column: int
    message: Said
    suggestion: Said = NOTHING

    def told(self, what: str = "") -> Said:
        """Return where it stands and what is wrong; ``what`` names the expression."""
        if what:
            return said("{}, column {}: {}", what, self.column, self.message)
        return said("column {}: {}", self.column, self.message)

    def __str__(self) -> str:
        mend = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.told()}{mend}"


class ExpressionError(GengfuError):
    """A text is no expression; ``flaw`` says where and why."""

    def __init__(self, column: int, message: Said, suggestion: Said = NOTHING) -> None:
        self.flaw = Flaw(column, message, suggestion)
        super().__init__(str(self.flaw))


class TokenKind(Enum):
    """What a token is."""

    SPAN = auto()
    NUMBER = auto()
    TEXT = auto()
    NAME = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; ``column`` counts from 1."""

    kind: TokenKind
    text: str
    column: int


LONGEST_SPAN: Micros = 3660 * DAY
"""Ten years: added to any time that is one, it is one still."""


def parse_span(text: str) -> Micros:
    """Read a duration such as ``500ms``, ``60s``, ``3m``, ``4h``, ``7d``; return microseconds.

    Raises:
        Misread: when it is none, or longer than anything is watched.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise Misread(said("{!r} is no duration: write 500ms, 60s, 3m, 4h or 7d", text))
    span = float(match[1]) * _UNITS[match[2]]
    if span > LONGEST_SPAN:
        raise Misread(said("{!r} is longer than ten years", text))
    return round(span)


_MENDS = {
    "=": said("compare with =="),
    "&": said("write: and"),
    "|": said("write: or"),
    "!": said("write: not"),
    "%": said("write a share as a number: 60 % is 0.6"),
    "°": said("units are left out: a limit is in the point's own unit"),
    "≥": said("write: {}", ">="),
    "≤": said("write: {}", "<="),
    "≠": said("write: {}", "!="),
    "×": said("write: {}", "*"),
    "÷": said("write: {}", "/"),
    "、": said("half-width: {}", ","),
    "\u3000": said("write a half-width space"),
    "\xa0": said("write a half-width space"),
    **dict.fromkeys("“”‘’", said("half-width: {}", "'")),
    **dict.fromkeys(("且", "并且", "和", "与"), said("write: and")),
    **dict.fromkeys(("或", "或者"), said("write: or")),
    **dict.fromkeys(("非", "不"), said("write: not")),
}
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_HANZI = re.compile("[\u4e00-\u9fff]+")
_WITH_UNIT = re.compile(r"[0-9][0-9.]*[^\W0-9_][^\W_]*")
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([^\W0-9_]+)")
_OTHER_UNITS = {
    **dict.fromkeys(("min", "mins", "minute", "minutes", "分", "分钟"), "m"),
    **dict.fromkeys(("sec", "secs", "second", "seconds", "秒"), "s"),
    **dict.fromkeys(("hr", "hour", "hours", "小时", "时"), "h"),
    **dict.fromkeys(("day", "days", "天", "日"), "d"),
    "毫秒": "ms",
}


def _nothing(text: str, at: int) -> ExpressionError:
    """Return what is wrong where no token begins: the whole word of it, and what to write instead."""
    word = next(
        (found[0] for one in (_WITH_UNIT, _HANZI) if (found := one.match(text, at))), text[at]
    )
    plain = chr(ord(word[0]) - 0xFEE0) if ord(word[0]) in _FULL_WIDTH else ""
    mend = _MENDS.get(word) or _MENDS.get(plain, NOTHING) or _as_span(word)
    if plain and not mend:
        mend = said("half-width: {}", plain)
    elif not mend and _HANZI.match(word):
        mend = said("names are of a-z, 0-9 and _; a text stands in quotes")
    return ExpressionError(at + 1, said("{!r} means nothing here", word), mend)


def _as_span(word: str) -> Said:
    """Return the mend of a duration in other units, or in several."""
    pieces = [(found[1], _OTHER_UNITS.get(found[2], found[2])) for found in _PIECE.finditer(word)]
    if not pieces or any(unit not in _UNITS for _, unit in pieces):
        return NOTHING
    if len(pieces) == 1:
        return said("write: {}", "".join(pieces[0]))
    total = sum(float(figure) * _UNITS[unit] for figure, unit in pieces)
    return said("write: {}", f"{total / SECOND:g}s")


def tokens(text: str) -> list[Token]:
    """Cut a text into tokens, an END token last.

    Raises:
        ExpressionError: at the first character that begins no token, or when the text is too long.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(MAX_LENGTH, said("longer than {} characters", MAX_LENGTH))
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _nothing(text, at + len(text[at:]) - len(text[at:].lstrip(_SPACES)))
        kind = TokenKind[match.lastgroup.upper()]
        found.append(Token(kind, match[match.lastgroup], match.start(match.lastgroup) + 1))
        at = match.end()
        if len(found) > MAX_TOKENS:
            raise ExpressionError(
                found[-1].column, said("more than {} words and signs", MAX_TOKENS)
            )
    found.append(Token(TokenKind.END, "", end + 1))
    return found
