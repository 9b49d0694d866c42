"""The notation of a series of samples, as people know it from promtool.

``5`` a sample · ``0x10`` the same ten times more · ``5+1x3`` 5 6 7 8 · ``9-2x2`` 9 7 5 · ``_`` nothing
said, ``_x5`` five times · ``stale`` said to be missing: unknown from here on. Words of an enum, ``true``
and ``false`` are repeated in the same way: ``closed open x5`` is ``closed openx5``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.core.said import Misread, said
from gengfu.ledger.model import PointDef

LONGEST = 100_000
"""Samples in one series: a test is a small thing."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_RUN = re.compile(rf"({_NUMBER})(?:([+-](?:\d+\.?\d*|\.\d+)))?(?:x(\d+))?", re.ASCII)
_WORD = re.compile(r"(.+?)(?:x(\d+))?", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Said:
    """A sample; ``value`` None = said to be missing."""

    value: Scalar


def read_series(text: str, point: PointDef) -> tuple[Said | None, ...]:
    """Read a series of one point; None = nothing said at that step.

    Raises:
        Misread: at the first item that is no sample of this point.
    """
    found: list[Said | None] = []
    for item in re.sub(r"\s+(?=x\d)", "", text).split():
        found.extend(_item(item, point))
        if len(found) > LONGEST:
            raise Misread(said("more than {} samples", LONGEST))
    if not found:
        raise Misread(said("an empty series says nothing"))
    return tuple(found)


def read_value(text: str, point: PointDef) -> Scalar:
    """Read one value of a point.

    Raises:
        Misread: when it is none.
    """
    return _reader(point)(text)


def _item(item: str, point: PointDef) -> list[Said | None]:
    word = _WORD.fullmatch(item)
    assert word is not None
    if word[1] == "_":
        # As promtool has it: a gap is counted, a sample is repeated.
        return [None] * _bounded(int(word[2] or 1))
    if word[1] in {"stale", "null"}:
        return [Said(None)] * _times(word[2])
    if point.kind in {PointKind.ANALOG, PointKind.INTEGER}:
        return _numbers(item)
    return [Said(_reader(point)(word[1]))] * _times(word[2])


def _times(repeats: str | None) -> int:
    return _bounded(int(repeats or 0) + 1)


def _bounded(times: int) -> int:
    if times > LONGEST:
        raise Misread(said("more than {} samples", LONGEST))
    return times


def _numbers(item: str) -> list[Said | None]:
    run = _RUN.fullmatch(item)
    if run is None or (run[2] and not run[3]):
        raise Misread(said("{!r} is no sample: write 5, 5x3, 5+1x3, _ or stale", item))
    first, step = float(run[1]), float(run[2] or 0)
    return [Said(round(first + step * number, 9)) for number in range(_times(run[3]))]


def _number(text: str) -> Scalar:
    try:
        return float(text)
    except ValueError as exc:
        raise Misread(said("{!r} is no number", text)) from exc


def _boolean(text: str) -> Scalar:
    if text not in _BOOLEANS:
        raise Misread(said("{!r} is neither true nor false", text))
    return _BOOLEANS[text]


def _reader(point: PointDef) -> Callable[[str], Scalar]:
    def word(text: str) -> Scalar:
        if text not in point.words:
            raise Misread(said("{!r} is none of {}", text, ", ".join(point.words)))
        return text

    match point.kind:
        case PointKind.ANALOG | PointKind.INTEGER:
            return _number
        case PointKind.BOOLEAN:
            return _boolean
        case PointKind.ENUM:
            return word
        case PointKind.TEXT:
            return str
