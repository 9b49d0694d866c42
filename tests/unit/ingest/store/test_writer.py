"""The way from the journal into the store, through outages and restarts."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gengfu.core.record import LedgerChange, Tick, draft
from ingest.store.duckdb import DuckdbStore
from ingest.store.influx import InfluxStore
from ingest.store.port import NotTaken, Refusal, StoreCounts
from ingest.store.wire import Server, Wire
from ingest.store.writer import Pace, StoreWriter
from tests.fakes.influx import TOKEN, Trouble, influx
from tests.fakes.journal import FakeJournal
from tests.fakes.rows import batch_of, event_of, series

T0 = 1_795_219_200_000_000


def journal_with(records: int, rows: int = 10) -> FakeJournal:
    """Return a journal of so many records of readings, and a tick after each."""
    journal = FakeJournal()
    for number in range(records):
        at = T0 + number * 1000
        batch = batch_of(
            journal.names, [("pump-1", "flow", at + n, number + n / 8) for n in range(rows)]
        )
        journal.append([draft(batch, 1), draft(Tick(), 255)], at=at)
    return journal


def drain(writer: StoreWriter) -> None:
    while writer.advance():
        pass


@pytest.fixture
def store(tmp_path: Path) -> DuckdbStore:
    return DuckdbStore(tmp_path / "readings.duckdb")


def test_something_in_the_journal_is_not_stored(store: DuckdbStore) -> None:
    """After draining every value is in the store and nothing is pending."""
    journal = journal_with(30)
    writer = StoreWriter(journal.reader(), store, {}, pace=Pace(records=7, items=45))
    drain(writer)
    assert len(store.query(series("pump-1", "flow"), 0, 2 * T0).times) == 300
    assert writer.lag().pending_records == 0
    assert store.counts().stored == 300


def test_a_restart_writes_or_counts_twice(tmp_path: Path, store: DuckdbStore) -> None:
    """A new writer on the same store goes on where the cursor stands."""
    journal = journal_with(10)
    drain(StoreWriter(journal.reader(), store, {}))
    store.close()
    again = DuckdbStore(tmp_path / "readings.duckdb")
    more = batch_of(journal.names, [("pump-1", "flow", T0 + 10**9, 5.0)])
    journal.append([draft(more, 1), draft((event_of(journal.names, "pump-1", "x", T0),), 1)], at=T0)
    reader = journal.reader()
    reader.read(0, limit=10_000)
    drain(StoreWriter(reader, again, {}))
    assert again.counts().stored == 102


def test_ticks_alone_hold_the_journal_back(store: DuckdbStore) -> None:
    """A journal without values moves the cursor now and then, so that retention can go on."""
    journal = FakeJournal()
    journal.append([draft(Tick(), 255)] * 50, at=T0)
    drain(StoreWriter(journal.reader(), store, {}, pace=Pace(empty=1000)))
    assert store.cursor() == 0
    kept: list[int] = []
    drain(StoreWriter(journal.reader(), store, {}, pace=Pace(empty=50), keep=kept.append))
    assert (store.cursor(), kept) == (50, [0, 50])


def test_an_unreadable_record_stops_the_flow(store: DuckdbStore) -> None:
    """A record that does not decode is quarantined and the next one is stored."""
    journal = journal_with(1)
    bad = draft(LedgerChange("s", b""), 1)
    journal.append(
        [type(bad)(partition=1, kind=journal.records[1].kind, payload=b"\x07" * 9)], at=T0
    )
    journal.append([draft(batch_of(journal.names, [("pump-1", "flow", T0 - 1, 1.0)]), 1)], at=T0)
    drain(StoreWriter(journal.reader(), store, {}))
    counts = store.counts()
    assert (counts.stored, counts.quarantined) == (11, 1)


def test_another_journal_is_never_stored(store: DuckdbStore) -> None:
    """A store whose cursor lies beyond the journal begins at the journal's start."""
    drain(StoreWriter(journal_with(20).reader(), store, {}))
    drain(StoreWriter(journal_with(3).reader(), store, {}))
    assert store.counts().stored == 230


def test_starting_again_passes_over_what_was_read_ahead(store: DuckdbStore) -> None:
    """What was read but not yet written is read again: everything is stored a second time."""
    journal = journal_with(20)
    writer = StoreWriter(journal.reader(), store, {}, pace=Pace(records=40, items=45))
    assert writer.advance()
    writer.restart()
    drain(writer)
    assert store.counts().stored == 50 + 200


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 – what is awaited happens in a thread
            await asyncio.sleep(0)


async def test_an_outage_loses_values_or_floods_the_log(tmp_path: Path) -> None:
    """Down for a while, then back: all values arrive once, and the log has two lines."""
    journal = journal_with(20)
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    with influx() as fake, capture_logs() as logs:
        fake.buckets["gengfu"] = 0
        store = InfluxStore(Wire(Server(url=fake.url, database="gengfu", secret=TOKEN)), tmp_path)
        store.prepare({})
        fake.troubles.extend([Trouble(503)] * 6 + [Trouble(503, "", {"Retry-After": "120"})])
        writer = StoreWriter(journal.reader(), store, {}, wait=wait)
        task = asyncio.create_task(writer.run())
        await until(lambda: writer.lag().outage is not None)
        await until(lambda: store.counts().stored == 200)
        await until(lambda: writer.lag().outage is None)
        task.cancel()
        assert len(fake.points) == 200
    assert [line["log_level"] for line in logs] == ["warning", "info"]
    assert max(waits) == 120
    assert all(0.25 <= one <= 120 for one in waits)


async def test_a_missing_account_is_hammered() -> None:
    """What a person has to mend is tried again slowly."""

    class Locked:
        def prepare(self, classes: object) -> None:
            raise NotTaken(Refusal.FORBIDDEN, "401")

        def counts(self) -> StoreCounts:
            return StoreCounts()

    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            raise asyncio.CancelledError

    writer = StoreWriter(journal_with(1).reader(), Locked(), {}, wait=wait)  # type: ignore[arg-type]
    with pytest.raises(asyncio.CancelledError):
        await writer.run()
    assert min(waits) >= 30
