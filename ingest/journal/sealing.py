"""Turns a segment that is no longer written into a sealed file, and saves what a damaged one has.

The order makes a crash harmless at any point: the sealed file appears whole, then the identities
are merged, then the original goes. Whatever is found half done at start is simply done again.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from gengfu.core.record import Record
from gengfu.durable import sync_folder
from ingest.journal import carve, examine, layout, mending, sealed
from ingest.journal.examine import Finding
from ingest.journal.identities import IdentityIndex, Told
from ingest.journal.layout import SegmentFile
from ingest.journal.port import Damage, Flaw
from ingest.journal.sealed import SealedSegment
from ingest.journal.segment import BadRecord, OpenSegment


def seal(folder: Path, file: SegmentFile, index: IdentityIndex) -> tuple[Damage, ...]:
    """Seal a segment that is no longer written, damaged or not.

    Raises:
        OSError, apsw.Error: the disk refuses; the segment stays as it is.
    """
    finding = examine.examine(file)
    if finding.flaw is not None:
        return (rescue(folder, file, finding, index),)
    target = layout.segment_path(folder, file.first, layout.SEALED)
    with closing(OpenSegment(file.path)) as segment:
        identities = [one for _, one in segment.identities() if one is not None]
        if segment.last() is not None:
            sealed.write(target, _records(segment), identities)
    index.merge(file.first, told_by(identities))
    layout.remove((file.path, *layout.companions(file.path)))
    sync_folder(folder)
    return ()


def rescue(folder: Path, file: SegmentFile, finding: Finding, index: IdentityIndex) -> Damage:
    """Seal what is readable of a damaged segment and set the original aside.

    Raises:
        OSError, apsw.Error: the disk refuses; the segment stays as it is.
    """
    assert finding.flaw is not None
    saved, identities = _carved(file)
    records = mending.with_names(folder, file.first, saved)
    target = layout.segment_path(folder, file.first, layout.SEALED)
    kept_as = None
    if file.sealed:
        kept_as = set_aside(folder, file.path, copy=bool(records))
    if records:
        sealed.write(target, records, identities)
    index.merge(file.first, told_by(identities))
    if not file.sealed:
        kept_as = set_aside(folder, file.path)
    last = records[-1].position if records else file.first - 1
    end = max(last, finding.end or last)
    there = {one.position for one in saved}
    gone = frozenset(one for one in range(file.first, end + 1) if one not in there)
    detail = finding.detail if finding.end else f"{finding.detail}; its end is unknown"
    return Damage(
        file=file.path.name,
        flaw=finding.flaw,
        detail=f"{detail}; {len(saved)} records saved, {len(gone)} lost",
        lost=gone,
        kept_as=kept_as,
    )


def set_aside(folder: Path, path: Path, *, copy: bool = False) -> str:
    """Move a file below ``damaged/`` (``copy``: as a second name of it) and return its new name."""
    shelf = folder / layout.DAMAGED
    shelf.mkdir(exist_ok=True)
    name, number = path.name, 1
    while (shelf / name).exists():
        number += 1
        name = f"{path.name}.{number}"
    wal, shm = layout.companions(path)
    if copy:
        os.link(path, shelf / name)
    else:
        if wal.exists():
            wal.replace(shelf / f"{name}-wal")
        path.replace(shelf / name)
        layout.remove((shm,))
    sync_folder(shelf)
    sync_folder(folder)
    return name


def gaps(folder: Path, ends: Iterable[tuple[SegmentFile, int | None]]) -> Iterator[Damage]:
    """Yield the holes between segments; ``ends`` are the segments in order with their ends."""
    previous: int | None = None
    for file, end in ends:
        if previous is not None and file.first > previous + 1:
            yield Damage(
                file=file.path.name,
                flaw=Flaw.GAP,
                detail="positions before this segment are missing",
                lost=range(previous + 1, file.first),
            )
        previous = end


def told_by(identities: Iterable[bytes]) -> Told:
    """Return the identities that a segment's sets hold."""
    told = Told()
    for written in identities:
        told.include(written)
    return told


def _records(segment: OpenSegment) -> Iterator[Record]:
    position = segment.first - 1
    while found := segment.read(position, 2_000):
        yield from found
        position = found[-1].position


def _carved(file: SegmentFile) -> tuple[list[Record], list[bytes]]:
    """Return what is readable of a damaged segment, in order."""
    if not file.sealed:
        carved = carve.carve(file.path)
        return (
            [carved.records[one] for one in sorted(carved.records)],
            [carved.identities[one] for one in sorted(carved.identities)],
        )
    records: list[Record] = []
    with closing(SealedSegment(file.path)) as segment:
        position = file.first - 1
        while True:
            try:
                found = segment.read(position, 2_000)
            except BadRecord as bad:
                position = bad.position
                continue
            if not found:
                return records, list(segment.identities())
            records.extend(found)
            position = found[-1].position
