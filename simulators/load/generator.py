"""Fires a load at a broker on time, and says honestly what it could do itself.

Open loop: a slow broker does not slow it down, it only makes what is unconfirmed grow. When the
generator cannot keep its own times, that is told, and the achieved rate is what was really sent.
With QoS 1 a lost connection loses nothing: what is due meanwhile waits, what was under way goes out
once more. Both are told as what they are.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import takewhile
from urllib.parse import urlsplit
from zlib import crc32

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from gengfu.core.errors import StartError
from simulators.broker.connection import BrokerAddress
from simulators.load.plan import Shot

CONNECT_SECONDS = 10.0
SETTLE_SECONDS = 5.0
"""How long it waits at the end for what was not confirmed yet."""
LATE_SECONDS = 0.1
"""Further behind its own times than this, or this busy, the generator is the limit."""
BUSY_SHARE = 0.9
RETRY_SECONDS = 2
"""A lost connection is tried again at the latest after this."""


class Fate(Enum):
    """What became of a message that was to be sent."""

    SENT = auto()
    """At its time."""
    WAITING = auto()
    """There was no connection: it goes out when that is back (QoS 1)."""
    REFUSED = auto()
    """There was no connection (QoS 0), or as many are unconfirmed as MQTT can count."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was really sent: what was refused is no message, whatever it was meant to be."""

    messages: int = 0
    values: int = 0
    payload_bytes: int = 0
    waited: int = 0
    """Those of the messages that went, or go, out when the connection was back."""
    refused: int = 0
    late: int = 0
    doubled: int = 0
    disordered: int = 0
    """After a later one of the same device."""
    _newest: dict[str, int] = field(default_factory=dict, repr=False)
    _last: tuple[str, int] | None = field(default=None, repr=False)

    def add(self, shot: Shot, fate: Fate) -> None:
        """Count a message by what became of it."""
        if fate is Fate.REFUSED:
            self.refused += 1
            return
        self.messages += 1
        self.values += shot.values
        self.payload_bytes += len(shot.payload)
        self.waited += fate is Fate.WAITING
        self.late += shot.is_late
        self.doubled += self._last == (shot.equipment, shot.seq)
        self._last = (shot.equipment, shot.seq)
        newest = self._newest.get(shot.equipment, 0)
        self.disordered += shot.seq < newest
        self._newest[shot.equipment] = max(newest, shot.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What was sent. ``confirmed`` by the broker with QoS 1; handed to the socket with QoS 0."""

    wanted_rate: float
    seconds: float
    sent: Tally
    confirmed: int
    repeated: int
    """Sent once more because the connection was lost before they were confirmed."""
    worst_lag_s: float
    """How far behind its own times it ever was."""
    busy: float
    """Share of one processor that it took itself."""

    @property
    def unconfirmed(self) -> int:
        """Return how many messages nobody has confirmed."""
        return self.sent.messages - self.confirmed

    @property
    def rate(self) -> float:
        """Return how many messages a second were really sent, at their times."""
        return (self.sent.messages - self.sent.waited) / self.seconds if self.seconds else 0.0

    @property
    def is_complete(self) -> bool:
        """Tell whether the wanted rate was kept, within 2 % or two messages, and all of it confirmed."""
        wanted = self.wanted_rate * self.seconds
        kept = abs(self.rate * self.seconds - wanted) <= max(0.02 * wanted, 2)
        return kept and not self.sent.refused and not self.unconfirmed

    @property
    def is_own_limit(self) -> bool:
        """Tell whether the generator, not the other side, kept the rate from being reached."""
        return self.worst_lag_s > LATE_SECONDS or self.busy > BUSY_SHARE


class _Barrel:
    """One connection: what it took, what it put on the wire, and what of that was confirmed."""

    def __init__(self, broker: BrokerAddress, name: str, qos: int) -> None:
        self.confirmed = self.repeated = 0
        self._taken = self._tried = self._broken = 0
        self._qos = qos
        self._counting = (
            threading.Lock()
        )  # never while paho confirms: it holds a lock of its own then
        self.client = self._client(broker, name)

    def fire(self, shot: Shot) -> Fate:
        with self._counting:
            code = self.client.publish(shot.topic, shot.payload, qos=self._qos).rc
            if code is MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._taken, self._tried = self._taken + 1, self._tried + 1
                return Fate.SENT
            if code is MQTTErrorCode.MQTT_ERR_NO_CONN and self._qos:
                self._taken += 1
                return Fate.WAITING
            return Fate.REFUSED

    def _client(self, broker: BrokerAddress, name: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.url.startswith("mqtts:"):
            client.tls_set(ca_certs=broker.ca)
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(max_delay=RETRY_SECONDS)
        client.on_publish = self._count
        client.on_disconnect = self._lose
        client.on_connect = self._return
        return client

    def _count(self, *_: object) -> None:
        self.confirmed += 1  # paho's thread alone does this, as it does what follows

    def _lose(self, *_: object) -> None:
        with self._counting:
            self._broken = self._tried - self.confirmed if self._qos else 0

    def _return(
        self, _client: object, _data: object, _flags: object, code: ReasonCode, *_: object
    ) -> None:
        if code.is_failure:
            return
        with self._counting:
            self.repeated += self._broken
            self._broken, self._tried = 0, self._taken


class Gun:
    """A few connections that take turns by device; confirmations are counted as they come."""

    def __init__(self, broker: BrokerAddress, *, connections: int, qos: int, name: str) -> None:
        self._broker = broker
        self._barrels = [_Barrel(broker, f"load-{name}-{n}", qos) for n in range(connections)]
        self._clients = [barrel.client for barrel in self._barrels]

    @property
    def confirmed(self) -> int:
        """Return how many messages were confirmed so far, on all connections."""
        return sum(barrel.confirmed for barrel in self._barrels)

    @property
    def repeated(self) -> int:
        """Return how many were sent once more when a connection was back."""
        return sum(barrel.repeated for barrel in self._barrels)

    def __enter__(self) -> "Gun":
        """Connect.

        Raises:
            StartError: when the broker cannot be reached or does not want us.
        """
        parts = urlsplit(self._broker.url)
        secure = parts.scheme == "mqtts"
        for client in self._clients:
            try:
                client.connect(parts.hostname or "", parts.port or (8883 if secure else 1883))
            except OSError as exc:
                raise StartError(
                    f"the broker at {self._broker.url} cannot be reached: {exc}"
                ) from exc
            client.loop_start()
        deadline = time.monotonic() + CONNECT_SECONDS
        while not all(client.is_connected() for client in self._clients):
            if time.monotonic() > deadline:
                raise StartError(f"the broker at {self._broker.url} does not let the load in")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.disconnect()
            client.loop_stop()

    def fire(self, shot: Shot) -> Fate:
        """Send one message without waiting; say what became of it."""
        return self._barrels[crc32(shot.equipment.encode()) % len(self._barrels)].fire(shot)


def fire(gun: Gun, plan: Iterable[Shot], *, rate: float, seconds: float) -> Fired:
    """Send what is due in so many seconds, each message at its time or as soon as possible after."""
    due = takewhile(lambda shot: shot.due_s < seconds, plan)
    sent, worst = Tally(), 0.0
    began, busy = time.monotonic(), time.process_time()
    for shot in due:
        lag = time.monotonic() - began - shot.due_s
        if lag < 0:
            time.sleep(-lag)
        else:
            worst = max(worst, lag)
        sent.add(shot, gun.fire(shot))
    took = max(time.monotonic() - began, seconds)
    share = (time.process_time() - busy) / took
    _wait(lambda: gun.confirmed >= sent.messages, SETTLE_SECONDS)
    return Fired(
        wanted_rate=rate,
        seconds=took,
        sent=sent,
        confirmed=gun.confirmed,
        repeated=gun.repeated,
        worst_lag_s=worst,
        busy=share,
    )


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)


def report(fired: Fired) -> Sequence[str]:
    """Return what a person should know of a run, its own limits included."""
    sent = fired.sent
    lines = [
        (
            f"{sent.messages} messages, {sent.values} values, {sent.payload_bytes} bytes"
            f" in {fired.seconds:.1f} s"
        ),
        f"{fired.rate:.0f} messages/s of {fired.wanted_rate:.0f} wanted",
        (
            f"{fired.confirmed} confirmed, {fired.unconfirmed} not within"
            f" {SETTLE_SECONDS:.0f} s, {sent.refused} without a connection"
        ),
        (
            f"worst {fired.worst_lag_s * 1000:.0f} ms behind its own times,"
            f" {fired.busy:.0%} of one processor"
        ),
    ]
    if sent.late or sent.doubled or sent.disordered:
        told = f"{sent.late} with an old time, {sent.doubled} sent twice"
        lines.insert(1, f"of these {told}, {sent.disordered} overtaken by their device's next one")
    if sent.waited or fired.repeated:
        lines.append(
            f"a connection was lost: {sent.waited} messages waited until it was back, and"
            f" {fired.repeated} went out twice because nothing had confirmed them"
        )
    if fired.is_own_limit:
        lines.append(
            "the generator itself was the limit: more connections, or a second one beside it"
        )
    return lines
