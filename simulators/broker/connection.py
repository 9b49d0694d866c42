"""One simulated connection to a real broker: sends what is put, hears ``down/ack``, stays connected.

Events are kept and sent again until they are acknowledged, as docs/devices.md asks of a device.
"""

import asyncio
import random
import ssl
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiomqtt
import msgspec
import structlog

from gengfu.core.errors import StartError
from simulators.broker.wire import Packet, Writer

log = structlog.get_logger(__name__)

RESEND_SECONDS = 15.0
IN_FLIGHT = 200
OUTBOX = 20_000
UNACKNOWLEDGED = 2_000
"""How many events a connection keeps until they are acknowledged; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is: ``mqtt://host[:port]`` or ``mqtts://host[:port]``, and who we are there."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    speaks_five: bool | None = None
    """Whether it speaks MQTT 5; None: nobody has said."""

    def client(
        self, identifier: str, will: aiomqtt.Will | None = None, *, is_five: bool = False
    ) -> aiomqtt.Client:
        """Return a client, not yet connected, that speaks MQTT 3.1.1 or 5.

        Raises:
            StartError: when the address is none.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise StartError(f"{self.url!r} is no broker: write mqtt://host:1883")
        secure = parts.scheme == "mqtts"
        return aiomqtt.Client(
            hostname=parts.hostname,
            port=parts.port or (8883 if secure else 1883),
            username=self.user,
            password=self.password,
            identifier=identifier,
            will=will,
            protocol=aiomqtt.ProtocolVersion.V5 if is_five else aiomqtt.ProtocolVersion.V311,
            tls_context=ssl.create_default_context(cafile=self.ca) if secure else None,
        )

    async def probe(self) -> None:
        """Connect and leave again.

        Raises:
            StartError: when the broker cannot be reached or does not want us.
        """
        try:
            async with self.client("sim-probe"):
                pass
        except aiomqtt.MqttError as exc:
            raise StartError(f"the broker at {self.url} cannot be reached: {exc}") from exc


@dataclass(slots=True)
class Speaker:
    """One connection: its outbox, and the events that nobody has acknowledged yet."""

    writer: Writer
    equipment: tuple[str, ...]
    """For whom it speaks."""
    will: Packet | None = None
    sent: int = 0
    dropped: int = 0
    _outbox: deque[Packet] = field(default_factory=deque)
    _waiting: dict[tuple[str, str], Packet] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def unacknowledged(self) -> int:
        """Return how many events still wait for ``down/ack``."""
        return len(self._waiting)

    def put(self, packet: Packet) -> None:
        """Queue a packet; a full outbox loses its oldest."""
        if len(self._outbox) >= OUTBOX:
            self._outbox.popleft()
            self.dropped += 1
        self._outbox.append(packet)
        for event in packet.events:
            self._waiting[packet.equipment, event] = packet
            self._answered.clear()
        while len(self._waiting) > UNACKNOWLEDGED:
            self._waiting.pop(next(iter(self._waiting)))
        self._idle.clear()
        self._news.set()

    async def answered(self) -> None:
        """Wait until every event has been acknowledged."""
        if self._waiting:
            await self._answered.wait()

    async def drained(self) -> None:
        """Wait until the broker has confirmed everything that was put."""
        await self._idle.wait()

    async def run(self, broker: BrokerAddress) -> None:
        """Stay connected and send; begin again, later and later, when the broker is gone."""
        name = f"{self.writer.boot}-{self.equipment[0]}"
        will = self.will and aiomqtt.Will(self.will.topic, self.will.payload, qos=1, retain=True)
        delay, down = 0.5, False
        while True:
            try:
                async with broker.client(f"sim-{name}", will or None) as client:
                    if down:
                        log.info("broker is back", speaker=self.equipment[0])
                    delay, down = 0.5, False
                    await self._talk(client)
            except aiomqtt.MqttError as exc:
                if not down:
                    log.warning("broker is gone", speaker=self.equipment[0], reason=str(exc))
                down = True
                await asyncio.sleep(delay * random.uniform(0.5, 1.5))
                delay = min(delay * 2, 10.0)

    async def _talk(self, client: aiomqtt.Client) -> None:
        client.pending_calls_threshold = 2 * IN_FLIGHT
        root, site = self.writer.root, self.writer.site
        topics = [(f"{root}/{site}/{one}/down/ack", 1) for one in self.equipment]
        await client.subscribe(topics)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(client), name="send")
                tasks.create_task(self._listen(client), name="listen")
                tasks.create_task(self._resend(), name="resend")
        except* aiomqtt.MqttError as group:
            raise aiomqtt.MqttError(str(group.exceptions[0])) from group

    async def _send(self, client: aiomqtt.Client) -> None:
        """Publish in order, many in flight; what was not confirmed is put back in front."""
        while True:
            while self._outbox:
                batch = [self._outbox.popleft() for _ in range(min(len(self._outbox), IN_FLIGHT))]
                calls = (client.publish(p.topic, p.payload, qos=1, retain=p.retain) for p in batch)
                answers = await asyncio.gather(*calls, return_exceptions=True)
                failed = [answer for answer in answers if isinstance(answer, BaseException)]
                if failed:
                    self._outbox.extendleft(reversed(batch))
                    raise failed[0]
                self.sent += len(batch)
            self._idle.set()
            await self._news.wait()
            self._news.clear()

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            equipment = str(message.topic).split("/")[-3]
            self._waiting.pop((equipment, _event_id(message.payload)), None)
            if not self._waiting:
                self._answered.set()

    async def _resend(self) -> None:
        """Send again, after a while, every event that was not acknowledged meanwhile."""
        while True:
            before = dict(self._waiting)
            await asyncio.sleep(RESEND_SECONDS)
            late = {id(one): one for key, one in before.items() if key in self._waiting}
            self._outbox.extend(late.values())
            self._news.set()


def _event_id(payload: str | bytes | bytearray | int | float | None) -> str:
    """Return the event that an acknowledgement names; empty when it names none."""
    if not isinstance(payload, bytes | bytearray):
        return ""
    try:
        return msgspec.json.decode(payload, type=dict[str, str]).get("id", "")
    except msgspec.DecodeError:
        return ""
