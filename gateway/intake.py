"""One group of messages, from bytes to a durable journal: the gateway's whole decision.

Plain code without sockets or asyncio. It runs in the journal's worker thread; whoever calls it may
acknowledge the messages when, and only when, it has returned.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

import structlog

from gateway import topics
from gateway.codecs.native.message import Limits, crashed, decode
from gateway.decoded import Decoded, Heard, RawMessage, Rows
from gateway.directory import Directory
from gateway.senders import Senders
from gateway.shedding import newest
from gateway.unmapped import UnmappedNames
from gengfu.core.batch import BatchBuilder, Event, ReadingBatch
from gengfu.core.clock import Micros
from gengfu.core.identity import Identity
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import DeadLetter, Draft, Tally, draft

_log = structlog.get_logger(__name__)


class Sink(Protocol):
    """What the gateway needs of the journal. Called from one thread only."""

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Make records durable; raises JournalError when that cannot be done."""

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]:
        """Return those that stand in the journal already."""


Codec: TypeAlias = Callable[[RawMessage, Directory, Limits], Decoded]
"""Turns bytes into readings and events; it should never raise."""


class Foreign(Protocol):
    """What understands the topics that are not ours."""

    def knows(self, topic: str) -> bool:
        """Tell whether a topic is one of a foreign device's that was asked for."""

    def decode(
        self, message: RawMessage, directory: Directory, limits: Limits
    ) -> tuple[Decoded, ...]:
        """Return what a message says of each equipment; it should never raise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A device's event is safe: tell it so, on ``topic``."""

    topic: str
    id: str | int


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a group, now that it is durable."""

    tally: Tally
    answers: tuple[Answer, ...]
    rejections: tuple[DeadLetter, ...]
    newest: Micros | None = None
    """Of its readings' times; None when it held none."""


class _Familiar:
    """Tells what was told before: by the journal, or earlier in this group."""

    def __init__(self, known: frozenset[Identity]) -> None:
        self._known = known
        self.fresh: dict[Identity, None] = {}

    def is_duplicate(self, identity: Identity | None) -> bool:
        if identity is None:
            return False
        if self._known and identity in self._known:
            return True
        before = len(self.fresh)
        self.fresh.setdefault(identity)  # one hash instead of three: this is every message's way
        return len(self.fresh) == before


@dataclass(slots=True)
class _Records:
    """The records that a group of messages becomes."""

    received: int = 0
    duplicate: int = 0
    unknown_point: int = 0
    journaled: int = 0
    shed: int = 0
    readings: dict[str, BatchBuilder] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    rejections: dict[int, list[DeadLetter]] = field(default_factory=dict)
    batches: dict[str, ReadingBatch] = field(default_factory=dict)

    def add(self, decoded: Decoded, familiar: _Familiar) -> None:
        self.received += decoded.received
        self.unknown_point += sum(one.count for one in decoded.unknown)
        site = decoded.site or ""
        for rows in decoded.readings:
            if familiar.is_duplicate(rows.identity):
                self.duplicate += len(rows)
            else:
                self._add_rows(site, rows, decoded.received_at)
        for heard in decoded.events:
            if familiar.is_duplicate(heard.identity):
                self.duplicate += 1
            else:
                self._add_event(site, heard)
        if decoded.rejections:
            partition = EVERY_PARTITION if decoded.site is None else partition_of(decoded.site)
            self.rejections.setdefault(partition, []).extend(decoded.rejections)

    def close(self, *, is_shedding: bool) -> None:
        """Build the batches when all is added; shedding, of each point only the newest value."""
        for site, builder in self.readings.items():
            batch = builder.build()
            if is_shedding:
                kept = newest(batch)
                self.shed += len(batch) - int(kept.sum())
                self.journaled -= len(batch) - int(kept.sum())
                batch = batch.where(kept)
            self.batches[site] = batch

    def _add_rows(self, site: str, rows: Rows, received_at: Micros) -> None:
        if not rows.value:
            return
        batch = self.readings.get(site)
        if batch is None:
            batch = self.readings[site] = BatchBuilder()
        first = batch.extend(
            rows.equipment,
            received_at,
            point=rows.point,
            observed_at=rows.observed_at,
            value=rows.value,
            flags=rows.flags,
        )
        if rows.texts or rows.claimed:
            batch.mark(first, rows.texts, rows.claimed)
        self.journaled += len(rows.value)

    def _add_event(self, site: str, heard: Heard) -> None:
        self.events.setdefault(site, []).append(heard.event)
        self.journaled += 1

    def tally(self) -> Tally:
        quarantined = sum(one.items for letters in self.rejections.values() for one in letters)
        return Tally(
            received=self.received,
            journaled=self.journaled,
            duplicate=self.duplicate,
            unknown_point=self.unknown_point,
            quarantined=quarantined,
            shed=self.shed,
        )

    def newest(self) -> Micros | None:
        times = (int(one.observed_at.max()) for one in self.batches.values() if len(one))
        return max(times, default=None)

    def drafts(self) -> list[Draft]:
        """Return the group's records: no record mixes sites."""
        readings = [draft(one, partition_of(site)) for site, one in self.batches.items()]
        events = [draft(tuple(one), partition_of(site)) for site, one in self.events.items()]
        letters = [draft(tuple(one), partition) for partition, one in self.rejections.items()]
        # The tally announces what follows: so whoever stands in between knows what is to come.
        # Events first: an opened door is judged by the card that was read just before.
        return [draft(self.tally(), EVERY_PARTITION), *events, *readings, *letters]


