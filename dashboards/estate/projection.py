"""The estate as the desk knows it: the newest value of every point, and what everything is doing.

A projection of the journal: it applies records in order and keeps its own position, in the same
transaction as what it derived. It never writes to the journal and nobody waits for it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import Engine

from dashboards.estate.letter_page import LetterPage
from dashboards.estate.operating_state import StateRule
from dashboards.estate.point_value import Current
from dashboards.estate.remembered import Remembered
from dashboards.estate.said import by_equipment, rows_of
from dashboards.estate.tables import EstateTables, Step
from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.clock import DAY, Micros
from gengfu.core.names import Names
from gengfu.core.record import DeadLetter, LedgerChange, Record, RecordKind, Tally, Tick
from gengfu.core.states import StateInterval
from gengfu.ledger import snapshot
from gengfu.ledger.model import Equipment, EquipmentClass, SiteLedger
from gengfu.threads import in_thread

STATES_KEPT: Micros = 3 * 366 * DAY
"""Operating states are kept as long as alarms and audit are: three years."""
SAMPLES = 1_000_000
"""How many samples are kept in memory altogether, to put late ones in their place."""
_WINDOWS = (256, 8192)
"""The fewest and the most samples of one equipment."""
_APPLIED = frozenset(
    {
        RecordKind.READINGS,
        RecordKind.EVENTS,
        RecordKind.LEDGER,
        RecordKind.TALLY,
        RecordKind.DEAD_LETTERS,
        RecordKind.TICK,
    }
)


class Reader(Protocol):
    """What is read of the journal."""

    @property
    def names(self) -> Names:
        """The names as of the last record returned."""

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        """Return the next records with a position above ``after``."""


class Estate:
    """The projection. ``apply`` and ``save`` belong to one task; queries may come from any thread."""

    def __init__(self, engine: Engine, classes: Mapping[str, EquipmentClass]) -> None:
        self._tables = EstateTables(engine)
        self._classes = classes
        self._known: dict[str, Remembered] = {}
        self._children: dict[str, list[str]] = {}
        self._sites: dict[str, SiteLedger] = {}
        self._tally = Tally()
        self._position = 0
        self._now: Micros = 0
        self._rate = 1.0
        """How fast the journal's clock runs, as its ticks tell."""
        self._look_for_silence_at: float = 0
        self._forget_at: Micros = 0
        self._heard: list[ReadingBatch] = []
        """What was said since states were last derived."""
        self._step = self._new_step()

    @property
    def position(self) -> int:
        """The journal position that everything here covers."""
        return self._position

    @property
    def now(self) -> Micros:
        """The journal's time up to which everything here is known."""
        return self._now

    def prepare(self) -> None:
        """Make the tables and take up what was saved; call once before anything else."""
        self._tables.prepare()
        saved = self._tables.load()
        self._position, self._now, self._tally = saved.position, saved.written_at, saved.tally
        for document in saved.sites.values():
            ledger = snapshot.decode(document)
            self._sites[ledger.site.id] = ledger
            for equipment in ledger.equipment.values():
                kind = self._classes.get(equipment.equipment_class)
                memory = saved.memories.get(equipment.id)
                if kind is not None and memory is not None:
                    self._known[equipment.id] = Remembered.restored(
                        ledger.site.id, equipment, kind, memory
                    )
        self._relate()
        self._step = self._new_step()

    async def run(
        self,
        reader: Reader,
        *,
        keep: Callable[[int], None] | None = None,
        idle_s: float = 0.3,
        batch: int = 500,
    ) -> None:
        """Follow the journal until cancelled, at most ``batch`` records to a transaction.

        ``keep`` is told from where on the journal is still needed.
        """
        while True:
            records = await in_thread(reader.read, self._position, limit=batch)
            if not records:
                await asyncio.sleep(idle_s)
                continue
            self.apply(records, reader.names)
            await in_thread(self.save)
            if keep is not None:
                keep(self._position)

    def apply(self, records: Sequence[Record], names: Names) -> None:
        """Take records in their order; ``save`` makes what follows from them durable."""
        for record in records:
            if record.kind in _APPLIED:
                self._take(record, names)
            self._now = max(self._now, record.written_at)
            self._position = record.position
        self._settle(names)

    def save(self) -> None:
        """Write everything that changed since the last call, with the position, in one transaction."""
        step = self._step
        step.position, step.written_at, step.tally = self._position, self._now, self._tally
        if self._now >= self._forget_at:
            self._forget_at = self._now + DAY
            step.forget_before = self._now - STATES_KEPT
        touched = [memory for memory in self._known.values() if memory.touched]
        for memory in touched:
            self._tell(memory)
            step.memories[memory.equipment.id] = memory.document()
        self._tables.save(step)
        self._step = self._new_step()
        for memory in touched:
            memory.saved()

    def current(self, equipment: str) -> Mapping[str, Current]:
        """Return the newest value of each point that was ever told."""
        memory = self._known.get(equipment)
        return dict(memory.current) if memory else {}

    def state(self, equipment: str) -> StateInterval | None:
        """Return the present operating state and since when; None for unknown equipment."""
        memory = self._known.get(equipment)
        return memory.state() if memory else None

    def states(self) -> Mapping[str, StateInterval]:
        """Return the present operating state of everything, by equipment."""
        return {memory.equipment.id: memory.state() for memory in list(self._known.values())}

    def intervals(self, equipment: str, start: Micros, end: Micros) -> list[StateInterval]:
        """Return the operating states that touch [start, end), in order; the last may be open."""
        return self._tables.intervals(equipment, start, end)

    def all_intervals(self, start: Micros, end: Micros) -> Mapping[str, list[StateInterval]]:
        """Return the states of everything that touch [start, end); the last of each is left open."""
        return self._tables.all_intervals(start, end)

    def since_up(self, start: Micros, end: Micros) -> Mapping[str, list[StateInterval]]:
        """Return the states of everything until ``end``, from when it was last up by ``start`` on.

        For those who ask whether it was up: standby counts as running, and what was on at
        ``start`` comes with its beginning. What was never up comes whole; the last is left open.
        """
        return self._tables.since_up(start, end)

    def dead_letters(
        self, limit: int, *, cursor: str | None = None, reason: str | None = None
    ) -> LetterPage:
        """Return rejected messages, the newest first; payloads as previews of 512 bytes.

        Raises:
            ValueError: ``cursor`` is none.
        """
        return self._tables.letters(limit, cursor=cursor, reason=reason)

    def tally(self) -> Tally:
        """Return what was taken in and what became of it, since the journal's beginning."""
        return self._tally

    def ledgers(self) -> Mapping[str, SiteLedger]:
        """Return the ledgers as the journal has them, by site."""
        return dict(self._sites)

    def too_late(self) -> int:
        """Return how many samples came too late to change past states, since the process started."""
        return sum(memory.timeline.too_late for memory in list(self._known.values()))

    def _tell(self, memory: Remembered) -> None:
        """Put an equipment's unsaved states into the step."""
        if memory.unsaved_from is not None:
            self._step.tell(memory.equipment.id, memory.unsaved_from, memory.unsaved())

    def _new_step(self) -> Step:
        return Step(position=self._position, written_at=self._now, tally=self._tally)

    def _take(self, record: Record, names: Names) -> None:
        body = record.body()
        if isinstance(body, ReadingBatch):
            self._heard.append(body)
        elif isinstance(body, Tick):
            self._keep_pace(body.rate, names)
        elif isinstance(body, LedgerChange):
            self._settle(names)
            self._ledger(body, record.written_at)
        elif isinstance(body, Tally):
            self._tally += body
        elif isinstance(body, tuple):
            self._items(body, record.position)

    def _keep_pace(self, rate: float, names: Names) -> None:
        if rate != self._rate:
            self._settle(names)
            self._rate, self._look_for_silence_at = rate, 0
            for memory in self._known.values():
                memory.keep_pace(rate)

    def _items(self, body: tuple[Event, ...] | tuple[DeadLetter, ...], position: int) -> None:
        letters = [
            (position, item, one) for item, one in enumerate(body) if isinstance(one, DeadLetter)
        ]
        self._step.letters.extend(letters)
        events = [one for one in body if isinstance(one, Event)]
        if events:
            self._heard.append(rows_of(events))

    def _settle(self, names: Names) -> None:
        """Let follow what follows from all that was heard, and from what was not heard by now."""
        heard, self._heard = self._heard, []
        if heard:
            for said in by_equipment(heard, names, lambda index: self._remembered(names, index)):
                self._show(said.memory, said.memory.hear(said.samples, said.received_at))
        if self._now > self._look_for_silence_at:
            self._find_silent()

    def _remembered(self, names: Names, index: int) -> Remembered | None:
        """Return the equipment of an index, when it is in the ledger with that class."""
        name = names.equipment[index]
        memory = self._known.get(name.equipment)
        return memory if memory and memory.kind.name == name.equipment_class else None

    def _show(self, memory: Remembered, since: Micros | None) -> None:
        """Show what changed, and what it means for those that the equipment speaks for."""
        if since is None:
            return
        above = self._known.get(memory.equipment.parent) if memory.equipment.parent else None
        differs = memory.show(since, above)
        if differs is not None:
            for child in self._children.get(memory.equipment.id, ()):
                self._show(self._known[child], differs)

    def _find_silent(self) -> None:
        deadlines = []
        for memory in self._known.values():
            self._show(memory, memory.fell_silent(self._now))
            if not memory.timeline.silent and memory.received_at is not None:
                deadlines.append(memory.deadline)
        # Who speaks again after this look is silent after his span at the soonest.
        spans = (memory.timeline.silent_after for memory in self._known.values())
        deadlines.append(self._now + min(spans, default=0))
        self._look_for_silence_at = min(deadlines)

    def _ledger(self, change: LedgerChange, at: Micros) -> None:
        ledger = snapshot.decode(change.document)
        self._sites[change.site] = ledger
        self._step.sites[change.site] = change.document
        for id_ in [one for one, memory in self._known.items() if memory.site == change.site]:
            if id_ not in ledger.equipment:
                self._tell(self._known.pop(id_))
                self._step.leave(id_, at)
        moved = [one for one in ledger.equipment.values() if self._stand(change.site, one, at)]
        self._relate()
        self._look_for_silence_at = 0  # who is new may be silent sooner than anybody before
        for equipment in moved:
            if equipment.id in self._known:
                self._show(self._known[equipment.id], at)

    def _stand(self, site: str, equipment: Equipment, at: Micros) -> bool:
        """Take an equipment over from the ledger; False when nothing about it changed."""
        kind = self._classes.get(equipment.equipment_class)
        memory = self._known.get(equipment.id)
        if kind is None:
            return False
        if memory is None or memory.kind.name != kind.name:
            if memory is not None:
                self._tell(memory)
            self._step.gone.discard(equipment.id)
            memory = self._known[equipment.id] = Remembered.new(site, equipment, kind, at)
            memory.keep_pace(self._rate)
            return True
        changed = memory.equipment != equipment
        memory.site, memory.equipment = site, equipment
        if changed:
            memory.timeline.rule = StateRule.of(kind, equipment.attributes)
        return changed

    def _relate(self) -> None:
        """Find the children of everyone, and share the memory for samples among all."""
        self._children = {}
        window = min(max(SAMPLES // max(len(self._known), 1), _WINDOWS[0]), _WINDOWS[1])
        for memory in self._known.values():
            memory.timeline.window = window
            if memory.equipment.parent is not None:
                self._children.setdefault(memory.equipment.parent, []).append(memory.equipment.id)
