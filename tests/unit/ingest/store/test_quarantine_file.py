"""What no server could take: the newest is there to look at, and the file has an end."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from ingest.store.progress import QuarantineFile
from ingest.store.rows import Quarantined


def _items(numbers: range) -> tuple[Quarantined, ...]:
    return tuple(Quarantined(number, "field type conflict", "x" * 50) for number in numbers)


def test_a_point_that_is_never_taken_fills_the_disk(tmp_path: Path) -> None:
    """However many are refused, two files of a size stay, and the newest items are in them."""
    quarantine = QuarantineFile(tmp_path / "influxdb-a.quarantine.jsonl", full=2_000)
    for first in range(0, 1_000, 10):
        quarantine.append(_items(range(first, first + 10)))
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) < 3 * 2_000
    assert quarantine.newest(30) == _items(range(970, 1_000))[::-1]


@given(st.lists(st.integers(0, 8), max_size=30), st.integers(0, 60))
def test_the_newest_are_not_the_newest(sizes: list[int], limit: int) -> None:
    """Whatever came in whichever portions: what is read is the end of it, without a gap."""
    with TemporaryDirectory() as folder:
        quarantine, told = QuarantineFile(Path(folder) / "q", full=400), 0
        for size in sizes:
            quarantine.append(_items(range(told, told + size)))
            told += size
        newest = quarantine.newest(limit)
    assert newest == _items(range(told - len(newest), told))[::-1]
    assert len(newest) >= min(limit, sum(sizes[-1:]))
