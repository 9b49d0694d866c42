"""From a foreign value to ours: words, on and off, scale and offset."""

import math
import re
from collections.abc import Mapping

from gateway.codecs.native.values import show, take
from gateway.codecs.spoken import Value
from gateway.decoded import Rejected
from gateway.directory import Slot
from gateway.mapping.model import ToEvent, ToPoint
from gengfu.core.names import PointKind
from gengfu.core.record import RejectReason

_NUMBERS = (PointKind.ANALOG, PointKind.INTEGER)
_NUMBER = re.compile(
    r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)", re.ASCII | re.IGNORECASE
)
_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_SAME: Mapping[str, str] = {"on": "true", "1": "true", "off": "false", "0": "false"}
_NOTHING = frozenset({"", "null"})
_NOT_FINITE = frozenset({"nan", "inf", "-inf"})
_MISSING = frozenset({"null", "none", "unknown", "unavailable"})
"""How programs write that they do not know a value."""
_SWITCH = {"true": True, "false": False}


def as_text(value: object) -> str:
    """Return a value as the mapping file writes it: ``true``, ``3``, ``2.5``, ``null``, a word."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, ".15g")
    return show(value)


def fold(value: object) -> str:
    """Return a value as an event's condition compares it.

    The case does not count; true, on and 1 are one, and so are false, off and 0, and all ways to say
    that a value is not known. A number is the same in digits and in text.
    """
    text = as_text(value).strip().lower()
    if text in _MISSING:
        return "null"
    if _WHOLE.fullmatch(text):
        text = str(int(text))
    elif (number := _number_in(text)) is not None:
        text = format(number + 0.0, ".15g")  # -0.0 is 0
    return _SAME.get(text, text)


def occurs(becomes: ToEvent, value: Value) -> bool | Rejected | None:
    """Tell whether a value is one that makes the event; of a list any of its elements may be it.

    None = it stands for nothing that the mapping names.
    """
    told = {fold(one) for one in (value if isinstance(value, list) else [value])}
    folded = told - _NOT_FINITE
    if told and not folded:
        return Rejected(RejectReason.NOT_FINITE, f"{show(value)} is no finite number")
    if becomes.when:
        found = not folded.isdisjoint(becomes.when)
        return found or (False if all(map(_is_off, folded)) else None)
    return not all(map(_is_off, folded))


def is_action(value: Value) -> bool:
    """Tell whether a value is a word that is told each time it is done, and not a state."""
    return isinstance(value, str) and fold(value) not in _SWITCH and _number_in(value) is None


def _is_off(folded: str) -> bool:
    return folded in _NOTHING or folded == "false"


def _number_in(text: str) -> float | None:
    """Return the number that a text is, in plain digits; None when it is none."""
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def convert(becomes: ToPoint, slot: Slot, value: Value) -> float | str | Rejected:
    """Return a value as it travels (``native.values.take``), or why it is not taken."""
    text = as_text(value)
    if text in becomes.words:
        value = becomes.words[text]
    elif _is_missing(slot, value):
        value = None
    elif becomes.words:
        known = ", ".join(becomes.words)
        return Rejected(RejectReason.UNKNOWN_WORD, f"{show(value)} is none of {known}")
    if isinstance(value, str):
        value = _typed(slot.kind, value)
    if isinstance(value, float) and not math.isfinite(value):
        return Rejected(RejectReason.NOT_FINITE, f"{value} is no finite number")
    if slot.kind in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        value = _scaled(becomes, value)
    elif slot.kind is PointKind.TEXT and isinstance(value, bool | float):
        value = as_text(value)
    return take(slot, value)


def _is_missing(slot: Slot, value: Value) -> bool:
    """Tell whether a value says that there is none; a text, or a class's own word, may be so called."""
    if not isinstance(value, str):
        return value is None
    is_own = slot.kind is PointKind.TEXT or value in slot.words
    return not is_own and value.strip().lower() in _MISSING


def _typed(kind: PointKind, text: str) -> Value:
    """Return a text as the kind wants it, where it can be that."""
    if kind is PointKind.BOOLEAN:
        return _SWITCH.get(fold(text), text)
    if kind in _NUMBERS:
        number = _number_in(text)
        return text if number is None else number
    return text


def _scaled(becomes: ToPoint, value: float) -> float:
    if (becomes.scale, becomes.offset) == (1.0, 0.0):
        return value
    try:
        scaled = value * becomes.scale + becomes.offset
    except OverflowError:
        return math.inf
    return float(f"{scaled:.12g}")  # 30 * 0.1 is 3, not 3.0000000000000004
