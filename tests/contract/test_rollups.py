"""Roll-ups and retention of every readings store, driven by the journal as the product does it."""

from collections.abc import Sequence

import numpy as np
import pytest

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.record import Tick, draft
from ingest.store.keeper import Keep, StoreKeeper
from ingest.store.rollups import roll_up
from ingest.store.writer import StoreWriter
from tests.contract.conftest import AnyStore, Opened
from tests.fakes.journal import FakeJournal
from tests.fakes.rows import Row, batch_of, series
from tests.fakes.small_estate import shipped_classes

T0 = 1_795_219_200_000_000 - 1_795_219_200_000_000 % HOUR
FLOW = series("pump-1", "flow")


def said(journal: FakeJournal, rows: Sequence[Row], at: Micros) -> None:
    journal.append([draft(batch_of(journal.names, rows), 1), draft(Tick(), 255)], at=at)


def keeper_of(journal: FakeJournal, store: AnyStore, ages: Keep | None = None) -> StoreKeeper:
    """Return a keeper, after the store took all that the journal has."""
    writer = StoreWriter(journal.reader(), store, shipped_classes())
    while writer.advance():
        pass
    return StoreKeeper(journal.reader(), store, store.rollups, keep=ages)


def keep(journal: FakeJournal, store: AnyStore, ages: Keep | None = None) -> None:
    keeper = keeper_of(journal, store, ages)
    while keeper.advance():
        pass


def minutes(hours: int, value: float = 0.0) -> list[Row]:
    """Return a reading a minute, all different."""
    return [("pump-1", "flow", T0 + n * MINUTE, value + n) for n in range(hours * 60)]


def test_roll_ups_differ_from_the_readings(store: AnyStore) -> None:
    """Trends from roll-ups equal those from the readings, by the hour, by minutes, and at odd edges."""
    journal = FakeJournal()
    rows = [*minutes(5), ("pump-1", "starts", T0 + 5, 3), ("pump-1", "mode", T0, "off")]
    rows += [("pump-2", "flow", T0 + n * 90 * SECOND, -1.0 * n) for n in range(100)]
    said(journal, rows, T0 + 5 * HOUR + 10 * MINUTE)
    keeper = keeper_of(journal, store)
    asked = [
        (one, start, end, step)
        for one in (FLOW, series("pump-2", "flow"), series("pump-1", "starts"))
        for start, end in ((T0, T0 + 5 * HOUR), (T0 + 7 * SECOND, T0 + 4 * HOUR + 13 * MINUTE))
        for step in (MINUTE, 5 * MINUTE, HOUR, 2 * HOUR)
    ]
    before = [store.query(*question) for question in asked]
    keeper.advance()
    assert store.rollups.rolled().until == T0 + 5 * HOUR
    for question, old in zip(asked, before, strict=True):
        new = store.query(*question)
        assert old.band is not None
        assert new.band is not None
        assert new.times.tolist() == old.times.tolist()
        assert np.asarray(new.values).tolist() == pytest.approx(np.asarray(old.values).tolist())
        for name in ("low", "high", "count"):
            assert getattr(new.band, name).tolist() == getattr(old.band, name).tolist()


def test_a_late_reading_never_reaches_the_roll_up(store: AnyStore) -> None:
    """A reading for an hour long rolled up changes its buckets, and what it left holding after it."""
    journal = FakeJournal()
    said(journal, minutes(3), T0 + 3 * HOUR + 5 * MINUTE)
    keep(journal, store)
    said(journal, [("pump-1", "flow", T0 + 90 * SECOND, 1e6)], T0 + 4 * HOUR)
    keep(journal, store)
    hour = store.query(FLOW, T0, T0 + HOUR, HOUR)
    assert hour.band is not None
    assert (hour.band.high[0], hour.band.count[0]) == (1e6, 61)
    minute = store.query(FLOW, T0 + MINUTE, T0 + 2 * MINUTE, MINUTE)
    assert minute.band is not None
    assert minute.band.count.tolist() == [2]


