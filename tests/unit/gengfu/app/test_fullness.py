"""How full it is, in marks: nobody is warned twice for one filling, and nobody too late."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gengfu.app.fullness import BACK, MARKS, Fullness, mark_of
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Tick, draft
from ingest.journal.cursors import CursorFile
from ingest.journal.retention import Retention
from ingest.journal.sqlite import Roll, SqliteJournal


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_a_mark_is_missed_or_flutters(percents: list[float]) -> None:
    """A mark that is reached counts at once; one is left only well below it."""
    mark = 0
    for percent in percents:
        before, mark = mark, mark_of(percent, mark)
        assert all(mark >= one for one in MARKS if percent >= one)
        if mark < before:
            assert percent <= before - BACK
        if mark > before:
            assert percent >= mark


def test_swinging_around_a_mark_warns_again_and_again() -> None:
    """Between 83 and 86 per cent there is one warning."""
    marks = [0]
    for percent in [80, 86, 83, 86, 82.5, 85, 83]:
        marks.append(mark_of(percent, marks[-1]))
    assert sum(one != other for one, other in pairwise(marks)) == 2
    assert marks[-1] == 85


def test_an_archive_that_nobody_needs_is_a_warning(tmp_path: Path) -> None:
    """Only what a reader behind still needs counts, and it goes as soon as the reader has it."""
    journal = SqliteJournal(tmp_path, roll=Roll(positions=5))
    for at in range(40):
        journal.append([draft(Tick(), EVERY_PARTITION)], at=at)
        journal.tend(at, Retention())
    store = CursorFile(tmp_path, "store")
    store.write(0)
    fullness = Fullness(tmp_path, quota=1, disks=[])
    assert fullness.points() == {"journal_mark": None, "disk_mark": None}
    fullness.look()
    assert fullness.points() == {"journal_mark": 95, "disk_mark": 0}
    store.write(journal.last()[0])
    fullness.look()
    assert fullness.points() == {"journal_mark": 0, "disk_mark": 0}
    journal.close()


def test_a_folder_that_is_gone_ends_the_watch(tmp_path: Path) -> None:
    """What cannot be measured is said as it was."""
    fullness = Fullness(tmp_path, quota=1, disks=[tmp_path / "gone"])
    fullness.look()
    assert fullness.points() == {"journal_mark": None, "disk_mark": None}
