"""A disk that remembers how it stood before each named operation, and what a power cut may make of it.

The work runs once and undisturbed. Afterwards every moment of it can be laid out in a folder of its
own: as ``kill -9`` leaves it (all writes are there), or as a power cut does (what was not synced is
lost or torn by sectors, names that were not synced stand as they were at some moment before).
"""

import contextlib
import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import apsw
from sqlalchemy import Engine

SECTOR = 512
Names: TypeAlias = dict[str, int]
"""Path below the folder → the file's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The disk just before an operation."""

    point: str
    """The operation's name: what kind of file, and what is done to it."""
    promised: int
    """How much the work had been told is safe."""
    names: Names
    """As every process sees them."""
    synced_names: Names
    pending: tuple[tuple[str, int | None], ...]
    """Names given and taken since, in their order."""
    contents: Mapping[int, bytes]
    synced: Mapping[int, bytes]

    def killed(self) -> dict[str, bytes]:
        """Return what is there after ``kill -9``: path → content."""
        return {path: self.contents[number] for path, number in self.names.items()}

    def cut_off(self, dice: random.Random) -> dict[str, bytes]:
        """Return what a power cut may leave."""
        names = dict(self.synced_names)
        for path, number in self.pending[: dice.randint(0, len(self.pending))]:
            if number is None:
                names.pop(path, None)
            else:
                names[path] = number
        return {
            path: torn(self.synced.get(number, b""), self.contents[number], dice)
            for path, number in names.items()
        }


def torn(before: bytes, after: bytes, dice: random.Random) -> bytes:
    """Return a file of which some sectors were written since the last sync and some were not."""
    if before == after:
        return after
    keep = dice.choice((0.0, 0.3, 0.7, 1.0))
    size = dice.choice((len(before), len(after), dice.randint(0, len(after))))
    found = bytearray(max(len(before), len(after)))
    found[: len(before)] = before
    for at in range(0, len(found), SECTOR):
        if dice.random() < keep:
            end = min(at + SECTOR, len(after))
            found[at:end] = after[at:end]
    return bytes(found[: max(size, min(len(before), len(after)))])


def lay_out(image: Mapping[str, bytes], folder: Path) -> None:
    """Write an image into a new folder."""
    folder.mkdir(parents=True)
    for path, content in image.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


