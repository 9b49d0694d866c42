"""Somebody else's ear on the broker: paho, so that aiomqtt is not judged by itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.integration.services import wait_for


@dataclass(frozen=True, slots=True)
class Frame:
    """One row of a message: who said it on which kind of topic, and the JSON of it."""

    equipment: str
    kind: str
    body: dict[str, object]


@dataclass(slots=True)
class Ear:
    """Everything heard so far, in order, message by message and row by row."""

    client: paho.Client
    payloads: list[tuple[str, bytes]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def hear(self, topic: str, payload: bytes) -> None:
        self.payloads.append((topic, payload))
        _, _, equipment, _, kind = topic.split("/")
        body = msgspec.json.decode(payload)
        for row in body if isinstance(body, list) else [body]:
            self.frames.append(Frame(equipment, kind, row))

    def of(self, equipment: str, kind: str) -> list[dict[str, object]]:
        return [one.body for one in self.frames if (one.equipment, one.kind) == (equipment, kind)]

    def acknowledge(self, equipment: str, event: str) -> None:
        payload = msgspec.json.encode({"id": event})
        self.client.publish(f"gf/yunhe/{equipment}/down/ack", payload, qos=1)


@contextmanager
def listening(
    port: int, then: Callable[[Ear], None] | None = None, *, kept_as: str = ""
) -> Iterator[Ear]:
    """Subscribe to all devices on a loopback broker until the block ends.

    ``kept_as`` names a session that the broker keeps meanwhile.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2, kept_as, clean_session=not kept_as)
    subscribed = threading.Event()
    ear = Ear(client)

    def on_message(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        ear.hear(message.topic, bytes(message.payload))
        if then is not None:
            then(ear)

    def on_subscribe(
        _client: paho.Client,
        _userdata: object,
        _mid: int,
        _codes: list[ReasonCode],
        _properties: object,
    ) -> None:
        subscribed.set()

    client.on_message, client.on_subscribe = on_message, on_subscribe
    client.connect("127.0.0.1", port)
    client.subscribe("gf/+/+/up/#", qos=1)
    client.loop_start()
    try:
        wait_for("the listener's subscription", subscribed.is_set)
        yield ear
    finally:
        client.disconnect()
        client.loop_stop()
