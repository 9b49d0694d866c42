"""Tells whether a segment is as it was written, without changing it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from ingest.journal import sealed
from ingest.journal.carve import lost_commits
from ingest.journal.layout import SegmentFile, companions
from ingest.journal.port import Flaw
from ingest.journal.sealed import Content, body_of
from ingest.journal.segment import BadRecord, Head, OpenSegment

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; ``end`` is the segment's last position, None when it cannot be known."""

    end: int | None
    flaw: Flaw | None = None
    detail: str = ""


def examine(file: SegmentFile, *, bodies: bool = True) -> Finding:
    """Read a segment through. Without ``bodies`` a sealed one is judged by its headers alone."""
    if file.sealed:
        return _sealed(file, bodies=bodies)
    return _open(file.path)


def _sealed(file: SegmentFile, *, bodies: bool) -> Finding:
    with file.path.open("rb") as content:
        headers = sealed.scan(content)
        frames = headers.frames
        records = [one for one in frames if one.content is Content.RECORDS]
        closed = [one for one in frames if one.content is Content.END]
        end = closed[-1].first - 1 if closed else None
        if headers.flaw:
            kind = Flaw.BAD_CHECKSUM if closed else Flaw.TRUNCATED
            return Finding(end, _blank(file.path) or kind, headers.flaw)
        if not records or records[0].first != file.first:
            return Finding(end, Flaw.FOREIGN_FILE, "its name is not its first position")
        for frame in frames if bodies else ():
            if body_of(content, frame) is None:
                detail = f"the frame at byte {frame.offset} has a wrong checksum"
                return Finding(end, Flaw.BAD_CHECKSUM, detail)
    return Finding(end)


def _open(path: Path) -> Finding:
    wal, _ = companions(path)
    log = wal.read_bytes() if wal.exists() else b""
    try:
        with closing(OpenSegment(path)) as segment:
            if lost_commits(log, segment.frames_in_use()):
                return Finding(None, Flaw.BAD_CHECKSUM, "the write-ahead log breaks off")
            return _read_through(segment)
    except apsw.Error as exc:
        return Finding(None, _blank(path) or Flaw.UNREADABLE, str(exc))


def _read_through(segment: OpenSegment) -> Finding:
    head = segment.head
    position = head.first - 1
    try:
        while found := segment.read(position, _AT_ONCE):
            if found[-1].position != position + len(found):
                return Finding(head.last, Flaw.GAP, f"records are missing after {position}")
            position = found[-1].position
    except BadRecord as bad:
        return Finding(head.last, Flaw.BAD_CHECKSUM, str(bad))
    if position != head.last:
        return Finding(head.last, Flaw.TRUNCATED, f"it ends at {position}, not at {head.last}")
    return _identities(segment, head)


def _identities(segment: OpenSegment, head: Head) -> Finding:
    numbers = [number for number, written in segment.identities() if written is not None]
    if numbers != list(range(1, head.identities + 1)):
        return Finding(head.last, Flaw.BAD_CHECKSUM, "some identities cannot be read")
    return Finding(head.last)


def _blank(path: Path) -> Flaw | None:
    """Recognise a file of nothing: no bytes, or zero bytes only."""
    content = path.read_bytes()
    if not content:
        return Flaw.TRUNCATED
    return None if content.strip(b"\0") else Flaw.ZERO_FILLED
