"""Gives a damaged segment its names back, so that every row that was saved can be read.

A lost NAMES record leaves rows whose indices mean nothing. Its position is free: a complete NAMES
record goes there, with the names that the next segment knows, or else stand-ins.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from gengfu.core.batch import ReadingBatch
from gengfu.core.names import Names
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import NewNames, Record, RecordKind, draft
from ingest.journal import layout, naming
from ingest.journal.reader import opened

Size = tuple[int, int]


def with_names(folder: Path, first: int, records: Sequence[Record]) -> list[Record]:
    """Return the records saved of the segment at ``first``, with names put where some are missing."""
    names, mended, free = Names(), list[Record](), None
    expected = first
    for record in records:
        if record.position > expected:
            free = record.position - 1
        expected = record.position + 1
        needed = _needed(record)
        if free is not None and _lacks(names, needed):
            _supply(names, needed, folder, first)
            mended.append(_complete(names, free, record.written_at))
            free = None
        mended.append(record)
        _learn(names, record)
    return sorted(mended, key=lambda record: record.position)


def _needed(record: Record) -> Size:
    """Return how many equipment and point names must be known before a record."""
    if record.kind not in (RecordKind.NAMES, RecordKind.READINGS, RecordKind.EVENTS):
        return (0, 0)
    try:
        body = record.body()
    except ValueError:  # its checksum is right: whoever wrote it, it cannot be mended here
        return (0, 0)
    if isinstance(body, NewNames):
        return body.start
    if isinstance(body, ReadingBatch):
        return (int(body.equipment.max()) + 1, int(body.point.max()) + 1) if len(body) else (0, 0)
    assert isinstance(body, tuple)
    return (max(getattr(one, "equipment", -1) for one in body) + 1, 0)


def _lacks(names: Names, needed: Size) -> bool:
    return len(names.equipment) < needed[0] or len(names.points) < needed[1]


def _supply(names: Names, needed: Size, folder: Path, first: int) -> None:
    """Complete the names from the next segment's beginning; the rest by stand-ins."""
    following = [one for one in layout.list_segments(folder) if one.first > first]
    if following:
        with closing(opened(following[0])) as segment:
            for new in segment.names(following[0].first):
                naming.learn(names, new)
    naming.learn(names, NewNames(needed, (), ()))


def _complete(names: Names, position: int, written_at: int) -> Record:
    body = NewNames((0, 0), tuple(names.equipment), tuple(names.points))
    made = draft(body, EVERY_PARTITION)
    return Record(
        position=position,
        partition=made.partition,
        kind=made.kind,
        written_at=written_at,
        payload=made.payload,
    )


def _learn(names: Names, record: Record) -> None:
    if record.kind is RecordKind.NAMES:
        body = record.body()
        assert isinstance(body, NewNames)
        naming.learn(names, body)
