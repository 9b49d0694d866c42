"""The outside oracle: publishes as devices do, remembers what was acknowledged, and judges later.

It knows only what a device knows: what it sent, which telemetry the broker took (PUBACK), which
events came back on ``down/ack``. It uses none of Gengfu's code.
"""

import json
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

Series: TypeAlias = tuple[str, str]
"""(equipment, point)"""
Taken: TypeAlias = dict[Series, dict[int, float]]
"""Series → ms → value."""


@dataclass(slots=True)
class Oracle:
    """Devices of one site on one connection, and everything they will ask for later."""

    port: int
    site: str
    seed: int
    name: str = "oracle"
    """Its client id, and the beginning of its events' ids."""
    taken: Taken = field(default_factory=lambda: defaultdict(dict))
    """Telemetry that the broker took over."""
    raised: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Event id → (equipment, part)."""
    answers: list[str] = field(default_factory=list)
    """Ids of events as they were acknowledged for the first time, in that order."""
    raised_at: dict[str, float] = field(default_factory=dict)
    answered_at: dict[str, float] = field(default_factory=dict)
    _waiting: dict[int, tuple[str, int, dict[str, float]]] = field(default_factory=dict)
    _others: set[int] = field(default_factory=set)
    """Messages on their way whose PUBACK nobody asks for."""
    _early: set[int] = field(default_factory=set)
    """Confirmed before ``publish`` returned."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seq: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _random: random.Random = field(init=False)
    _client: mqtt.Client = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self.name, clean_session=False
        )
        self._client.max_inflight_messages_set(200)
        self._client.reconnect_delay_set(0.2, 1)  # type: ignore[arg-type]  # it takes floats
        self._client.on_publish = lambda _c, _u, mid, _r, _p: self._on_puback(mid)
        self._client.on_message = lambda _c, _u, message: self._on_ack(bytes(message.payload))
        self._client.on_connect = lambda client, *_: client.subscribe(self._answers, qos=1)

    @property
    def _answers(self) -> str:
        """The topic filter of acknowledgements."""
        return f"gf/{self.site}/+/down/ack"

    @property
    def acknowledged(self) -> set[str]:
        """The ids of events that Gengfu said are safe."""
        return set(self.answers)

    def connect(self) -> None:
        """Connect; the client reconnects by itself."""
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()

    def close(self) -> None:
        """Disconnect, leaving nothing that the broker would keep acknowledgements for."""
        self._client.unsubscribe(self._answers)
        self._client.disconnect()
        self._client.loop_stop()

    def measure(self, equipment: str, *points: str, boot: str = "b1") -> None:
        """Publish one reading of random values."""
        at = time.time_ns() // 1_000_000
        values = {point: self._random.random() * 10 for point in points}
        self._seq[equipment] += 1
        payload = {"ts": at, "seq": self._seq[equipment], "boot": boot, "points": values}
        sent = self._client.publish(
            f"gf/{self.site}/{equipment}/up/telemetry", json.dumps(payload), qos=1
        )
        with self._lock:  # never around publish: paho holds its own lock while it calls us back
            self._waiting[sent.mid] = (equipment, at, values)
            if sent.mid in self._early:
                self._early.discard(sent.mid)
                self._take(sent.mid)

    def alarm(self, equipment: str, part: str) -> str:
        """Raise a fire event; it is resent by ``insist`` until it is acknowledged."""
        event = f"{self.name}-{len(self.raised)}"
        self.raised[event] = (equipment, part)
        self.raised_at[event] = time.monotonic()
        self._send(event)
        return event

    def insist(self) -> None:
        """Resend every event that nobody has acknowledged yet, as a device does."""
        for event in set(self.raised) - self.acknowledged:
            self._send(event)

    def say(self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False) -> None:
        """Publish anything at all; nobody asks for it later."""
        self._pass(self._client.publish(topic, payload, qos=qos, retain=retain).mid)

    def settled(self) -> bool:
        """Tell whether the broker took everything and every event was acknowledged."""
        with self._lock:
            silent = not self._waiting and not self._others
            return silent and self.acknowledged >= set(self.raised)

    def _send(self, event: str) -> None:
        equipment, part = self.raised[event]
        payload = {
            "id": event,
            "ts": time.time_ns() // 1_000_000,
            "type": "fire",
            "part": part,
            "attributes": {"signal": "smoke"},
        }
        self.say(f"gf/{self.site}/{equipment}/up/event", json.dumps(payload))

    def _pass(self, mid: int) -> None:
        with self._lock:
            if mid in self._early:
                self._early.discard(mid)
            else:
                self._others.add(mid)

    def _on_puback(self, mid: int) -> None:
        with self._lock:
            if mid in self._waiting:
                self._take(mid)
            elif mid in self._others:
                self._others.discard(mid)
            else:
                self._early.add(mid)

    def _take(self, mid: int) -> None:
        equipment, at, values = self._waiting.pop(mid)
        for point, value in values.items():
            self.taken[equipment, point][at] = value

    def _on_ack(self, payload: bytes) -> None:
        event = json.loads(payload)["id"]
        if event in self.raised and event not in self.answered_at:
            self.answered_at[event] = time.monotonic()
            self.answers.append(event)
