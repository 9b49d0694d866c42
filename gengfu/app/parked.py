"""Tells people of records that killed core and were parked, and has them judged again when asked.

What was parked stands in three places: an alert, a dead letter with its content, and the folder
that keeps it from being judged. A record that hangs the rules is ended here, so that it counts.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import msgspec
import structlog

from gateway import topics
from gengfu.app.condition import Ear
from gengfu.config import Settings
from gengfu.core.batch import Event, ReadingBatch, TopicKind
from gengfu.core.clock import Clock, Micros
from gengfu.core.errors import BadInput, JournalFull
from gengfu.core.naming import Scalar
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Body, DeadLetter, Draft, RejectReason, Tally, draft
from gengfu.core.said import said
from gengfu.installation import Installation
from ingest.journal.reader import FolderReader
from rules.custody import InHand
from rules.parking import MEMORY, Parked, ParkingLot, Stage
from rules.portion import as_said, portion

log = structlog.get_logger()

LOOK_SECONDS = 1.0
HANG_LOOK_SECONDS = 5.0
HANG_LOOKS = 12
"""The same in hand at so many looks hangs: a batch takes milliseconds."""
_EXIT = 3
"""A failure that a restart may heal."""


class Journal(Protocol):
    """Where dead letters and what is judged again are written; from the worker's thread only."""

    def append(self, drafts: Sequence[Draft], *, at: Micros) -> range: ...


class ParkedKeeper:
    """Looks at the folder of what was parked, now and then."""

    def __init__(
        self,
        place: Installation,
        ear: Ear,
        journal: Journal,
        clock: Clock,
        worker: Executor,
        root: str = topics.DEFAULT_ROOT,
    ) -> None:
        self._lot = ParkingLot(place.parked)
        self._place = place
        self._ear = ear
        self._journal = journal
        self._clock = clock
        self._worker = worker
        self._root = root

    async def run(self) -> None:
        """Tell what is new and write again what is wanted, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            for one in await asyncio.to_thread(self._waiting):
                if one.stage is Stage.NEW:
                    tell(self._ear, one)
                try:
                    await loop.run_in_executor(self._worker, partial(self._handle, one))
                except (JournalFull, OSError) as exc:
                    log.warning("parked_not_handled", key=one.key, reason=str(exc))
            await asyncio.sleep(LOOK_SECONDS)

    def _waiting(self) -> Sequence[Parked]:
        return [one for one in self._lot.all() if one.stage in (Stage.NEW, Stage.AGAIN)]

    def _handle(self, one: Parked) -> None:
        if one.stage is Stage.NEW:
            self._keep_letter(one)
            self._lot.move(one, Stage.TOLD)
        else:
            self._lot.move(one, Stage.DONE if self._write_again(one) else Stage.TOLD)

    def _keep_letter(self, one: Parked) -> None:
        """Keep its content where rejected messages are kept; as an item it was counted before."""
        topic = topics.up(one.site, one.equipment, _kind_of(one), self._root)
        detail = f"set aside as {one.key} after {one.deaths} deaths: {one.reason}"
        letter = DeadLetter(
            topic=topic if one.equipment else f"{self._root}/{one.kind}",
            payload=msgspec.json.encode(self._found(one).said),
            received_at=one.at,
            reason=RejectReason.KILLED_CORE,
            detail=detail,
            items=0,
        )
        partition = partition_of(one.site) if one.site else EVERY_PARTITION
        self._journal.append([draft((letter,), partition)], at=self._clock.now())

    def _write_again(self, one: Parked) -> bool:
        """Write it into the journal once more, where it is judged as new; False: it is gone."""
        found = self._found(one)
        if found.body is None:
            log.error("parked_not_in_the_archive", key=one.key)
            return False
        drafts = [draft(found.body, found.partition)]
        if found.items:
            tally = Tally(received=found.items, journaled=found.items)
            drafts.insert(0, draft(tally, EVERY_PARTITION))
        self._journal.append(drafts, at=self._clock.now())
        log.info("parked_judged_again", key=one.key)
        return True

    def _found(self, one: Parked) -> "_Found":
        """Look it up in the journal's archive."""
        with closing(FolderReader(self._place.journal)) as reader:
            records = reader.read(one.position - 1, limit=1)
            if not records or records[0].position != one.position or one.number == MEMORY:
                return _Found()
            (record,) = records
            whole = record.body()
            body = whole if one.number < 0 else portion(whole, one.number)
            said = {} if body is None else as_said(body, reader.names)
            return _Found(body=body, said=said, partition=record.partition, items=_items(body))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the archive has of something parked."""

    body: Body | None = None
    said: Mapping[str, object] = field(default_factory=dict)
    partition: int = EVERY_PARTITION
    items: int = 0
    """As the gateway counts them."""


def _items(body: Body | None) -> int:
    if isinstance(body, ReadingBatch):
        return len(body)
    return len(body) if isinstance(body, tuple) and isinstance(body[0], Event) else 0


def tell(ear: Ear, one: Parked) -> None:
    """Let people know of what was parked, as an event of our own."""
    said: Mapping[str, Scalar] = {
        "key": one.key,
        "what": one.what,
        "deaths": one.deaths,
        "reason": one.reason[:200],
    }
    if one.number == MEMORY:
        ear.note_event("memory_dropped", said)
    else:
        ear.note_event(
            "safety_parked" if one.life_safety else "record_parked", said, one.equipment or None
        )


async def mind_hang(held: Callable[[], InHand | None], die: Callable[[int], object]) -> None:
    """End the process when the rules have had the same in hand for a minute, until cancelled.

    Its event loop goes on meanwhile, so the supervisor would see nothing. What was in hand is blamed.
    """
    last, looks = held(), 0
    while True:
        await asyncio.sleep(HANG_LOOK_SECONDS)
        now = held()
        looks = looks + 1 if now is not None and now is last else 0
        last = now
        if now is not None and looks >= HANG_LOOKS:
            log.critical("rules_hang", first=now.first, last=now.last)
            die(_EXIT)


def ask_again(settings: Settings, key: str) -> Parked:
    """Have something judged once more: core does it within a second, or when it starts.

    Raises:
        BadInput: nothing is parked by that key, or it is no record.
    """
    lot = ParkingLot(Installation(settings.data).parked)
    found = lot.get(key)
    if found is None:
        known = ", ".join(one.key for one in lot.all()) or "nothing"
        raise BadInput.of("KEY", "", said("{!r} is not parked", key), said("parked: {}", known))
    if found.number == MEMORY:
        raise BadInput.of("KEY", "", said("{!r} is no record: what was remembered is gone", key))
    lot.move(found, Stage.AGAIN)
    return found


def parked_of(settings: Settings) -> Sequence[Parked]:
    """Return what is parked, the oldest record first."""
    return tuple(ParkingLot(Installation(settings.data).parked).all())


def _kind_of(one: Parked) -> TopicKind:
    return TopicKind.EVENT if one.kind == "events" else TopicKind.TELEMETRY