@dataclass(slots=True)
class CrashDisk:
    """Watches one folder. ``kind_of`` names a file by its path below it; None = of no interest."""

    folder: Path
    kind_of: Callable[[str], str | None]
    moments: list[Moment] = field(default_factory=list)
    promised: int = 0
    _names: Names = field(default_factory=dict)
    _synced_names: Names = field(default_factory=dict)
    _pending: list[tuple[str, int | None]] = field(default_factory=list)
    _contents: dict[int, bytes] = field(default_factory=dict)
    _synced: dict[int, bytes] = field(default_factory=dict)
    _vfs: Any = None

    def install(self, name: str) -> str:
        """Register a VFS that SQLite's own calls go through, and return its name."""
        self._vfs = _Vfs(name, self)
        return name

    def settle(self) -> None:
        """Take everything that is there now as written long ago."""
        self._look()
        self._synced = dict(self._contents)
        self._synced_names, self._pending = dict(self._names), []

    def begin(self) -> None:
        """Forget the moments so far: what comes now is what is tried."""
        self.settle()
        self.moments.clear()

    def point(self, path: str | Path, operation: str) -> None:
        """Remember how the disk stands before an operation on a file of ours."""
        kind = self._kind(path)
        if kind is None:
            return
        self._look()
        self.moments.append(
            Moment(
                point=f"{kind}.{operation}",
                promised=self.promised,
                names=dict(self._names),
                synced_names=dict(self._synced_names),
                pending=tuple(self._pending),
                contents=dict(self._contents),
                synced=dict(self._synced),
            )
        )

    def sync(self, path: str | Path) -> None:
        """Take note that a file, or a folder's names, cannot be lost any more."""
        self._look()
        if Path(path).is_dir():
            self._synced_names, self._pending = dict(self._names), []
            return
        number = self._names.get(self._below(path))
        if number is not None:
            self._synced[number] = self._contents[number]

    def watch_commits(self, engine: Engine, file: Path) -> None:
        """Remember each commit of a database that opens its file without our VFS.

        SQLite writes a transaction's pages to its log and syncs it inside the commit: the moment
        in the middle of it has them written and not yet synced.
        """
        dialect: Any = engine.dialect
        commit = dialect.do_commit

        def watched(connection: Any) -> None:
            self.point(file, "commit")
            commit(connection)
            self.point(file, "sync")
            self.settle()

        dialect.do_commit = watched

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the os module's calls on files below the folder, for a block."""
        real = {name: getattr(os, name) for name in (*_ON_PATHS, *_ON_HANDLES)}
        for name in _ON_PATHS:
            setattr(os, name, self._on_path(name, real[name]))
        for name in _ON_HANDLES:
            setattr(os, name, self._on_handle(name, real[name]))
        try:
            yield
        finally:
            for name, call in real.items():
                setattr(os, name, call)

    def _on_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(path, str | Path):
                self.point(path, name)
            return real(path, *args, **kwargs)

        return call

    def _on_handle(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(handle: int, *args: Any) -> Any:
            path = str(Path(f"/proc/self/fd/{handle}").readlink())
            self.point(path, name)
            done = real(handle, *args)
            if name == "fsync" and self._kind(path) is not None:
                self.sync(path)
            return done

        return call

    def _kind(self, path: str | Path) -> str | None:
        if not Path(path).is_relative_to(self.folder):
            return None
        if Path(path).is_dir():
            return "folder"
        return self.kind_of(self._below(path))

    def _below(self, path: str | Path) -> str:
        return str(Path(path).relative_to(self.folder))

    def _look(self) -> None:
        """See what changed since the last look: contents, and names in a settled order."""
        names: Names = {}
        for file in sorted(self.folder.rglob("*")):
            if file.is_dir() or file.name.endswith("-shm") or file.name in {"lock", "reserve"}:
                continue
            number = file.stat().st_ino
            names[self._below(file)] = number
            if number not in self._contents or number not in self._names.values():
                self._synced.pop(number, None)  # a number may be given again
            content = file.read_bytes()
            if self._contents.get(number) != content:
                self._contents[number] = content
        for path, known in self._names.items():
            if path not in names:
                moved = next((to for to, it in names.items() if it == known), None)
                if moved is None or self._names.get(moved) == known:
                    self._pending.append((path, None))
        for path, number in names.items():
            if self._names.get(path) == number:
                continue
            self._pending.append((path, number))
            self._pending += [
                (former, None)
                for former, known in self._names.items()
                if known == number and former not in names
            ]
        self._names = names


_ON_PATHS = ("replace", "rename", "unlink", "link", "truncate")
_ON_HANDLES = ("fsync", "write")


class _Vfs(apsw.VFS):
    def __init__(self, name: str, disk: CrashDisk) -> None:
        super().__init__(name, base="")
        self._disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> "_File":  # noqa: N802 – SQLite's name
        return _File(name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._disk.point(filename, "delete")
        super().xDelete(filename, syncdir)
        if syncdir:
            self._disk.sync(Path(filename).parent)


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: CrashDisk) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        is_log = flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL)
        self._syncs_folder = bool(is_log)
        """With the first sync of its log SQLite syncs the folder too."""

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.point(self._path, "write")
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.point(self._path, "truncate")
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.point(self._path, "sync")
        super().xSync(flags)
        self._disk.sync(self._path)
        if self._syncs_folder:
            self._disk.sync(Path(self._path).parent)
            self._syncs_folder = False
