"""The gateway as a service: two sessions, two lanes, one journal.

Alarms have a session and a lane of their own, so that they never queue behind telemetry: on a
shared session the broker stops delivering at 20 unacknowledged messages.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from gateway import lane, topics
from gateway.codecs.native.message import Limits
from gateway.codecs.sparkplug.state import state_payload, state_topic
from gateway.codecs.spoken import Outgoing
from gateway.decoded import RawMessage
from gateway.dialect import Reason
from gateway.directory import build_directory
from gateway.endpoint import Endpoint
from gateway.intake import Committed, Group, Intake, Sink
from gateway.lane import Bounds, Lane
from gateway.lateness import Lateness
from gateway.mapping.check import check_mapping
from gateway.mapping.current import CurrentMapping
from gateway.mapping.interpreter import possible_filters, vital_points
from gateway.mapping.model import NOTHING, ForeignMapping
from gateway.session import Delivery, Session
from gateway.standing import Announcement, Memory
from gateway.unmapped import UnmappedFile, UnmappedNames
from gengfu.core.batch import Lane as LaneName
from gengfu.core.batch import TopicKind
from gengfu.core.clock import SECOND, Clock, Micros
from gengfu.core.errors import JournalError, JournalFull
from gengfu.core.names import Names
from gengfu.core.naming import Scalar
from gengfu.core.record import Tally
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.own import OWN_CORE, OWN_SITE

_log = structlog.get_logger(__name__)

_FULL_WAIT_S = 1.0
_SENDERS_LOOK_S = 5.0
_GAP_S = 60
"""Missing for so many real seconds is a gap: until then it may be late."""
_UNMAPPED_LOOK_S = 5.0
_THERE = b'{"online": true}'
_RULES_LOOK_S = 0.5
"""How often the foreign formats' rules are looked at."""


class Journal(Sink, Protocol):
    """The journal's writer; it owns the names."""

    names: Names

    @property
    def is_tight(self) -> bool:
        """Tell whether only what cannot wait may be written: the disk is full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """How the gateway listens."""

    endpoint: Endpoint
    root: str = topics.DEFAULT_ROOT
    client_id: str = "gengfu"
    """The sessions are called ``….alarm`` and ``….telemetry``: fixed, or the broker's queue is lost."""
    is_known: bool = False
    """The broker has met us before: it must have our sessions."""
    limits: Limits = field(default_factory=Limits)
    ahead: Callable[[], Micros] = lambda: 0
    """How far the gateway's clock is ahead of the host's, whose time devices have."""
    unmapped: Path | None = None
    """The file of names that no class has; None = it is not kept."""
    mapping: ForeignMapping = NOTHING
    """What foreign devices are here (docs/protocols.md)."""
    alarm: Bounds = field(default_factory=Bounds)
    telemetry: Bounds = field(default_factory=partial(Bounds, linger_s=0.02, shed_after_s=300))


