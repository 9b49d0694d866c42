"""Runs the engine over the journal: read, step, hand on, remember. The only file here that waits.

The sink keeps the position up to which it applied verdicts in the same transaction; after a restart
the engine steps again from its checkpoint, and what the sink has already is not handed on twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import structlog

from gengfu.core.clock import Clock, Micros
from gengfu.core.record import Record, Tick
from gengfu.ledger.model import EquipmentClass
from gengfu.threads import in_thread
from rules.custody import Custody, HandFile, InHand
from rules.engine import checkpoint
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.linkage.run import Run
from rules.parking import PARKED, ParkingLot

_log = structlog.get_logger(__name__)

BATCH = 200
CHECKPOINT_EVERY: float = 30.0
"""Real seconds."""
TELL_EVERY: float = 5.0
"""Real seconds. Without verdicts the sink only learns the position, and that not for every record."""
IDLE: float = 0.02
"""Seconds between two looks at a journal that has nothing new."""


class RecordSource(Protocol):
    """What the runner reads: the journal's reading end."""

    def read(self, after: int, *, limit: int = ...) -> Sequence[Record]:
        """Return records after a position, [] when nothing is new."""

    def first_position(self) -> int:
        """Return the oldest position that is still there."""

    def last_position(self) -> int:
        """Return the newest position; 0 for an empty journal."""


class VerdictSink(Protocol):
    """Who is told: the alerts."""

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> object:
        """Apply verdicts, and that everything up to ``position`` was judged, in one transaction."""

    def applied_position(self) -> int:
        """Return the position of the last ``apply``; 0 at first."""


class RunSink(Protocol):
    """Who keeps the evidence of linkage."""

    def keep(self, runs: Sequence[Run]) -> object:
        """Write runs as they stand; the same again changes nothing."""


class Runner:
    """The rules' task in core.

    ``clock`` only says when to save and to tell the position; what is decided depends on the journal.
    """

    def __init__(
        self,
        reader: RecordSource,
        sink: VerdictSink,
        evidence: RunSink,
        path: Path,
        classes: Mapping[str, EquipmentClass],
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._sink = sink
        self._evidence = evidence
        self._path = path
        self._clock = clock
        beside = ParkingLot(path.with_name(PARKED))
        self._custody = Custody(HandFile(path.with_suffix(".in-hand")), beside, classes)
        self._custody.forget_after(reader.last_position())
        self._state = self._start(classes)
        self._refused = self._state.refused
        self._applied = sink.applied_position()
        self._told_at = self._saved_at = clock.now()
        self._untold: list[Verdict] = []
        """Verdicts that are not applied yet: the alerts had no room for them."""
        self._runs: list[Run] = []
        """Evidence that is not written yet."""
        self._is_whole = True
        """Whether no record is half judged."""
        self.saved = 0
        """Up to which record the last written checkpoint covers: those before are not needed."""

    @property
    def state(self) -> State:
        """The engine's memory, for metrics and pages of core; not to be changed."""
        return self._state

    @property
    def position(self) -> int:
        """Up to which record of the journal was judged."""
        return self._state.position

    @property
    def held(self) -> InHand | None:
        """What is being judged now; None = nothing is."""
        return self._custody.held

    async def run(self) -> None:
        """Follow the journal until cancelled; a checkpoint is left behind.

        Both go on in a worker thread, one after the other: sockets never wait for rules or a disk.
        """
        try:
            while True:
                if not await in_thread(self.advance):
                    await asyncio.sleep(IDLE)
                if self._real_since(self._saved_at) >= CHECKPOINT_EVERY:
                    await in_thread(self.save)
        finally:
            await in_thread(self.save)

    def advance(self, limit: int = BATCH) -> int:
        """Judge the next records and hand on their verdicts; return how many records there were.

        Verdicts that could not be handed on are not lost: the next call does it first.
        """
        if self._untold or self._runs:
            self._tell()
        after = self._state.position
        records = self._reader.read(after, limit=self._custody.at_most(after, limit))
        with self._custody.hold(records):
            for record in records:
                self._untold += (one for one in self._step(record) if one.position > self._applied)
                self._runs += self._state.linkage.changed_at(record.position)
            if self._untold or self._runs or self._real_since(self._told_at) >= TELL_EVERY:
                self._tell()
        self._report_refusal()
        return len(records)

    def _step(self, record: Record) -> Sequence[Verdict]:
        try:
            body = record.body()
        except ValueError as exc:
            # Its checksum was right, so it was written so: passing it over is all that helps.
            _log.error("rules_record_unreadable", position=record.position, reason=str(exc))
            body = Tick()
        verdicts: list[Verdict] = []
        self._state = self._custody.begin_anew(record, self._state)
        for one in self._custody.bodies(record, body, self._state):
            self._is_whole = False
            self._state, brought = step(
                self._state, one, position=record.position, now=record.written_at
            )
            verdicts.extend(brought)
        self._is_whole = True
        return verdicts

    def _tell(self) -> None:
        # Before the verdicts: who opens the alert finds its evidence there.
        self._evidence.keep(self._runs)
        self._runs.clear()
        if self._state.position > self._applied:
            self._sink.apply(self._untold, position=self._state.position, at=self._state.now)
            self._applied = self._state.position
        self._untold.clear()
        self._told_at = self._clock.now()

    def save(self) -> None:
        """Write a checkpoint; when the folder does not take it, the next one will."""
        self._saved_at = self._clock.now()
        if self._untold or self._runs or not self._is_whole:
            return  # the next start would pass over what nobody has
        try:
            checkpoint.write(self._path, self._state)
            self.saved = self._state.position
        except OSError as exc:
            _log.warning("rules_checkpoint_not_written", path=str(self._path), reason=str(exc))

    def _start(self, classes: Mapping[str, EquipmentClass]) -> State:
        try:
            state = checkpoint.read(self._path, classes)
        except checkpoint.CheckpointError as exc:
            _log.warning("rules_checkpoint_refused", path=str(self._path), reason=str(exc))
            state = None
        last = self._reader.last_position()
        if state is not None and state.position > last:
            # Another journal, or one that lost its end: to wait for the old position is to be deaf.
            _log.warning("rules_checkpoint_beyond_journal", position=state.position, last=last)
            state = None
        if state is None:
            state = begin(classes)
        first = self._reader.first_position()
        if state.position + 1 < first:
            _log.warning("rules_records_missing", after=state.position, first=first)
            state.position = first - 1
        return state

    def _real_since(self, at: Micros) -> float:
        return self._clock.real_seconds(self._clock.now() - at)

    def _report_refusal(self) -> None:
        if self._state.refused != self._refused:
            self._refused = self._state.refused
            for fault in self._refused:
                _log.error("rule_files_refused", fault=str(fault))
