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

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


@dataclass(slots=True)
class Oracle:
    """Devices of one site on one connection, and everything they will ask for later."""

    port: int
    site: str
    seed: int
    taken: dict[tuple[str, str], dict[int, float]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """(equipment, point) → ms → value, of telemetry that the broker took over."""
    raised: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Event id → (equipment, part)."""
    acknowledged: set[str] = field(default_factory=set)
    _waiting: dict[int, tuple[str, int, dict[str, float]]] = field(default_factory=dict)
    _early: set[int] = field(default_factory=set)
    """Confirmed before ``publish`` returned; also the ids of events, which nobody asks for."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seq: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _random: random.Random = field(init=False)
    _client: mqtt.Client = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="oracle", clean_session=False
        )
        self._client.max_inflight_messages_set(200)
        self._client.on_publish = lambda _c, _u, mid, _r, _p: self._on_puback(mid)
        self._client.on_message = lambda _c, _u, message: self._on_ack(bytes(message.payload))
        self._client.on_connect = lambda client, *_: client.subscribe(
            f"gf/{self.site}/+/down/ack", qos=1
        )

    def connect(self) -> None:
        """Connect; the client reconnects by itself."""
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def measure(self, equipment: str, *points: str) -> None:
        """Publish one reading of random values."""
        at = time.time_ns() // 1_000_000
        values = {point: self._random.random() * 10 for point in points}
        self._seq[equipment] += 1
        payload = {"ts": at, "seq": self._seq[equipment], "boot": "b1", "points": values}
        sent = self._client.publish(
            f"gf/{self.site}/{equipment}/up/telemetry", json.dumps(payload), qos=1
        )
        with self._lock:  # never around publish: paho holds its own lock while it calls us back
            self._waiting[sent.mid] = (equipment, at, values)
            if sent.mid in self._early:
                self._early.discard(sent.mid)
                self._take(sent.mid)

    def alarm(self, equipment: str, part: str) -> None:
        """Raise a fire event; it is resent by ``insist`` until it is acknowledged."""
        event = f"e-{len(self.raised)}"
        self.raised[event] = (equipment, part)
        self._send(event)

    def insist(self) -> None:
        """Resend every event that nobody has acknowledged yet, as a device does."""
        for event in set(self.raised) - self.acknowledged:
            self._send(event)

    def settled(self) -> bool:
        """Tell whether the broker took everything and every event was acknowledged."""
        with self._lock:
            return not self._waiting and self.acknowledged >= set(self.raised)

    def _send(self, event: str) -> None:
        equipment, part = self.raised[event]
        payload = {
            "id": event,
            "ts": time.time_ns() // 1_000_000,
            "type": "fire",
            "part": part,
            "attributes": {"signal": "smoke"},
        }
        self._client.publish(f"gf/{self.site}/{equipment}/up/event", json.dumps(payload), qos=1)

    def _on_puback(self, mid: int) -> None:
        with self._lock:
            if mid in self._waiting:
                self._take(mid)
            else:
                self._early.add(mid)

    def _take(self, mid: int) -> None:
        equipment, at, values = self._waiting.pop(mid)
        for point, value in values.items():
            self.taken[equipment, point][at] = value

    def _on_ack(self, payload: bytes) -> None:
        self.acknowledged.add(json.loads(payload)["id"])
