"""What a back-test costs: ``python -m benchmarks.backtest``. Prints figures; asserts nothing.

One rule (pump.bearing_hot) over a sealed archive of so many devices that tell one value a minute, one
in a hundred of them hot for ten minutes a day (goal: 30 days × 500 devices at 5 M readings/s).
"""

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from gengfu.core.batch import ReadingBatch
from gengfu.core.clock import DAY, MINUTE, SECOND, Micros, from_iso
from gengfu.core.names import EquipmentName, PointName
from gengfu.core.naming import Bilingual
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Draft, LedgerChange, RulesChange, Tick, draft
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment, Place, PlaceKind, Site, SiteLedger
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import Roll, SqliteJournal
from rules.backtest.replay import Replay
from rules.language.selection import only
from rules.packs import shipped

START = from_iso("2026-01-01T00:00:00Z")
SITE = "bench"
RULE = "pump.bearing_hot"
CLASSES = load_classes()


def ledger(devices: int) -> SiteLedger:
    """Return a site with so many pumps."""
    name = Bilingual(zh="泵", en="pump")
    pumps = [
        Equipment(id=f"pump-{n}", equipment_class="pump", name=name, place="b1")
        for n in range(devices)
    ]
    return SiteLedger(
        site=Site(id=SITE, name=name),
        places={"b1": Place(id="b1", kind=PlaceKind.BUILDING, name=name)},
        equipment={one.id: one for one in pumps},
    )


def write(folder: Path, devices: int, days: int, batches: int) -> int:
    """Write the archive, ``batches`` commits a minute; return how many readings it has."""
    random = np.random.default_rng(7)
    site = ledger(devices)
    with closing(SqliteJournal(folder, roll=Roll(age=DAY))) as journal:
        for one in site.equipment:
            journal.names.equipment_index(EquipmentName(SITE, one, "pump"))
        point = CLASSES["pump"].points["bearing_temp"]
        journal.names.point_index(PointName("pump", point.name, point.kind))
        said = [
            draft(LedgerChange(SITE, snapshot.encode(site)), partition_of(SITE)),
            draft(RulesChange(shipped()), EVERY_PARTITION),
        ]
        for day in range(days):
            journal.append(said, at=START + day * DAY)
            for minute in range(DAY // MINUTE):
                at = START + day * DAY + minute * MINUTE
                values = np.round(random.normal(70, 2, devices), 1)
                if 600 <= minute < 610:
                    values[::100] = 97.0
                journal.append(_minute(values, at, batches), at=at)
    return devices * days * (DAY // MINUTE)


def _minute(
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]", at: Micros, batches: int
) -> list[Draft]:
    drafts: list[Draft] = []
    for part in np.array_split(np.arange(len(values), dtype=np.int32), batches):
        times = np.full(len(part), at, dtype=np.int64)
        batch = ReadingBatch(
            equipment=part,
            point=np.zeros(len(part), dtype=np.int32),
            observed_at=times - SECOND,
            received_at=times,
            value=values[part],
            flags=np.zeros(len(part), dtype=np.uint8),
        )
        drafts += [draft(batch, partition_of(SITE)), draft(Tick(), EVERY_PARTITION)]
    return drafts


def main() -> None:
    """Write an archive, back-test one rule over it, print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--batches", type=int, default=12, help="commits a minute")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        readings = write(Path(name), arguments.devices, arguments.days, arguments.batches)
        with closing(FolderReader(Path(name))) as archive:
            begun, cpu = time.perf_counter(), time.process_time()
            end = START + arguments.days * DAY
            draft_ = only(shipped(), {RULE})
            replay = Replay(archive, CLASSES, start=START, end=end, draft=draft_)
            result = replay.run()
            took, spent = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"{readings / 1e6:.2f} M readings in {result.records} records, {len(result.found)} alerts: "
        f"{took:.1f} s, {readings / took / 1e6:.2f} M readings/s "
        f"({readings / spent / 1e6:.2f} M a CPU second; draft and live version side by side)"
    )


if __name__ == "__main__":
    main()
