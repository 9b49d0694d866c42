"""The writing end of the journal as a folder of segments, the newest an SQLite file."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from gengfu.core.clock import HOUR, Micros
from gengfu.core.errors import JournalError, StartError
from gengfu.core.identity import Identity
from gengfu.core.names import Names
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Draft, Record, draft
from ingest.journal import layout, naming, segment
from ingest.journal.identities import IdentityIndex, told
from ingest.journal.port import Damage, JournalFull
from ingest.journal.segment import OpenSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """When a segment is finished and the next one begun, whichever comes first."""

    bytes: int = 64 * 1024 * 1024
    age: Micros = 6 * HOUR
    positions: int = layout.SEGMENT_POSITIONS


class SqliteJournal:
    """Writes the journal. One process; ``append`` and ``known`` from one thread at a time."""

    def __init__(self, folder: Path, *, roll: Roll = Roll(), vfs: str | None = None) -> None:
        """Open a folder for writing, made when missing, after setting damaged parts aside.

        Raises:
            StartError: another process writes it, or it cannot be read or written.
        """
        self.names = Names()
        self.damages: tuple[Damage, ...] = ()
        self._folder = folder
        self._roll = roll
        self._vfs = vfs
        self._failed: str | None = None
        self._lock = _lock(folder)
        try:
            self._start()
        except (apsw.Error, OSError) as exc:
            os.close(self._lock)
            raise StartError(f"the journal in {folder} cannot be opened: {exc}") from exc

    def _start(self) -> None:
        if not layout.list_segments(self._folder):
            segment.create(layout.segment_path(self._folder, 1, layout.OPEN), 1, vfs=self._vfs)
        newest = layout.list_segments(self._folder)[-1]
        self._open = OpenSegment(newest.path, write=True, vfs=self._vfs)
        self._index = IdentityIndex(self._folder / layout.IDENTITY, vfs=self._vfs)
        for new in self._open.names(self._open.head.last):
            naming.learn(self.names, new)
        self._named = self.names.size()
        self._last = self._open.last() or (self._open.first - 1, 0)
        for _, written in self._open.identities():
            if written is not None:
                fresh = told(())
                fresh.include(written)
                self._index.note(self._open.first, fresh)

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Make records and identities durable; see ``port.Journal``."""
        if self._failed:
            raise JournalError(self._failed)
        position, written_at = self._last
        written_at = max(at, written_at)
        new = naming.grown(self.names, self._named)
        named = self.names.size()
        every = [draft(new, EVERY_PARTITION), *drafts] if new else drafts
        records = [
            Record(
                position=number,
                partition=one.partition,
                kind=one.kind,
                written_at=written_at,
                payload=one.payload,
            )
            for number, one in enumerate(every, position + 1)
        ]
        fresh = told(identities)
        self._commit(records, fresh.encode() if identities else None)
        self._named = named
        self._index.note(self._open.first, fresh)
        end = position + len(records)
        self._last = (end, written_at) if records else self._last
        return range(end - len(drafts) + 1, end + 1)

    def _commit(self, records: Sequence[Record], identities: bytes | None) -> None:
        try:
            self._open.append(records, identities)
        except apsw.FullError as exc:
            raise JournalFull(f"no room for the journal in {self._folder}: {exc}") from exc
        except apsw.Error as exc:
            self._failed = f"the journal in {self._folder} could not be written: {exc}"
            raise JournalError(self._failed) from exc

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]:
        """Return those identities that were appended before, however long ago."""
        return self._index.known(identities)

    def last(self) -> tuple[int, Micros]:
        """Return the last position and its time; (0, 0) for an empty journal."""
        return self._last

    def close(self) -> None:
        """Fold the write-ahead log in and let go of the folder."""
        self._open.close(fold=self._failed is None)
        self._index.close()
        os.close(self._lock)


def _lock(folder: Path) -> int:
    """Take the folder for this process.

    Raises:
        StartError: another process has it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / layout.LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise StartError(f"the journal folder {folder} cannot be written: {exc.strerror}") from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(handle)
        raise StartError(f"another process is writing the journal in {folder}") from exc
    return handle
