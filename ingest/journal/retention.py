"""Which sealed segments go: the oldest first, by age and quota, never past a reader's cursor."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gengfu.core.clock import DAY, Micros
from gengfu.durable import sync_folder
from ingest.journal import cursors, layout
from ingest.journal.sealed import SealedSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long and how much sealed segments are kept."""

    age: Micros = 35 * DAY
    quota: int = 20 * 1024**3
    """Bytes of all sealed segments together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One sealed segment as retention sees it."""

    path: Path
    last: int
    ended_at: Micros
    size: int


def expired(
    kept: Sequence[Kept], retention: Retention, *, now: Micros, needed: int
) -> tuple[Kept, ...]:
    """Return the segments to drop, oldest first; ``needed`` is the first position still read."""
    gone: list[Kept] = []
    total = sum(one.size for one in kept)
    for one in kept:
        too_old = one.ended_at < now - retention.age
        if one.last >= needed or not (too_old or total > retention.quota):
            break
        gone.append(one)
        total -= one.size
    return tuple(gone)


def drop(folder: Path, retention: Retention, *, now: Micros) -> tuple[Kept, ...]:
    """Drop what is expired and return it.

    Raises:
        OSError: the disk refuses.
    """
    positions = cursors.all_of(folder).values()
    needed = min(positions) + 1 if positions else 2**63
    gone = expired(list(_kept(folder)), retention, now=now, needed=needed)
    for one in gone:
        one.path.unlink()
    if gone:
        sync_folder(folder)
    return gone


def held_bytes(folder: Path) -> int:
    """Return the bytes of sealed segments that a reader behind still needs.

    Raises:
        OSError: a segment was dropped meanwhile, or cannot be read.
    """
    positions = cursors.all_of(folder).values()
    needed = min(positions) + 1 if positions else 2**63
    return sum(one.size for one in _kept(folder) if one.last >= needed)


def _kept(folder: Path) -> Iterator[Kept]:
    """Yield the sealed segments from the oldest on, up to the first that is not sealed."""
    for file in layout.list_segments(folder):
        if not file.sealed:
            return
        last, ended_at = _end(file.path)
        yield Kept(path=file.path, last=last, ended_at=ended_at, size=file.path.stat().st_size)


@lru_cache(maxsize=8192)
def _end(path: Path) -> tuple[int, Micros]:
    """Return a sealed segment's last position and time; it never changes."""
    with closing(SealedSegment(path)) as segment:
        return segment.last() or (0, 0)
