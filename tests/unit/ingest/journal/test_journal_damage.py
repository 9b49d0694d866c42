"""Damage is found at start, set aside and told; the rest stays readable (P13)."""

import random
import shutil
import struct
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gengfu.core.batch import Event
from gengfu.core.identity import Identity
from gengfu.core.names import EquipmentName, Names
from gengfu.core.record import NewNames, Record, RecordKind, draft
from ingest.journal import layout
from ingest.journal.carve import Carved, carve
from ingest.journal.port import Flaw
from ingest.journal.reader import FolderReader
from ingest.journal.segment import PAGE_BYTES
from ingest.journal.sqlite import Roll, SqliteJournal
from tests.unit.ingest.journal.folder import counted, identified, journal, note, read_all

SMALL = Roll(bytes=6_000)
SIZES = (10, 200, 9_000)
"""Payloads: small, larger, and on overflow pages."""


def write(folder: Path, *, seal: bool) -> list[Record]:
    """Write three segments with names, records of all sizes and identities."""
    with journal(folder, SMALL) as writer:
        for number in range(12):
            writer.names.equipment_index(EquipmentName("s", f"lift-{number // 4}", "elevator"))
            writer.append(
                [note(bytes([number]) * SIZES[number % 3])],
                at=number,
                identities=[counted(number), identified(number)],
            )
        if seal:
            writer.tend(0)
    return read_all(folder)


def crash(folder: Path, target: Path) -> None:
    """Copy a folder that is being written, as a power cut would leave it."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*-shm"))


def check_after_damage(folder: Path, written: list[Record]) -> None:
    """Start on a damaged folder: nothing invented, all missing told, new records beyond the old."""
    with closing(SqliteJournal(folder, roll=SMALL)) as writer:
        found = read_all(folder)
        lost = {position for damage in writer.damages for position in damage.lost}
        expected = {one.position: one for one in written}
        kept = [one for one in found if expected.get(one.position) == one]
        others = [one for one in found if one not in kept]
        assert all(one.kind is RecordKind.NAMES for one in others), "a record was invented"
        missing = set(expected) - {one.position for one in kept}
        assert not missing or writer.damages, "records vanished without a word"
        assert missing <= lost or any(
            "end is unknown" in damage.detail for damage in writer.damages
        ), f"{missing} not told by {writer.damages}"
        positions = writer.append([note(b"after")], at=99)
        assert positions[0] > written[-1].position
        assert read_all(folder)[-1].payload == b"after"
    with closing(SqliteJournal(folder, roll=SMALL)) as writer:
        assert {damage.flaw for damage in writer.damages} <= {Flaw.GAP}


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_byte_is_never_served(tmp_path: Path, seed: int) -> None:
    """Flip one byte of any file, sealed or open, closed or as a crash leaves it."""
    chance = random.Random(seed)
    source, folder = tmp_path / "source", tmp_path / "journal"
    if seed % 3:
        written = write(source, seal=seed % 3 == 1)
        crash(source, folder)
    else:
        with journal(source, Roll(bytes=2**30)) as writer:
            for number in range(12):
                writer.append([note(bytes([number]) * SIZES[number % 3])], at=number)
            crash(source, folder)
        written = read_all(source)
    files = sorted(one for one in folder.iterdir() if one.suffix not in {""} and one.stat().st_size)
    target = chance.choice(files)
    content = bytearray(target.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    target.write_bytes(content)
    check_after_damage(folder, written)


def test_a_row_that_points_in_a_circle_is_read_for_ever(tmp_path: Path) -> None:
    """A length beyond the file is refused, whatever pages it goes on to."""
    head = (b"\xa0" + b"\x80" * 4 + b"\x00") + b"\x07"  # a row of a terabyte, number 7
    leaf = bytearray(PAGE_BYTES)
    struct.pack_into(">H", leaf, 3, 1)
    struct.pack_into(">H", leaf, 8, 100)
    leaf[100:] = head + struct.pack(">I", 2) * ((PAGE_BYTES - 100 - len(head)) // 4 + 1)
    circle = struct.pack(">I", 2) * (PAGE_BYTES // 4)
    (tmp_path / "circle").write_bytes(bytes(leaf[:PAGE_BYTES]) + circle)
    assert carve(tmp_path / "circle") == Carved()


@pytest.mark.parametrize("how", ["zeros", "half", "empty", "garbage", "gone"])
@pytest.mark.parametrize("which", [0, 1, -1])
@pytest.mark.parametrize("seal", [True, False])
def test_a_ruined_segment_leaves_the_others(
    tmp_path: Path, how: str, which: int, seal: bool
) -> None:
    """Zero, cut, replace or remove a whole segment: the others stay readable."""
    written = write(tmp_path, seal=seal)
    file = layout.list_segments(tmp_path)[which].path
    size = file.stat().st_size
    content = {
        "zeros": bytes(size),
        "half": file.read_bytes()[: size // 2],
        "empty": b"",
        "garbage": random.Random(1).randbytes(size),
    }
    if how == "gone":
        file.unlink()
        if which != 1:
            return  # the oldest may be dropped, and nobody can tell that the newest was there
    else:
        file.write_bytes(content[how])
    check_after_damage(tmp_path, written)


@pytest.mark.parametrize("seal", [True, False])
def test_names_lost_with_a_segment_come_back(tmp_path: Path, seal: bool) -> None:
    """Every segment begins with all names: what follows a lost one is readable by itself."""
    write(tmp_path, seal=seal)
    files = layout.list_segments(tmp_path)
    files[0].path.write_bytes(b"")
    with journal(tmp_path, SMALL) as writer, closing(FolderReader(tmp_path)) as reader:
        after = 0
        while found := reader.read(after):
            after = found[-1].position
        assert reader.names == writer.names
        assert [one.equipment for one in writer.names.equipment] == ["lift-0", "lift-1", "lift-2"]


@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("again", [True, False])
def test_rows_stay_readable_when_their_names_are_lost(
    tmp_path: Path, followed: bool, again: bool
) -> None:
    """A complete NAMES record takes the lost one's place: with the real names, or stand-ins."""
    name = EquipmentName("s", "lift-1", "elevator")
    with journal(tmp_path) as writer:
        writer.append([note(b"1")], at=1)
        index = writer.names.equipment_index(name)
        event = Event(equipment=index, type="fire", observed_at=2, received_at=2)
        writer.append([draft((event,), 7)], at=2)
        if again:
            writer.names.equipment_index(EquipmentName("s", "lift-2", "elevator"))
            writer.append([note(b"2")], at=3)
    if followed:
        with journal(tmp_path, Roll(positions=1)) as writer:
            writer.append([note(b"3")], at=4)
    file = layout.list_segments(tmp_path)[0].path
    content = file.read_bytes()
    file.write_bytes(content.replace(b"lift-1", b"lift-7", 1))
    with journal(tmp_path) as writer:
        assert len(writer.damages) == 1
        names = Names()
        for record in read_all(tmp_path):
            body = record.body() if record.kind is not RecordKind.ACTION else None
            if isinstance(body, NewNames):
                names.extend(body.start, body.equipment, body.points)
            elif isinstance(body, tuple):
                assert names.equipment[index] == (
                    name if followed else EquipmentName("lost", "lost-0", "lost")
                )
        assert names == writer.names
        assert (writer.names.equipment_index(name) == index) is followed


