"""Whatever moment a crash or a power cut comes at (P1, P3, F24, F25): what was promised is kept.

Each scene does its work once; then every named operation on its files is a crash, and some power
cuts that lose or tear what was not synced. ``SOAK=1`` tries more seeds. Repeat one seed by
``GENGFU_CRASH_SEEDS="7"``.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.fakes.crash_disk import Moment, lay_out
from tests.unit.crash.database_scenes import Alerting, Projecting
from tests.unit.crash.file_scenes import Checkpointing, StoreProgress
from tests.unit.crash.journal_scenes import Appending, Doubling, Mending
from tests.unit.crash.scene import Crash, Scene, crashes, record

SOAK = bool(os.environ.get("SOAK"))
_SEEDS = os.environ.get("GENGFU_CRASH_SEEDS", "1 2" if SOAK else "2")  # 2 reaches every point
SEEDS = [int(seed) for seed in _SEEDS.split()]
CUTS = 20 if SOAK else 2
"""Power cuts of each moment."""
SCENES: dict[str, Scene] = {
    "appending": Appending(),
    "doubling": Doubling(),
    "mending": Mending(),
    "alerting": Alerting(),
    "projecting": Projecting(),
    "checkpointing": Checkpointing(),
    "store progress": StoreProgress(),
}
POINTS = {
    f"{kind}.{operation}"
    for kind, operations in {
        "alerts": "commit sync",
        "checkpoint": "fsync replace",
        "cursor": "replace",
        "estate": "commit sync",
        "folder": "fsync",
        "foreign file": "replace",
        "identities' journal": "delete sync write",
        "identities' log": "delete sync write",
        "identities": "sync truncate write",
        "index of a log": "unlink",
        "new segment's journal": "delete sync write",
        "new segment": "rename sync unlink write",
        "sealed": "fsync replace unlink",
        "second record": "fsync write",
        "segment's log": "delete replace sync truncate unlink write",
        "segment": "replace sync truncate unlink write",
        "store's progress": "fsync replace",
        "store's quarantine": "fsync",
    }.items()
    for operation in operations.split()
}
"""Everything that is done to these files: each must be a crash somewhere."""


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: the disk's own speed proves nothing here."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else tmp_path) as scratch:
        yield Path(scratch)


@cache
def _moments(scene: str, seed: int) -> list[Moment]:
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as scratch:
        return record(SCENES[scene], Path(scratch) / "work", seed)


def _crashes(scene: str, seed: int) -> Iterator[Crash]:
    return crashes(_moments(scene, seed), seed, CUTS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scene", SCENES)
def test_a_crash_breaks_a_promise(memory: Path, scene: str, seed: int) -> None:
    """At each point of the scene, killed or without power, started again: its check holds."""
    for number, crash in enumerate(_crashes(scene, seed), 1):
        folder = memory / "crash"
        lay_out(crash.image, folder)
        try:
            SCENES[scene].check(folder, crash.promised, seed)
        except BaseException:
            print(f"crash {number} of seed {seed}, before {crash.point}, {crash.promised} promised")
            raise
        shutil.rmtree(folder)


def test_a_named_point_is_never_reached() -> None:
    """Every operation that the product does on these files is a crash somewhere, and no unknown one."""
    reached = {one.point for scene in SCENES for seed in SEEDS for one in _moments(scene, seed)}
    assert reached == POINTS


def test_there_are_too_few_crashes(figure: Figure) -> None:
    """At least a thousand that leave different disks behind."""
    counts = {scene: sum(1 for seed in SEEDS for _ in _crashes(scene, seed)) for scene in SCENES}
    total = f"{sum(counts.values()):,} simulated crashes at {len(POINTS)} named points"
    figure(f"{total}, seeds {SEEDS}: {counts}")
    assert sum(counts.values()) >= 1_000
