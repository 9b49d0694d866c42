"""Filling a store from the archive: whole, resumable, and honest about what is gone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gengfu.app.health import behind
from gengfu.app.store_fill import fill_store
from gengfu.config import Settings
from gengfu.core.clock import HOUR, MINUTE
from gengfu.core.errors import StartError
from gengfu.core.record import Tally, Tick, draft
from gengfu.installation import Installation
from ingest.journal.cursors import CursorFile
from ingest.journal.retention import Retention
from ingest.journal.sqlite import Roll, SqliteJournal
from ingest.store.duckdb import DuckdbStore
from ingest.store.writer import Lag, Pace
from tests.fakes.rows import batch_of, series

T0 = 1_795_219_200_000_000 - 1_795_219_200_000_000 % HOUR
VALUES = 240


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


def write_journal(place: Installation, *, drop: bool = False) -> None:
    """Write four hours of a value a minute, in many sealed segments; with ``drop`` half of them go."""
    place.prepare()
    journal = SqliteJournal(place.journal, roll=Roll(positions=50))
    for number in range(VALUES):
        at = T0 + number * MINUTE
        batch = batch_of(journal.names, [("pump-1", "flow", at, float(number))])
        tally = Tally(received=1, journaled=1)
        journal.append([draft(tally, 255), draft(batch, 1), draft(Tick(), 255)], at=at)
        journal.tend(at, Retention())
    if drop:
        journal.tend(T0 + VALUES * MINUTE, Retention(age=2 * HOUR))
    journal.close()


def stored(place: Installation) -> int:
    store = DuckdbStore(place.readings)
    found = len(store.query(series("pump-1", "flow"), T0, T0 + 9 * HOUR).times)
    hours = store.rollups.rolled().until
    store.close()
    assert hours == T0 + 3 * HOUR
    return found


def test_a_filled_store_lacks_something(settings: Settings) -> None:
    """Everything of the archive is stored and rolled up; a second run finds nothing to do."""
    place = Installation(settings.data)
    write_journal(place)
    told: list[Lag] = []
    filled = fill_store(settings, again=False, tell=told.append)
    assert (filled.stored, filled.gone_records, stored(place)) == (VALUES, 0, VALUES)
    assert told[-1].filled == 1
    assert fill_store(settings, again=False, tell=told.append).stored == 0


def test_an_emptied_store_stays_empty(settings: Settings) -> None:
    """``again`` writes everything once more, and what is there stays as it is."""
    place = Installation(settings.data)
    write_journal(place)
    fill_store(settings, again=False, tell=lambda _: None)
    assert fill_store(settings, again=True, tell=lambda _: None).stored == VALUES
    assert stored(place) == VALUES


def test_what_the_archive_lost_is_passed_over_in_silence(settings: Settings) -> None:
    """Records that retention dropped before are counted, by the command and on the health page."""
    place = Installation(settings.data)
    write_journal(place, drop=True)
    told: list[Lag] = []
    filled = fill_store(settings, again=False, tell=told.append)
    assert filled.gone_records > 0
    assert 0 < filled.stored < VALUES
    assert f"{filled.gone_records} older records are no longer in the archive" in behind(told[-1])


def test_a_kill_begins_anew(settings: Settings) -> None:
    """Stopped in the middle, the next run goes on from there."""
    place = Installation(settings.data)
    write_journal(place)
    pace = Pace(items=20)

    def stop_at(share: float) -> Callable[[Lag], None]:
        def tell(lag: Lag) -> None:
            if lag.filled >= share:
                raise KeyboardInterrupt

        return tell

    with pytest.raises(KeyboardInterrupt):
        fill_store(settings, again=False, tell=stop_at(0.4), pace=pace)
    store = DuckdbStore(place.readings)
    begun = store.counts().stored
    store.close()
    assert 0 < begun < VALUES
    assert fill_store(settings, again=False, tell=lambda _: None).stored == VALUES - begun
    assert stored(place) == VALUES


def test_two_write_into_one_store(settings: Settings) -> None:
    """While Gengfu runs on the folder, filling is refused: the desk does it."""
    place = Installation(settings.data)
    place.prepare()
    CursorFile(place.journal, "store").write(0)
    with place.locked(), pytest.raises(StartError, match="already runs"):
        fill_store(settings, again=False, tell=lambda _: None)
