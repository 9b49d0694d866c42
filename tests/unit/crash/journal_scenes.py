"""The journal, its second record, and its mending, as they meet a crash."""

import itertools
import random
import shutil
from contextlib import closing
from pathlib import Path

from gengfu.core.batch import Event
from gengfu.core.clock import SECOND
from gengfu.core.identity import Identified, Identity
from gengfu.core.names import EquipmentName
from gengfu.core.record import RecordKind, draft
from ingest.journal import layout
from ingest.journal.cursors import CursorFile
from ingest.journal.port import Flaw
from ingest.journal.reader import FolderReader
from ingest.journal.retention import Retention
from ingest.journal.sqlite import Roll, SqliteJournal
from ingest.safety.doubled import DoubledJournal
from ingest.safety.file import SafetyFile
from tests.fakes.crash_disk import CrashDisk
from tests.unit.ingest.journal.folder import counted, identified, journal, note, payloads, read_all

AT = 1_763_600_000 * SECOND
APPENDS = 12
ROLL = Roll(bytes=3_000)
_vfs_names = (f"crash-{number}" for number in itertools.count())


def _sizes(seed: int) -> list[int]:
    dice = random.Random(seed)
    return [dice.choice((0, 10, 700, 1_500, 6_000)) for _ in range(APPENDS)]


class Appending:
    """Append, roll, seal, drop what is old, stop and start again; a reader moves its cursor."""

    def __init__(self) -> None:
        self._cursors: dict[tuple[int, int], int] = {}
        """Seed, appends → how far the reader was, in its own data."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        vfs, sizes, number = disk.install(next(_vfs_names)), _sizes(seed), 0
        disk.promised = 0
        for _ in range(3):
            with closing(SqliteJournal(folder, roll=ROLL, vfs=vfs)) as writer:
                for _ in range(APPENDS // 3):
                    writer.names.equipment_index(EquipmentName("s", f"pump-{number}", "pump"))
                    writer.append(
                        [note(b"%d" % number), note(b"%d:" % number + bytes(sizes[number]))],
                        at=number,
                        identities=[counted(number), identified(number)],
                    )
                    number += 1
                    disk.promised = number
                self._cursors[seed, number] = writer.last()[0] // 2
                CursorFile(folder, "reader").write(self._cursors[seed, number])
                writer.tend(number, Retention(quota=1))

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """What append returned for is there, once, gapless, from where retention may have cut."""
        with journal(folder) as writer:
            found = payloads(folder)
            if writer.damages:
                _check_what_is_left(writer, found, promised, _sizes(seed))
            else:
                _check_whole(writer, found, promised, _sizes(seed))
            writer.append([note(b"on")], at=APPENDS)
            positions = [one.position for one in read_all(folder)]
            whole = list(range(positions[0], positions[-1] + 1))
            assert writer.damages or positions == whole, "positions are missing"
            assert not found or positions[0] <= self._read(promised, seed) + 1, "past a reader"

    def _read(self, promised: int, seed: int) -> int:
        """Return how far the reader had come, at the least."""
        known = [
            at for (one, number), at in self._cursors.items() if one == seed and number <= promised
        ]
        return max(known, default=0)


def _told(count: int) -> set[Identity]:
    return {*map(counted, range(count)), *map(identified, range(count))}


def _appended(count: int, sizes: list[int]) -> list[bytes]:
    return [
        one
        for number in range(count)
        for one in (b"%d" % number, b"%d:" % number + bytes(sizes[number]))
    ]


def _check_whole(
    writer: SqliteJournal, found: list[bytes], promised: int, sizes: list[int]
) -> None:
    whole = int(found[-1].partition(b":")[0]) + 1 if found else 0
    every = _appended(whole, sizes)
    assert promised <= whole <= promised + 1, f"{whole} appends, {promised} promised"
    assert found == every[len(every) - len(found) :], "half an append, or one twice"
    assert writer.known([*_told(APPENDS)]) == _told(whole)
    names = [one.equipment for one in writer.names.equipment]
    assert names == [f"pump-{number}" for number in range(whole)]


def _check_what_is_left(
    writer: SqliteJournal, found: list[bytes], promised: int, sizes: list[int]
) -> None:
    """A commit torn in its middle cannot be told from a damaged one: what is readable is saved.

    That may be half of the append that nobody was told of, and no less than all promised ones.
    """
    assert all("breaks off" in one.detail or one.flaw is Flaw.GAP for one in writer.damages)
    every = _appended(promised + 1, sizes)
    kept = _appended(promised, sizes)
    start = every.index(found[0]) if found else len(kept)
    assert found[: len(kept) - start] == kept[start:], "a promised append is not there"
    assert set(found) <= set(every), "something was invented"
    assert _told(promised) <= writer.known([*_told(APPENDS)]) <= _told(promised + 1)


class Doubling:
    """Append fire events, each also to the second record."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        vfs, dice = disk.install(next(_vfs_names)), random.Random(seed)
        for start in (0, 4):
            with closing(SqliteJournal(folder / "journal", vfs=vfs)) as plain:
                writer = DoubledJournal(plain, SafetyFile(folder / "safety"), {"fire_panel"})
                for number in range(start, start + 4):
                    self._happens(writer, number, dice.randrange(1, 900))
                    disk.promised = number + 1

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """After the comparison both records hold every promised event, and the same ones."""
        with (
            closing(SqliteJournal(folder / "journal")) as plain,
            closing(FolderReader(folder / "journal")) as reader,
        ):
            writer = DoubledJournal(plain, SafetyFile(folder / "safety"), {"fire_panel"})
            compared = writer.compare(reader, plain.damages, judged=0, at=AT)
            assert compared.again == 0, "the journal had lost an event"
        in_journal = self._journaled(folder / "journal")
        second = [
            str(entry.id)
            for one in SafetyFile(folder / "safety").newest(2)
            for entry in one.entries
        ]
        assert in_journal == [f"e-{number}" for number in range(len(in_journal))]
        assert promised <= len(in_journal) <= promised + 1
        assert list(dict.fromkeys(second)) == in_journal, (
            second,
            in_journal,
            plain.damages,
            compared,
        )

    def _happens(self, writer: DoubledJournal, number: int, size: int) -> None:
        name = EquipmentName("yunhe", "fire-panel-1", "fire_panel")
        event = Event(
            equipment=writer.names.equipment_index(name),
            type="fire",
            part=f"1-{number:03d}",
            id=f"e-{number}",
            observed_at=AT + number,
            received_at=AT + number,
            attributes={"text": "x" * size},
        )
        identity = Identified(name.equipment, f"e-{number}")
        writer.append([draft((event,), 7)], at=AT + number, identities=[identity])

    def _journaled(self, folder: Path) -> list[str]:
        with closing(FolderReader(folder)) as reader:
            after, found = 0, list[str]()
            while records := reader.read(after):
                after = records[-1].position
                for one in records:
                    if one.kind is RecordKind.EVENTS:
                        events = one.body()
                        assert isinstance(events, tuple)
                        found += [str(event.id) for event in events if isinstance(event, Event)]
            return found