def test_a_foreign_file_is_set_aside(tmp_path: Path) -> None:
    """What is not the journal's goes below damaged/ and is told."""
    write(tmp_path, seal=True)
    (tmp_path / "0000000000000001.sealed.bak").write_text("hello")
    with journal(tmp_path) as writer:
        assert [(one.file, one.flaw) for one in writer.damages] == [
            ("0000000000000001.sealed.bak", Flaw.FOREIGN_FILE)
        ]
        kept_as = writer.damages[0].kept_as
    assert kept_as
    assert (tmp_path / layout.DAMAGED / kept_as).read_text() == "hello"


@pytest.mark.parametrize("content", [b"", bytes(8192), b"no database at all" * 500])
def test_a_ruined_identity_index_is_made_again(tmp_path: Path, content: bytes) -> None:
    """identity.db is an index: the sealed segments hold the identities too."""
    write(tmp_path, seal=True)
    (tmp_path / layout.IDENTITY).write_bytes(content)
    with journal(tmp_path, SMALL) as writer:
        every: list[Identity] = [*map(counted, range(13)), *map(identified, range(13))]
        assert writer.known(every) == {one for one in every if one not in (every[12], every[25])}


def test_a_flipped_range_is_not_believed(tmp_path: Path) -> None:
    """A device's message is never suppressed by a damaged index row."""
    write(tmp_path, seal=True)
    path = tmp_path / layout.IDENTITY
    content = path.read_bytes()
    at = content.index(b"telemetryb1") + len(b"telemetryb1") + 9
    path.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
    with journal(tmp_path, SMALL) as writer:
        assert writer.damages
        assert writer.known([counted(n) for n in range(14)]) == {counted(n) for n in range(12)}


def test_a_reader_steps_over_a_frame_that_was_damaged_since_the_start(tmp_path: Path) -> None:
    """Damage that happens while everything runs costs the damaged records only."""
    write(tmp_path, seal=True)
    file = layout.list_segments(tmp_path)[0].path
    content = bytearray(file.read_bytes())
    content[80] ^= 1
    file.write_bytes(content)
    with suppress(StopIteration):
        found = read_all(tmp_path)
    assert found
    assert found[0].position == layout.list_segments(tmp_path)[1].first
