"""A broker's traffic in a file, and back: the same bytes on the same topics at the same distances.

The file is lines of JSON, gzipped when its name ends in ``.gz``: first what it is, then one message a
line with the microseconds since the beginning. A payload that is no UTF-8 stands there as base64.
"""

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput
from gengfu.core.said import Said, said

MAGIC = "gengfu-traffic"
VERSION = 1
_BROKEN = (OSError, EOFError, zlib.error)
"""What reading a file raises that was cut off or damaged."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what the file is, and when the recording began."""

    format: str
    version: int
    started: Micros


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    after: Micros
    topic: Annotated[str, msgspec.Meta(pattern=r"^[^+#\0]+\Z")]
    text: str | None = None
    base64: str | None = None
    qos: Annotated[int, msgspec.Meta(ge=0, le=2)] = 0
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One message as the broker handed it over, ``after`` so long from the beginning."""

    after: Micros
    topic: str
    payload: bytes
    qos: int
    retain: bool


def opened(path: Path, mode: str) -> BinaryIO:
    """Open a capture to read or write bytes; zipped by its name."""
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path, mode))
    return cast("BinaryIO", path.open(mode))


def head_line(started: Micros) -> bytes:
    """Return the first line of a file."""
    return msgspec.json.encode(Head(format=MAGIC, version=VERSION, started=started)) + b"\n"


def message_line(caught: Caught) -> bytes:
    """Return a message as a line of the file."""
    try:
        text, raw = caught.payload.decode(), None
    except UnicodeDecodeError:
        text, raw = None, base64.b64encode(caught.payload).decode()
    line = _Line(
        after=caught.after,
        topic=caught.topic,
        text=text,
        base64=raw,
        qos=caught.qos,
        retain=caught.retain,
    )
    return msgspec.json.encode(line) + b"\n"


def is_capture(path: Path) -> bool:
    """Tell whether a file is a recording of traffic, by its first line."""
    try:
        with opened(path, "rb") as file:
            return msgspec.json.decode(file.readline(4096), type=Head).format == MAGIC
    except (*_BROKEN, msgspec.MsgspecError):
        return False


def read_capture(path: Path) -> tuple[Head, Iterator[Caught]]:
    """Return what a file is and its messages, which are read as they are asked for.

    Raises:
        BadInput: at once when it is no capture of this version; on the way, at a broken line.
    """
    try:
        with opened(path, "rb") as file:
            head = msgspec.json.decode(file.readline(4096), type=Head)
    except (*_BROKEN, msgspec.MsgspecError) as exc:
        raise BadInput.of(str(path), "1", said("is no recording of traffic: {}", exc)) from exc
    if (head.format, head.version) != (MAGIC, VERSION):
        raise BadInput.of(str(path), "1", said("version {} is not known here", head.version))
    return head, _messages(path)


def _messages(path: Path) -> Iterator[Caught]:
    for number, line in _lines(path):
        try:
            one = msgspec.json.decode(line, type=_Line)
            raw = base64.b64decode(one.base64, validate=True) if one.base64 else b""
        except (msgspec.MsgspecError, binascii.Error) as exc:
            raise _broken(path, number, said("is no message: {}", exc)) from exc
        payload = one.text.encode() if one.text is not None else raw
        yield Caught(
            after=one.after,
            topic=one.topic,
            payload=payload,
            qos=one.qos,
            retain=one.retain,
        )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines below the first with their numbers, as far as the file can be read."""
    with opened(path, "rb") as file:
        file.readline()
        for number in count(2):
            try:
                line = file.readline()
            except _BROKEN as exc:
                why = said("the file is cut off or damaged here: {}", exc)
                raise _broken(path, number, why) from exc
            if not line:
                return
            yield number, line


def _broken(path: Path, number: int, why: Said) -> BadInput:
    mend = said("whole, and played, is what comes before: {} messages", number - 2)
    return BadInput.of(str(path), str(number), why, mend)
