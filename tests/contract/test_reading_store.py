"""What every readings store must do: DuckDB, the real InfluxDB 1.x, and a fake 2.9.1."""

import struct
from dataclasses import replace

import numpy as np
import pytest

from gengfu.core.clock import MINUTE, SECOND
from gengfu.core.names import Names
from gengfu.core.naming import Scalar
from ingest.store.port import ReadingStore, Trend
from ingest.store.rows import RowCollector
from tests.contract.conftest import Opened
from tests.fakes.rows import Row, batch_of, event_of, record_of, rows_of, series

T0 = 1_795_219_200_000_000
"""A time in µs, on a full minute."""


def read(store: ReadingStore, point: str, *, equipment: str = "pump-1") -> Trend:
    return store.query(series(equipment, point), T0 - MINUTE, T0 + 60 * MINUTE)


def bits(values: object) -> bytes:
    return np.asarray(values, dtype=np.float64).tobytes()


def test_floats_lose_bits(store: ReadingStore) -> None:
    """Every finite float comes back bit for bit, also -0.0, denormals and whole numbers."""
    patterns = np.random.default_rng(7).integers(0, 2**64, 400, dtype=np.uint64)
    random = [struct.unpack("<d", struct.pack("<Q", int(one)))[0] for one in patterns]
    corners = [0.0, -0.0, 1.0, -1.0, 0.1, 1e22, 1e-7, 5e-324, -1.7976931348623157e308, 2.0**53]
    values = [*corners, *(one for one in random if np.isfinite(one))]
    rows: list[Row] = [("pump-1", "flow", T0 + n, value) for n, value in enumerate(values)]
    store.write(rows_of(rows), 1)
    trend = read(store, "flow")
    assert bits(trend.values) == bits(values)
    assert trend.times.tolist() == [T0 + n for n in range(len(values))]


@pytest.mark.parametrize(
    ("point", "values"),
    [
        ("starts", [0, 1, -1, 2**53, -(2**53), 9_007_199_254_740_991]),
        ("run", [True, False, True]),
        ("mode", ["auto", "off", "manual"]),
        (
            "fault_code",
            [
                "E01",
                "",
                " ",
                '"',
                "\\",
                '\\"',
                "a,b=c d",
                "line\nbreak",
                "曳引机 过热 🔥",
                "x\\",
                "i",
            ],
        ),
    ],
)
def test_a_kind_of_value_comes_back_different(
    store: ReadingStore, point: str, values: list[Scalar]
) -> None:
    """Integers, booleans, enum words and free texts are read as they were written."""
    rows: list[Row] = [("pump-1", point, T0 + n, value) for n, value in enumerate(values)]
    written = store.write(rows_of(rows), 1)
    assert (written.stored, written.quarantined) == (len(values), ())
    got = read(store, point).values
    assert (list(got) if isinstance(got, tuple) else got.tolist()) == values


def test_points_of_one_moment_hide_each_other(store: ReadingStore) -> None:
    """All points of an equipment at one time are kept, and so are other equipment's."""
    store.write(
        rows_of(
            [
                ("pump-1", "flow", T0, 1.0),
                ("pump-2", "flow", T0, 2.0),
                ("pump-1", "mode", T0, "off"),
                ("pump-1", "starts", T0, 7),
            ]
        ),
        1,
    )
    assert read(store, "flow").values.tolist() == [1.0]  # type: ignore[union-attr]
    assert read(store, "flow", equipment="pump-2").values.tolist() == [2.0]  # type: ignore[union-attr]
    assert read(store, "mode").values == ("off",)
    assert bits(read(store, "starts").values) == bits([7])


def test_the_wrong_one_of_two_records_wins(store: ReadingStore) -> None:
    """Of the same equipment, point and time the highest journal position stays, within a write too."""
    store.write(rows_of([("pump-1", "flow", T0, 1.0)], [("pump-1", "flow", T0, 2.0)]), 2)
    assert bits(read(store, "flow").values) == bits([2.0])
    written = store.write(rows_of([("pump-1", "flow", T0, 3.0)], first=3), 3)
    assert bits(read(store, "flow").values) == bits([3.0])
    assert (written.stored, store.counts().stored) == (1, 3)


def test_a_rewrite_changes_what_is_stored(store: ReadingStore) -> None:
    """The journal written a second time from its start leaves the store as it was."""
    first = rows_of([("pump-1", "flow", T0, 1.0), ("pump-1", "flow", T0 + 1, 1.5)])
    second = rows_of([("pump-1", "flow", T0, 2.0), ("pump-1", "mode", T0, "off")], first=2)
    for _ in range(2):
        store.write(first, 1)
        store.write(second, 2)
        assert bits(read(store, "flow").values) == bits([2.0, 1.5])
        assert read(store, "mode").values == ("off",)


def test_late_values_are_lost_or_misplaced(store: ReadingStore) -> None:
    """Values that arrive out of order are read in the order of their own time."""
    for position, offset in enumerate([5, 1, 9, 3, 7], start=1):
        row: Row = ("pump-1", "flow", T0 + offset, float(offset))
        store.write(rows_of([row], first=position), position)
    trend = read(store, "flow")
    assert trend.times.tolist() == [T0 + n for n in (1, 3, 5, 7, 9)]
    assert bits(trend.values) == bits([1, 3, 5, 7, 9])


