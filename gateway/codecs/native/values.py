"""From a JSON value to the number that travels, by what the class says of the point."""

import math

from gateway.decoded import Rejected
from gateway.directory import Slot
from gengfu.core.names import MAX_TEXT, MAX_WHOLE, PointKind
from gengfu.core.naming import Scalar
from gengfu.core.record import RejectReason


def take(slot: Slot, value: object) -> float | str | Rejected:
    """Return a value as it travels (text only for text points), or why it is not taken.

    ``None`` becomes NaN: known to be missing.
    """
    if value is None:
        return math.nan
    if slot.kind is PointKind.ENUM:
        return _word(slot, value)
    if slot.kind is PointKind.TEXT:
        return _text(value)
    if slot.kind is PointKind.BOOLEAN:
        return _boolean(value)
    return _number(slot, value)


def show(value: object) -> str:
    """Return a value as a person reads it in a list of faults: short, whatever it is."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def scalar(value: object) -> Scalar:
    """Return a value fit for a list on a page."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= 60 else value[:59] + "…"
    return value if isinstance(value, int) and abs(value) <= MAX_WHOLE else show(value)


def _word(slot: Slot, value: object) -> float | Rejected:
    if not isinstance(value, str):
        return Rejected(RejectReason.WRONG_TYPE, f"{show(value)} is not one of its words")
    code = slot.words.get(value)
    if code is None:
        return Rejected(
            RejectReason.UNKNOWN_WORD, f"{show(value)} is none of {', '.join(slot.words)}"
        )
    return code


def _text(value: object) -> str | Rejected:
    if type(value) is int and abs(value) < 10**30:
        return str(value)
    if not isinstance(value, str):
        return Rejected(RejectReason.WRONG_TYPE, f"{show(value)} is no text")
    if len(value) > MAX_TEXT:
        return Rejected(RejectReason.OUT_OF_RANGE, f"is longer than {MAX_TEXT} characters")
    return value.replace("\0", "")


def _boolean(value: object) -> float | Rejected:
    if value is True or value is False:
        return float(value)
    if isinstance(value, int | float) and value in (0, 1):
        return float(value)
    return Rejected(RejectReason.WRONG_TYPE, f"{show(value)} is neither true nor false, 0 nor 1")


def _number(slot: Slot, value: object) -> float | Rejected:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Rejected(RejectReason.WRONG_TYPE, f"{show(value)} is no number")
    if isinstance(value, float) and not math.isfinite(value):
        return Rejected(RejectReason.NOT_FINITE, f"{value} is no finite number")
    if not slot.low <= value <= slot.high:
        limits = f"{slot.low:g} … {slot.high:g}"
        return Rejected(RejectReason.OUT_OF_RANGE, f"{show(value)} lies outside {limits}")
    if slot.kind is PointKind.INTEGER and value != int(value):
        return Rejected(RejectReason.WRONG_TYPE, f"{value} is no whole number")
    return float(value)
