"""One persistent MQTT session on asyncio: receives, is told when to acknowledge, comes back.

It must not know what a message means. A message is acknowledged on the connection that brought it
or not at all: message ids start anew with a lost session, so each carries its connection's epoch.
"""

import asyncio
import random
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from gateway import farewell
from gateway.counters import SessionCounters
from gateway.decoded import RawMessage
from gateway.dialect import TOLD, Dialect, Reason, reason_of
from gateway.endpoint import Endpoint
from gateway.standing import Announcement, Memory
from gateway.subscriptions import Subscriptions
from gengfu.core.clock import SECOND, Clock, Micros

_log = structlog.get_logger(__name__)

_READ_BURST = 500
"""Messages read before the loop looks at anything else."""
_ANSWER_S = 5
EXPIRES_S = 60
"""What we send is of no use later: a device that missed its acknowledgement tells its event again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way through, with what its acknowledgement needs."""

    message: RawMessage
    mid: int
    qos: int
    epoch: int


class Session:
    """Receives for one lane; lives as long as ``run`` does."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        client_id: str,
        filters: Sequence[str],
        receive: Callable[[Delivery], bool],
        clock: Clock,
        announcement: Announcement | None = None,
        memory: Memory | None = None,
        receive_maximum: int = 1000,
        asides: Mapping[str, Callable[[bytes], None]] | None = None,
    ) -> None:
        """Prepare a session; ``receive`` returns False when it wants no more until ``resume``.

        ``asides`` (topic → who hears the payload) are heard where the broker lets us, and not missed
        where it does not. ``receive_maximum``: so many may be unacknowledged, by MQTT 5.

        Raises:
            StartError: when a certificate file cannot be used.
        """
        self.client_id = client_id
        self.counters = SessionCounters()
        self.trouble: str | None = "has not connected yet"
        """Why no messages come now; None = they do."""
        self._user, self._waits = endpoint.user, (endpoint.first_wait_s, endpoint.longest_wait_s)
        self._subscriptions = Subscriptions(filters)
        self._receive, self._clock = receive, clock
        self._announcement, self._memory = announcement, memory or Memory()
        self._asides = dict(asides or {})
        self._epoch, self._opened_at = 0, Micros(0)
        self._paused = self._was_answered = False
        self._fd: int | None = None
        self._lost: asyncio.Future[str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outage_since: Micros | None = None
        self._dialect = Dialect(endpoint, client_id, receive_maximum)
        self._told: set[Reason] = set()
        self._client = self._build_client()

    @property
    def is_ready(self) -> bool:
        """Tell whether the broker has granted all subscriptions on the present connection."""
        return self.trouble is None

    async def run(self) -> None:
        """Stay connected until cancelled; then disconnect, keeping the session at the broker."""
        self._loop = asyncio.get_running_loop()
        first, longest = self._waits
        wait = first
        try:
            while True:
                reason = await self._stay_connected()
                if self.is_ready:
                    wait = first
                self._note_outage(reason)
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))
                wait = min(wait * 2, longest)
        finally:
            self._hang_up()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that messages are safe: those that this connection brought."""
        for delivery in deliveries:
            if delivery.qos == 0:
                continue
            if delivery.epoch != self._epoch:
                self.counters.stale_acknowledgements += 1
                continue
            self._client.ack(delivery.mid, delivery.qos)
            self.counters.acknowledged += 1

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> bool:
        """Send a message, good for ``EXPIRES_S``; False when there is no connection to send it on."""
        if not self._client.is_connected():
            return False
        expiring = self._dialect.expiring(EXPIRES_S)
        code = self._client.publish(topic, payload, qos, properties=expiring).rc
        return code == MQTTErrorCode.MQTT_ERR_SUCCESS

    def unsubscribe(self, filters: Sequence[str]) -> None:
        """Ask no more for topics that an earlier subscription may still bring."""
        if old := self._subscriptions.drop(self._client, filters):
            _log.info("unsubscribed", session=self.client_id, topic=old[0])

    def listen_to(self, filters: Sequence[str]) -> None:
        """Ask for other topics than before; at once where there is a connection."""
        self._subscriptions.change(self._client, filters)

    def announce(self, announcement: Announcement | None) -> None:
        """Say something else of our being there: on a new connection, for its last will's sake."""
        self._announcement = announcement
        self._lose("what we say of our being there has changed")

    def resume(self) -> None:
        """Read on after ``receive`` had asked for a pause."""
        if not self._paused:
            return
        self._paused = False
        if self._fd is not None and self._loop is not None:
            self._loop.add_reader(self._fd, self._read)
            self._loop.call_soon(self._read)  # TLS may hold decrypted bytes that wake nobody

    def _build_client(self) -> paho.Client:
        client = self._dialect.client()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        client.on_publish = self._on_publish
        return client

    async def _stay_connected(self) -> str:
        """Connect once and stay until the connection is lost; return why it was."""
        assert self._loop is not None
        self._lost = self._loop.create_future()
        self._opened_at, self._was_answered = self._clock.now(), False
        self._client = self._build_client()
        if self._announcement is not None:
            said = self._announcement
            will = said.payload(False, self._opened_at)
            self._client.will_set(said.topic, will, qos=1, retain=True)
        try:
            await asyncio.to_thread(self._client.reconnect)
        except (OSError, ValueError) as exc:
            return str(exc)
        opened = self._client.socket()
        if opened is None:
            return "the connection closed at once"
        if isinstance(opened, socket.socket):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._fd = opened.fileno()
        self._paused = False
        self._loop.add_reader(self._fd, self._read)
        if self._client.want_write():
            self._loop.add_writer(self._fd, self._client.loop_write)
        try:
            async with asyncio.TaskGroup() as tasks:
                beat = tasks.create_task(self._keep_alive(), name=f"{self.client_id} keepalive")
                reason = await self._lost
                beat.cancel()
        finally:
            await self._leave()
        if not self._was_answered:
            self._dialect.was_not_answered()
        return reason

    async def _keep_alive(self) -> None:
        """Let paho ping, and while paused read a trickle, so that the broker's answers are seen."""
        for second in count(1):
            await asyncio.sleep(1.0)
            if self._paused:
                self._client.loop_read()
            self._client.loop_misc()
            if not self._was_answered and second >= _ANSWER_S:
                self._lose("the broker does not answer")

    def _read(self) -> None:
        for _ in range(_READ_BURST):
            before = self.counters.received
            self._client.loop_read()
            if self._paused or self._fd is None:
                return
            if self.counters.received == before and not self._holds_more():
                return
        if self._holds_more() and self._loop is not None:
            self._loop.call_soon(self._read)

    def _holds_more(self) -> bool:
        """Tell whether TLS holds decrypted bytes that no selector will report."""
        opened = self._client.socket()
        return isinstance(opened, ssl.SSLSocket) and opened.pending() > 0

    async def _leave(self) -> None:
        """Disconnect, and let the broker read all that we said before."""
        line = farewell.hold(self._client.socket())
        self._hang_up()
        await farewell.hear_out(line)

    def _hang_up(self) -> None:
        """Leave the connection, if there is one; the broker keeps the session."""
        self._epoch += 1
        if self._client.socket() is not None:
            with suppress(OSError):
                self._announce(online=False)
                self._client.disconnect()
                self._client.loop_write()
        self._unwatch()

    def _announce(self, *, online: bool) -> None:
        said = self._announcement
        if said is not None and self._client.is_connected():
            payload = said.payload(online, self._opened_at)
            self._client.publish(said.topic, payload, qos=1, retain=True)

    def _unwatch(self) -> None:
        if self._fd is not None and self._loop is not None:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
        self._fd = None

    def _note_outage(self, reason: str) -> None:
        """Log an outage once, when it starts."""
        self.trouble = reason
        if self._outage_since is None:
            self._outage_since = self._clock.now()
            self.counters.outages += 1
            _log.error("broker_lost", session=self.client_id, reason=reason)

    def _note_ready(self) -> None:
        self.trouble = None
        self._announce(online=True)
        if self._asides:
            self._client.subscribe([(topic, 0) for topic in self._asides])
        if self._outage_since is not None:
            seconds = round((self._clock.now() - self._outage_since) / SECOND, 1)
            self._outage_since = None
            _log.info("broker_back", session=self.client_id, outage_s=seconds)
        else:
            _log.info("broker_connected", session=self.client_id, mqtt=self._dialect.spoken)

    def _note_lost_session(self) -> None:
        self.counters.lost_sessions += 1
        _log.error("session_lost", session=self.client_id)
        self._memory.on_lost()

    def _heed(self, code: ReasonCode) -> None:
        """Let people know why the broker refuses or ends something."""
        reason = reason_of(code)
        if reason in TOLD and reason not in self._told:
            self._told.add(reason)
            _log.warning("broker_told", session=self.client_id, reason=str(code))
            self._memory.on_told(reason)

    def _lose(self, reason: str) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(reason)

    # paho's callbacks, all on the loop's thread but the two about writing

    def _on_connect(
        self,
        _client: object,
        _data: object,
        flags: paho.ConnectFlags,
        code: ReasonCode,
        _more: object,
    ) -> None:
        self._was_answered = True
        self._dialect.was_answered(reason_of(code))
        self._heed(code)
        if code.is_failure:
            user = self._user or "(no account)"
            self._lose(f"the broker refuses account {user}: {code}")
            return
        self._epoch += 1
        self.counters.connections += 1
        if self._memory.is_known and not flags.session_present:
            self._note_lost_session()
        self._memory.is_known = True
        self._subscriptions.begin(self._client, self._memory.retired)

    def _on_subscribe(
        self, _client: object, _data: object, mid: int, codes: list[ReasonCode], _more: object
    ) -> None:
        refused = self._subscriptions.refused(mid, codes)
        if refused is None:
            return
        if not refused:
            self._told.clear()
            if self.trouble is not None:
                self._note_ready()
            return
        for code in codes:
            self._heed(code)
        self.counters.refused_subscriptions += len(refused)
        missing = ", ".join(f"'topic read {topic}'" for topic in refused)
        account = self._user or self.client_id
        self._lose(f"the broker refuses subscriptions: account {account} lacks the ACL {missing}")

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\N{REPLACEMENT CHARACTER}"
        if topic in self._asides:
            self._asides[topic](bytes(message.payload))
            return
        self.counters.received += 1
        raw = RawMessage(topic, bytes(message.payload), self._clock.now(), message.retain)
        if not self._receive(Delivery(raw, message.mid, message.qos, self._epoch)):
            self._pause()

    def _pause(self) -> None:
        if self._paused:
            return
        self._paused = True
        self.counters.pauses += 1
        if self._fd is not None and self._loop is not None:
            self._loop.remove_reader(self._fd)

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, code: ReasonCode, _more: object
    ) -> None:
        self._epoch += 1
        self._heed(code)
        if reason_of(code) is Reason.TAKEN_OVER:
            self._memory.on_taken_over()
        self._lose(f"disconnected: {code}")

    def _on_publish(
        self, _client: object, _data: object, _mid: int, code: ReasonCode, _more: object
    ) -> None:
        self._heed(code)
        self.counters.refused_publications += code.is_failure
        if code.is_failure and self.counters.refused_publications == 1:
            _log.error("publication_refused", session=self.client_id, reason=str(code))

    def _on_socket_close(self, _client: object, _data: object, _socket: object) -> None:
        self._unwatch()

    def _on_register_write(self, _client: object, _data: object, _socket: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._watch_writing)

    def _watch_writing(self) -> None:
        if self._fd is not None and self._loop is not None and self._client.want_write():
            self._loop.add_writer(self._fd, self._client.loop_write)

    def _on_unregister_write(self, _client: object, _data: object, _socket: object) -> None:
        if self._fd is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._unwatch_writing)

    def _unwatch_writing(self) -> None:
        if self._fd is not None and self._loop is not None and not self._client.want_write():
            self._loop.remove_writer(self._fd)