class Gateway:
    """Takes devices' messages into the journal and tells the devices so.

    ``tally`` is what came in since the start and what became of it, in so many ``commits``.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        journal: Journal,
        ledgers: Iterable[SiteLedger],
        classes: Mapping[str, EquipmentClass],
        clock: Clock,
        worker: Executor,
    ) -> None:
        """Prepare; nothing is connected yet.

        ``worker`` has exactly one thread, and whatever else writes the journal runs in it too: the
        journal has one writer, and waiting for the disk must not stop the sockets.

        Raises:
            StartError: when a TLS file cannot be used.
        """
        self.tally, self.commits = Tally(), 0
        self.lateness = Lateness(clock)
        self.dropped: int | None = None
        """The broker's own count of messages that it threw away, where it tells that."""
        self.is_full = False
        """The journal has no room left, not even for alarms; devices and broker keep them."""
        self._settings, self._journal = settings, journal
        self._clock, self._worker = clock, worker
        self._in_force: tuple[Sequence[SiteLedger], Mapping[str, EquipmentClass]]
        self._in_force = tuple(ledgers), classes
        directory = build_directory(*self._in_force, journal.names, settings.root)
        self._silent_after = {one.name: one.silent_after for one in classes.values()}
        self._foreign = CurrentMapping(settings.mapping, vital_points(classes))
        self._unmapped = UnmappedFile(settings.unmapped)
        names = UnmappedNames.of(self._unmapped.read())
        limits, foreign = settings.limits, self._foreign
        self._intake = Intake(journal, directory, limits, foreign=foreign, unmapped=names)
        self._lanes = {
            name: Lane(self._bounds(name), partial(self._commit, name), self._committed)
            for name in (LaneName.ALARM, LaneName.TELEMETRY)
        }
        self.sessions = {name: self._session(name) for name in self._lanes}

    @property
    def is_ready(self) -> bool:
        """Tell whether both lanes receive."""
        return all(session.is_ready for session in self.sessions.values())

    @property
    def pending(self) -> int:
        """Return how many messages wait for their commit."""
        return sum(one.pending for one in self._lanes.values())

    @property
    def is_shedding(self) -> bool:
        """Tell whether telemetry comes faster than it can be kept, and old one is left out."""
        return self._lanes[LaneName.TELEMETRY].is_shedding

    async def run(self) -> None:
        """Receive until cancelled; then leave the sessions at the broker.

        Raises:
            JournalError: the journal failed; what it did not take is not acknowledged.
        """
        try:
            async with asyncio.TaskGroup() as outer:
                for name, session in self.sessions.items():
                    outer.create_task(session.run(), name=f"{name} session")
                outer.create_task(self._keep_rules(), name="foreign rules")
                outer.create_task(self._tell_of_senders(), name="senders")
                outer.create_task(self._keep_unmapped(), name="unmapped")
                # The lanes stop first, while the sessions can still acknowledge for them.
                async with asyncio.TaskGroup() as inner:
                    for name, session in self.sessions.items():
                        inner.create_task(self._lanes[name].run(session), name=f"{name} lane")
        except BaseExceptionGroup as group:
            broken = group.subgroup(JournalError)
            if broken is None:
                raise
            raise _first(broken) from group

    async def set_ledgers(
        self, ledgers: Sequence[SiteLedger], classes: Mapping[str, EquipmentClass]
    ) -> None:
        """Listen to the equipment of changed ledgers from the next group of messages on."""
        self._in_force = ledgers, classes
        self._check_mapping()
        exchange = partial(self._exchange_directory, ledgers, classes)
        await asyncio.get_running_loop().run_in_executor(self._worker, exchange)

    async def set_mapping(self, mapping: ForeignMapping) -> None:
        """Listen to the foreign devices of a changed mapping, and no more to those that left it."""
        before = self._foreign.mapping
        exchange = partial(self._foreign.exchange, mapping)
        await asyncio.get_running_loop().run_in_executor(self._worker, exchange)
        self._check_mapping()
        for name, session in self.sessions.items():
            session.listen_to(self._filters(name))
        if mapping.host != before.host:
            self.sessions[LaneName.ALARM].announce(self._announcement)

    def _check_mapping(self) -> None:
        for fault in check_mapping(self._foreign.mapping, *self._in_force):
            _log.warning("mapping_leads_nowhere", fault=str(fault))

    def _filters(self, name: LaneName) -> tuple[str, ...]:
        return (*topics.filters(name, self._settings.root), *self._foreign.filters(name))

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> bool:
        """Send a message to a device (``topics.command``); False when there is no connection."""
        return self.sessions[LaneName.ALARM].publish(topic, payload, qos)

    def publish_own(self, type_: str, attributes: Mapping[str, Scalar]) -> bool:
        """Send an event of our own to the broker, from where it comes back as a device's would."""
        topic = topics.up(OWN_SITE, OWN_CORE, TopicKind.EVENT, self._settings.root)
        return self.publish(topic, own_event(type_, attributes))

    def note_points(self, points: Mapping[str, Scalar]) -> None:
        """Take in what Gengfu measures of itself, like a device's message but past the broker."""
        self._take_own(TopicKind.VITAL, msgspec.json.encode(points))

    def note_event(
        self, type_: str, attributes: Mapping[str, Scalar], part: str | None = None
    ) -> None:
        """Take in what happened to Gengfu itself, like a device's event but past the broker."""
        self._take_own(TopicKind.EVENT, own_event(type_, attributes, part))

    def _take_own(self, kind: TopicKind, payload: bytes) -> None:
        topic = topics.up(OWN_SITE, OWN_CORE, kind, self._settings.root)
        message = RawMessage(topic, payload, self._clock.now())
        self._lanes[kind.lane].offer(Delivery(message, mid=0, qos=0, epoch=0))

    def _session(self, name: LaneName) -> Session:
        return Session(
            self._settings.endpoint,
            client_id=f"{self._settings.client_id}.{name}",
            filters=self._filters(name),
            receive=partial(self._receive, name),
            announcement=self._announcement if name is LaneName.ALARM else None,
            memory=Memory(
                is_known=self._settings.is_known,
                retired=topics.retired(name, self._settings.root),
                on_lost=partial(self.note_event, "session_lost", {"lane": name.value}),
                on_taken_over=partial(self.note_event, "session_taken_over", {"lane": name.value}),
                on_told=partial(self._tell_reason, name),
            ),
            receive_maximum=self._bounds(name).group,
            asides={topics.DROPPED: self._tell_dropped} if name is LaneName.ALARM else None,
            clock=self._clock,
        )

    def _bounds(self, name: LaneName) -> Bounds:
        return self._settings.alarm if name is LaneName.ALARM else self._settings.telemetry

    @property
    def _announcement(self) -> Announcement | None:
        host = self._foreign.mapping.host
        return None if host is None else Announcement(state_topic(host), state_payload)

    async def _keep_rules(self) -> None:
        """Do what the foreign formats' rules ask of us.

        That is to send what they want sent, such as Sparkplug's rebirth requests, and to say for
        equipment that is there, but speaks only when something changes, that it is there.
        """
        connections = 0
        while True:
            await asyncio.sleep(_RULES_LOOK_S)
            if self.is_ready:
                before, connections = (
                    connections,
                    self.sessions[LaneName.ALARM].counters.connections,
                )
                ask = partial(self._ask_foreign, before != connections)
                due, quiet = await asyncio.get_running_loop().run_in_executor(self._worker, ask)
                for one in due:
                    self.publish(one.topic, one.payload, qos=0)
                for topic in quiet:
                    message = RawMessage(topic, _THERE, self._clock.now())
                    self._lanes[LaneName.ALARM].offer(Delivery(message, mid=0, qos=0, epoch=0))

    def _ask_foreign(self, reconnected: bool) -> tuple[Sequence[Outgoing], Iterable[str]]:
        """Return what is to be sent, and for whom it is to be said that it is there."""
        return self._foreign.due(
            self._clock.now(),
            reconnected=reconnected,
            directory=self._intake.directory,
            silent=self._silent_after,
        )

    def _receive(self, name: LaneName, delivery: Delivery) -> bool:
        """Offer a message to its lane; what an earlier mapping had asked for is not asked for more.

        The broker remembers a session's subscriptions: one that no longer is in the mapping, or is
        now in the other lane, ends when it is heard of next.
        """
        topic = delivery.message.topic
        if topic.startswith(self._settings.root + "/") and not topics.is_for(name, topic):
            self.sessions[name].acknowledge([delivery])  # the other lane has it
            return True
        if self._foreign.wants(topic, name, self._settings.root):
            return self._lanes[name].offer(delivery)
        self.sessions[name].unsubscribe(possible_filters(topic))
        self.sessions[name].acknowledge([delivery])
        return True

    def _tell_reason(self, lane: LaneName, reason: Reason) -> None:
        self.note_event("broker_told", {"lane": lane.value, "reason": reason.value}, reason.value)

    def _tell_dropped(self, payload: bytes) -> None:
        """Tell by how much the broker's count has grown; the first one heard is where it stood."""
        if not payload.isdigit():
            return
        count, before = int(payload[:18]), self.dropped
        self.dropped = count
        if before is not None and count > before:
            self.note_event("broker_dropped", {"messages": count - before})

    async def _keep_unmapped(self) -> None:
        """Keep the names that no class has where the desk reads them."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_UNMAPPED_LOOK_S)
            await loop.run_in_executor(self._worker, self._write_unmapped)

    def _write_unmapped(self) -> None:
        table = self._intake.unmapped
        if table.is_changed:
            table.is_changed = False
            try:
                self._unmapped.write(table.listed())
            except OSError as exc:
                _log.warning("unmapped_not_written", reason=str(exc))

    async def _tell_of_senders(self) -> None:
        """Tell what was noticed of devices: messages missing, a wrong clock, two under one name."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SENDERS_LOOK_S)
            now = self._clock.now()
            patience = round(_GAP_S * SECOND / self._clock.real_seconds(SECOND))
            look = partial(self._intake.senders.remarks, now, missing_since=now - patience)
            for one in await loop.run_in_executor(self._worker, look):
                self.note_event(one.type, one.attributes, part=one.equipment)

    async def _commit(
        self, lane: LaneName, messages: Sequence[RawMessage], is_shedding: bool
    ) -> Committed:
        """Make a group durable, however long the disk stays full: it is not acknowledged before.

        Telemetry waits already while alarms go on with the journal's reserve.
        """
        group = Group(self._intake, messages, is_shedding)
        while True:
            if lane is LaneName.TELEMETRY and self._journal.is_tight:
                await asyncio.sleep(_FULL_WAIT_S)
                continue
            commit = partial(group.commit, self._clock.now(), self._settings.ahead())
            try:
                done = await asyncio.get_running_loop().run_in_executor(self._worker, commit)
            except JournalFull as exc:
                self._note_full(str(exc))
                await asyncio.sleep(_FULL_WAIT_S)
                continue
            self._note_room()
            self.tally += done.tally
            self.commits += 1
            if done.newest is not None:
                self.lateness.note(done.newest, self._clock.now())
            return done

    def _note_full(self, reason: str) -> None:
        if not self.is_full:
            self.is_full = True
            _log.error("journal_full", reason=reason)

    def _note_room(self) -> None:
        if self.is_full:
            self.is_full = False
            _log.info("journal_has_room")

    def _committed(self, session: lane.Session, done: Committed) -> None:
        for answer in done.answers:
            session.publish(answer.topic, msgspec.json.encode({"id": answer.id}))

    def _exchange_directory(
        self, ledgers: Sequence[SiteLedger], classes: Mapping[str, EquipmentClass]
    ) -> None:
        self._intake.directory = build_directory(
            ledgers, classes, self._journal.names, self._settings.root
        )
        points = {one.name: tuple(one.points) for one in classes.values()}
        self._intake.unmapped.forget_known(points, self._intake.directory.types)


def own_event(type_: str, attributes: Mapping[str, Scalar], part: str | None = None) -> bytes:
    """Return an event as a device would write it: without id and time, so never taken for another."""
    return msgspec.json.encode({"type": type_, "part": part, "attributes": attributes})


def _first(group: BaseExceptionGroup[JournalError]) -> JournalError:
    """Return the first journal error of a group of groups."""
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
