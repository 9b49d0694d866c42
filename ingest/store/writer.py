"""From the journal into the store: reads by cursor, writes, and waits when the store does not take it.

The only layer that tries again. While the store is away everything waits in the journal, and the
alarm path does not notice.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

import structlog

from gengfu.core.record import Record
from gengfu.ledger.model import EquipmentClass
from ingest.journal.port import JournalReader
from ingest.store.arrived import Arrived, items_of
from ingest.store.port import NotTaken, ReadingStore, StoreCounts
from ingest.store.rows import RowCollector

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is written at once and how long is waited, in seconds."""

    records: int = 500
    items: int = 20_000
    """About so many values and events make a write."""
    idle_s: float = 0.25
    """Between two looks at the journal, when the last one did not fill a write."""
    empty: int = 1_000
    """Records without anything to store, after which the cursor is stored nevertheless."""
    first_s: float = 0.5
    longest_s: float = 30.0
    person_s: float = 60.0
    """When an account or a bucket has to be mended by somebody."""


LOOK_AHEAD = 5_000
"""So many records beyond the store's cursor are summed up at most when somebody asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the store is behind, for health and metrics: one consistent moment."""

    counts: StoreCounts
    """Up to the store's cursor."""
    arrived: Arrived
    """The same sums further on, as far as the journal was looked at beyond the cursor."""
    pending_records: int
    filled: float
    """Of what was missing when this process began, the share that is stored; 1 = all."""
    gone_records: int
    """So many records before the archive's beginning were never stored and cannot be any more."""
    outage: str | None
    """What the store says while it does not take anything."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """A position and the sums up to it, which are only ever replaced together."""

    position: int = 0
    arrived: Arrived = field(default_factory=Arrived)


class StoreWriter:
    """Moves a store's cursor along the journal. One for a store; ``run`` it once."""

    def __init__(
        self,
        reader: JournalReader,
        store: ReadingStore,
        classes: Mapping[str, EquipmentClass],
        *,
        ahead: JournalReader | None = None,
        keep: Callable[[int], None] | None = None,
        pace: Pace | None = None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        """``keep`` is told the cursor, so that the journal drops nothing the store still needs.

        ``ahead`` is a reader of its own that counts what waits beyond the cursor; without one,
        what waits is not counted as received either.
        """
        self._reader = reader
        self._store = store
        self._classes = classes
        self._keep = keep
        self._pace = pace or Pace()
        self._wait = wait
        self._dice = dice or random.Random()
        self._prepared = False
        self._failures = 0
        self._outage: str | None = None
        self._position = 0
        self._stored = 0
        self._end = 0
        self._began = 0
        self._gone = 0
        self._spare: list[Record] = []
        """Read but not yet written."""
        self._done = _Reach()
        """Up to here everything is stored or had nothing to store."""
        self._seen = _Reach()
        """Up to here ``ahead`` has counted, when that is further."""
        self._ahead = ahead
        self._looking = Lock()

    def lag(self) -> Lag:
        """Return counts and distance; any thread may ask.

        What waits beyond the cursor is counted now, at most ``LOOK_AHEAD`` records of it a call.
        """
        with self._looking:
            done = self._done  # before the counts: what is done later may hold more items
            counts = self._counts()
            if done.position > counts.position:  # records without items, not yet noted
                counts = replace(counts, position=done.position, arrived=done.arrived)
            if self._seen.position <= counts.position:
                self._seen = _Reach(counts.position, counts.arrived)
            self._look_ahead()
            end = max(self._end, self._seen.position)
            pending = max(0, end - max(counts.position, self._began))
            return Lag(
                counts=counts,
                arrived=self._seen.arrived,
                pending_records=pending,
                filled=1 - pending / max(end - self._began, 1),
                gone_records=self._gone,
                outage=self._outage,
            )

    def _counts(self) -> StoreCounts:
        counts = self._store.counts()
        return replace(counts, arrived=counts.arrived.covering(counts.handled))

    def _look_ahead(self) -> None:
        position, arrived = self._seen.position, self._seen.arrived
        last = position + LOOK_AHEAD
        while self._ahead is not None and position < last:
            records = self._ahead.read(position, limit=self._pace.records)
            if not records:
                break
            for record in records:
                arrived = arrived.passed(record, items_of(record))
            position = records[-1].position
        self._seen = _Reach(position, arrived)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            try:
                full = await asyncio.to_thread(self.advance)
            except NotTaken as exc:
                await self._wait(self._note_failure(exc))
                continue
            self._note_success()
            if not full:
                await self._wait(self._pace.idle_s)

    def advance(self) -> bool:
        """Write what fills one write, or all there is; tell whether more may be waiting.

        Raises:
            NotTaken: when the store took nothing; the cursor stands where it stood.
        """
        self._end = self._reader.last_position()
        if not self._prepared:
            self._begin()
        collector = RowCollector(self._reader.names, self._done.arrived)
        last, full = self._gather(collector)
        is_due = bool(len(collector)) or last - self._stored >= self._pace.empty
        if is_due:
            try:
                self._store.write(collector.build(), last)
            except NotTaken:
                self._spare = []  # read again: with what came meanwhile, a broken line shows
                raise
        self._position = last
        self._done = _Reach(last, collector.arrived)
        if is_due:
            self._note_stored(last)
        return full

    def _begin(self) -> None:
        self._store.prepare(self._classes)
        counts = self._counts()
        if counts.position > self._end:
            _log.warning(
                "the store knows more than this journal has: another journal, read from its start",
                store_position=counts.position,
                journal_position=self._end,
            )
            counts = self._back_to_start(counts)
        self._begin_at(counts)
        self._prepared = True

    def restart(self) -> None:
        """Begin at the journal's start again: everything is written once more, and overwrites.

        Raises:
            NotTaken: the store does not answer.
        """
        self._end = self._reader.last_position()
        self._store.prepare(self._classes)
        self._begin_at(self._back_to_start(self._counts()))
        self._prepared = True

    def _begin_at(self, counts: StoreCounts) -> None:
        first = self._reader.first_position()
        self._gone = max(0, first - 1 - counts.position)
        if self._gone:
            _log.warning(
                "the journal's archive begins later than the store ends",
                records_gone=self._gone,
                archive_begins_at=first,
            )
        self._began = max(counts.position, first - 1)
        self._position = counts.position
        self._spare = []
        self._done = _Reach(counts.position, counts.arrived)
        self._note_stored(self._position)

    def _back_to_start(self, counts: StoreCounts) -> StoreCounts:
        with self._looking:
            arrived = counts.arrived.broken_off()
            self._store.write(RowCollector(self._reader.names, arrived).build(), 0)
            self._seen = _Reach()
        return replace(counts, position=0, arrived=arrived)

    def _note_stored(self, position: int) -> None:
        self._stored = position
        if self._keep is not None:
            self._keep(position)

    def _gather(self, collector: RowCollector) -> tuple[int, bool]:
        """Collect records after the cursor; return the last one's position and whether it is full."""
        last = self._position
        while len(collector) < self._pace.items:
            if not self._spare:
                self._spare = list(self._reader.read(last, limit=self._pace.records))[::-1]
                collector.names = self._reader.names
            if not self._spare:
                return last, False
            record = self._spare.pop()
            collector.add(record)
            last = record.position
        return last, True

    def _note_failure(self, exc: NotTaken) -> float:
        """Log an outage once and return how long to wait, in seconds."""
        if self._outage is None:
            _log.warning(
                "the readings store takes nothing; values wait in the journal",
                reason=str(exc.reason),
                detail=str(exc),
                position=self._position,
            )
        self._outage = str(exc)
        pace = self._pace
        longest = pace.person_s if exc.needs_a_person else pace.longest_s
        ceiling = min(longest, pace.first_s * 2 ** min(self._failures, 16))
        self._failures += 1
        floor = longest / 2 if exc.needs_a_person else 0.0
        chosen = max(floor, self._dice.uniform(ceiling / 2, ceiling))
        return max(chosen, exc.retry_after_s or 0.0)

    def _note_success(self) -> None:
        if self._outage is not None:
            _log.info("the readings store takes values again", position=self._position)
        self._outage, self._failures = None, 0
