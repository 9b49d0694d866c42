"""The reading end: a cursor over the folder's segments, in any process, while the writer writes.

It holds one segment open and few records in memory. Nothing tells it of new records: it looks, and
looking in vain costs one query and two ``stat`` calls.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import apsw
import structlog

from gengfu.core.clock import Micros
from gengfu.core.errors import JournalError
from gengfu.core.names import Names
from gengfu.core.record import NewNames, Record, RecordKind
from ingest.journal import layout, naming
from ingest.journal.layout import SegmentFile
from ingest.journal.sealed import SealedSegment
from ingest.journal.segment import BadRecord, OpenSegment

_log = structlog.get_logger()


class Segment(Protocol):
    """What the reader asks of a segment, sealed or open."""

    def read(self, after: int, limit: int) -> list[Record]: ...
    def names(self, until: int) -> Iterator[NewNames]: ...
    def last(self) -> tuple[int, Micros] | None: ...
    def started_at(self) -> Micros | None: ...
    def position_at(self, at: Micros) -> int: ...
    def close(self) -> None: ...


class FolderReader:
    """Reads the journal in a folder; see ``port.JournalReader``. One thread at a time."""

    def __init__(self, folder: Path) -> None:
        self.names = Names()
        self._folder = folder
        self._file: SegmentFile | None = None
        self._segment: Segment | None = None
        self._position: int | None = None

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        """Return the next records with a position above ``after``; [] when nothing is new.

        Raises:
            JournalError: the newest segment cannot be read; the writer mends it when it starts.
        """
        try:
            if self._segment is None or after != self._position:
                self._seek(after)
            found = self._next(after, limit)
        except (apsw.Error, OSError) as exc:
            raise JournalError(f"the journal in {self._folder} cannot be read: {exc}") from exc
        for record in found:
            if record.kind is RecordKind.NAMES:
                self._learn(record)
        self._position = found[-1].position if found else after
        return found

    def _next(self, after: int, limit: int) -> list[Record]:
        start = after
        while self._segment is not None:
            try:
                found = self._segment.read(start, limit)
            except BadRecord as bad:
                _log.warning("journal_record_damaged", after=start, until=bad.position)
                start = bad.position
                continue
            if found or not self._move_on(start):
                return found
        return []

    def _learn(self, record: Record) -> None:
        new = record.body()
        assert isinstance(new, NewNames)
        if new.start == (0, 0) and naming.has_stand_ins(self.names):
            self.names = Names()
        naming.learn(self.names, new)

    def _seek(self, after: int) -> None:
        """Go to the segment that has the next record, with the names as of ``after``."""
        self._enter(_holding(self._files(), after))
        self.names = self.names_at(after)

    def names_at(self, position: int) -> Names:
        """Return the names as of a position: those of the last segment up to there that has any."""
        names = Names()
        for file in reversed(self._files()):
            segment = _found(file) if file.first <= position else None
            if segment is None:
                continue
            with closing(segment):
                for new in segment.names(position):
                    naming.learn(names, new)
            if names.size() != (0, 0):
                break
        return names

    def _move_on(self, after: int) -> bool:
        """Go to the following segment, when the present one has no more; tell whether there is."""
        now = self._file
        if now is not None and not now.sealed and self._goes_on(now, after):
            return False
        files = self._files()
        file = _holding(files, after)
        if file is not None and file == now:
            file = next((one for one in files if one.first > file.first), None)
        return file is not None and self._enter(file)

    def _goes_on(self, now: SegmentFile, after: int) -> bool:
        """Tell whether the open segment may still grow: it is there, and no next one begins."""
        following = layout.segment_path(self._folder, after + 1, layout.OPEN)
        return now.path.exists() and (following == now.path or not following.exists())

    def _enter(self, file: SegmentFile | None) -> bool:
        """Make a segment the present one; False when it vanished between two looks."""
        segment = _found(file) if file is not None else None
        if segment is None and file is not None:
            return False
        if self._segment is not None:
            self._segment.close()
        self._file, self._segment = file, segment
        return True

    def _files(self) -> list[SegmentFile]:
        return layout.list_segments(self._folder) if self._folder.is_dir() else []

    def first_position(self) -> int:
        """Return the oldest position still kept; 1 for an empty journal."""
        files = self._files()
        return files[0].first if files else 1

    def last_position(self) -> int:
        """Return the newest position; 0 for an empty journal."""
        for file in reversed(self._files()):
            segment = _found(file)
            if segment is not None:
                with closing(segment):
                    last = segment.last()
                return last[0] if last else file.first - 1
        return 0

    def position_at(self, at: Micros) -> int:
        """Return the last position written before ``at``: reading after it begins at that time."""
        position = self.first_position() - 1
        for file in reversed(self._files()):
            segment = _found(file)
            if segment is None:
                continue
            with closing(segment):
                started = segment.started_at()
                if started is not None and started < at:
                    return segment.position_at(at)
        return position

    def close(self) -> None:
        """Close the segment at hand; the next read opens it again."""
        self._enter(None)


def _holding(files: Sequence[SegmentFile], after: int) -> SegmentFile | None:
    """Return the segment that has the record after a position, or else the oldest one."""
    at = bisect_right(files, after + 1, key=lambda file: file.first) - 1
    return files[max(at, 0)] if files else None


def opened(file: SegmentFile) -> Segment:
    """Open a segment for reading.

    Raises:
        FileNotFoundError, apsw.CantOpenError: it was sealed or dropped since it was listed.
        apsw.Error: it is damaged.
    """
    return SealedSegment(file.path) if file.sealed else OpenSegment(file.path)


def _found(file: SegmentFile) -> Segment | None:
    """Open a segment; None when it was sealed or dropped between two looks."""
    try:
        return opened(file)
    except (FileNotFoundError, apsw.CantOpenError):
        return None
