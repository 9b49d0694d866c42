"""What was told before: identities without any time window.

Each append carries its identities in its own transaction. When a segment is finished they are
merged into ``identity.db``, an index that can be made again from the segments still kept: a device
that counts leaves merged ranges there, an event's own id leaves a digest.
"""

import hashlib
import struct
import threading
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import apsw
import msgspec

from gengfu.core.identity import Counted, Identified, Identity
from ingest.journal.segment import connect

Counter: TypeAlias = tuple[str, str, str]
"""Equipment, topic kind, boot."""
CACHED_COUNTERS = 65_536

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counted (
    equipment TEXT NOT NULL, kind TEXT NOT NULL, boot TEXT NOT NULL,
    ranges BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (equipment, kind, boot)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identified (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merged (one INTEGER PRIMARY KEY CHECK (one = 1), until INTEGER NOT NULL);
INSERT OR IGNORE INTO merged VALUES (1, 0);
"""


class Ranges:
    """A set of integers as sorted, disjoint, inclusive ranges; neighbours are merged."""

    __slots__ = ("highs", "lows")

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self.lows: list[int] = []
        self.highs: list[int] = []
        for low, high in pairs:
            self.add(low, high)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.lows, number) - 1
        return at >= 0 and number <= self.highs[at]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.lows, self.highs, strict=True)

    def add(self, low: int, high: int) -> None:
        """Include every number from ``low`` to ``high``."""
        if self.highs and low == self.highs[-1] + 1:  # the usual case: the device counts on
            self.highs[-1] = high
            return
        start = bisect_right(self.lows, low)
        if start and self.highs[start - 1] >= low - 1:
            start -= 1
            low = self.lows[start]
        end = start
        while end < len(self.lows) and self.lows[end] <= high + 1:
            high = max(high, self.highs[end])
            end += 1
        self.lows[start:end] = [low]
        self.highs[start:end] = [high]


def digest_of(identity: Identified) -> bytes:
    """Return the 16 bytes that stand for an event's id, which is unique within its equipment."""
    text = f"{len(identity.equipment)}:{identity.equipment}{identity.id}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Written(msgspec.Struct, array_like=True, frozen=True):
    """The identities of one append as they lie in a segment."""

    counted: list[tuple[str, str, str, int]]
    """Equipment, topic kind, boot, number."""
    identified: list[bytes]


_decoder = msgspec.msgpack.Decoder(_Written)


def encode(identities: Iterable[Identity]) -> bytes:
    """Write the identities of one append as a segment keeps them."""
    written = _Written([], [])
    for one in identities:
        if isinstance(one, Counted):
            written.counted.append((one.equipment, one.kind.value, one.boot, one.seq))
        else:
            written.identified.append(digest_of(one))
    return msgspec.msgpack.encode(written)


@dataclass(slots=True)
class Told:
    """A set of identities in memory: those of one segment that is not merged yet."""

    counted: dict[Counter, Ranges] = field(default_factory=dict)
    identified: set[bytes] = field(default_factory=set)

    def include(self, written: bytes) -> None:
        """Include what ``encode`` wrote.

        Raises:
            ValueError: when it is nothing of the kind.
        """
        try:
            body = _decoder.decode(written)
        except msgspec.DecodeError as exc:
            raise ValueError(f"a set of identities does not decode: {exc}") from exc
        for equipment, kind, boot, seq in body.counted:
            self._count((equipment, kind, boot), seq)
        self.identified.update(body.identified)

    def add(self, identities: Iterable[Identity]) -> None:
        """Include identities."""
        for one in identities:
            if isinstance(one, Counted):
                self._count((one.equipment, one.kind.value, one.boot), one.seq)
            else:
                self.identified.add(digest_of(one))

    def _count(self, counter: Counter, seq: int) -> None:
        ranges = self.counted.get(counter)
        if ranges is None:
            ranges = self.counted[counter] = Ranges()
        ranges.add(seq, seq)


class IdentityIndex:
    """Answers ``known`` from the unmerged segments and from ``identity.db``."""

    def __init__(self, path: Path, *, vfs: str | None = None) -> None:
        """Open the index, made anew when it is missing.

        Raises:
            apsw.Error: it cannot be opened or is damaged.
        """
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        apsw.Connection(str(path), flags=flags, vfs=vfs).close()
        self._connection = connect(path, write=True, vfs=vfs)
        self._connection.execute(_SCHEMA).fetchall()
        self._lock = threading.Lock()
        self._unmerged: dict[int, Told] = {}
        self._stored: dict[Counter, Ranges] = {}

    def check(self) -> str:
        """Return what is wrong with the index; empty when nothing is.

        Raises:
            apsw.Error: it cannot be read at all.
        """
        verdict = self._connection.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != [("ok",)]:
            return str(verdict)
        for *counter, ranges, crc in self._connection.execute(
            "SELECT equipment, kind, boot, ranges, crc FROM counted"
        ):
            if _crc(tuple(counter), ranges) != crc:
                return f"the ranges of {counter} have a wrong checksum"
        return ""

    def merged_until(self) -> int:
        """Return the first position of the newest segment that is merged; 0 for none."""
        row: tuple[int] | None = self._connection.execute("SELECT until FROM merged").fetchone()
        return row[0] if row else 0

    def note(self, first: int, identities: Iterable[Identity]) -> None:
        """Remember identities of the segment that begins at ``first``, durable there already."""
        with self._lock:
            self._unmerged.setdefault(first, Told()).add(identities)

    def restore(self, first: int, segment: Told) -> None:
        """Remember all identities of a segment that is not merged yet."""
        with self._lock:
            self._unmerged[first] = segment

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]:
        """Return those that were told before."""
        with self._lock:
            return frozenset(one for one in identities if self._knows(one))

    def _knows(self, one: Identity) -> bool:
        if isinstance(one, Identified):
            digest = digest_of(one)
            if any(digest in segment.identified for segment in self._unmerged.values()):
                return True
            query = "SELECT 1 FROM identified WHERE digest = ?"
            return self._connection.execute(query, (digest,)).fetchone() is not None
        counter = (one.equipment, one.kind.value, one.boot)
        for segment in self._unmerged.values():
            ranges = segment.counted.get(counter)
            if ranges is not None and one.seq in ranges:
                return True
        return one.seq in self._ranges(counter)

    def _ranges(self, counter: Counter) -> Ranges:
        """Return the merged ranges of a counter; none when their checksum is wrong."""
        cached = self._stored.get(counter)
        if cached is None:
            if len(self._stored) >= CACHED_COUNTERS:
                self._stored.clear()
            cached = self._stored[counter] = self._load(counter)
        return cached

    def _load(self, counter: Counter) -> Ranges:
        row = self._connection.execute(
            "SELECT ranges, crc FROM counted WHERE equipment = ? AND kind = ? AND boot = ?", counter
        ).fetchone()
        # Told twice is safer than suppressed: what cannot be trusted is not known.
        return Ranges(_pairs(row[0])) if row and _crc(counter, row[0]) == row[1] else Ranges()

    def merge(self, first: int, segment: Told) -> None:
        """Bring a finished segment's identities into the index; doing it again changes nothing.

        Raises:
            apsw.Error: the index is as it was.
        """
        with self._lock:
            with self._connection:
                self._store(segment)
                self._connection.execute(
                    "UPDATE merged SET until = max(until, ?)", (first,)
                ).fetchall()
            self._stored.clear()
            self._unmerged.pop(first, None)

    def _store(self, segment: Told) -> None:
        for counter, fresh in segment.counted.items():
            ranges = self._load(counter)
            for low, high in fresh:
                ranges.add(low, high)
            packed = struct.pack(f"<{2 * len(ranges.lows)}q", *(n for pair in ranges for n in pair))
            self._connection.execute(
                "INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?, ?)",
                (*counter, packed, _crc(counter, packed)),
            )
        self._connection.executemany(
            "INSERT OR IGNORE INTO identified VALUES (?)",
            [(digest,) for digest in segment.identified],
        )

    def close(self) -> None:
        """Close the index."""
        self._connection.close()


def _crc(counter: Counter, ranges: bytes) -> int:
    return zlib.crc32(ranges, zlib.crc32("\0".join(counter).encode("utf-8", "surrogatepass")))


def _pairs(packed: bytes) -> Iterator[tuple[int, int]]:
    return struct.iter_unpack("<qq", packed)
