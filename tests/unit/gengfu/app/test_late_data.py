"""The desk's look at late data: when it has settled, by a real command, kept once."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from gengfu.app.late_data import LateLook, late_data
from gengfu.config import Settings
from gengfu.core.clock import MINUTE, SECOND
from gengfu.core.partition import partition_of
from gengfu.core.record import Draft, RecordKind
from gengfu.database import open_sqlite
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from rules.late.store import FindingStore
from tests.fakes.rule_scene import SITE, START, Scene, equipment
from tests.fakes.waiting import until


def buffered() -> Scene:
    """Return an hour without a pump whose hot bearing is then told by its gateway."""
    scene = Scene([equipment("pump", "pump", role="supply")])
    scene.says("pump", run=True, bearing_temp=60.0)
    scene.tick(3600)
    hot = [(START + at * SECOND, 97.0 if 900 <= at < 1500 else 60.0) for at in range(60, 3600, 30)]
    scene.write(scene.batch([("pump", at, {"bearing_temp": value}) for at, value in hot]))
    for _ in range(10):
        scene.tick(30)
    return scene


def keep(scene: Scene, folder: Path) -> None:
    """Write a scene's records as core does."""
    with closing(SqliteJournal(folder / "journal")) as journal:
        for name in scene.names.equipment:
            journal.names.equipment_index(name)
        for point in scene.names.points:
            journal.names.point_index(point)
        for one in scene.records:
            if one.kind is not RecordKind.NAMES:
                own = one.kind is RecordKind.READINGS
                partition = partition_of(SITE) if own else one.partition
                drafted = Draft(partition=partition, kind=one.kind, payload=one.payload)
                journal.append([drafted], at=one.written_at)


async def test_late_data_kept_twice_or_lost_by_a_kill(tmp_path: Path) -> None:
    """What the command finds is kept once, however often it is looked at."""
    scene = buffered()
    keep(scene, tmp_path)
    store = FindingStore(open_sqlite(tmp_path / "desk.db"))
    store.prepare()
    for _ in range(2):  # the second time as after a kill before its position was kept
        store.keep((), 0)
        look = LateLook(Settings(data=tmp_path), store, lambda: {SITE})
        running = asyncio.create_task(look.run())
        await until(lambda: store.position() != 0, "a look at late data")
        running.cancel()
        (found,) = store.of_equipment("pump")
        assert (found.rule, found.since) == ("pump.bearing_hot", START + 900 * SECOND)
    assert store.of_sites([SITE], START, START + 16 * MINUTE) == (found,)


@pytest.mark.parametrize("known", [0, 5_000])
async def test_archive_without_late_data_is_read_again_by_every_start(
    tmp_path: Path, known: int
) -> None:
    """Where nothing is late it is kept how far was looked; what another journal left is none."""
    scene = Scene([equipment("pump", "pump", role="supply")])
    scene.wait(20)
    keep(scene, tmp_path)
    with closing(FolderReader(tmp_path / "journal")) as reader:
        end = reader.last_position()
    store = FindingStore(open_sqlite(tmp_path / "desk.db"))
    store.prepare()
    store.keep((), known)
    running = asyncio.create_task(LateLook(Settings(data=tmp_path), store, lambda: {SITE}).run())
    try:
        await until(lambda: store.position() == end, "the end was noted")
    finally:
        running.cancel()


def test_command_over_a_period_without_late_data(tmp_path: Path) -> None:
    """Before the late data came there is nothing to find."""
    keep(buffered(), tmp_path)
    assert late_data(Settings(data=tmp_path), START, START + 3600 * SECOND).times == ()
