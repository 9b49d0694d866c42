"""Fires a load at a broker on time, and says honestly what it could do itself.

Open loop: a slow broker does not slow it down, it only makes what is unconfirmed grow. When the
generator cannot keep its own times, that is told, and the achieved rate is what was really sent.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import urlsplit
from zlib import crc32

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from gengfu.core.errors import StartError
from simulators.connection import BrokerAddress
from simulators.load_plan import Shot

CONNECT_SECONDS = 10.0
SETTLE_SECONDS = 5.0
"""How long it waits at the end for what was not confirmed yet."""
LATE_SECONDS = 0.1
"""Further behind its own times than this, or this busy, the generator is the limit."""
BUSY_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What was sent. ``confirmed`` by the broker with QoS 1; handed to the socket with QoS 0."""

    wanted_rate: float
    seconds: float
    messages: int
    values: int
    payload_bytes: int
    confirmed: int
    refused: int
    """Not even taken by our own queue: the connection was gone."""
    worst_lag_s: float
    """How far behind its own times it ever was."""
    busy: float
    """Share of one processor that it took itself."""

    @property
    def rate(self) -> float:
        """Return how many messages a second were really sent."""
        return self.messages / self.seconds if self.seconds else 0.0

    @property
    def is_complete(self) -> bool:
        """Tell whether the wanted rate was kept, within 2 % or two messages, and all of it confirmed."""
        wanted = self.wanted_rate * self.seconds
        kept = abs(self.messages - wanted) <= max(0.02 * wanted, 2)
        return kept and not self.refused and self.confirmed >= self.messages

    @property
    def is_own_limit(self) -> bool:
        """Tell whether the generator, not the other side, kept the rate from being reached."""
        return self.worst_lag_s > LATE_SECONDS or self.busy > BUSY_SHARE


class Gun:
    """A few connections that take turns by device; confirmations are counted as they come."""

    def __init__(self, broker: BrokerAddress, *, connections: int, qos: int, name: str) -> None:
        self.qos = qos
        self._broker = broker
        self._confirmed = [0] * connections
        self._clients = [self._client(number, name) for number in range(connections)]

    @property
    def confirmed(self) -> int:
        """Return how many messages were confirmed so far, on all connections."""
        return sum(self._confirmed)

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

    def fire(self, shot: Shot) -> bool:
        """Send one message without waiting; False when there is no connection."""
        client = self._clients[crc32(shot.equipment.encode()) % len(self._clients)]
        info = client.publish(shot.topic, shot.payload, qos=self.qos)
        return info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def _client(self, number: int, name: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"load-{name}-{number}")
        if self._broker.user is not None:
            client.username_pw_set(self._broker.user, self._broker.password)
        if self._broker.url.startswith("mqtts:"):
            client.tls_set(ca_certs=self._broker.ca)
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)

        def count(*_: object) -> None:
            self._confirmed[number] += 1  # each connection has a thread, and a count, of its own

        client.on_publish = count
        return client


def fire(gun: Gun, plan: Iterable[Shot], *, rate: float, seconds: float) -> Fired:
    """Send what is due in so many seconds, each message at its time or as soon as possible after."""
    due = takewhile(lambda shot: shot.due_s < seconds, plan)
    messages = values = size = refused = 0
    worst = 0.0
    began, busy = time.monotonic(), time.process_time()
    for shot in due:
        lag = time.monotonic() - began - shot.due_s
        if lag < 0:
            time.sleep(-lag)
        else:
            worst = max(worst, lag)
        if gun.fire(shot):
            messages, values, size = messages + 1, values + shot.values, size + len(shot.payload)
        else:
            refused += 1
    took = max(time.monotonic() - began, seconds)
    share = (time.process_time() - busy) / took
    _wait(lambda: gun.confirmed >= messages, SETTLE_SECONDS)
    return Fired(
        wanted_rate=rate,
        seconds=took,
        messages=messages,
        values=values,
        payload_bytes=size,
        confirmed=gun.confirmed,
        refused=refused,
        worst_lag_s=worst,
        busy=share,
    )


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)


def report(fired: Fired) -> Sequence[str]:
    """Return what a person should know of a run, its own limits included."""
    lines = [
        (
            f"{fired.messages} messages, {fired.values} values, {fired.payload_bytes} bytes"
            f" in {fired.seconds:.1f} s"
        ),
        f"{fired.rate:.0f} messages/s of {fired.wanted_rate:.0f} wanted",
        (
            f"{fired.confirmed} confirmed, {fired.messages - fired.confirmed} not within"
            f" {SETTLE_SECONDS:.0f} s, {fired.refused} without a connection"
        ),
        (
            f"worst {fired.worst_lag_s * 1000:.0f} ms behind its own times,"
            f" {fired.busy:.0%} of one processor"
        ),
    ]
    if fired.is_own_limit:
        lines.append(
            "the generator itself was the limit: more connections, or a second one beside it"
        )
    return lines
