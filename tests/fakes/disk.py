"""A disk that can die at any named point: SQLite's own file calls and those of the os module.

For SQLite it is a VFS around the real one; a power cut also takes back writes that were not synced.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import apsw

KILLED = 9
PYTHON_POINTS = ("fsync", "replace", "rename", "unlink", "link")


@dataclass
class Undo:
    """One write that a power cut may take back."""

    file: "DyingFile"
    offset: int
    before: bytes


@dataclass
class DyingDisk:
    """Counts file operations and ends the process at one of them."""

    dies_at: int | None = None
    power_cut: bool = False
    fails: Callable[[str], None] | None = None
    """Called with the operation's name first; may raise what the disk says."""
    count: int = 0
    unsynced: list[Undo] = field(default_factory=list)
    vfs: Any = None

    def install(self, name: str) -> str:
        """Register the VFS under a name and return the name."""
        self.vfs = DyingVfs(name, self)
        return name

    def watch_os(self) -> None:
        """Count the os module's calls too; for a forked child only."""
        for name in PYTHON_POINTS:
            setattr(os, name, self._counted(name, getattr(os, name)))

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.point(name)
            return real(*args, **kwargs)

        return call

    def point(self, operation: str) -> None:
        """Pass one named point; the process may end here."""
        if self.fails is not None:
            self.fails(operation)
        self.count += 1
        if self.count == self.dies_at:
            if self.power_cut:
                self._take_back()
            os._exit(KILLED)

    def _take_back(self) -> None:
        chance = random.Random(self.dies_at)
        keep = chance.choice([0.0, 0.3, 0.7])
        for undo in reversed(self.unsynced):
            if chance.random() >= keep:
                undo.file.put_back(undo)


class DyingVfs(apsw.VFS):
    def __init__(self, name: str, disk: DyingDisk) -> None:
        super().__init__(name, base="")
        self.disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> "DyingFile":  # noqa: N802 – SQLite's name
        return DyingFile(name, flags, self.disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.disk.point("delete")
        super().xDelete(filename, syncdir)


class DyingFile(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: DyingDisk) -> None:
        super().__init__("", name, flags)
        self.disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self.disk.point("write")
        if self.disk.power_cut:
            size = min(len(data), max(super().xFileSize() - offset, 0))
            before = super().xRead(size, offset) if size else b""
            self.disk.unsynced.append(Undo(self, offset, before))
        super().xWrite(data, offset)

    def put_back(self, undo: Undo) -> None:
        """Make a write undone: the old bytes, or the old end of the file."""
        if undo.before:
            super().xWrite(undo.before, undo.offset)
        else:
            super().xTruncate(min(undo.offset, super().xFileSize()))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self.disk.point("truncate")
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self.disk.point("sync")
        super().xSync(flags)
        self.disk.unsynced = [one for one in self.disk.unsynced if one.file is not self]
