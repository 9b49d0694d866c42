"""What lives beside the journal: checkpoint, the store's progress and quarantine."""

import random
from functools import cache
from pathlib import Path

from ingest.store.port import StoreCounts, Written
from ingest.store.progress import ProgressFile, QuarantineFile
from ingest.store.rows import Quarantined
from rules.engine import checkpoint
from rules.engine.state import State
from tests.fakes.crash_disk import CrashDisk
from tests.fakes.rule_scene import CLASSES, Scene, equipment

WRITES = 6


class Checkpointing:
    """Replace the rules' checkpoint, ever larger and smaller."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        for number in range(WRITES):
            checkpoint.write(folder / "rules.checkpoint", _state(number, seed))
            disk.promised = number + 1

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """It is the last one, or the one that was being written: whole."""
        found = checkpoint.read(folder / "rules.checkpoint", CLASSES)
        possible = range(max(promised - 1, 0), min(promised + 1, WRITES))
        if found is None:
            assert promised == 0
            return
        wanted = [checkpoint.encode(_state(number, seed)) for number in possible]
        assert checkpoint.encode(found) in wanted


@cache
def _state(number: int, seed: int) -> State:
    dice = random.Random(f"{seed}-{number}")
    scene = Scene([equipment("pump", "pump", role="fire"), equipment("panel", "fire_panel")])
    for part in range(dice.randrange(1, 30)):
        scene.event("panel", "fire", f"{number}-{part}", signal="smoke")
    scene.wait(2 + number)
    return scene.judged()[0]


class StoreProgress:
    """Write batches to a store that keeps no cursor: quarantine first, then the cursor."""

    def work(self, disk: CrashDisk, folder: Path, seed: int) -> None:
        self._run(folder, seed, disk)

    def check(self, folder: Path, promised: int, seed: int) -> None:
        """The counts are exact when the writer has gone on; what was refused can be read."""
        progress = ProgressFile(folder / "store.json", "influx")
        assert self._batch_after(progress.counts) in {promised, promised + 1}
        quarantine = QuarantineFile(folder / "store.quarantine")
        before = {one.content for one in quarantine.newest(1_000)}
        assert before >= {f"{batch}" for batch in range(0, promised, 2)}
        self._run(folder, seed, None)
        final = ProgressFile(folder / "store.json", "influx").counts
        assert final == self._sums(seed)
        after = [one.content for one in quarantine.newest(1_000)]
        assert set(after) == {f"{batch}" for batch in range(0, WRITES, 2)}

    def _run(self, folder: Path, seed: int, disk: CrashDisk | None) -> None:
        progress = ProgressFile(folder / "store.json", "influx")
        quarantine = QuarantineFile(folder / "store.quarantine")
        for batch in range(self._batch_after(progress.counts), WRITES):
            written = self._written(batch, seed)
            quarantine.append(written.quarantined)
            progress.advance(written, (batch + 1) * 10)
            if disk is not None:
                disk.promised = batch + 1

    def _batch_after(self, counts: StoreCounts) -> int:
        return counts.position // 10

    def _written(self, batch: int, seed: int) -> Written:
        dice = random.Random(f"{seed}-{batch}")
        refused = Quarantined(batch * 10 + 1, "x" * dice.randrange(1, 1_500), f"{batch}")
        return Written(stored=dice.randrange(500), quarantined=() if batch % 2 else (refused,))

    def _sums(self, seed: int) -> StoreCounts:
        counts = StoreCounts()
        for batch in range(WRITES):
            counts = counts.after(self._written(batch, seed), (batch + 1) * 10)
        return counts
