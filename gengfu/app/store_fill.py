"""Fills a new or emptied readings store from the journal's archive, while nothing else runs.

It is the desk's own way, at once and to the end: the same writer and keeper, their cursors in the
store. So it may be stopped and goes on, here or in the desk, which does the same by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gengfu.app.given_files import classes_of
from gengfu.app.store_keeping import store_keeper
from gengfu.config import Settings
from gengfu.installation import Installation
from ingest.journal.cursors import CursorFile
from ingest.journal.reader import FolderReader
from ingest.store.connect import connect
from ingest.store.writer import Lag, Pace, StoreWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a fill brought: the journal's records that were gone through, and what the store has now."""

    records: int
    stored: int
    expired: int
    quarantined: int
    gone_records: int
    """No longer in the archive, and never stored."""


def fill_store(
    settings: Settings, *, again: bool, tell: Callable[[Lag], None], pace: Pace | None = None
) -> Filled:
    """Write all that the store lacks, then roll it up; ``again``: from the archive's start.

    Raises:
        StartError: Gengfu runs on this folder, or the store cannot be opened.
        StoreUnavailable: the store took no more; what it took is kept, and a new run goes on.
    """
    place = Installation(settings.data)
    place.prepare()
    with place.locked():
        store = connect(settings.store, place.data)
        try:
            keep = CursorFile(place.journal, "store").write
            writer = StoreWriter(
                FolderReader(place.journal), store, classes_of(settings), keep=keep, pace=pace
            )
            if again:
                writer.restart()
            before = store.counts()
            while writer.advance():
                tell(writer.lag())
            lag = writer.lag()
            tell(lag)
            keeper = store_keeper(settings, place, store)
            while keeper.advance():
                pass
        finally:
            store.close()
    after = lag.counts
    return Filled(
        records=after.position - before.position - lag.gone_records,
        stored=after.stored - before.stored,
        expired=after.expired - before.expired,
        quarantined=after.quarantined - before.quarantined,
        gone_records=lag.gone_records,
    )
