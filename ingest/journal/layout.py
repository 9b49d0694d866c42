"""The folder: which files it has and what they are called.

``0000000000000001.open`` is a segment that is (or was last) written, an SQLite file;
``0000000000000001.sealed`` is one that is finished. The number is the segment's first position.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

OPEN = ".open"
SEALED = ".sealed"
NEW = ".new"
"""Still being written: of no meaning yet, removed at start."""
LOCK = "lock"
CURSORS = "cursors"
DAMAGED = "damaged"
IDENTITY = "identity.db"
RESERVE = "reserve"

SEGMENT_POSITIONS = 1_000_000
"""No segment spans more positions: past a segment whose end is unknown it is safe to go on here."""

_SEGMENT = re.compile(r"(\d{16})(\.open|\.sealed)", re.ASCII)
_COMPANION = re.compile(r"(\d{16}\.open|identity\.db)-(wal|shm|journal)", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class SegmentFile:
    """One segment on disk."""

    first: int
    sealed: bool
    path: Path


def segment_path(folder: Path, first: int, suffix: str) -> Path:
    """Return the path of a segment by its first position."""
    return folder / f"{first:016d}{suffix}"


def list_segments(folder: Path) -> list[SegmentFile]:
    """Return the segments in order; where sealing was just finished, the sealed file alone."""
    found: dict[int, SegmentFile] = {}
    for path in sorted(folder.iterdir()):  # ".open" sorts before ".sealed", which then wins
        match = _SEGMENT.fullmatch(path.name)
        if match:
            first = int(match[1])
            found[first] = SegmentFile(first, match[2] == SEALED, path)
    return [found[first] for first in sorted(found)]


def foreign_files(folder: Path) -> list[Path]:
    """Return what lies in the folder and is not the journal's."""
    own = {LOCK, CURSORS, DAMAGED, IDENTITY, RESERVE}
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in own
        and path.suffix != NEW
        and not _SEGMENT.fullmatch(path.name)
        and not _COMPANION.fullmatch(path.name)
    ]


def leftovers(folder: Path) -> list[Path]:
    """Return files without meaning: half made ones, and companions of a file that is gone."""
    return [
        path
        for path in folder.iterdir()
        if NEW in path.suffixes
        or path.name.endswith((f"{NEW}-wal", f"{NEW}-shm", f"{NEW}-journal"))
        or (_COMPANION.fullmatch(path.name) and not (folder / path.name.rsplit("-")[0]).exists())
    ]


def companions(path: Path) -> tuple[Path, Path]:
    """Return the paths of an SQLite file's write-ahead log and its shared index."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def remove(paths: Iterable[Path]) -> None:
    """Remove files, those that exist."""
    for path in paths:
        path.unlink(missing_ok=True)
