"""A finished segment: one file of checksummed, compressed frames, never written again.

Layout, little-endian: 8 bytes of magic, then frames. A frame is a header of 60 bytes (``_HEADER``,
the last four its own CRC-32) and a zlib-compressed body. Frames hold records without gaps, sets of
identities, or nothing: the last one says that the file is complete. The header has what a search
needs, so that a file is found one's way in without a body being read.
"""

import os
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

import msgspec

from gengfu.core.clock import Micros
from gengfu.core.record import NewNames, Record, RecordKind, checksum
from gengfu.durable import sync_folder
from ingest.journal.layout import NEW
from ingest.journal.segment import READ_BYTES, BadRecord

MAGIC = b"GENGFUJ\x01"
FRAME_BYTES = 512 * 1024
"""A frame ends after so many bytes of payload (or with one larger record)."""

_MARK = b"\xf7GFr"
# mark, content, has names, unused, first, count, first time, last time, stored, raw, body's CRC
_HEADER = struct.Struct("<4sBBHqIqqIII")
_CRC = struct.Struct("<I")
_HEADER_SIZE = _HEADER.size + _CRC.size
_RECORD = struct.Struct("<qBBqII")
"""position, partition, kind, written_at, payload's length, the record's own CRC-32."""
_KINDS = {int(kind): kind for kind in RecordKind}
_LEVEL = 1


class Content(IntEnum):
    """What a frame holds. The numbers are on disk."""

    RECORDS = 1
    IDENTITIES = 2
    END = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame's header, and where its body lies."""

    offset: int
    content: Content
    names: bool
    first: int
    count: int
    started_at: Micros
    ended_at: Micros
    stored: int
    raw: int
    crc: int

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    @property
    def end(self) -> int:
        return self.offset + _HEADER_SIZE + self.stored


@dataclass(frozen=True, slots=True)
class Scan:
    """What the headers of a file say, and the first thing that is wrong with them."""

    frames: tuple[Frame, ...]
    flaw: str = ""


