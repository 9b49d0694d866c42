"""Life-safety events stand in two records; what one loses the other gives back."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.batch import Event, Flag
from gengfu.core.clock import SECOND
from gengfu.core.identity import Identified
from gengfu.core.names import EquipmentName
from gengfu.core.record import RecordKind, Tally, Tick, draft
from ingest.journal import layout
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from ingest.safety.doubled import Compared, DoubledJournal
from ingest.safety.entry import Entry, decode, encode
from ingest.safety.file import SafetyFile

AT = 1_763_600_000 * SECOND  # 2025-11-20
ROOT = Path(__file__).parents[4]


@contextmanager
def doubled(folder: Path) -> Iterator[tuple[DoubledJournal, SqliteJournal]]:
    with closing(SqliteJournal(folder / "journal")) as journal:
        yield DoubledJournal(journal, SafetyFile(folder / "safety"), {"fire_panel"}), journal


def happens(journal: DoubledJournal, number: int, class_: str = "fire_panel") -> None:
    """Append an event as the gateway would."""
    name = EquipmentName("yunhe", f"{class_}-1", class_)
    event = Event(
        equipment=journal.names.equipment_index(name),
        type="fire",
        part=f"1-{number:03d}",
        id=f"e-{number}",
        observed_at=AT + number,
        received_at=AT + number,
        attributes={"signal": "smoke", "number": number},
    )
    identity = Identified(name.equipment, f"e-{number}")
    journal.append([draft((event,), 7), draft(Tick(), 255)], at=AT + number, identities=[identity])


def events(folder: Path) -> list[tuple[str, int]]:
    """Return (id, flags) of the events in the journal, in order."""
    with closing(FolderReader(folder / "journal")) as reader:
        after, found = 0, list[tuple[str, int]]()
        while records := reader.read(after):
            after = records[-1].position
            for record in records:
                body = record.body()
                if record.kind is RecordKind.EVENTS and isinstance(body, tuple):
                    found += [(str(e.id), e.flags) for e in body if isinstance(e, Event)]
        return found


def written(folder: Path) -> list[Entry]:
    return [entry for one in SafetyFile(folder / "safety").newest(2) for entry in one.entries]


def compare(folder: Path, *, judged: int = 0) -> Compared:
    with (
        doubled(folder) as (journal, plain),
        closing(FolderReader(folder / "journal")) as reader,
    ):
        return journal.compare(reader, plain.damages, judged=judged, at=AT)


def test_an_event_stands_in_one_record(tmp_path: Path) -> None:
    """Life-safety events are in both, with every name; others only in the journal."""
    with doubled(tmp_path) as (journal, _):
        happens(journal, 1)
        happens(journal, 2, "pump")
    assert [id_ for id_, _ in events(tmp_path)] == ["e-1", "e-2"]
    (entry,) = written(tmp_path)
    assert (entry.site, entry.equipment, entry.part) == ("yunhe", "fire_panel-1", "1-001")
    assert entry.attributes == {"signal": "smoke", "number": 1}
    assert compare(tmp_path) == Compared()


def test_a_lost_journal_loses_events(tmp_path: Path) -> None:
    """What the journal lost is appended again, once; what had its alert is marked as past."""
    with doubled(tmp_path) as (journal, plain):
        for number in (1, 2, 3):
            happens(journal, number)
        first, last = written(tmp_path)[0].position, plain.last()[0]
    for path in (tmp_path / "journal").glob("*"):
        if path.is_file():
            path.unlink()
    assert compare(tmp_path, judged=first) == Compared(again=3)
    assert events(tmp_path) == [("e-1", Flag.RETAINED), ("e-2", 0), ("e-3", 0)]
    assert compare(tmp_path, judged=last) == Compared()
    with doubled(tmp_path) as (journal, _):
        assert journal.known([Identified("fire_panel-1", "e-2")])
        with closing(FolderReader(tmp_path / "journal")) as reader:
            bodies = [one.body() for one in reader.read(0)]
    assert bodies.count(Tally(received=3, journaled=3)) == 1


def test_a_damaged_segment_loses_events(tmp_path: Path) -> None:
    """A flipped bit in the journal costs no life-safety event, at this start or a later one."""
    with doubled(tmp_path) as (journal, _):
        for number in range(40):
            happens(journal, number)
    (segment,) = layout.list_segments(tmp_path / "journal")
    content = bytearray(segment.path.read_bytes())
    at = content.index(b"1-020")
    content[at] ^= 1
    segment.path.write_bytes(content)
    assert compare(tmp_path).again == 1
    assert sorted(id_ for id_, _ in events(tmp_path)) == sorted(f"e-{n}" for n in range(40))
    assert compare(tmp_path) == Compared()


def test_what_stands_between_two_lost_records_is_lost(tmp_path: Path) -> None:
    """Two flipped bits far apart bring back two events; what is whole between them stands once."""
    with doubled(tmp_path) as (journal, _):
        for number in range(40):
            happens(journal, number)
    (segment,) = layout.list_segments(tmp_path / "journal")
    content = segment.path.read_bytes()
    for part in (b"1-010", b"1-030"):
        content = content.replace(
            part, b"0" + part[1:]
        )  # an older copy of its page may stand there
    segment.path.write_bytes(content)
    assert compare(tmp_path).again == 2
    assert sorted(id_ for id_, _ in events(tmp_path)) == sorted(f"e-{n}" for n in range(40))


def test_a_kill_between_the_two_is_a_difference(tmp_path: Path) -> None:
    """What only the journal has, because the process died then, is added to the file."""
    with doubled(tmp_path) as (journal, _):
        happens(journal, 1)
        whole = (tmp_path / "safety/2025-11.log").stat().st_size
        happens(journal, 2)
    os.truncate(tmp_path / "safety/2025-11.log", whole + 30)
    assert compare(tmp_path) == Compared(added=1)
    assert [entry.id for entry in written(tmp_path)] == ["e-1", "e-2"]
    assert compare(tmp_path) == Compared()


def test_a_bad_line_hides_another(tmp_path: Path) -> None:
    """A line that is not what was written is told, and every other line is read."""
    with doubled(tmp_path) as (journal, _):
        for number in (1, 2, 3):
            happens(journal, number)
    file = tmp_path / "safety/2025-11.log"
    file.write_bytes(file.read_bytes().replace(b'"id":"e-2"', b'"id":"e-9"'))
    found = compare(tmp_path)
    assert [one.file for one in found.damages] == ["2025-11.log"]
    assert [entry.id for entry in written(tmp_path)] == ["e-1", "e-3"]


def test_a_second_record_that_fails_stops_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its failure is told, the journal goes on, and the lines are written when it works again."""
    with doubled(tmp_path) as (journal, _):
        happens(journal, 1)
        with monkeypatch.context() as broken:
            broken.setattr(os, "write", _half_then_full())
            happens(journal, 2)
            assert not journal.is_doubled
        happens(journal, 3)
        assert journal.is_doubled
    assert [entry.id for entry in written(tmp_path)] == ["e-1", "e-2", "e-3"]
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked/safety").write_text("a file, not a folder")
    with doubled(tmp_path / "blocked") as (journal, _):
        assert not journal.is_doubled
        happens(journal, 1)
        (tmp_path / "blocked/safety").unlink()
        (tmp_path / "blocked/safety").mkdir()
        journal.mind_room()
        assert journal.is_doubled