class Mending:
    """Start on a folder with a flipped bit, a foreign file and a torn segment."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        self._damaged(folder, seed)
        disk.begin()
        with closing(SqliteJournal(folder, roll=ROLL, vfs=disk.install(next(_vfs_names)))) as one:
            one.tend(0)

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """A second start saves exactly what an undisturbed one saves, and goes on writing."""
        whole = folder.with_name("whole")
        shutil.rmtree(whole, ignore_errors=True)
        whole.mkdir()
        self._damaged(whole, seed)
        with closing(SqliteJournal(whole, roll=ROLL)) as one:
            wanted = payloads(whole)
            assert one.damages, "nothing to mend: then this shows nothing"
        with closing(SqliteJournal(folder, roll=ROLL)) as writer:
            assert payloads(folder) == wanted
            writer.append([note(b"on")], at=99)
            assert payloads(folder)[-1] == b"on"
        assert len(list((folder / layout.DAMAGED).iterdir())) >= 1, "the evidence is gone"

    def _damaged(self, folder: Path, seed: int) -> None:
        dice = random.Random(seed)
        with journal(folder, ROLL) as writer:
            for number in range(9):
                body = b"%d:" % number + dice.randbytes(dice.randrange(500, 2_500))
                writer.append([note(body)], at=number, identities=[counted(number)])
                if number == 5:
                    writer.tend(0)
        files = sorted(
            one for one in folder.iterdir() if one.suffix in {layout.OPEN, layout.SEALED}
        )
        for path in dict.fromkeys((files[0], files[-1])):
            content = bytearray(path.read_bytes())
            content[len(content) * dice.randrange(30, 60) // 100] ^= 1 << dice.randrange(8)
            path.write_bytes(content)
        (folder / "holiday.jpg").write_bytes(dice.randbytes(100))
