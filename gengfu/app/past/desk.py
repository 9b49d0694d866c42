"""The desk's part of a past that is being made: the store with its roll-ups, states and availability.

Both follow the journal in a process of their own, by the desk's own code, and end when all is in.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from multiprocessing import get_context, parent_process
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Self

from dashboards.estate import Estate
from gengfu.app.given_files import classes_of
from gengfu.app.past.garbage import search_seldom
from gengfu.app.store_keeping import store_keeper
from gengfu.config import Settings
from gengfu.core.errors import StartError
from gengfu.core.record import Record
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from ingest.journal.cursors import CursorFile
from ingest.journal.reader import FolderReader
from ingest.store.connect import connect
from ingest.store.writer import Pace, StoreWriter

_AT_ONCE = 4_000
"""Records that make a step. Nobody waits for the newest value: few big writes."""
_PACE = Pace(records=_AT_ONCE, items=200_000)
_PAUSE_SECONDS = 0.5
_NICENESS = 19


class PastDesk:
    """The two processes."""

    def __init__(self, settings: Settings) -> None:
        context = get_context("spawn")
        self._finished: Event = context.Event()
        self._processes: list[SpawnProcess] = []
        for work in (keep_store, keep_states):
            arguments = (settings, self._finished)
            process = context.Process(target=work, args=arguments, name=work.__name__, daemon=True)
            process.start()
            self._processes.append(process)

    def finish(self) -> None:
        """Wait until everything that the journal has is in.

        Raises:
            StartError: one of them did not get there; what it said stands above.
        """
        self._finished.set()
        for process in self._processes:
            process.join()
        broken = [one.name for one in self._processes if one.exitcode]
        if broken:
            raise StartError(f"The past is not whole: {', '.join(broken)} broke, see above.")

    def __enter__(self) -> Self:
        """Nothing more to do: they follow already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End them wherever they are."""
        for process in self._processes:
            process.terminate()
            process.join()


def keep_store(settings: Settings, finished: Event) -> None:
    """Write readings and events into the store, and roll them up, until all is in."""
    _give_way()
    place = Installation(settings.data)
    # One thread: the other parts have work for the other cores, and sharing small writes costs more.
    with closing(connect(settings.store, place.data, threads=1)) as store:
        keep, reader = CursorFile(place.journal, "store").write, _Patient(place.journal, finished)
        writer = StoreWriter(reader, store, classes_of(settings), keep=keep, pace=_PACE)
        keeper = store_keeper(settings, place, store)
        _follow((writer.advance, keeper.advance), finished)


def keep_states(settings: Settings, finished: Event) -> None:
    """Derive values, operating states and what was refused, until all is in."""
    _give_way()
    place = Installation(settings.data)
    estate = Estate(open_sqlite(place.desk), classes_of(settings))
    estate.prepare()
    reader, cursor = _Patient(place.journal, finished), CursorFile(place.journal, "estate")

    def advance() -> bool:
        records = reader.read(estate.position, limit=_AT_ONCE)
        if records:
            estate.apply(records, reader.names)
            estate.save()
            cursor.write(estate.position)
        return bool(records)

    _follow((advance,), finished)


def _give_way() -> None:
    """Leave the processor to the chain that everything waits for, where there is not enough of it."""
    search_seldom()
    os.nice(_NICENESS)


class _Patient(FolderReader):
    """Has nothing new until there is a whole step of it, or no more can come.

    A step has its own cost, however little is in it: who took everything at once spent a third of his
    time on that.
    """

    def __init__(self, folder: Path, finished: Event) -> None:
        super().__init__(folder)
        self._finished = finished

    def read(self, after: int, *, limit: int = _AT_ONCE) -> Sequence[Record]:
        if not self._finished.is_set() and self.last_position() < after + _AT_ONCE:
            return ()
        return super().read(after, limit=limit)


def _follow(parts: Sequence[Callable[[], bool]], finished: Event) -> None:
    """Let parts advance until no more can come and none has more to do, or whom it is for is gone."""
    parent = parent_process()
    while parent is None or parent.is_alive():
        last_round = finished.is_set()
        busy = [advance() for advance in parts]
        if any(busy):
            continue
        if last_round:
            return
        finished.wait(_PAUSE_SECONDS)
