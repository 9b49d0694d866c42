"""Which MQTT is spoken: 5 first, 3.1.1 where it is not understood, and what CONNECT asks for."""

import asyncio
from collections.abc import Callable

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.dialect import SESSION_KEPT_S, Dialect
from gateway.endpoint import Endpoint, Version
from gateway.session import Delivery, Session
from gateway.standing import Memory
from gengfu.core.clock import SystemClock
from tests.fakes.mqtt_peer import CONNACK, Peer, Script, mqtt_peer, read_packet, suback
from tests.fakes.waiting import until

CONNACK_5 = b"\x20\x03\x00\x00\x00"
NOT_UNDERSTOOD = b"\x20\x02\x00\x01"
"""How a broker of 3.1.1 refuses version 5 (3.2.2.3: unacceptable protocol level)."""
TAKEN_OVER = b"\xe0\x02\x8e\x00"


async def spoken(
    script: Script, claim: Callable[[Peer], bool], memory: Memory | None = None
) -> Peer:
    """Run a session against a peer until a claim holds; return what the peer heard."""

    def receive(_delivery: Delivery) -> bool:
        return True

    async with mqtt_peer(script) as peer:
        endpoint = Endpoint(
            host="127.0.0.1", port=peer.port, first_wait_s=0.01, longest_wait_s=0.02
        )
        session = Session(
            endpoint,
            client_id="gengfu.alarm",
            filters=("gf/+/+/up/event",),
            receive=receive,
            clock=SystemClock(),
            memory=memory,
            receive_maximum=2000,
        )
        task = asyncio.create_task(session.run())
        await until(lambda: claim(peer), "the claim")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return peer


def levels(peer: Peer) -> list[int]:
    """Return the protocol levels that were asked for, one for each connection."""
    return [body[6] for body in peer.heard(0x10)]


async def test_a_broker_of_311_refuses_for_ever() -> None:
    """Refused for its version, the session asks again in 3.1.1, and stays with it."""

    async def old(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if levels(peer)[-1] == 5:
            writer.write(NOT_UNDERSTOOD)
            await writer.drain()
            return
        writer.write(CONNACK)
        _, body = await read_packet(peer, reader)
        writer.write(suback(body[:2], 1))
        await writer.drain()

    peer = await spoken(old, lambda peer: peer.connections >= 4)
    assert levels(peer)[:4] == [5, 4, 4, 4]


async def test_a_broker_that_only_hangs_up() -> None:
    """One that closes without a word is asked in the other version next, to and fro."""

    async def mute(_: Peer, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    peer = await spoken(mute, lambda peer: peer.connections >= 4)
    assert levels(peer)[:4] == [5, 4, 5, 4]


async def test_a_broker_that_was_only_starting() -> None:
    """One that is reached in 3.1.1 because it once kept silent is asked in 5 again afterwards."""

    async def moody(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if peer.connections == 1:
            writer.close()
            return
        writer.write(CONNACK_5 if levels(peer)[-1] == 5 else CONNACK)
        await writer.drain()

    peer = await spoken(moody, lambda peer: peer.connections >= 4)
    assert levels(peer)[:4] == [5, 4, 5, 5]


async def test_a_takeover_is_a_mere_disconnection() -> None:
    """That somebody else is connected under our name is told with its reason."""
    told: list[str] = []

    async def give_away(
        peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(CONNACK_5)
        await read_packet(peer, reader)
        writer.write(TAKEN_OVER)
        await writer.drain()

    memory = Memory(on_taken_over=lambda: told.append("taken over"))
    await spoken(give_away, lambda _peer: bool(told), memory)


@pytest.mark.parametrize(
    ("packets", "reasons"),
    [
        ((b"\x20\x03\x00\x97\x00",), ["quota"]),
        ((CONNACK_5, b"\xe0\x02\x8b\x00"), ["shutting_down"]),
        ((CONNACK_5, b"\xe0\x02\x97\x00"), ["quota"]),
        ((CONNACK_5, b"\xe0\x02\x95\x00"), ["too_large"]),
        ((CONNACK_5, b"\xe0\x02\x00\x00"), []),
    ],
)
async def test_why_a_broker_refuses_stays_in_the_log(
    packets: tuple[bytes, ...], reasons: list[str]
) -> None:
    """Each reason is told people once, however often it is given; a plain end is none."""
    told: list[str] = []

    async def refuse(
        _peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"".join(packets))
        await writer.drain()

    memory = Memory(on_told=lambda reason: told.append(reason.value))
    await spoken(refuse, lambda peer: peer.connections >= 3, memory)
    assert told == reasons


async def test_connect_asks_for_too_little() -> None:
    """CONNECT asks that the session be kept for a week, and for no more than we can hold."""

    async def accept(
        peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(CONNACK_5)
        await reader.read()

    peer = await spoken(accept, lambda peer: peer.connections >= 1)
    body = peer.heard(0x10)[0]
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.unpack(body[10:])  # type: ignore[no-untyped-call]
    assert body[7] & 0x02 == 0, "a clean start would throw the session away"
    asked = properties.json()  # type: ignore[no-untyped-call]
    assert asked["SessionExpiryInterval"] == SESSION_KEPT_S >= 72 * 3600
    assert asked["ReceiveMaximum"] == 2000


@pytest.mark.parametrize(
    ("version", "seconds"), [(Version.V5, 60), (Version.AUTO, 60), (Version.V311, None)]
)
def test_an_old_command_reaches_a_device(version: Version, seconds: int | None) -> None:
    """What we send can expire at the broker, where it knows of expiry."""
    dialect = Dialect(Endpoint(host="127.0.0.1", version=version), "gengfu.alarm", 1000)
    expiring = dialect.expiring(60)
    told = expiring.json() if expiring else {}  # type: ignore[no-untyped-call]
    assert told.get("MessageExpiryInterval") == seconds
