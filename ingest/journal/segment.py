"""A segment while it is written: an SQLite file in WAL mode with synchronous=FULL.

SQLite brings the atomic, durable commit and lets other processes read meanwhile. It does not see
flipped bits, so each row carries its own checksum and the head row says how far the rows must go.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from gengfu.core.clock import Micros
from gengfu.core.record import NewNames, Record, RecordKind, checksum
from gengfu.durable import sync_folder
from ingest.journal.layout import NEW, companions, remove

APPLICATION_ID = 0x47464A31
"""``GFJ1``, so that ``file`` and the start-up check recognise a segment."""
READ_BYTES = 4 * 1024 * 1024
"""A read stops after so many bytes of payload: memory stays bounded whatever the records are."""

PAGE_BYTES = 4096
_SETTINGS = f"PRAGMA page_size = {PAGE_BYTES}; PRAGMA application_id = {APPLICATION_ID}"
_SCHEMA = f"""
CREATE TABLE record (
    position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, kind INTEGER NOT NULL,
    written_at INTEGER NOT NULL, crc INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE INDEX names ON record (position) WHERE kind = {RecordKind.NAMES:d};
CREATE TABLE identity (
    number INTEGER PRIMARY KEY, crc INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), first INTEGER NOT NULL, last INTEGER NOT NULL,
    identities INTEGER NOT NULL, crc INTEGER NOT NULL);
"""
_KINDS = {int(kind): kind for kind in RecordKind}


@dataclass(frozen=True, slots=True)
class Head:
    """How far a segment goes: what must be there when nothing was lost."""

    first: int
    last: int
    """first - 1 while it is empty."""
    identities: int

    @property
    def crc(self) -> int:
        return zlib.crc32(f"{self.first} {self.last} {self.identities}".encode())


class BadRecord(ValueError):
    """A row's checksum is wrong."""

    def __init__(self, position: int) -> None:
        super().__init__(f"record {position} has a wrong checksum")
        self.position = position


def connect(
    path: Path, *, write: bool, vfs: str | None = None, sync: bool = True
) -> apsw.Connection:
    """Open an SQLite file that exists, durable for a writer and untouched by a reader.

    Without ``sync`` a commit is durable only when the connection was closed with ``fold``.
    """
    flags = apsw.SQLITE_OPEN_READWRITE if write else apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
    connection.set_busy_timeout(5_000)
    if write:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute(f"PRAGMA synchronous = {'FULL' if sync else 'OFF'}").fetchall()
    else:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def create(path: Path, first: int, *, vfs: str | None = None) -> None:
    """Create an empty segment; when its name appears in the folder, it is whole.

    Raises:
        apsw.Error: the disk refuses.
    """
    new = path.with_name(path.name + NEW)
    remove((new, *companions(new)))
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(new), flags=flags, vfs=vfs)
    try:
        connection.execute("PRAGMA synchronous = FULL").fetchall()
        connection.execute(_SETTINGS).fetchall()
        with connection:
            connection.execute(_SCHEMA).fetchall()
            head = Head(first, first - 1, 0)
            connection.execute(
                "INSERT INTO head VALUES (1, ?, ?, ?, ?)",
                (head.first, head.last, head.identities, head.crc),
            ).fetchall()
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    finally:
        connection.close()
    new.rename(path)
    sync_folder(path.parent)


