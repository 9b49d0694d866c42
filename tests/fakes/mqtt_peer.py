"""A peer that speaks just enough MQTT 3.1.1 to misbehave on purpose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CONNACK = b"\x20\x02\x00\x00"
CONNACK_NOT_AUTHORISED = b"\x20\x02\x00\x05"


def suback(mid: bytes, *codes: int) -> bytes:
    """Return a SUBACK packet."""
    return bytes((0x90, 2 + len(codes))) + mid + bytes(codes)


def publish(topic: str, payload: bytes, mid: int) -> bytes:
    """Return a QoS 1 PUBLISH of less than 128 bytes."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + payload
    return bytes((0x32, len(body))) + body


@dataclass
class Peer:
    """What the peer heard: packets by their first byte's high half, in order."""

    port: int = 0
    connections: int = 0
    packets: list[tuple[int, bytes]] = field(default_factory=list)

    def heard(self, kind: int) -> list[bytes]:
        """Return the bodies of the packets of a kind."""
        return [body for one, body in self.packets if one == kind]


Script = Callable[["Peer", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read_packet(peer: Peer, reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one short packet and note it."""
    first, length = await reader.readexactly(2)
    packet = (first & 0xF0, await reader.readexactly(length))
    peer.packets.append(packet)
    return packet


@asynccontextmanager
async def mqtt_peer(script: Script) -> AsyncIterator[Peer]:
    """Serve a script on a loopback port: it gets each connection after its CONNECT was read."""
    peer = Peer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        try:
            await read_packet(peer, reader)
            await script(peer, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