def test_null_is_stored_as_a_value(store: ReadingStore) -> None:
    """What a device says to be missing is counted and leaves no value."""
    written = store.write(rows_of([("pump-1", "flow", T0, None), ("pump-1", "mode", T0, None)]), 1)
    assert (written.stored, written.null) == (0, 2)
    assert len(read(store, "flow").times) == 0
    assert store.counts().null == 2


def test_a_range_takes_its_end_in(store: ReadingStore) -> None:
    """A range holds its start and not its end."""
    store.write(rows_of([("pump-1", "flow", T0 + n, float(n)) for n in range(4)]), 1)
    trend = store.query(series("pump-1", "flow"), T0 + 1, T0 + 3)
    assert trend.times.tolist() == [T0 + 1, T0 + 2]


@pytest.mark.parametrize("point", ["flow", "mode"])
def test_years_are_read_to_be_refused(store: ReadingStore, point: str) -> None:
    """Whoever wants at most so many raw values gets the first ones, or all when there are fewer."""
    said = ("auto", "off") if point == "mode" else (1.0, 2.0)
    store.write(rows_of([("pump-1", point, T0 + n, said[n % 2]) for n in range(5)]), 1)
    for most in (3, 5, 9):
        trend = store.query(series("pump-1", point), T0, T0 + 9, most=most)
        assert trend.times.tolist() == [T0 + n for n in range(min(most, 5))]
    assert len(store.query(series("pump-1", point), T0, T0 + 9).times) == 5


def test_buckets_are_filled_or_shifted(store: ReadingStore) -> None:
    """Buckets begin at multiples of the step since 1970, hold mean, low, high, count; gaps stay."""
    rows: list[Row] = [
        ("pump-1", "flow", T0 + at * SECOND, value)
        for at, value in [(0, 1.0), (20, 2.0), (59, 6.0), (180, -4.0)]
    ]
    store.write(rows_of(rows), 1)
    trend = store.query(series("pump-1", "flow"), T0, T0 + 10 * MINUTE, MINUTE)
    assert trend.times.tolist() == [T0, T0 + 3 * MINUTE]
    assert trend.band is not None
    assert bits(trend.values) == bits([3.0, -4.0])
    assert bits(trend.band.low) == bits([1.0, -4.0])
    assert bits(trend.band.high) == bits([6.0, -4.0])
    assert trend.band.count.tolist() == [3, 1]


def test_words_are_averaged(store: ReadingStore) -> None:
    """Of an enum a bucket holds its last word."""
    rows: list[Row] = [
        ("pump-1", "mode", T0 + at * SECOND, word)
        for at, word in [(0, "auto"), (30, "off"), (120, "manual")]
    ]
    store.write(rows_of(rows), 1)
    trend = store.query(series("pump-1", "mode"), T0, T0 + 10 * MINUTE, MINUTE)
    assert trend.times.tolist() == [T0, T0 + 2 * MINUTE]
    assert trend.values == ("off", "manual")


def test_nothing_stored_is_an_error(store: ReadingStore) -> None:
    """A series without values is an empty trend, raw and in buckets."""
    for step in (None, MINUTE):
        assert len(store.query(series("pump-9", "flow"), T0, T0 + MINUTE, step).times) == 0
        assert store.query(series("pump-9", "mode"), T0, T0 + MINUTE, step).values == ()


def test_a_question_reaches_beyond_its_series(store: ReadingStore) -> None:
    """Names in a question are data: quotes and comments in them find nothing and break nothing."""
    store.write(rows_of([("pump-1", "flow", T0, 1.0)]), 1)
    for name in ("pump-1' OR 1=1 --", '"; DROP TABLE reading; --', "$site", "泵\n"):
        assert len(read(store, "flow", equipment=name).times) == 0
    assert len(read(store, "flow").times) == 1


def test_cursor_and_counts_do_not_survive(opened: Opened) -> None:
    """Position and counts are there after the store was opened again."""
    store = opened()
    assert (store.cursor(), store.counts().stored) == (0, 0)
    store.write(rows_of([("pump-1", "flow", T0, 1.0), ("pump-1", "flow", T0, None)]), 4)
    store.write(rows_of(), 9)
    store = opened()
    counts = store.counts()
    assert (store.cursor(), counts.stored, counts.null, counts.quarantined) == (9, 1, 1, 0)
    store.write(rows_of([("pump-1", "flow", T0, 2.0)], first=10), 10)
    assert bits(read(store, "flow").values) == bits([2.0])
    store.close()


def test_a_bad_item_stops_the_good(store: ReadingStore) -> None:
    """What cannot be a value is quarantined with its content; its neighbours are stored."""
    names = Names()
    batch = batch_of(names, [("pump-1", "mode", T0, "off"), ("pump-1", "flow", T0, 1.0)])
    collector = RowCollector(names)
    collector.add(record_of(1, replace(batch, value=np.array([9.0, 1.0]))))
    written = store.write(collector.build(), 1)
    assert written.stored == 1
    assert [one.content for one in written.quarantined] == ["yunhe/pump-1/mode 9.0"]
    assert store.counts().quarantined == 1
    assert bits(read(store, "flow").values) == bits([1.0])


def test_events_are_not_counted(store: ReadingStore) -> None:
    """Events are stored and counted beside the values."""
    names = Names()
    collector = RowCollector(names)
    events = tuple(event_of(names, "pump-1", "tripped", T0, part) for part in ("1", "2", "2"))
    collector.add(record_of(1, events))
    assert store.write(collector.build(), 1).stored == 3
    assert store.counts().stored == 3
