"""A disk that refuses: SQLite's own file calls, each of which a test may make fail.

For SQLite it is a VFS around the real one. Crashes and power cuts are in ``crash_disk.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apsw


@dataclass
class FailingDisk:
    """Asks before each file operation whether it fails."""

    fails: Callable[[str], None] | None = None
    """Called with the operation's name; may raise what the disk says."""
    vfs: Any = None

    def install(self, name: str) -> str:
        """Register the VFS under a name and return the name."""
        self.vfs = _Vfs(name, self)
        return name

    def point(self, operation: str) -> None:
        """Pass one operation, or raise."""
        if self.fails is not None:
            self.fails(operation)


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: FailingDisk) -> None:
        super().__init__(name, base="")
        self._disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> "_File":  # noqa: N802 – SQLite's name
        return _File(name, flags, self._disk)


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: FailingDisk) -> None:
        super().__init__("", name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.point("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.point("sync")
        super().xSync(flags)
