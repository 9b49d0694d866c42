"""The disk refuses, a process is killed from outside (P1, F26, F28); crash points: tests/unit/crash."""

import os
import signal
from pathlib import Path

import apsw
import pytest

from gengfu.core.errors import JournalError, JournalFull, StartError
from ingest.journal import layout
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import Roll, SqliteJournal
from tests.fakes.disk import FailingDisk
from tests.unit.ingest.journal.folder import (
    counted,
    journal,
    note,
    payloads,
)


def test_kill_from_outside(tmp_path: Path) -> None:
    """Kill -9 in the middle of appends, again and again on the same folder."""
    expected = 0
    for _ in range(8):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            writer = SqliteJournal(tmp_path, roll=Roll(bytes=20_000))
            number = expected
            while True:
                writer.append([note(b"%d" % number)], at=0, identities=[counted(number)])
                os.write(writing, b".")
                number += 1
                if number % 50 == 0:
                    writer.tend(0)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            returned = sum(len(pipe.read(1)) for _ in range(60))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            returned += len(pipe.read())
        with journal(tmp_path) as writer:
            assert not writer.damages
            found = payloads(tmp_path)
            assert found == [b"%d" % number for number in range(len(found))]
            assert expected + returned <= len(found) <= expected + returned + 1
            assert writer.known([counted(len(found) - 1), counted(len(found))]) == {
                counted(len(found) - 1)
            }
            expected = len(found)


def test_a_sync_that_fails_is_the_end(tmp_path: Path) -> None:
    """After a failed fsync nothing is acknowledged any more, even if the disk recovers."""
    disk = FailingDisk()
    writer = SqliteJournal(tmp_path, vfs=disk.install("failing-sync"))
    writer.append([note(b"1")], at=0)

    def fail(operation: str) -> None:
        if operation == "sync":
            raise apsw.IOError("fsync")

    disk.fails = fail
    with pytest.raises(JournalError, match="could not be written"):
        writer.append([note(b"2")], at=0)
    disk.fails = None
    with pytest.raises(JournalError) as again:
        writer.append([note(b"3")], at=0)
    assert not isinstance(again.value, JournalFull)
    writer.close()
    assert payloads(tmp_path)[0] == b"1"
    assert b"3" not in payloads(tmp_path)


def test_a_full_disk_passes(tmp_path: Path) -> None:
    """No room: nothing is written, it is told apart, and the same append works when there is."""
    full = True
    disk = FailingDisk()
    with journal(tmp_path, vfs=disk.install("full")) as writer:
        writer.append([note(b"1")], at=0)

        def fail(operation: str) -> None:
            if operation == "write" and full:
                raise apsw.FullError("no space left on device")

        disk.fails = fail
        for _ in range(2):
            with pytest.raises(JournalFull):
                writer.append([note(b"2")], at=0, identities=[counted(2)])
        assert writer.known([counted(2)]) == frozenset()
        full = False
        assert writer.append([note(b"2")], at=0) == range(2, 3)
    assert payloads(tmp_path) == [b"1", b"2"]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """One writer a folder, across processes and within one (F46)."""
    with journal(tmp_path), pytest.raises(StartError, match="another process"):
        SqliteJournal(tmp_path)
    with journal(tmp_path):
        child = os.fork()
        if child == 0:
            try:
                SqliteJournal(tmp_path)
            except StartError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """One clear sentence for a folder that cannot be used."""
    (tmp_path / "journal").write_text("")
    with pytest.raises(StartError, match="cannot be written"):
        SqliteJournal(tmp_path / "journal")


def test_a_reader_in_another_process_follows(tmp_path: Path) -> None:
    """It sees every record once, in order, while the writer appends, rolls and seals."""
    count = 600
    child = os.fork()
    if child == 0:
        seen = b""
        try:
            reader = FolderReader(tmp_path)
            after = 0
            while not seen.endswith(b"end"):
                for record in reader.read(after, limit=9):
                    assert record.position == after + 1
                    after = record.position
                    seen += record.payload
            numbers = b"".join(b"%d," % number for number in range(count))
            os._exit(0 if seen == numbers + b"end" else 1)
        finally:
            os._exit(2)
    with journal(tmp_path, Roll(bytes=2_000)) as writer:
        for number in range(count):
            writer.append([note(b"%d," % number)], at=0)
            if number % 100 == 0:
                writer.tend(0)
        writer.append([note(b"end")], at=0)
        writer.tend(0)
        assert len(layout.list_segments(tmp_path)) > 5
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_can_be_made_again_is_never_synced(tmp_path: Path) -> None:
    """A journal without ``sync`` waits for no disk while it is written, and is durable once closed."""
    disk, seen = FailingDisk(), list[str]()
    writer = SqliteJournal(tmp_path, vfs=disk.install("unsynced"), sync=False)
    disk.fails = seen.append
    for number in range(20):
        writer.append([note(b"%d" % number)], at=0)
    assert "sync" not in seen
    writer.close()
    assert "sync" in seen
    assert payloads(tmp_path) == [b"%d" % number for number in range(20)]
