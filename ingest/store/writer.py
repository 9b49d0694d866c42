"""From the journal into the store: reads by cursor, writes, and waits when the store does not take it.

The only layer that tries again. While the store is away everything waits in the journal, and the
alarm path does not notice.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from gengfu.core.record import Record
from gengfu.ledger.model import EquipmentClass
from ingest.journal.port import JournalReader
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the store is behind, for health and metrics."""

    counts: StoreCounts
    pending_records: int
    outage: str | None
    """What the store says while it does not take anything."""


class StoreWriter:
    """Moves a store's cursor along the journal. One for a store; ``run`` it once."""

    def __init__(
        self,
        reader: JournalReader,
        store: ReadingStore,
        classes: Mapping[str, EquipmentClass],
        *,
        keep: Callable[[int], None] | None = None,
        pace: Pace | None = None,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: random.Random | None = None,
    ) -> None:
        """``keep`` is told the cursor, so that the journal drops nothing the store still needs."""
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
        self._spare: list[Record] = []
        """Read but not yet written."""

    def lag(self) -> Lag:
        """Return counts and distance as of the last look at the journal."""
        counts = self._store.counts()
        if self._prepared:  # records without anything to store are done, though not yet noted
            counts = replace(counts, position=self._position)
        pending = max(0, self._end - counts.position)
        return Lag(counts=counts, pending_records=pending, outage=self._outage)

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
        collector = RowCollector(self._reader.names)
        last, full = self._gather(collector)
        if len(collector) or last - self._stored >= self._pace.empty:
            try:
                self._store.write(collector.build(), last)
            except NotTaken:
                self._spare = []  # read again: with what came meanwhile, a broken line shows
                raise
            self._note_stored(last)
        self._position = last
        return full

    def _begin(self) -> None:
        self._store.prepare(self._classes)
        self._position = self._store.cursor()
        if self._position > self._end:
            _log.warning(
                "the store knows more than this journal has: another journal, read from its start",
                store_position=self._position,
                journal_position=self._end,
            )
            self._position = 0
        self._note_stored(self._position)
        self._prepared = True

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
