"""Room set aside for the day the disk is full: alarms go on with it while telemetry waits.

A file that nobody reads, as large as the reserve. When the disk is full, or nearly so, it is given
up, and the journal and the alerts live on that room. When there is room for it again and as much
beside it, it is made anew.
"""

import os
from contextlib import suppress
from pathlib import Path

import structlog

from ingest.journal import layout

_log = structlog.get_logger(__name__)

NEARLY = 4
"""It is given up when less than a fourth of it is left beside it: other files fill up too."""


class Reserve:
    """The reserve of one folder; ``size`` 0 = there is none, and the disk is never tight."""

    def __init__(self, folder: Path, size: int) -> None:
        self._path = folder / layout.RESERVE
        self._size = size
        self.is_held = size == 0 or self._take()
        """Whether it lies there: telemetry may be written only then."""
        if not self.is_held:
            _log.error("disk_reserve_missing", file=str(self._path), bytes=size)

    def mind(self) -> None:
        """Give it up when the disk is nearly full, make it anew when there is room again."""
        if not self._size:
            return
        if self.is_held and self._free() < self._size // NEARLY:
            self.release()
        elif not self.is_held and self._free() >= 2 * self._size and self._take():
            self.is_held = True
            _log.info("disk_has_room", free=self._free())

    def release(self) -> bool:
        """Give it up; False when there was none to give up."""
        if not self._size or not self.is_held:
            return False
        self.is_held = False
        with suppress(OSError):
            self._path.unlink()
        _log.error("disk_full", reserve_given_up=self._size, free=self._free())
        return True

    def _take(self) -> bool:
        """Fill the file up to its size; False when the disk has no room for it."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(handle, 0, self._size)
            finally:
                os.close(handle)
        except OSError:
            with suppress(OSError):
                self._path.unlink()
            return False
        return True

    def _free(self) -> int:
        """Return the bytes that we may still write."""
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize
