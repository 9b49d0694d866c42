"""The disk is full: the reserve is given up in pieces, the append goes through, all is made good again."""

import errno
import os
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from gengfu.core.errors import JournalFull
from ingest.journal import layout
from ingest.journal.reserve import PIECES, Reserve
from ingest.journal.sqlite import SqliteJournal
from tests.fakes.disk import FailingDisk
from tests.unit.ingest.journal.folder import note, payloads

SIZE = 64 * 1024
PIECE = SIZE // PIECES


class SmallDisk:
    """A disk whose free room a test sets; the reserve's file counts as the real one does."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 10 * SIZE
        """Room beside the reserve, as if it were not there."""
        self._file = folder / layout.RESERVE
        monkeypatch.setattr(os, "statvfs", self._statvfs)

    @property
    def reserved(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def _statvfs(self, _path: object) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=max(0, self.free - self.reserved), f_frsize=1)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallDisk:
    return SmallDisk(tmp_path, monkeypatch)


def test_the_reserve_flaps(disk: SmallDisk, tmp_path: Path) -> None:
    """It goes when the disk is nearly full and is whole again only with as much room beside it."""
    reserve = Reserve(tmp_path, SIZE)
    assert reserve.is_whole
    assert (tmp_path / layout.RESERVE).stat().st_blocks * 512 >= SIZE
    for free, held in [
        (2 * SIZE, SIZE),
        (SIZE + SIZE // 4, SIZE),
        (SIZE + SIZE // 4 - 1, SIZE - PIECE),
        (2 * SIZE - 1, SIZE - PIECE),
        (2 * SIZE, SIZE),
        (SIZE, SIZE - PIECE),
    ]:
        disk.free = free
        reserve.mind()
        assert (reserve.is_whole, disk.reserved) == (held == SIZE, held), free


def test_whoever_fills_the_disk_gets_the_reserve(disk: SmallDisk, tmp_path: Path) -> None:
    """One who takes all that is free is given a piece at a time; a start in between keeps the rest."""
    reserve = Reserve(tmp_path, SIZE)
    for taken in range(1, PIECES + 1):
        disk.free = disk.reserved
        if taken == PIECES // 2:
            with pytest.MonkeyPatch.context() as full:
                full.setattr(os, "posix_fallocate", _no_room)
                reserve = Reserve(tmp_path, SIZE)
        reserve.mind()
        assert disk.reserved == SIZE - taken * PIECE
    assert not reserve.release()


def _no_room(handle: int, start: int, size: int) -> None:
    os.truncate(handle, start + size // 2)
    raise OSError(errno.ENOSPC, "no space left on device")


def test_no_reserve_is_a_full_disk(disk: SmallDisk, tmp_path: Path) -> None:
    """Without a reserve nothing is made, nothing is given up and the disk is never tight."""
    disk.free = 0
    reserve = Reserve(tmp_path, 0)
    reserve.mind()
    assert reserve.is_whole
    assert not reserve.release()
    assert not disk.reserved


def test_an_alarm_is_refused_for_want_of_room(disk: SmallDisk, tmp_path: Path) -> None:
    """An append that finds the disk full takes a piece of the reserve; a second later it is whole."""
    faulty = FailingDisk()

    def no_room(operation: str) -> None:
        if operation == "write" and disk.reserved == SIZE:
            raise apsw.FullError("no space left on device")

    with closing(SqliteJournal(tmp_path, vfs=faulty.install("reserved"), reserve=SIZE)) as journal:
        journal.append([note(b"1")], at=0)
        assert not journal.is_tight
        faulty.fails = no_room
        assert journal.append([note(b"fire")], at=0) == range(2, 3)
        assert journal.is_tight
        assert disk.reserved == SIZE - PIECE
        faulty.fails = None
        journal.mind_room()
        assert not journal.is_tight
    with closing(SqliteJournal(tmp_path, reserve=SIZE)) as journal:
        assert journal.damages == ()
        assert not journal.is_tight
    assert payloads(tmp_path) == [b"1", b"fire"]


def test_a_disk_fuller_than_full_lies(disk: SmallDisk, tmp_path: Path) -> None:
    """When the reserve is used up as well, the append is refused, and works when there is room."""
    faulty, full = FailingDisk(), True

    def no_room(operation: str) -> None:
        if operation == "write" and full:
            raise apsw.FullError("no space left on device")

    with closing(SqliteJournal(tmp_path, vfs=faulty.install("exhausted"), reserve=SIZE)) as journal:
        faulty.fails = no_room
        for _ in range(PIECES + 1):
            with pytest.raises(JournalFull):
                journal.append([note(b"1")], at=0)
        assert journal.is_tight
        full = False
        journal.append([note(b"1")], at=0)
    assert payloads(tmp_path) == [b"1"]