class OpenSegment:
    """One connection to a segment's SQLite file, for the writer or for one reader."""

    sealed = False

    def __init__(
        self, path: Path, *, write: bool = False, vfs: str | None = None, sync: bool = True
    ) -> None:
        """Open a segment that exists; see ``connect``.

        Raises:
            apsw.Error: it cannot be opened or is no segment.
        """
        self.path = path
        self._connection = connect(path, write=write, vfs=vfs, sync=sync)
        self.head = self.read_head()

    @property
    def first(self) -> int:
        return self.head.first

    def read_head(self) -> Head:
        """Return the head row as it is now.

        Raises:
            apsw.CorruptError: when it is missing or its checksum is wrong.
        """
        query = "SELECT first, last, identities, crc FROM head"
        row: tuple[int, int, int, int] | None = self._connection.execute(query).fetchone()
        if row is not None:
            head = Head(*row[:3])
            if head.crc == row[3]:
                return head
        raise apsw.CorruptError("the head row is missing or wrong")

    def append(self, records: Sequence[Record], identities: bytes | None) -> None:
        """Add records and, in the same transaction, an encoded set of identities.

        Raises:
            apsw.Error: nothing may be taken as written.
        """
        head = Head(
            self.head.first,
            records[-1].position if records else self.head.last,
            self.head.identities + (identities is not None),
        )
        rows = [
            (one.position, one.partition, int(one.kind), one.written_at, checksum(one), one.payload)
            for one in records
        ]
        connection = self._connection
        with connection:
            connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", rows)
            if identities is not None:
                connection.execute(
                    "INSERT INTO identity VALUES (?, ?, ?)",
                    (head.identities, zlib.crc32(identities), identities),
                )
            connection.execute(
                "UPDATE head SET last = ?, identities = ?, crc = ?",
                (head.last, head.identities, head.crc),
            )
        self.head = head

    def read(self, after: int, limit: int) -> list[Record]:
        """Return the next records after a position, at most ``limit`` and about 4 MiB.

        Raises:
            BadRecord: when the next record is damaged.
            apsw.Error: when SQLite cannot read on.
        """
        found: list[Record] = []
        room = READ_BYTES
        for row in self._connection.execute(
            "SELECT * FROM record WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        ):
            record = record_of(row)
            if record is None:
                if found:
                    break
                raise BadRecord(row[0])
            found.append(record)
            room -= len(record.payload)
            if room <= 0:
                break
        return found

    def names(self, until: int) -> Iterator[NewNames]:
        """Yield the NAMES records up to a position, skipping damaged ones."""
        for row in self._connection.execute(
            "SELECT * FROM record WHERE kind = 1 AND position <= ? ORDER BY position",
            (until,),
        ):
            record = record_of(row)
            body = record.body() if record else None
            if isinstance(body, NewNames):
                yield body

    def identities(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the numbered sets of identities; None for one whose checksum is wrong."""
        for number, crc, payload in self._connection.execute(
            "SELECT number, crc, payload FROM identity ORDER BY number"
        ):
            yield number, payload if zlib.crc32(payload) == crc else None

    def last(self) -> tuple[int, Micros] | None:
        """Return the last position and its time; None while the segment is empty."""
        row = self._connection.execute(
            "SELECT position, written_at FROM record ORDER BY position DESC LIMIT 1"
        ).fetchone()
        return (row[0], row[1]) if row else None

    def started_at(self) -> Micros | None:
        """Return the time of the first record; None while the segment is empty."""
        row = self._connection.execute(
            "SELECT written_at FROM record ORDER BY position LIMIT 1"
        ).fetchone()
        return row[0] if row else None

    def position_at(self, at: Micros) -> int:
        """Return the last position written before ``at``; first - 1 when there is none."""
        low, high = self.first - 1, (self.last() or (self.first - 1, 0))[0]
        while low < high:  # times never go back, so halving finds the border
            middle = (low + high + 1) // 2
            row = self._connection.execute(
                "SELECT position, written_at FROM record WHERE position <= ? "
                "ORDER BY position DESC LIMIT 1",
                (middle,),
            ).fetchone()
            if row is None or row[1] < at:
                low = middle
            else:
                high = row[0] - 1
        return low

    def bytes_on_disk(self) -> int:
        """Return the size of the file and its write-ahead log."""
        wal, _ = companions(self.path)
        return sum(one.stat().st_size for one in (self.path, wal) if one.exists())

    def frames_in_use(self) -> int:
        """Return how many frames of the write-ahead log SQLite takes as valid."""
        row: tuple[int, int, int] | None
        row = self._connection.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        return row[1] if row else 0

    def close(self, *, fold: bool = False) -> None:
        """Close the connection; ``fold`` first brings the write-ahead log into the file."""
        if fold:  # nothing depends on it: what is in the log alone is as durable
            with suppress(apsw.Error):
                self._connection.execute("PRAGMA synchronous = FULL").fetchall()
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._connection.close()


def record_of(row: tuple[int, int, int, int, int, bytes]) -> Record | None:
    """Make a record of a row; None when its checksum or its kind is wrong."""
    position, partition, kind, written_at, crc, payload = row
    known = _KINDS.get(kind)
    if known is None or not isinstance(payload, bytes):
        return None
    record = Record(
        position=position, partition=partition, kind=known, written_at=written_at, payload=payload
    )
    try:
        return record if checksum(record) == crc else None
    except (struct.error, TypeError):
        return None
