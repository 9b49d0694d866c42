"""What the InfluxDB adapter does when the server is in trouble (faults F6–F12)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gengfu.core.clock import SystemClock
from ingest.store.influx import MAX_LINES, PATIENCE, InfluxStore
from ingest.store.port import Measurement, NotTaken, Refusal
from ingest.store.wire import Server, Wire
from tests.fakes.influx import TOKEN, FakeInflux, Trouble, influx
from tests.fakes.influx_answers import ONE, TWO
from tests.fakes.rows import Row, rows_of
from tests.integration.services import influxdb

T0 = 1_795_219_200_000_000


@pytest.fixture(params=[ONE, TWO], ids=lambda tongue: tongue.version)
def fake(request: pytest.FixtureRequest) -> Iterator[FakeInflux]:
    with influx(request.param) as fake:
        yield fake


def store_on(
    fake: FakeInflux, folder: Path, *, token: str = TOKEN, deadline_s: float = 20.0
) -> InfluxStore:
    user = "gengfu" if fake.tongue is ONE else None
    server = Server(url=fake.url, database="gengfu", user=user, secret=token, deadline_s=deadline_s)
    return InfluxStore(Wire(server), folder)


@pytest.fixture
def store(fake: FakeInflux, tmp_path: Path) -> Iterator[InfluxStore]:
    store = store_on(fake, tmp_path)
    store.prepare({})
    yield store
    store.close()


def flows(count: int, *, first: int = 0) -> list[Row]:
    return [("pump-1", "flow", T0 + n, float(n)) for n in range(first, first + count)]


def test_the_bucket_is_not_created(fake: FakeInflux, store: InfluxStore) -> None:
    """A missing bucket is created when the account may; preparing again is harmless."""
    store.prepare({})
    assert list(fake.buckets) == ["gengfu"]


@pytest.mark.parametrize(
    ("trouble", "reason", "wait"),
    [
        (Trouble(503, "", {"Retry-After": "7"}), Refusal.OVERLOADED, 7.0),
        (Trouble(429, "", {"Retry-After": "soon"}), Refusal.OVERLOADED, None),
        (Trouble(500, "internal error"), Refusal.BROKEN, None),
        (Trouble(403), Refusal.FORBIDDEN, None),
        (Trouble(404), Refusal.MISSING, None),
        (Trouble(200, trickle_s=0.05), Refusal.DEADLINE, None),
    ],
)
def test_a_refused_write_is_lost(
    fake: FakeInflux, tmp_path: Path, trouble: Trouble, reason: Refusal, wait: float | None
) -> None:
    """Whatever the server refuses is kept, said with its reason, and taken by the next write."""
    store = store_on(fake, tmp_path)
    store.prepare({})
    fake.troubles.append(trouble)
    # Only what trickles meets the short deadline: on a slow machine the rest would miss it too.
    hasty = store if trouble.trickle_s is None else store_on(fake, tmp_path, deadline_s=1.0)
    with pytest.raises(NotTaken) as refused:
        hasty.write(rows_of(flows(3)), 1)
    assert (refused.value.reason, refused.value.retry_after_s) == (reason, wait)
    assert store.cursor() == 0
    assert store.write(rows_of(flows(3)), 1).stored == 3
    assert len(fake.points) == 3
    store.close()


def test_a_wrong_token_is_an_outage_without_name(fake: FakeInflux, tmp_path: Path) -> None:
    """A wrong token is told as forbidden: somebody has to mend it."""
    store = store_on(fake, tmp_path, token="wrong")
    with pytest.raises(NotTaken) as refused:
        store.prepare({})
    assert refused.value.needs_a_person


def test_nobody_listens(tmp_path: Path) -> None:
    """A server that is not there is unreachable, not a crash."""
    server = Server(url="http://127.0.0.1:9", database="gengfu")
    with pytest.raises(NotTaken) as refused:
        InfluxStore(Wire(server), tmp_path).write(rows_of(flows(1)), 1)
    assert refused.value.reason is Refusal.UNREACHABLE


def test_a_poison_line_stops_the_flow(fake: FakeInflux, store: InfluxStore) -> None:
    """A line on which the server breaks every time is found and quarantined alone."""
    fake.poison = "flow=500.0"
    for _ in range(PATIENCE):
        with pytest.raises(NotTaken):
            store.write(rows_of(flows(1000)), 1)
    written = store.write(rows_of(flows(1000)), 1)
    assert (written.stored, len(written.quarantined)) == (999, 1)
    assert "flow=500.0" in written.quarantined[0].content
    assert store.quarantined()[0] == written.quarantined[0]


def test_a_broken_server_empties_the_journal(fake: FakeInflux, store: InfluxStore) -> None:
    """A server that breaks on everything quarantines nothing, however long it lasts."""
    fake.poison = "flow"
    for _ in range(PATIENCE + 3):
        with pytest.raises(NotTaken) as refused:
            store.write(rows_of(flows(200)), 1)
        assert refused.value.reason is Refusal.BROKEN
    assert store.quarantined() == ()


def test_a_batch_too_large_is_lost(fake: FakeInflux, store: InfluxStore) -> None:
    """A 413 is answered by smaller batches (F12)."""
    fake.max_lines = 100
    assert store.write(rows_of(flows(1000)), 1).stored == 1000
    assert len(fake.points) == 1000


def test_batches_grow_without_limit(fake: FakeInflux, store: InfluxStore) -> None:
    """A batch has at most 5,000 lines."""
    store.write(rows_of(flows(2 * MAX_LINES + 1)), 1)
    assert fake.writes == 3


def test_a_type_conflict_takes_neighbours_along(fake: FakeInflux, store: InfluxStore) -> None:
    """Only the value of the wrong type is quarantined, not its line, not its batch."""
    fake.types["pump", "current"] = str
    rows: list[Row] = [*flows(50), ("pump-1", "current", T0 + 7, 1.5)]
    written = store.write(rows_of(rows), 1)
    assert (written.stored, len(written.quarantined)) == (50, 1)
    assert "current=1.5" in written.quarantined[0].content
    assert len(fake.points) == 50


def test_expired_values_are_an_error(fake: FakeInflux, store: InfluxStore) -> None:
    """Values older than the retention are counted apart, exactly, and not tried again."""
    fake.oldest = (T0 + 337) * 1000
    written = store.write(rows_of(flows(1000)), 1)
    assert (written.expired, written.stored) == (337, 663)
    assert fake.writes < 30
    assert store.counts().expired == 337


def test_a_kill_before_the_cursor_counts_twice(
    fake: FakeInflux, store: InfluxStore, tmp_path: Path
) -> None:
    """Killed between the server's answer and the cursor, the batch is sent and counted once more."""
    store.write(rows_of(flows(10)), 1)
    (file,) = tmp_path.glob("influxdb-*.json")
    before = file.read_bytes()
    store.write(rows_of(flows(10, first=10)), 2)
    file.write_bytes(before)
    again = store_on(fake, tmp_path)
    assert again.cursor() == 1
    again.write(rows_of(flows(10, first=10)), 2)
    assert (again.counts().stored, again.cursor(), len(fake.points)) == (20, 2, 20)
    again.close()


