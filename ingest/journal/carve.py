"""Gets records out of a segment that SQLite refuses or reads wrongly.

A record is whatever passes its own checksum, so no structure of the damaged file is trusted: every
page of the file and of its write-ahead log is tried as a leaf of a table. Source of the layout: the
SQLite file format (sqlite.org/fileformat2.html, sections 1.6, 2.1 and 4.1). It reads files that no
connection of this process has open, because closing a file drops the process's locks on it.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gengfu.core.record import Record
from ingest.journal.layout import companions
from ingest.journal.segment import PAGE_BYTES, Head, record_of

_WAL_HEAD = 32
_FRAME_HEAD = 24
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
_LOCAL = PAGE_BYTES - 35
"""A row longer than this continues on overflow pages."""
_LEAST_LOCAL = (PAGE_BYTES - 12) * 32 // 255 - 23
_MOST_CELLS = PAGE_BYTES // 8

Value = int | bytes | None


@dataclass(slots=True)
class Carved:
    """What was found: records by position, sets of identities by number, the farthest head."""

    records: dict[int, Record] = field(default_factory=dict)
    identities: dict[int, bytes] = field(default_factory=dict)
    head: Head | None = None


def carve(path: Path) -> Carved:
    """Return everything in a segment's file and write-ahead log that passes its checksum."""
    pages = _Pages(path)
    found = Carved()
    for page in pages.every():
        for number, row in _rows(page, pages):
            _take(number, row, found)
    return found


def lost_commits(wal: bytes, valid: int) -> bool:
    """Tell whether a write-ahead log holds commits behind the ``valid`` frames SQLite accepts.

    What a crash leaves behind the last commit is a transaction without its own commit frame;
    frames of an older generation have another salt.
    """
    size = _FRAME_HEAD + PAGE_BYTES
    if len(wal) < _WAL_HEAD + size:
        return False
    salt = wal[16:24] if _sound_header(wal) else wal[_WAL_HEAD + 8 : _WAL_HEAD + 16]
    for offset in range(_WAL_HEAD + valid * size, len(wal) - size + 1, size):
        if wal[offset + 8 : offset + 16] == salt and wal[offset + 4 : offset + 8] != bytes(4):
            return True
    return False


def _sound_header(wal: bytes) -> bool:
    """Check the log's header against its checksum (section 4.2 of the file format)."""
    order = ">" if wal[3] & 1 else "<"
    one = two = 0
    for left, right in struct.iter_unpack(f"{order}II", wal[:24]):
        one = (one + left + two) & 0xFFFFFFFF
        two = (two + right + one) & 0xFFFFFFFF
    return struct.pack(">II", one, two) == wal[24:32]


class _Pages:
    """The pages of a file and its log; of a page in both, the log's last one counts."""

    def __init__(self, path: Path) -> None:
        self._main = path.read_bytes()
        wal, _ = companions(path)
        self._wal = wal.read_bytes() if wal.exists() else b""
        self._newest: dict[int, int] = {}
        for offset in self._frames():
            (number,) = struct.unpack_from(">I", self._wal, offset)
            self._newest[number] = offset + _FRAME_HEAD

    @property
    def size(self) -> int:
        """Return how many bytes the file and its log have together."""
        return len(self._main) + len(self._wal)

    def _frames(self) -> range:
        size = _FRAME_HEAD + PAGE_BYTES
        return range(_WAL_HEAD, len(self._wal) - size + 1, size)

    def every(self) -> Iterator[bytes]:
        """Yield all versions of all pages, the log's last, so that the newest row wins."""
        for offset in range(0, len(self._main), PAGE_BYTES):
            yield self._main[offset : offset + PAGE_BYTES]
        for offset in self._frames():
            yield self._wal[offset + _FRAME_HEAD : offset + _FRAME_HEAD + PAGE_BYTES]

    def page(self, number: int) -> bytes:
        """Return the newest version of a page by its number, counted from 1."""
        offset = self._newest.get(number)
        if offset is not None:
            return self._wal[offset : offset + PAGE_BYTES]
        return self._main[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]


def _rows(page: bytes, pages: _Pages) -> Iterator[tuple[int, list[Value]]]:
    """Yield what can be read as (row number, columns) when a page is taken for a leaf."""
    if len(page) < PAGE_BYTES:
        return
    (cells,) = struct.unpack_from(">H", page, 3)
    for (at,) in struct.iter_unpack(">H", page[8 : 8 + 2 * min(cells, _MOST_CELLS)]):
        try:
            number, payload = _cell(page, at, pages)
            yield number, _columns(payload)
        except (IndexError, ValueError, struct.error):
            continue


def _cell(page: bytes, at: int, pages: _Pages) -> tuple[int, bytes]:
    length, at = _varint(page, at)
    number, at = _varint(page, at)
    if length > pages.size:  # of damaged pages that point in a circle no end would come
        raise ValueError("a row is longer than its file")
    if length <= _LOCAL:
        return number, page[at : at + length]
    local = _LEAST_LOCAL + (length - _LEAST_LOCAL) % (PAGE_BYTES - 4)
    local = local if local <= _LOCAL else _LEAST_LOCAL
    parts = [page[at : at + local]]
    (following,) = struct.unpack_from(">I", page, at + local)
    missing = length - local
    while missing > 0:
        more = pages.page(following)
        if len(more) < PAGE_BYTES:
            raise ValueError("a row's end is missing")
        parts.append(more[4 : 4 + missing])
        missing -= PAGE_BYTES - 4
        (following,) = struct.unpack_from(">I", more)
    return number, b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _columns(payload: bytes) -> list[Value]:
    """Read a row's columns: whole numbers, blobs and NULL, as ours are."""
    size, at = _varint(payload, 0)
    body, columns = size, list[Value]()
    while at < size:
        kind, at = _varint(payload, at)
        if kind in (8, 9):
            columns.append(kind - 8)
        elif kind < len(_INTEGER_BYTES):
            width = _INTEGER_BYTES[kind]
            raw = payload[body : body + width]
            columns.append(int.from_bytes(raw, "big", signed=True) if width else None)
            body += width
        elif kind >= 12 and kind % 2 == 0:
            columns.append(payload[body : body + (kind - 12) // 2])
            body += (kind - 12) // 2
        else:
            raise ValueError("no column of ours")
    return columns


def _take(number: int, row: list[Value], found: Carved) -> None:
    """Keep a row if it is one of ours and passes its checksum."""
    match row:
        case [None, int(partition), int(kind), int(written_at), int(crc), bytes(payload)]:
            record = record_of((number, partition, kind, written_at, crc, payload))
            if record is not None:
                found.records[number] = record
        case [None, int(crc), bytes(payload)] if zlib.crc32(payload) == crc:
            found.identities[number] = payload
        case [None, int(first), int(last), int(identities), int(crc)]:
            head = Head(first, last, identities)
            if head.crc == crc and (found.head is None or head.last >= found.head.last):
                found.head = head
