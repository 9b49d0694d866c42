"""How full the journal's quota and the disks are, in marks that people are warned at.

Of the journal only what a reader still needs counts: what is kept beyond that goes by itself when
the quota is reached, which is no trouble of anybody's. So the journal fills while the readings
store, the rules or the desk do not follow, and the warning comes long before the disk is full.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from gengfu.config import Settings
from gengfu.core.naming import Scalar
from gengfu.installation import Installation
from ingest.journal.retention import held_bytes

_log = structlog.get_logger(__name__)

MARKS = (70, 85, 95)
"""Per cent. One rule of the system pack for each, more severe with each."""
BACK = 3
"""A mark is left when it is so many per cent below it: one that swings around it warns once."""
LOOK_SECONDS = 20.0


def mark_of(percent: float, before: int) -> int:
    """Return the highest mark that is reached, or was and is not left yet; 0 for none."""
    return max(
        (one for one in MARKS if percent >= one or (before >= one and percent > one - BACK)),
        default=0,
    )


@dataclass(slots=True)
class Fullness:
    """Measured now and then, told with the rest of core's condition."""

    journal: Path
    quota: int
    """Bytes."""
    disks: Sequence[Path]
    """Folders; the fullest disk of theirs counts."""
    _journal_mark: int | None = None
    _disk_mark: int | None = None

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Measure; what cannot be measured stays as it was."""
        try:
            held = held_bytes(self.journal) / self.quota * 100
            disk = max((_used(one) for one in self.disks), default=0.0)
        except OSError as exc:
            _log.debug("fullness_not_measured", reason=str(exc))
            return
        self._journal_mark = mark_of(held, self._journal_mark or 0)
        self._disk_mark = mark_of(disk, self._disk_mark or 0)

    def points(self) -> Mapping[str, Scalar]:
        """Return what core tells of it; None until it was measured."""
        return {"journal_mark": self._journal_mark, "disk_mark": self._disk_mark}


def fullness_of(settings: Settings, place: Installation) -> Fullness:
    """Return what to measure: the journal, and the disks of the data folder and of the store's file."""
    store = urlsplit(settings.store.url)
    file = [Path(store.path).parent] if store.scheme == "duckdb" and store.path else []
    quota = int(settings.journal.quota_gib * 2**30)
    return Fullness(journal=place.journal, quota=quota, disks=[place.data, *file])


def _used(folder: Path) -> float:
    """Return how full a disk is for us, in per cent, as ``df`` has it."""
    found = os.statvfs(folder)
    used = found.f_blocks - found.f_bfree
    return 100 * used / max(used + found.f_bavail, 1)
