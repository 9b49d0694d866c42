"""From a foreign value to ours: words, on and off, scale and offset."""

import math
from collections.abc import Mapping

from gateway.codecs.native.values import show, take
from gateway.codecs.spoken import Value
from gateway.decoded import Rejected
from gateway.directory import Slot
from gateway.mapping.model import ToPoint
from gengfu.core.names import PointKind
from gengfu.core.record import RejectReason

_SWITCH: Mapping[str, bool] = {
    "on": True,
    "true": True,
    "1": True,
    "off": False,
    "false": False,
    "0": False,
}
_NUMBERS = (PointKind.ANALOG, PointKind.INTEGER)


def as_text(value: Value) -> str:
    """Return a value as the mapping file writes it: ``true``, ``3``, ``2.5``, ``null``, a word."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return format(value, ".15g")
    return show(value)


def is_off(text: str) -> bool:
    """Tell whether a value, as text, is one that stands for nothing."""
    return text in ("", "null") or _SWITCH.get(text.lower()) is False


def convert(becomes: ToPoint, slot: Slot, value: Value) -> float | str | Rejected:
    """Return a value as it travels (``native.values.take``), or why it is not taken."""
    text = as_text(value)
    if becomes.words and (value is not None or text in becomes.words):
        if text not in becomes.words:
            known = ", ".join(becomes.words)
            return Rejected(RejectReason.UNKNOWN_WORD, f"{show(value)} is none of {known}")
        value = becomes.words[text]
    if isinstance(value, str):
        value = _typed(slot.kind, value)
    if slot.kind in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        value = _scaled(becomes, value)
    elif slot.kind is PointKind.TEXT and isinstance(value, bool | float):
        value = as_text(value)
    return take(slot, value)


def _typed(kind: PointKind, text: str) -> Value:
    """Return a text as the kind wants it, where it can be that."""
    if kind is PointKind.BOOLEAN:
        return _SWITCH.get(text.lower(), text)
    if kind in _NUMBERS:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def _scaled(becomes: ToPoint, value: float) -> float:
    if (becomes.scale, becomes.offset) == (1.0, 0.0):
        return value
    try:
        scaled = value * becomes.scale + becomes.offset
    except OverflowError:
        return math.inf
    return float(f"{scaled:.12g}")  # 30 * 0.1 is 3, not 3.0000000000000004
