"""Invariant I5 at every moment: in the middle of commits, outages, restarts and damages."""

from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.accounting import Accounting, account
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Record, RecordKind, Tally, Tick, draft
from ingest.store.arrived import Arrived, items_of
from ingest.store.port import NotTaken, Refusal, StoreCounts, Written
from ingest.store.progress import ProgressFile
from ingest.store.rows import StoreRows
from ingest.store.writer import Pace, StoreWriter
from tests.fakes.journal import FakeJournal
from tests.fakes.rows import batch_of, event_of

T0 = 1_795_219_200_000_000


def identity_of(sums: Accounting) -> int:
    """Return by how much the sums miss each other; 0 when they are right."""
    return sums.received - (
        sums.stored
        + sums.duplicate
        + sums.expired
        + sums.null
        + sums.unknown_point
        + sums.quarantined
        + sums.shed
        + sums.lost
        + sums.pending
    )


@dataclass
class Counter:
    """A store that only counts; can be told to take nothing, and is asked in the middle of it."""

    counted: StoreCounts
    is_away: bool = False

    def prepare(self, classes: object) -> None:
        """Be ready."""

    def write(self, rows: StoreRows, position: int) -> Written:
        if self.is_away:
            raise NotTaken(Refusal.UNREACHABLE, "away")
        stored = len(rows) + len(rows.events)
        written = Written(
            stored=stored - stored // 3,
            expired=stored // 3,
            null=rows.null,
            quarantined=rows.faults,
            arrived=rows.arrived,
        )
        self.counted = self.counted.after(written, position)
        return written

    def counts(self) -> StoreCounts:
        return self.counted


def waiting(journal: FakeJournal, store: Counter) -> int:
    """Count the items that no write had yet, by looking at the journal itself."""
    return sum(map(items_of, journal.records[store.counted.position :]))


commits = st.lists(
    st.tuples(
        st.integers(0, 12),  # values
        st.integers(0, 3),  # events
        st.integers(0, 4),  # duplicates
        st.integers(0, 2),  # quarantined by the gateway
        st.integers(0, 2),  # shed
    ),
    min_size=1,
    max_size=12,
)


def commit(journal: FakeJournal, number: int, shape: tuple[int, int, int, int, int]) -> None:
    """Append what the gateway appends for one group: the tally, then what it announces."""
    values, events, duplicate, quarantined, shed = shape
    journaled = values + events
    tally = Tally(
        received=journaled + duplicate + quarantined + shed,
        journaled=journaled,
        duplicate=duplicate,
        quarantined=quarantined,
        shed=shed,
    )
    at = T0 + number * 1000
    drafts = [draft(tally, EVERY_PARTITION)]
    if events:
        told = tuple(event_of(journal.names, "pump-1", "x", at + n) for n in range(events))
        drafts.append(draft(told, 1))
    if values:
        rows = [("pump-1", "flow", at + n, None if n % 5 == 4 else float(n)) for n in range(values)]
        drafts.append(draft(batch_of(journal.names, rows), 1))
    journal.append([*drafts, draft(Tick(), EVERY_PARTITION)], at=at)


def advance(writer: StoreWriter) -> bool:
    """Do one step as ``run`` does it, and tell whether more may be waiting."""
    try:
        full = writer.advance()
    except NotTaken as exc:
        writer._note_failure(exc)
        return True
    writer._note_success()
    return full


@settings(max_examples=60)
@given(commits, st.data())
def test_a_moment_at_which_the_sums_miss_each_other(
    shapes: list[tuple[int, int, int, int, int]], data: st.DataObject
) -> None:
    """Whatever is read between any two steps adds up, and nothing is pending twice or below zero."""
    journal, store = FakeJournal(), Counter(StoreCounts())
    pace = Pace(records=data.draw(st.integers(1, 4)), items=data.draw(st.integers(1, 9)), empty=3)

    def begin() -> StoreWriter:
        return StoreWriter(
            journal.reader(),
            store,  # type: ignore[arg-type]
            {},
            ahead=journal.reader(),
            pace=pace,
        )

    writer, received = begin(), 0
    for number, shape in enumerate(shapes):
        commit(journal, number, shape)
        received += sum(shape)
        for step in data.draw(st.lists(st.sampled_from(["go", "away", "kill"]), max_size=4)):
            if step == "kill":
                writer = begin()
            store.is_away = step == "away"
            advance(writer)
            sums = account(writer.lag())
            assert (identity_of(sums), sums.pending) == (0, waiting(journal, store))
    store.is_away = False
    while writer.advance():
        assert identity_of(account(writer.lag())) == 0
    sums = account(writer.lag())
    assert (identity_of(sums), sums.pending, sums.lost, sums.received) == (0, 0, 0, received)


def test_received_stands_still_while_the_store_is_away() -> None:
    """What comes in during an outage is received and pending at once, not when the store is back."""
    journal, store = FakeJournal(), Counter(StoreCounts(), is_away=True)
    writer = StoreWriter(journal.reader(), store, {}, ahead=journal.reader())  # type: ignore[arg-type]
    for number in range(5):
        commit(journal, number, (3, 0, 1, 0, 0))
        advance(writer)
    sums = account(writer.lag())
    assert (sums.received, sums.pending, sums.duplicate, sums.stored) == (20, 15, 5, 0)
    assert identity_of(sums) == 0


@settings(max_examples=60)
@given(commits, st.data())
def test_a_damaged_journal_breaks_the_sums_for_ever(
    shapes: list[tuple[int, int, int, int, int]], data: st.DataObject
) -> None:
    """Records that a damage took are counted as lost; values whose tally is gone as received."""
    journal, store = FakeJournal(), Counter(StoreCounts())
    for number, shape in enumerate([*shapes, (1, 0, 0, 0, 0)]):
        commit(journal, number, shape)
    kept = {RecordKind.NAMES}
    intact = len(journal.records) - 3
    gone = data.draw(st.sets(st.integers(0, max(0, intact - 1)), max_size=6))
    reader = journal.reader()
    hollow = [
        _emptied(record) if number in gone and record.kind not in kept else record
        for number, record in enumerate(journal.records)
    ]
    reader._records = hollow
    writer = StoreWriter(reader, store, {}, pace=Pace(items=5))  # type: ignore[arg-type]
    while writer.advance():
        assert identity_of(account(writer.lag())) == 0
    sums = account(writer.lag())
    assert (identity_of(sums), sums.pending) == (0, 0)


def _emptied(record: Record) -> Record:
    tick = draft(Tick(), EVERY_PARTITION)
    return replace(record, kind=tick.kind, payload=tick.payload)


def test_a_store_of_before_has_less_than_nothing_pending(tmp_path: Path) -> None:
    """A store that counted before it kept these sums goes on from what it has."""
    path = tmp_path / "progress.json"
    path.write_text(
        '{"target": "t", "counts": {"position": 0, "stored": 70, "expired": 0, "null": 2,'
        ' "quarantined": 1}}'
    )
    store = Counter(ProgressFile(path, "t").counts)
    assert store.counted.arrived == Arrived()
    journal = FakeJournal()
    writer = StoreWriter(journal.reader(), store, {})  # type: ignore[arg-type]
    assert account(writer.lag()).received == 73
    commit(journal, 1, (4, 1, 1, 0, 0))
    writer.advance()
    sums = account(writer.lag())
    assert (sums.received, sums.pending, identity_of(sums)) == (79, 0, 0)
