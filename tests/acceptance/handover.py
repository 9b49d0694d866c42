"""What the broker handed over to Gengfu and Gengfu acknowledged, read from the wire between them.

This is what "acknowledged" means for telemetry (I1): from the PUBACK on the broker has forgotten
the message and nobody but us has it. Reads MQTT frames, 3.1.1 and 5; uses none of Gengfu's code.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from tests.acceptance.proxy import Way

_CONNECT, _PUBLISH, _PUBACK = 1, 3, 4
_LEVEL, _FIVE = 6, 5
"""Where CONNECT says its protocol level, and the one of MQTT 5."""


@dataclass(slots=True)
class _Frames:
    """Cuts a stream of bytes into MQTT packets."""

    _bytes: bytearray = field(default_factory=bytearray)

    def feed(self, piece: bytes) -> list[tuple[int, bytes]]:
        """Return the packets that are whole now: first byte and body."""
        self._bytes += piece
        found = []
        while (packet := self._next()) is not None:
            found.append(packet)
        return found

    def _next(self) -> tuple[int, bytes] | None:
        length, shift = 0, 0
        for at in range(1, min(len(self._bytes), 5)):
            length |= (self._bytes[at] & 0x7F) << shift
            shift += 7
            if self._bytes[at] < 0x80:
                end = at + 1 + length
                if len(self._bytes) < end:
                    return None
                packet = self._bytes[0], bytes(self._bytes[at + 1 : end])
                del self._bytes[:end]
                return packet
        return None


@dataclass(slots=True)
class HandOver:
    """A proxy's tap on the link between the broker and core."""

    messages: list[tuple[str, bytes]] = field(default_factory=list)
    """(topic, payload) in the order of their PUBACK."""
    _frames: dict[tuple[int, Way], _Frames] = field(default_factory=lambda: defaultdict(_Frames))
    _delivered: dict[tuple[int, int], tuple[str, bytes]] = field(default_factory=dict)
    """(connection, message id) → what waits for its PUBACK."""
    _five: set[int] = field(default_factory=set)
    """Connections that speak MQTT 5."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, connection: int, way: Way, piece: bytes) -> None:
        """Read a piece of a connection."""
        with self._lock:
            for head, body in self._frames[connection, way].feed(piece):
                if way is Way.UP and head >> 4 == _CONNECT and body[_LEVEL] == _FIVE:
                    self._five.add(connection)
                elif way is Way.DOWN and head >> 4 == _PUBLISH and head & 0x06:
                    self._deliver(connection, body)
                elif way is Way.UP and head >> 4 == _PUBACK:
                    self._acknowledge(connection, int.from_bytes(body[:2], "big"))

    def _deliver(self, connection: int, body: bytes) -> None:
        end = 2 + int.from_bytes(body[:2], "big")
        mid = int.from_bytes(body[end : end + 2], "big")
        topic, rest = body[2:end].decode("utf-8", "replace"), body[end + 2 :]
        self._delivered[connection, mid] = topic, _payload(rest, connection in self._five)

    def _acknowledge(self, connection: int, mid: int) -> None:
        message = self._delivered.pop((connection, mid), None)
        if message is not None:
            self.messages.append(message)


def _payload(rest: bytes, is_five: bool) -> bytes:
    """Return what follows a message's properties, which only MQTT 5 has."""
    if not is_five:
        return rest
    length, digits = 0, 0
    while True:
        digit = rest[digits]
        length |= (digit & 0x7F) << (7 * digits)
        digits += 1
        if digit < 0x80:
            return rest[digits + length :]
