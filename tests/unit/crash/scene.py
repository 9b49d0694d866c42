"""What a crash is tried on: some work on files, and what must be true of them afterwards."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.fakes.crash_disk import CrashDisk, Moment

_KINDS = (
    (r".*\.open\.new-journal", "new segment's journal"),
    (r".*\.open\.new(-wal|-shm)?", "new segment"),
    (r".*-shm", "index of a log"),
    (r".*\.open-wal", "segment's log"),
    (r".*\.open", "segment"),
    (r".*\.sealed(\.new)?", "sealed"),
    (r"identity\.db-journal", "identities' journal"),
    (r"identity\.db-wal", "identities' log"),
    (r"identity\.db", "identities"),
    (r"\d{4}-\d\d\.log", "second record"),
    (r"alerts\.db", "alerts"),
    (r"estate\.db", "estate"),
    (r"rules\.checkpoint.*", "checkpoint"),
    (r"store\.json.*", "store's progress"),
    (r"store\.quarantine", "store's quarantine"),
    (r"holiday\.jpg", "foreign file"),
)


def kind_of(path: str) -> str | None:
    """Name a file's kind by its path below the scene's folder."""
    if path.startswith("cursors/"):
        return "cursor"
    name = Path(path).name
    return next((kind for form, kind in _KINDS if re.fullmatch(form, name)), None)


class Scene(Protocol):
    """Work that says on the disk what it was promised, and the judgement over what was left."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None: ...

    def check(self, folder: Path, promised: int, seed: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Crash:
    """One simulated crash: where it came, what it left."""

    point: str
    promised: int
    image: dict[str, bytes]


def record(scene: Scene, folder: Path, seed: int) -> list[Moment]:
    """Do the work once and return its moments."""
    folder.mkdir(parents=True)
    disk = CrashDisk(folder, kind_of)
    with disk.watching():
        scene.work(disk, folder, seed)
    return disk.moments


def crashes(moments: list[Moment], seed: int, cuts: int) -> Iterator[Crash]:
    """Yield each moment's ``kill -9`` and some power cuts; what was left once is not tried again."""
    dice, tried = random.Random(seed), set[tuple[int, int]]()
    for moment in moments:
        for turn in range(1 + cuts):
            image = moment.cut_off(dice) if turn else moment.killed()
            # A name that a power cut has not kept stands for nothing that could be asked for.
            mark = moment.promised, hash(tuple(sorted(image.items())))
            if mark not in tried:
                tried.add(mark)
                yield Crash(moment.point, moment.promised, image)