class Intake:
    """Decodes, recognises what was told before, and appends; holds no message back."""

    def __init__(
        self,
        sink: Sink,
        directory: Directory,
        limits: Limits,
        codec: Codec = decode,
        foreign: Foreign | None = None,
        unmapped: UnmappedNames | None = None,
    ) -> None:
        self.directory = directory
        self.unmapped = unmapped or UnmappedNames()
        self.senders = Senders()
        self._sink = sink
        self._limits = limits
        self._codec = codec
        self._foreign = foreign

    def commit(self, messages: Sequence[RawMessage], *, at: Micros) -> Committed:
        """Read a group of messages and make them durable, for who does not try twice.

        Raises:
            JournalError: nothing of the group may be acknowledged.
        """
        return self.append(self.read(messages), at=at)

    def read(self, messages: Sequence[RawMessage], shift: Micros = 0) -> Sequence[Decoded]:
        """Return what a group of messages says. To be done once for each: some codecs remember.

        ``shift`` is how far our time is ahead of the host's (``Belief``).
        """
        limits = replace(self._limits, belief=replace(self._limits.belief, shift=shift))
        return [one for message in messages for one in self._decode(message, limits)]

    def append(
        self, decoded: Sequence[Decoded], *, at: Micros, is_shedding: bool = False
    ) -> Committed:
        """Make what a group said durable, in its order; may be tried again after a JournalFull.

        When shedding, values that newer ones of the group supersede are only counted (invariant I5).

        Raises:
            JournalError: nothing of the group may be acknowledged.
        """
        identities = tuple(_identities(decoded))
        familiar = _Familiar(self._sink.known(identities) if identities else frozenset())
        group = _Records()
        for one in decoded:
            group.add(one, familiar)
        group.close(is_shedding=is_shedding)
        if group.received:
            self._sink.append(group.drafts(), at=at, identities=tuple(familiar.fresh))
        for one in decoded:
            self.senders.note(one, at)
            self.unmapped.note(one, self.directory.types)
        return Committed(
            group.tally(), self._answers(decoded), _rejections(decoded), group.newest()
        )

    def _decode(self, message: RawMessage, limits: Limits) -> tuple[Decoded, ...]:
        try:
            ours = message.topic.startswith(self.directory.root + "/")
            if self._foreign is not None and not ours and self._foreign.knows(message.topic):
                return self._foreign.decode(message, self.directory, limits)
            return (self._codec(message, self.directory, limits),)
        except Exception as exc:  # noqa: BLE001 – the supervisor of one message: it may not stop the next (P10)
            _log.exception("decoder_crashed", topic=message.topic)
            return (crashed(message, self.directory, exc),)

    def _answers(self, decoded: Iterable[Decoded]) -> tuple[Answer, ...]:
        root = self.directory.root
        return tuple(
            Answer(topics.acknowledgement(one.site, one.equipment, root), id_)
            for one in decoded
            if one.answers and one.site is not None and one.equipment is not None
            for id_ in one.answers
        )


@dataclass(slots=True)
class Group:
    """A group of messages on its way into the journal; read once, however often it is tried."""

    intake: Intake
    messages: Sequence[RawMessage]
    is_shedding: bool
    said: Sequence[Decoded] | None = None

    def commit(self, at: Micros, shift: Micros) -> Committed:
        """Make it durable; see ``Intake.read`` and ``Intake.append``."""
        if self.said is None:
            self.said = self.intake.read(self.messages, shift)
        return self.intake.append(self.said, at=at, is_shedding=self.is_shedding)


def _identities(decoded: Iterable[Decoded]) -> Iterable[Identity]:
    for one in decoded:
        for rows in one.readings:
            if rows.identity is not None:
                yield rows.identity
        for heard in one.events:
            if heard.identity is not None:
                yield heard.identity


def _rejections(decoded: Iterable[Decoded]) -> tuple[DeadLetter, ...]:
    return tuple(letter for one in decoded for letter in one.rejections)
