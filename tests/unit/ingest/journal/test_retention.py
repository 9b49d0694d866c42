"""Old segments go, oldest first, and never one that a reader still needs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR
from ingest.journal import layout
from ingest.journal.cursors import CursorFile, all_of
from ingest.journal.retention import Kept, Retention, expired
from ingest.journal.sqlite import Roll
from tests.unit.ingest.journal.folder import counted, journal, note, payloads, read_all

KEPT = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 40), st.integers(1, 100))).map(
    lambda rows: [
        Kept(
            path=Path(str(number)),
            last=sum(row[0] for row in rows[: number + 1]),
            ended_at=sum(row[1] for row in rows[: number + 1]),
            size=size,
        )
        for number, (_, _, size) in enumerate(rows)
    ]
)


@given(KEPT, st.integers(0, 500), st.integers(0, 500), st.integers(0, 900), st.integers(0, 500))
def test_what_goes_is_the_oldest_that_must_and_may(
    kept: list[Kept], age: int, quota: int, now: int, needed: int
) -> None:
    """A prefix; each too old or over quota; none needed; and the next one stays for a reason."""
    gone = expired(kept, Retention(age=age, quota=quota), now=now, needed=needed)
    assert list(gone) == kept[: len(gone)]
    assert all(one.last < needed for one in gone)
    left = kept[len(gone) :]
    if left:
        within = sum(one.size for one in left) <= quota and left[0].ended_at >= now - age
        assert within or left[0].last >= needed


def fill(folder: Path) -> int:
    with journal(folder, Roll(age=HOUR)) as writer:
        for hour in range(10):
            writer.append([note(bytes(100))] * 3, at=hour * HOUR, identities=[counted(hour)])
        writer.tend(0)
    return len(layout.list_segments(folder))


@pytest.mark.parametrize("cursor", [None, 0, 11, 12, 30])
def test_dropped_by_age_up_to_the_slowest_reader(tmp_path: Path, cursor: int | None) -> None:
    """Whoever has registered keeps what he has not read."""
    assert fill(tmp_path) == 10
    if cursor is not None:
        CursorFile(tmp_path, "store").write(cursor)
        CursorFile(tmp_path, "rules").write(30)
    with journal(tmp_path, Roll(age=HOUR)) as writer:
        assert writer.tend(100 * DAY, Retention(age=DAY)) == ()
        expected = 28 if cursor is None else {0: 1, 11: 10, 12: 13, 30: 28}[cursor]
        assert read_all(tmp_path)[0].position == expected
        assert writer.known([counted(0)]) == {counted(0)}, "identities outlive their segments"


def test_dropped_by_quota(tmp_path: Path) -> None:
    """Of ten segments those that fit remain."""
    fill(tmp_path)
    sizes = [one.path.stat().st_size for one in layout.list_segments(tmp_path) if one.sealed]
    with journal(tmp_path, Roll(age=HOUR)) as writer:
        writer.tend(0, Retention(quota=sum(sizes[-3:])))
    assert [one.sealed for one in layout.list_segments(tmp_path)] == [True, True, True, False]
    assert len(payloads(tmp_path)) == 12


def test_a_damaged_cursor_keeps_everything(tmp_path: Path) -> None:
    """A file that cannot be read is a reader that may need anything."""
    CursorFile(tmp_path, "store").write(25)
    assert all_of(tmp_path) == {"store": 25}
    (tmp_path / layout.CURSORS / "store").write_text("\0\0\0")
    assert CursorFile(tmp_path, "store").read() == 0
    assert all_of(tmp_path) == {"store": 0}
    CursorFile(tmp_path, "store").remove()
    assert all_of(tmp_path) == {}
