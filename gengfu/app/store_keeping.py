"""Binds what follows the readings store: roll-ups and retention, as the settings have them."""

from gengfu.config import KeepSettings, Settings
from gengfu.core.clock import DAY
from gengfu.installation import Installation
from ingest.journal.cursors import CursorFile
from ingest.journal.reader import FolderReader
from ingest.store.duckdb import DuckdbStore
from ingest.store.influx import InfluxStore
from ingest.store.keeper import Keep, StoreKeeper


def store_keeper(
    settings: Settings, place: Installation, store: DuckdbStore | InfluxStore
) -> StoreKeeper:
    """Return the keeper of the desk's store."""
    return StoreKeeper(
        FolderReader(place.journal),
        store,
        store.rollups,
        keep=keep_of(settings.store.keep),
        by_class={name: keep_of(one) for name, one in settings.store.keep_class.items()},
        hold=CursorFile(place.journal, "rollups").write,
    )


def keep_of(settings: KeepSettings) -> Keep:
    """Return durations as the keeper takes them."""
    return Keep(
        raw=settings.raw_days * DAY,
        minute=settings.minute_days * DAY,
        hour=settings.hour_days * DAY,
    )