def test_a_replay_counts_twice(opened: Opened) -> None:
    """The journal kept a second time, from its start and in other portions, leaves the same trend."""
    journal = FakeJournal()
    for hour in range(4):
        rows = [row for row in minutes(4) if T0 + hour * HOUR <= row[2] < T0 + (hour + 1) * HOUR]
        said(journal, rows, T0 + (hour + 1) * HOUR + 3 * MINUTE)
    store = opened()
    keep(journal, store)
    first = store.query(FLOW, T0, T0 + 4 * HOUR, HOUR)
    store = opened()
    assert store.rollups.rolled().until == T0 + 4 * HOUR
    store.rollups.note(type(store.rollups.rolled())())
    keep(journal, store)
    again = store.query(FLOW, T0, T0 + 4 * HOUR, HOUR)
    assert first.band is not None
    assert again.band is not None
    assert again.band.count.tolist() == first.band.count.tolist() == [60] * 4
    assert np.asarray(again.values).tolist() == np.asarray(first.values).tolist()
    store.close()


def test_values_for_rolling_up_are_incomplete(store: AnyStore) -> None:
    """What the store gives for rolling up is what was written: by series, in order, numbers only."""
    journal = FakeJournal()
    rows: list[Row] = [
        ("pump-2", "flow", T0 + 2, 2.5),
        ("pump-1", "flow", T0 + 9, 9.0),
        ("pump-1", "current", T0 + 9, 1.0),
        ("pump-1", "flow", T0 + 1, -0.0),
        ("pump-1", "run", T0 + 1, True),
    ]
    said(journal, rows, T0 + 10)
    keeper_of(journal, store)
    wanted = [FLOW, series("pump-9", "flow"), series("pump-2", "flow"), series("pump-1", "run")]
    got = store.rollups.values(wanted, T0, T0 + HOUR)
    assert got.series.tolist() == [0, 0, 2, 3]
    assert (got.times - T0).tolist() == [1, 9, 2, 1]
    assert got.values.tolist() == [0.0, 9.0, 2.5, 1.0]
    assert len(roll_up(got, HOUR, T0, T0 + HOUR)) == 3


def test_retention_drops_the_wrong_things(store: AnyStore) -> None:
    """Readings past their age go when they are rolled up; the hours stay; a class may keep longer."""
    journal = FakeJournal()
    said(journal, minutes(50), T0 + 50 * HOUR + 5 * MINUTE)
    keep(journal, store, Keep(raw=DAY, minute=2 * DAY))
    raw = store.query(FLOW, T0, T0 + 60 * HOUR)
    assert raw.times[0] == T0 + 26 * HOUR + 5 * MINUTE
    hours = store.query(FLOW, T0, T0 + 50 * HOUR, HOUR)
    assert len(hours.times) == 50
    first_minutes = store.query(FLOW, T0, T0 + 3 * HOUR, MINUTE)
    assert first_minutes.times[0] == T0 + 2 * HOUR + 5 * MINUTE


def test_a_class_that_keeps_longer_loses_with_the_others(store: AnyStore) -> None:
    """An override counts for its class alone, also with nothing dropped at all."""
    journal = FakeJournal()
    said(journal, minutes(50), T0 + 50 * HOUR + 5 * MINUTE)
    keeper = StoreKeeper(
        journal.reader(),
        store,
        store.rollups,
        keep=Keep(raw=DAY, minute=DAY, hour=DAY),
        by_class={"pump": Keep(raw=0, minute=2 * DAY)},
    )
    keeper_of(journal, store)
    while keeper.advance():
        pass
    assert store.query(FLOW, T0, T0 + 60 * HOUR).times[0] == T0
    assert len(store.query(FLOW, T0, T0 + 50 * HOUR, HOUR).times) == 50


def test_an_emptied_store_keeps_the_cursor_of_its_roll_ups(store: AnyStore) -> None:
    """A store that begins anew is rolled up anew."""
    journal = FakeJournal()
    said(journal, minutes(2), T0 + 3 * HOUR)
    keeper = keeper_of(journal, store)
    store.rollups.note(type(store.rollups.rolled())(position=10**6, until=T0 + 90 * HOUR))
    keeper.advance()
    assert store.rollups.rolled().until == T0 + 2 * HOUR
    assert len(store.query(FLOW, T0, T0 + 2 * HOUR, HOUR).times) == 2
