"""The estate projection, killed with SIGKILL while it follows a real journal in another process."""

import asyncio
import multiprocessing
import random
import time
from pathlib import Path

import pytest

from dashboards.estate import Estate
from dashboards.estate.tables import EstateTables
from gengfu.core.batch import BatchBuilder, ReadingBatch
from gengfu.core.clock import SECOND
from gengfu.core.names import EquipmentName, Names, PointName
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import LedgerChange, Tally, Tick, draft
from gengfu.database import open_sqlite
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import SiteLedger
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from tests.integration.services import PATIENCE_S

CLASSES = load_classes()
DEMO = Path(__file__).parents[3] / "simulators" / "demo"
SPAWN = multiprocessing.get_context("spawn")
KILLS = 4
RECORDS = 700


def follow(journal: Path, database: Path) -> None:
    """Be the desk: follow the journal until killed."""
    estate = Estate(open_sqlite(database), CLASSES)
    estate.prepare()
    asyncio.run(estate.run(FolderReader(journal), idle_s=0.01, batch=5))


def _readings(ledger: SiteLedger, names: Names, second: int, chance: random.Random) -> ReadingBatch:
    batch = BatchBuilder()
    for equipment in chance.sample(sorted(ledger.equipment), 6):
        kind = CLASSES[ledger.equipment[equipment].equipment_class]
        index = names.equipment_index(EquipmentName("yunhe", equipment, kind.name))
        for point in chance.sample(sorted(kind.points), 4):
            definition = kind.points[point]
            words = tuple(definition.words)
            value = float(chance.randrange(max(len(words), 2)))
            column = names.point_index(PointName(kind.name, point, definition.kind, words))
            at = second * SECOND
            batch.add(
                index, column, at, at, value if definition.kind != "text" else batch.text("E1")
            )
    return batch.build()


def _write(journal: SqliteJournal, ledger: SiteLedger) -> None:
    chance, partition = random.Random(3), partition_of("yunhe")
    journal.append([draft(LedgerChange("yunhe", snapshot.encode(ledger)), partition)], at=0)
    second = 0
    while journal.last()[0] < RECORDS:
        second += chance.choice([1, 1, 5, 60, 300])
        readings = _readings(ledger, journal.names, second, chance)
        tally = Tally(received=len(readings), journaled=len(readings))
        bodies = [draft(readings, partition), draft(tally, EVERY_PARTITION), draft(Tick(), EVERY_PARTITION)]  # fmt: skip
        journal.append(bodies, at=second * SECOND)


def _position(database: Path) -> int:
    engine = open_sqlite(database)
    tables = EstateTables(engine)
    tables.prepare()
    position = tables.load().position
    engine.dispose()
    return position


def _wait(database: Path, position: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _position(database) < position:
        if time.monotonic() > deadline:
            pytest.fail(f"the projection did not come to {position}")
        time.sleep(0.01)


def test_kill_loses_or_doubles_interval(tmp_path: Path) -> None:
    """Killed again and again while it follows, it ends with the intervals of one never killed."""
    (ledger,) = read_folder(DEMO, CLASSES)
    folder, killed, whole = tmp_path / "journal", tmp_path / "killed.db", tmp_path / "whole.db"
    journal = SqliteJournal(folder)
    _write(journal, ledger)
    last, chance = journal.last()[0], random.Random(5)
    for _ in range(KILLS):
        process = SPAWN.Process(target=follow, args=(folder, killed))
        process.start()
        _wait(killed, min(_position(killed) + chance.randrange(1, 300), last))
        process.kill()
        process.join()
    process = SPAWN.Process(target=follow, args=(folder, killed))
    process.start()
    _wait(killed, last)
    process.kill()
    process.join()
    expected = Estate(open_sqlite(whole), CLASSES)
    expected.prepare()
    reader = FolderReader(folder)
    while records := reader.read(expected.position):
        expected.apply(records, reader.names)
        expected.save()
    found = Estate(open_sqlite(killed), CLASSES)
    found.prepare()
    end = journal.last()[1]
    assert found.tally() == expected.tally()
    assert found.all_intervals(0, end) == expected.all_intervals(0, end)
    assert sum(map(len, found.all_intervals(0, end).values())) > 150
    assert {one: found.current(one) for one in ledger.equipment} == {
        one: expected.current(one) for one in ledger.equipment
    }
    journal.close()