def _half_then_full() -> Callable[[int, bytes], int]:
    real = os.write

    def write(handle: int, content: bytes) -> int:
        if len(content) < 200:
            raise OSError(28, "no space left on device")
        return real(handle, content[: len(content) // 2])

    return write


TEXTS = st.text(max_size=20)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS)


@given(
    st.builds(
        Entry,
        position=st.integers(1, 2**60),
        site=TEXTS,
        equipment=TEXTS,
        equipment_class=TEXTS,
        type=TEXTS,
        part=st.none() | TEXTS,
        id=st.none() | TEXTS,
        observed_at=st.integers(-(2**60), 2**60),
        received_at=st.integers(0, 2**60),
        attributes=st.dictionaries(TEXTS, SCALARS, max_size=4),
    ),
    st.data(),
)
def test_a_changed_line_is_believed(entry: Entry, data: st.DataObject) -> None:
    """Any event is one line that reads back, and no changed byte of it does."""
    line = encode(entry)
    assert line.count(b"\n") == 1
    assert decode(line) == entry
    at = data.draw(st.integers(0, len(line) - 2))
    changed = bytearray(line)
    changed[at] ^= data.draw(st.integers(1, 255))
    if b"\n" not in changed[:-1]:
        assert decode(bytes(changed)) is None
    assert decode(line[: at + 1]) is None or at + 1 == len(line) - 1


def test_the_documented_reader_reads_less(tmp_path: Path) -> None:
    """The twenty lines in docs/watch.md print every event, with nothing of ours installed."""
    with doubled(tmp_path) as (journal, _):
        for number in (1, 2):
            happens(journal, number)
    page = (ROOT / "docs/watch.md").read_text(encoding="utf-8")
    program = page.split("```python\n")[1].split("```")[0]
    assert len(program.splitlines()) <= 20
    printed = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path / "safety/2025-11.log")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.splitlines() == [
        "2025-11-20T00:53:20.000001+00:00 yunhe fire_panel-1 fire 1-001 {'signal': 'smoke', 'number': 1}",
        "2025-11-20T00:53:20.000002+00:00 yunhe fire_panel-1 fire 1-002 {'signal': 'smoke', 'number': 2}",
    ]