def write(path: Path, records: Iterable[Record], identities: Sequence[bytes]) -> None:
    """Write a sealed segment so that it exists complete and durable, or not at all.

    Raises:
        OSError: the disk refuses; nothing has changed.
    """
    new = path.with_name(path.name + NEW)
    with new.open("wb") as file:
        file.write(MAGIC)
        frames, position = 0, 0
        for group in _groups(records):
            _write_frame(file, Content.RECORDS, group, _pack_records(group))
            frames, position = frames + 1, group[-1].position
        if identities:
            _write_frame(file, Content.IDENTITIES, (), msgspec.msgpack.encode(list(identities)))
            frames += 1
        end = Record(
            position=position + 1, partition=0, kind=RecordKind.TICK, written_at=0, payload=b""
        )
        _write_frame(file, Content.END, (end,), struct.pack("<I", frames))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def _groups(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Cut records into frames: not too large, and never across a gap."""
    group: list[Record] = []
    room = FRAME_BYTES
    for record in records:
        if group and (room <= 0 or record.position != group[-1].position + 1):
            yield group
            group, room = [], FRAME_BYTES
        group.append(record)
        room -= len(record.payload) + _RECORD.size
    if group:
        yield group


def _pack_records(group: Sequence[Record]) -> bytes:
    parts: list[bytes] = []
    for one in group:
        head = (one.position, one.partition, one.kind, one.written_at, len(one.payload))
        parts.append(_RECORD.pack(*head, checksum(one)))
        parts.append(one.payload)
    return b"".join(parts)


def _write_frame(file: BinaryIO, content: Content, group: Sequence[Record], raw: bytes) -> None:
    stored = zlib.compress(raw, _LEVEL)
    header = _HEADER.pack(
        _MARK,
        content,
        any(one.kind is RecordKind.NAMES for one in group),
        0,
        group[0].position if group else 0,
        len(group),
        group[0].written_at if group else 0,
        group[-1].written_at if group else 0,
        len(stored),
        len(raw),
        zlib.crc32(stored),
    )
    file.write(header + _CRC.pack(zlib.crc32(header)) + stored)


def _frame_at(file: BinaryIO, offset: int) -> Frame | None:
    """Read the header at an offset; None when there is no sound one."""
    file.seek(offset)
    head = file.read(_HEADER_SIZE)
    if len(head) < _HEADER_SIZE or not head.startswith(_MARK):
        return None
    if _CRC.unpack_from(head, _HEADER.size)[0] != zlib.crc32(head[: _HEADER.size]):
        return None
    _, content, names, _, *rest = _HEADER.unpack_from(head)
    return Frame(offset, Content(content), bool(names), *rest)


def scan(file: BinaryIO) -> Scan:
    """Read all headers; after a bad one, look for the next that is sound."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    flaw = "" if file.read(len(MAGIC)) == MAGIC else "the magic bytes are wrong"
    frames: list[Frame] = []
    offset = len(MAGIC)
    while offset < size:
        frame = _frame_at(file, offset)
        if frame is None:
            flaw = flaw or f"no sound frame at byte {offset}"
            offset = _next_mark(file, offset + 1)
            continue
        if frame.end > size:
            flaw = flaw or f"the frame at byte {offset} is cut off"
            offset += 1
            continue
        frames.append(frame)
        offset = frame.end
        if frame.content is Content.END and offset < size:
            flaw = flaw or f"something follows the end at byte {offset}"
    if not frames or frames[-1].content is not Content.END:
        flaw = flaw or "the end is missing"
    return Scan(tuple(frames), flaw)


def _next_mark(file: BinaryIO, offset: int) -> int:
    """Return where the next mark of a frame stands; the file's size when there is none."""
    file.seek(offset)
    rest = file.read()
    found = rest.find(_MARK)
    return offset + (found if found >= 0 else len(rest))


def body_of(file: BinaryIO, frame: Frame) -> bytes | None:
    """Return a frame's content; None when its checksum is wrong."""
    file.seek(frame.offset + _HEADER_SIZE)
    stored = file.read(frame.stored)
    if zlib.crc32(stored) != frame.crc:
        return None
    return zlib.decompress(stored, bufsize=frame.raw)


def unpack_records(body: bytes) -> list[Record]:
    """Return the records of a frame's content."""
    records: list[Record] = []
    offset = 0
    while offset < len(body):
        position, partition, kind, written_at, length, _ = _RECORD.unpack_from(body, offset)
        offset += _RECORD.size
        records.append(
            Record(
                position=position,
                partition=partition,
                kind=_KINDS[kind],
                written_at=written_at,
                payload=body[offset : offset + length],
            )
        )
        offset += length
    return records


class SealedSegment:
    """One open sealed file, for one reader: its headers, and the frame read last."""

    def __init__(self, path: Path) -> None:
        """Open a sealed segment.

        Raises:
            OSError: it cannot be opened.
        """
        self.path = path
        self._file = path.open("rb")
        self.frames = scan(self._file).frames
        self._records = [one for one in self.frames if one.content is Content.RECORDS]
        self._firsts = [one.first for one in self._records]
        self._decoded: tuple[int, list[Record]] = (0, [])

    @property
    def first(self) -> int:
        return self._firsts[0] if self._firsts else 0

    def read(self, after: int, limit: int) -> list[Record]:
        """Return the next records after a position, at most ``limit`` and about 4 MiB.

        Raises:
            BadRecord: when the frame that has the next one is damaged.
        """
        found: list[Record] = []
        room = READ_BYTES
        for frame in self._from(after):
            try:
                records = self._decode(frame)
            except BadRecord:
                if found:
                    break
                raise
            for record in records[max(after + 1 - frame.first, 0) :][: limit - len(found)]:
                found.append(record)
                room -= len(record.payload)
                if room <= 0:
                    return found
            if len(found) == limit:
                break
        return found

    def _from(self, after: int) -> Iterator[Frame]:
        """Yield the frames of records that end after a position."""
        at = max(bisect_right(self._firsts, after + 1) - 1, 0)
        return (one for one in self._records[at:] if one.last > after)

    def _decode(self, frame: Frame) -> list[Record]:
        if self._decoded[0] != frame.offset:
            body = body_of(self._file, frame)
            if body is None:
                raise BadRecord(frame.last)
            self._decoded = (frame.offset, unpack_records(body))
        return self._decoded[1]

    def names(self, until: int) -> Iterator[NewNames]:
        """Yield the NAMES records up to a position, skipping damaged frames."""
        for frame in self._records:
            if not frame.names or frame.first > until:
                continue
            for record in unpack_records(body_of(self._file, frame) or b""):
                if record.kind is RecordKind.NAMES and record.position <= until:
                    body = record.body()
                    assert isinstance(body, NewNames)
                    yield body

    def identities(self) -> Iterator[bytes]:
        """Yield the sets of identities, skipping damaged frames."""
        for frame in self.frames:
            if frame.content is Content.IDENTITIES:
                body = body_of(self._file, frame)
                if body is not None:
                    yield from msgspec.msgpack.decode(body, type=list[bytes])

    def last(self) -> tuple[int, Micros] | None:
        """Return the last position and its time; None when no record is readable."""
        return (self._records[-1].last, self._records[-1].ended_at) if self._records else None

    def started_at(self) -> Micros | None:
        """Return the time of the first record; None when no record is readable."""
        return self._records[0].started_at if self._records else None

    def position_at(self, at: Micros) -> int:
        """Return the last position written before ``at``; first - 1 when there is none."""
        found = bisect_left(self._records, at, key=lambda frame: frame.started_at) - 1
        if found < 0:
            return self.first - 1
        try:
            records = self._decode(self._records[found])
        except BadRecord:
            return self._records[found].first - 1
        return records[bisect_left(records, at, key=lambda one: one.written_at) - 1].position

    def close(self) -> None:
        """Close the file."""
        self._file.close()
