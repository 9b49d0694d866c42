"""The writing end of the journal as a folder of segments, the newest an SQLite file."""

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
import structlog

from gengfu.core.clock import HOUR, Micros
from gengfu.core.errors import JournalError, JournalFull, StartError
from gengfu.core.identity import Identity
from gengfu.core.names import Names
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Draft, Record, draft
from ingest.journal import layout, naming, sealing, segment
from ingest.journal.identities import encode
from ingest.journal.port import Damage
from ingest.journal.reader import FolderReader, opened
from ingest.journal.reserve import Reserve
from ingest.journal.retention import Retention, drop
from ingest.journal.segment import OpenSegment
from ingest.journal.startup import StartUp

ROW_BYTES = 40
"""About what a record costs on disk beside its payload."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """When a segment is finished and the next one begun, whichever comes first."""

    bytes: int = 64 * 1024 * 1024
    age: Micros = 6 * HOUR
    positions: int = layout.SEGMENT_POSITIONS // 2


class SqliteJournal:
    """Writes the journal. One process; ``append`` and ``known`` from one thread at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        roll: Roll = Roll(),
        vfs: str | None = None,
        reserve: int = 0,
        sync: bool = True,
    ) -> None:
        """Open a folder for writing, made when missing, after setting damaged parts aside.

        ``reserve`` bytes are kept free for the day the disk is full (``reserve.py``). Without
        ``sync`` what was appended is durable when the journal is closed, and no sooner: for what can
        be made again.

        Raises:
            StartError: another process writes it, or it cannot be read or written.
        """
        self.names = Names()
        self.damages: tuple[Damage, ...] = ()
        self._folder = folder
        self._roll = roll
        self._vfs = vfs
        self._sync = sync
        self._failed: str | None = None
        self._lock = _lock(folder)
        try:
            self._start()
            self._reserve = Reserve(folder, reserve)
        except (apsw.Error, OSError) as exc:
            os.close(self._lock)
            raise StartError(f"the journal in {folder} cannot be opened: {exc}") from exc

    def _start(self) -> None:
        found = StartUp(self._folder, vfs=self._vfs)
        self._index = found.index
        self.damages = tuple(found.damages)
        for damage in self.damages:
            _log.warning("journal_damaged", file=damage.file, flaw=damage.flaw, why=damage.detail)
        self._open = self._writable(found.newest.path)
        with closing(FolderReader(self._folder)) as reader:
            self.names = reader.names_at(self._open.head.last)
        self._last = self._open.last() or self._before(found.newest.first)
        self._filled = self._open.bytes_on_disk()
        self._named = self.names.size() if self._open.started_at() is not None else (0, 0)

    def _writable(self, path: Path) -> OpenSegment:
        return OpenSegment(path, write=True, vfs=self._vfs, sync=self._sync)

    def _before(self, first: int) -> tuple[int, Micros]:
        """Return the position before an empty segment and the time of the last record of all."""
        for file in reversed(layout.list_segments(self._folder)):
            if file.first < first:
                with closing(opened(file)) as older:
                    last = older.last()
                if last is not None:
                    return first - 1, last[1]
        return first - 1, 0

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Make records and identities durable; see ``port.Journal``.

        When the disk is full, a piece of the reserve is given up for it.
        """
        try:
            return self._append(drafts, at, identities)
        except JournalFull:
            if not self._reserve.release():
                raise
            return self._append(drafts, at, identities)

    def _append(self, drafts: Sequence[Draft], at: Micros, identities: Sequence[Identity]) -> range:
        if self._failed:
            raise JournalError(self._failed)
        self._roll_if_due(at)
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
        self._commit(records, encode(identities) if identities else None)
        self._named = named
        self._filled += sum(len(one.payload) + ROW_BYTES for one in records)
        self._index.note(self._open.first, identities)
        end = position + len(records)
        self._last = (end, written_at) if records else self._last
        return range(end - len(drafts) + 1, end + 1)

    def _commit(self, records: Sequence[Record], identities: bytes | None) -> None:
        with self._fatal():
            self._open.append(records, identities)

    @contextmanager
    def _fatal(self) -> Iterator[None]:
        """Turn what the disk says into our words: no room may pass, anything else is the end."""
        try:
            yield
        except (apsw.Error, OSError) as exc:
            if _is_full(exc):
                raise JournalFull(f"no room for the journal in {self._folder}: {exc}") from exc
            self._failed = f"the journal in {self._folder} could not be written: {exc}"
            raise JournalError(self._failed) from exc

    def _roll_if_due(self, at: Micros) -> None:
        """Begin the next segment when this one is full or old; ``tend`` seals it later."""
        head = self._open.head
        started = self._open.started_at() if head.last >= head.first else None
        if started is None or not (
            self._filled >= self._roll.bytes
            or at - started >= self._roll.age
            or head.last - head.first + 1 >= self._roll.positions
        ):
            return
        first = head.last + 1
        path = layout.segment_path(self._folder, first, layout.OPEN)
        with self._fatal():
            segment.create(path, first, vfs=self._vfs)
            following = self._writable(path)
        self._open.close(fold=True)
        self._open, self._filled, self._named = following, 0, (0, 0)

    @property
    def is_tight(self) -> bool:
        """Tell whether we live on the reserve: only what cannot wait may be written."""
        return not self._reserve.is_whole

    def mind_room(self) -> None:
        """Look how full the disk is; call it every second, in the thread of ``append``."""
        self._reserve.mind()

    def tend(self, at: Micros, retention: Retention = Retention()) -> tuple[Damage, ...]:  # noqa: B008 – frozen
        """Seal finished segments and drop expired ones; in any thread, beside ``append``.

        Returns what was found damaged on the way. Call it every minute or so: nothing is lost
        when it is late, only room.

        Raises:
            JournalFull, JournalError: the disk refuses; the journal itself is as it was.
        """
        found: list[Damage] = []
        try:
            for file in layout.list_segments(self._folder):
                if not file.sealed and file.first < self._open.first:
                    found += sealing.seal(self._folder, file, self._index)
            drop(self._folder, retention, now=at)
        except (apsw.Error, OSError) as exc:
            kind = JournalFull if _is_full(exc) else JournalError
            raise kind(f"the journal in {self._folder} cannot be sealed: {exc}") from exc
        self.damages += tuple(found)
        return tuple(found)

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


def _is_full(exc: Exception) -> bool:
    full = isinstance(exc, OSError) and exc.errno in {errno.ENOSPC, errno.EDQUOT}
    return full or isinstance(exc, apsw.FullError)


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