def test_another_database_is_never_filled(
    fake: FakeInflux, store: InfluxStore, tmp_path: Path
) -> None:
    """The cursor belongs to one database of one server; another one begins at the start."""
    store.write(rows_of(flows(3)), 7)
    other = InfluxStore(Wire(Server(url="http://other:8086", database="gengfu")), tmp_path)
    assert other.cursor() == 0


def test_a_figure_stops_the_others(fake: FakeInflux, store: InfluxStore) -> None:
    """Of derived figures a bad one is quarantined and the rest is stored; the cursor stays."""
    written = store.write_measurements(
        [
            Measurement(name="availability", tags={"by": "x\n"}, fields={"ratio": 1.0}, at=T0),
            Measurement(name="availability", tags={"by": "class"}, fields={"ratio": 1.0}, at=T0),
        ]
    )
    assert (written.stored, len(written.quarantined), store.cursor()) == (1, 1, 0)


def test_the_real_server_answers_otherwise(tmp_path: Path) -> None:
    """InfluxDB 1.x itself: expired and conflicting values are found among good ones."""
    with influxdb(tmp_path / "influxdb") as url:
        now = SystemClock().now()
        server = Server(url=url, database="gengfu", retention_days=1)
        store = InfluxStore(Wire(server), tmp_path)
        store.prepare({})
        store.write_measurements(
            [Measurement(name="pump", tags={}, fields={"current": "text"}, at=now)]
        )
        fresh: list[Row] = [("pump-1", "flow", now + n, 1.0) for n in range(40)]
        stale: list[Row] = [("pump-1", "flow", T0 - n * 10**12, 1.0) for n in range(400, 407)]
        wrong: list[Row] = [("pump-1", "current", fresh[5][2], 2.0)]
        written = store.write(rows_of([*stale, *fresh, *wrong]), 1)
        assert (written.stored, written.expired, len(written.quarantined)) == (40, 7, 1)
        store.close()
