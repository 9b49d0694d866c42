"""A past that was made is like one that was lived: looked at from outside, in the files it leaves."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from alerts.read import AlertFilter, AlertReader
from dashboards.estate import Estate
from gengfu.app.ledgers import ledger_store
from gengfu.app.past.living import TRUTH_FILE, Made, Wish, make_past
from gengfu.app.past.world import World, told_ahead
from gengfu.config import Settings
from gengfu.core.batch import ReadingBatch
from gengfu.core.clock import DAY, HOUR, MINUTE, from_iso
from gengfu.core.errors import StartError
from gengfu.core.states import OperatingState
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from ingest.journal.reader import FolderReader
from ingest.store.duckdb import DuckdbStore
from rules.engine.checkpoint import read
from simulators.device import Injection
from simulators.past.troubles import Trouble
from tests.fakes.small_estate import shipped_classes, small_estate

END = from_iso("2026-03-11T00:10:00+08:00")
OFTEN = 120.0
"""So much oftener than in life, so that two days have their troubles."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Made]:
    """Two days of a small estate, made once for all these tests."""
    place = Installation(tmp_path_factory.mktemp("past"))
    ledger_store(place).replace([small_estate()], 0)
    return place, make_past(Settings(data=place.data), Wish(span=2 * DAY, end=END, often=OFTEN))


def batches(place: Installation) -> Iterator[tuple[FolderReader, ReadingBatch]]:
    reader, after = FolderReader(place.journal), 0
    while records := reader.read(after):
        after = records[-1].position
        for record in records:
            body = record.body()
            if isinstance(body, ReadingBatch):
                yield reader, body


def truth(place: Installation) -> Sequence[dict[str, str]]:
    with (place.data / TRUTH_FILE).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_store_and_journal_differ(lived: tuple[Installation, Made]) -> None:
    """Whatever the journal has of readings stands in the store, nothing more; rolled up to the end."""
    place, made = lived
    told = {
        (int(batch.equipment[row]), int(batch.point[row]), int(batch.observed_at[row]))
        for _, batch in batches(place)
        for row in range(len(batch))
    }
    with closing(DuckdbStore(place.readings)) as store:
        counts, rolled = store.counts(), store.rollups.rolled()
    assert counts.stored == made.values + made.events
    assert len(told) > 2 * 96 * 4  # four of the six tell a sign of life every quarter of an hour
    assert rolled.until >= made.end - 2 * HOUR


def test_alert_of_the_past_is_left_alone(lived: tuple[Installation, Made]) -> None:
    """Alerts opened, people took them within minutes and closed them; nobody was called."""
    place, made = lived
    engine = open_sqlite(place.alerts, read_only=True)
    found = AlertReader(engine).list(AlertFilter(open_only=False, limit=200)).alerts
    taken = [one for one in found if one.acknowledged_at is not None]
    assert made.alerts == len(found) >= 3
    assert taken
    assert all(one.closed_at is not None and one.verdict is not None for one in taken)
    with engine.connect() as connection:
        sent = connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()
    assert sent == 0


def test_availability_differs_from_the_truth(lived: tuple[Installation, Made]) -> None:
    """A lift in maintenance is so for as long as it really was, and never silent in between."""
    place, made = lived
    estate = Estate(open_sqlite(place.desk), shipped_classes())
    estate.prepare()
    lifts = [
        one.id for one in small_estate().equipment.values() if one.equipment_class == "elevator"
    ]
    for lift in lifts:
        shown = estate.intervals(lift, made.start + HOUR, made.end)
        was = [
            one for one in truth(place) if (one["equipment"], one["fault"]) == (lift, "inspection")
        ]
        stood = [one for one in shown if one.state is OperatingState.MAINTENANCE]
        assert was
        assert len(stood) == len(was)
        for interval, one in zip(stood, was, strict=True):
            assert abs(interval.start - from_iso(one["begins"])) < MINUTE
            assert abs((interval.end or made.end) - from_iso(one["ends"])) < 2 * MINUTE
    for id_ in small_estate().equipment:
        shown = estate.intervals(id_, made.start + HOUR, made.end)
        assert {one.state for one in shown} - {OperatingState.UNKNOWN}, id_
        lost = [one for one in shown if one.state is OperatingState.UNKNOWN]
        assert not lost or any(one["fault"] == "offline" for one in truth(place)), id_


def test_core_begins_anew(lived: tuple[Installation, Made]) -> None:
    """The rules' memory covers the whole past: the next start judges none of it again."""
    place, made = lived
    state = read(place.checkpoint, shipped_classes())
    assert state is not None
    assert state.position == made.records == FolderReader(place.journal).last_position()


def test_a_world_that_breaks() -> None:
    """When the process that tells what is said is gone, the past is said not to be whole."""
    fault = Injection(equipment="lift", fault="fault")
    nowhere = Trouble(begins=END, ends=END, site="nowhere", injection=fault, found="fault")
    world = World({}, {}, [nowhere], END - HOUR, END)
    with told_ahead(world) as moments, pytest.raises(StartError, match="world broke"):
        list(moments)


def test_past_over_a_history(lived: tuple[Installation, Made]) -> None:
    """A folder that has a history keeps it."""
    place, _ = lived
    with pytest.raises(StartError, match="history already"):
        make_past(Settings(data=place.data), Wish(span=DAY, end=END))
