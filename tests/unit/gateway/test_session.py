"""The session against a peer that misbehaves: whatever it does, we come back and say why."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.endpoint import Endpoint, Version
from gateway.session import Delivery, Session
from gateway.standing import Memory
from gengfu.core.clock import SystemClock
from tests.fakes.mqtt_peer import (
    CONNACK,
    CONNACK_NOT_AUTHORISED,
    Peer,
    Script,
    mqtt_peer,
    publish,
    read_packet,
    suback,
)

SUBSCRIBE, PUBACK, DISCONNECT = 0x80, 0x40, 0xE0


@asynccontextmanager
async def session_with(
    script: Script,
    received: list[Delivery] | None = None,
    keepalive_s: int = 15,
    memory: Memory | None = None,
    asides: Mapping[str, Callable[[bytes], None]] | None = None,
) -> AsyncIterator[tuple[Session, Peer]]:
    """Run a session against a scripted peer."""

    def receive(delivery: Delivery) -> bool:
        if received is not None:
            received.append(delivery)
        return True

    async with mqtt_peer(script) as peer:
        endpoint = Endpoint(
            host="127.0.0.1",
            port=peer.port,
            version=Version.V311,
            user="gengfu",
            keepalive_s=keepalive_s,
            first_wait_s=0.01,
            longest_wait_s=0.02,
        )
        session = Session(
            endpoint,
            client_id="gengfu.alarm",
            filters=("gf/+/+/up/event", "gf/+/+/up/vital"),
            receive=receive,
            clock=SystemClock(),
            memory=memory,
            asides=asides,
        )
        task = asyncio.create_task(session.run())
        try:
            yield session, peer
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(ready: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not ready():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


async def accept(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept the connection and both subscriptions."""
    writer.write(CONNACK)
    _, body = await read_packet(peer, reader)
    writer.write(suback(body[:2], 1, 1))


async def test_a_refused_subscription_passes_silently() -> None:
    """A SUBACK with a failure is trouble that names the missing access line."""

    async def refuse(
        peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(CONNACK)
        _, body = await read_packet(peer, reader)
        writer.write(suback(body[:2], 1, 0x80))
        await reader.read()

    async with session_with(refuse) as (session, _):
        await until(lambda: session.counters.refused_subscriptions > 0)
        await until(lambda: "topic read gf/+/+/up/vital" in (session.trouble or ""))
        assert "up/event" not in (session.trouble or "")
        assert not session.is_ready


async def test_a_refused_account_is_hammered_without_end() -> None:
    """A refused account is tried again with a growing wait, and is one outage."""

    async def refuse(_: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNACK_NOT_AUTHORISED)
        await reader.read()

    async with session_with(refuse) as (session, peer):
        await until(lambda: peer.connections >= 3)
        assert "account gengfu" in (session.trouble or "")
        assert session.counters.outages == 1


@pytest.mark.parametrize("seed", range(10))
async def test_garbage_from_the_broker_ends_the_session(seed: int) -> None:
    """Random bytes, at once or after a proper start, cost a connection and never the session."""
    noise = random.Random(seed)

    async def babble(
        peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if peer.connections > 3:
            await accept(peer, reader, writer)
            await reader.read()
            return
        if peer.connections % 2:
            await accept(peer, reader, writer)
        writer.write(noise.randbytes(noise.randrange(1, 400)))
        await writer.drain()

    uncaught: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: uncaught.append(context))
    async with session_with(babble) as (session, peer):
        await until(lambda: peer.connections > 3 and session.is_ready)
    assert uncaught == []


async def test_a_silent_broker_is_waited_for_without_end() -> None:
    """A peer that accepts the connection and never answers is given up after the keepalive (F4)."""

    async def silence(_: Peer, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await reader.read()

    async with session_with(silence, keepalive_s=1) as (_, peer):
        await until(lambda: peer.connections >= 2)


async def test_an_acknowledgement_crosses_connections() -> None:
    """A message of the first connection is not acknowledged on the second, whose ids are its own."""
    received: list[Delivery] = []

    async def lose_once(
        peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await accept(peer, reader, writer)
        writer.write(publish("gf/a/b/up/event", b"%d" % peer.connections, mid=7))
        await writer.drain()
        if peer.connections == 1:
            return
        while True:
            await read_packet(peer, reader)

    async with session_with(lose_once, received) as (session, peer):
        await until(lambda: len(received) == 2 and session.is_ready)
        session.acknowledge(received[:1])
        session.acknowledge(received[1:])
        await until(lambda: len(peer.heard(PUBACK)) >= 1)

    assert [one.message.payload for one in received] == [b"1", b"2"]
    assert peer.heard(PUBACK) == [b"\x00\x07"]
    assert session.counters.stale_acknowledgements == 1


async def test_leaving_forgets_what_was_just_acknowledged() -> None:
    """When the session ends, acknowledgements given before go out first, then DISCONNECT."""
    received: list[Delivery] = []

    async def deliver(
        peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await accept(peer, reader, writer)
        for mid in range(1, 40):
            writer.write(publish("gf/a/b/up/event", b"x", mid))
        while True:
            await read_packet(peer, reader)

    async with session_with(deliver, received) as (session, peer):
        await until(lambda: len(received) == 39)
        session.acknowledge(received)
    await until(lambda: len(peer.heard(DISCONNECT)) == 1)
    assert [int.from_bytes(one, "big") for one in peer.heard(PUBACK)] == list(range(1, 40))


@pytest.mark.parametrize(
    ("is_known", "remembered", "lost"),
    [
        (False, (0, 0, 0), 2),
        (True, (0, 0, 0), 3),
        (True, (1, 1, 1), 0),
        (False, (0, 1, 0), 1),
    ],
)
async def test_a_lost_session_goes_unnoticed(
    is_known: bool, remembered: tuple[int, ...], lost: int
) -> None:
    """Whenever a broker that has met us has no session of ours, that is told; the first time not."""
    told: list[str] = []

    async def leave(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if peer.connections > len(remembered):
            await reader.read()
            return
        writer.write(bytes((0x20, 2, remembered[peer.connections - 1], 0)))
        _, body = await read_packet(peer, reader)
        writer.write(suback(body[:2], 1, 1))

    memory = Memory(is_known=is_known, on_lost=lambda: told.append("lost"))
    async with session_with(leave, memory=memory) as (session, peer):
        await until(lambda: peer.connections > len(remembered))
        assert session.counters.lost_sessions == len(told) == lost


@pytest.mark.parametrize("answer", [0, 0x80])
async def test_an_aside_decides_whether_we_are_ready(answer: int) -> None:
    """What is only heard where the broker lets us is asked for last, and its refusal is no trouble."""

    async def grant(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNACK)
        for codes in ((1, 1), (answer,)):
            _, body = await read_packet(peer, reader)
            writer.write(suback(body[:2], *codes))
        writer.write(publish("$SYS/dropped", b"7", 1))
        await reader.read()

    heard: list[bytes] = []
    received: list[Delivery] = []
    asides = {"$SYS/dropped": heard.append}
    async with session_with(grant, received, asides=asides) as (session, peer):
        await until(lambda: len(peer.heard(SUBSCRIBE)) == 2)
        await until(lambda: session.is_ready)
        assert b"$SYS/dropped\0" in peer.heard(SUBSCRIBE)[1]
        await until(lambda: heard == [b"7"])
        assert received == []
        assert session.counters.outages == 0
