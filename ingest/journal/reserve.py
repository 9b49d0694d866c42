"""Room set aside for the day the disk is full: alarms go on with it while telemetry waits.

A file that nobody reads, as large as the reserve. When the disk is full, or nearly so, it is given
up piece by piece, and the journal and the alerts live on that room. Given up at once it would only
feed whoever fills the disk. When there is room for it again and as much beside it, it is made whole.
"""

import os
from contextlib import suppress
from pathlib import Path

import structlog

from ingest.journal import layout

_log = structlog.get_logger(__name__)

NEARLY = 4
"""A piece goes when less than a fourth of the reserve is free beside it: other files fill up too."""
PIECES = 16


class Reserve:
    """The reserve of one folder; ``size`` 0 = there is none, and the disk is never tight."""

    def __init__(self, folder: Path, size: int) -> None:
        self._path = folder / layout.RESERVE
        self._size = size
        self._held = self._found()
        if not self._fill():
            _log.error("disk_reserve_missing", file=str(self._path), bytes=size, held=self._held)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is given up: telemetry may be written only then."""
        return self._held == self._size

    def mind(self) -> None:
        """Give up a piece when the disk is nearly full, make it whole when there is room again."""
        if not self._size:
            return
        if self._free() < self._size // NEARLY:
            self.release()
        elif not self.is_whole and self._free() >= 2 * self._size - self._held and self._fill():
            _log.info("disk_has_room", free=self._free())

    def release(self) -> bool:
        """Give up a piece; False when there was none to give up."""
        before = self._held
        with suppress(OSError):
            os.truncate(self._path, max(0, before - self._size // PIECES))
        self._held = min(before, self._found())
        if self._held == before:
            return False
        if before == self._size or not self._held:
            _log.error("disk_full", reserve_left=self._held, free=self._free())
        return True

    def _fill(self) -> bool:
        """Fill the file up to its size; False when the disk has no room for it."""
        if not self._size:
            return True
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError:
            with suppress(OSError):  # what an attempt took beyond what was held
                os.truncate(self._path, self._held)
            return False
        self._held = self._size
        return True

    def _found(self) -> int:
        """Return how much of it lies there."""
        try:
            return min(self._path.stat().st_size, self._size)
        except OSError:
            return 0

    def _free(self) -> int:
        """Return the bytes that we may still write."""
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize
