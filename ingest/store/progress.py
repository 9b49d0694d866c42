"""The cursor and counts of a store that cannot keep them itself, and what it could not take.

One small file, replaced as a whole after the store took a batch: after a kill in between the batch
is simply sent again and counted then, so the counts stay exact.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path

import msgspec

from gengfu.core.errors import StartError
from gengfu.durable import replace_file, sync_folder
from ingest.store.port import StoreCounts, Written
from ingest.store.rows import Quarantined


class _Kept(msgspec.Struct):
    target: str
    counts: StoreCounts


class ProgressFile:
    """Counts for one target; another target (a new database) begins at the journal's start."""

    def __init__(self, path: Path, target: str) -> None:
        """Read what is there.

        Raises:
            StartError: when the file is not ours or cannot be read.
        """
        self._path = path
        self._target = target
        self.counts = StoreCounts()
        if not path.exists():
            return
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError) as exc:
            raise StartError(
                f"{path} is not readable ({exc}); without it everything is written again"
            ) from exc
        if kept.target == target:
            self.counts = kept.counts

    def advance(self, written: Written, position: int) -> None:
        """Make one more write part of the counts, durably."""
        counts = self.counts.after(written, position)
        content = msgspec.json.encode({"target": self._target, "counts": asdict(counts)})
        replace_file(self._path, content)
        self.counts = counts


FULL = 8 * 2**20
"""Bytes of a quarantine file, about 40,000 items; then a new one is begun and the one before goes."""


class QuarantineFile:
    """Items no server could take, one JSON document a line. After a kill one may stand here twice.

    A point that the server never takes adds a line with every value, for ever: only the newest two
    files are kept. How many there were in all is counted in ``ProgressFile``.

    A power cut may leave something at the end that is no line: it was never passed by the cursor
    and is written again, behind an end of line of its own.
    """

    def __init__(self, path: Path, *, full: int = FULL) -> None:
        self._path = path
        self._before = path.with_name(f"before-{path.name}")
        self._full = full

    def append(self, items: Sequence[Quarantined]) -> None:
        """Write items durably, before the cursor passes them."""
        if not items:
            return
        if self._path.exists() and self._path.stat().st_size >= self._full:
            self._path.replace(self._before)
            sync_folder(self._path.parent)
        with self._path.open("ab") as file:
            file.write(b"\n")
            file.writelines(msgspec.json.encode(item) + b"\n" for item in items)
            file.flush()
            os.fsync(file.fileno())

    def newest(self, limit: int) -> tuple[Quarantined, ...]:
        """Return the last items, the newest first."""
        there = (path for path in (self._path, self._before) if path.exists())
        lines = chain.from_iterable(reversed(path.read_bytes().split(b"\n")) for path in there)
        readable = (item for item in map(_item, lines) if item is not None)
        return tuple(islice(readable, limit))


def _item(line: bytes) -> Quarantined | None:
    try:
        return msgspec.json.decode(line, type=Quarantined)
    except msgspec.DecodeError:
        return None
