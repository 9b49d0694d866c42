"""A broker's traffic recorded and played back: the same bytes, topics, distances."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from gengfu.app.broker import CORE_ACCOUNT, prepare_accounts, run_broker
from gengfu.app.estate import address_of
from gengfu.app.traffic import record_traffic
from gengfu.config import BrokerSettings, Settings
from gengfu.core.clock import SECOND, SystemClock
from gengfu.core.errors import BadInput, StartError
from gengfu.installation import Installation
from simulators.broker import tape
from simulators.broker.capture import (
    Caught,
    head_line,
    is_capture,
    message_line,
    opened,
    read_capture,
)
from simulators.broker.connection import BrokerAddress
from simulators.broker.tape import play, record
from simulators.load import generator
from simulators.load.generator import Gun, fire
from simulators.load.plan import Load, shots
from tests.fakes.waiting import until
from tests.integration.services import (
    PATIENCE_S,
    Mosquitto,
    free_port,
    mosquitto,
    running,
    wait_for,
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    server = mosquitto(tmp_path / "broker")
    with server.up():
        yield server


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            Caught,
            after=st.integers(0, 10**12),
            topic=st.text(
                st.characters(codec="utf-8", exclude_characters="+#\0"), min_size=1, max_size=20
            ),
            payload=st.binary(max_size=60),
            qos=st.integers(0, 2),
            retain=st.booleans(),
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_bytes_change_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, messages: list[Caught], zipped: bool
) -> None:
    """Any messages come back from a file as they went in, text or not, zipped or not."""
    file = tmp_path_factory.mktemp("tape") / ("a.jsonl.gz" if zipped else "a.jsonl")
    with opened(file, "wb") as out:
        out.write(head_line(7))
        out.writelines(map(message_line, messages))
    head, back = read_capture(file)
    assert (head.started, list(back)) == (7, messages)


def test_another_file_is_taken_for_a_tape(tmp_path: Path) -> None:
    """A CSV is no tape; a broken line is told with its number."""
    table = tmp_path / "a.csv"
    table.write_text("time,a\n1,2\n", encoding="utf-8")
    assert not is_capture(table)
    with pytest.raises(BadInput):
        read_capture(table)
    tape = tmp_path / "b.jsonl"
    tape.write_bytes(head_line(1) + b'{"after":1}\n')
    assert is_capture(tape)
    with pytest.raises(BadInput) as refused:
        list(read_capture(tape)[1])
    assert refused.value.faults[0].place == "2"


def test_a_broken_file_is_played_in_silence(tmp_path: Path) -> None:
    """A file that was cut off or damaged gives what stands before, then the place, not a traceback."""
    file = tmp_path / "a.jsonl.gz"
    noise = Random(1)  # that cannot be packed: cut in half the file holds half of it
    said = [
        Caught(after=n, topic="a", payload=noise.randbytes(400), qos=1, retain=False)
        for n in range(500)
    ]
    with opened(file, "wb") as out:
        out.write(head_line(7))
        out.writelines(map(message_line, said))
    whole = file.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2 :] = bytes(len(whole) - len(whole) // 2)
    for broken in (whole[: len(whole) // 2], bytes(damaged)):
        file.write_bytes(broken)
        back: list[Caught] = []
        with pytest.raises(BadInput, match="cut off or damaged") as refused:
            back.extend(read_capture(file)[1])
        (fault,) = refused.value.faults
        whole_ones = int(fault.place) - 2
        assert 100 < whole_ones < 400
        assert list(islice(read_capture(file)[1], whole_ones)) == said[:whole_ones]
        assert f"{whole_ones} messages" in fault.mend


@pytest.mark.parametrize("line", [b'"topic":"a/#","qos":1', b'"topic":"a","qos":3'])
def test_a_message_that_none_can_be(tmp_path: Path, line: bytes) -> None:
    """A topic or QoS that MQTT does not have is told with its line, not raised by the connection."""
    file = tmp_path / "a.jsonl"
    file.write_bytes(head_line(1) + b'{"after":1,' + line + b"}\n")
    with pytest.raises(BadInput, match="is no message"):
        list(read_capture(file)[1])


async def test_what_comes_before_a_break_is_lost(tmp_path: Path, broker: Mosquitto) -> None:
    """A recording without its end is played up to there, then told."""
    address = BrokerAddress(url=broker.url)
    file, again = tmp_path / "cut.jsonl", tmp_path / "again.jsonl"
    lines = [
        message_line(Caught(after=n, topic="gf/x/up", payload=b"1", qos=1, retain=False))
        for n in range(7)
    ]
    file.write_bytes(head_line(1) + b"".join(lines) + lines[0][:20])

    async def replay() -> None:
        clock = SystemClock()
        with pytest.raises(BadInput, match=":9: is no message"):
            await play(read_capture(file)[1], broker=address, clock=clock, began=clock.now())

    await taped(again, address, replay())


async def test_a_replay_is_not_what_was_said(tmp_path: Path, broker: Mosquitto) -> None:
    """A status that is retained while it is recorded, and QoS 2, are recorded and played as they were."""
    address = BrokerAddress(url=broker.url)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    said = [
        (f"gf/x/d{n}/up/status", qos, n % 2 == 0) for n, qos in enumerate((1, 2, 0, 0, 1, 2, 1))
    ]

    async def speak() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            for topic, qos, retain in said:
                await client.publish(topic, b"online", qos=qos, retain=retain)

    await taped(first, address, speak())
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for topic, _, _ in said:
            await client.publish(topic, b"", qos=1, retain=True)

    async def replay() -> None:
        clock = SystemClock()
        await play(read_capture(first)[1], broker=address, clock=clock, began=clock.now())

    await taped(second, address, replay())
    for file in (first, second):
        caught = read_capture(file)[1]
        assert sorted((one.topic, one.qos, one.retain) for one in caught) == said


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_recording_is_empty_until_it_ends(tmp_path: Path, broker: Mosquitto, name: str) -> None:
    """What was heard is in the file while it is recorded; SIGTERM ends it whole, with what it has."""
    file, log = tmp_path / name, tmp_path / "log"
    command = ["record", str(file), "--topic", "live/#", "--broker", broker.url]
    folder = ("--data", str(tmp_path / "data"))
    with running([sys.executable, "-m", "gengfu", *command, *folder], log) as process:

        def heard() -> int:
            client.publish("live/a", b"1", qos=1)
            return sum(1 for _ in whole(file))

        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        wait_for("messages in the file", lambda: heard() > 3)
        process.terminate()
        assert process.wait(timeout=PATIENCE_S) == 0
        client.loop_stop()
    kept = list(read_capture(file)[1])
    assert len(kept) > 3
    assert f"{len(kept)} messages" in log.read_text(encoding="utf-8")


def whole(file: Path) -> Iterator[Caught]:
    """Yield the messages of a file that is still being written."""
    with suppress(BadInput):
        yield from read_capture(file)[1]


async def test_what_is_played_is_not_what_was_recorded(tmp_path: Path, broker: Mosquitto) -> None:
    """Traffic recorded, played twice as fast and recorded again is the same, in half the time."""
    address = BrokerAddress(url=broker.url)
    said = [(f"gf/x/d{n % 3}/up/telemetry", b'{"n": %d}' % n) for n in range(6)]
    said.append(("gf/x/d1/up/event", bytes([0xFF, 0x00, 7])))
    first, second = tmp_path / "first.jsonl.gz", tmp_path / "second.jsonl"

    async def speak() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            for topic, payload in said:
                await asyncio.sleep(0.3)
                await client.publish(topic, payload, qos=1)

    await taped(first, address, speak())
    head, messages = read_capture(first)
    assert head.started <= SystemClock().now()

    async def replay() -> None:
        clock = SystemClock()
        await play(messages, broker=address, clock=clock, began=clock.now(), speed=2.0)

    await taped(second, address, replay())
    spans = []
    for file in (first, second):
        caught = list(read_capture(file)[1])
        assert [(one.topic, one.payload) for one in caught] == said
        spans.append(caught[-1].after - caught[0].after)
    assert spans[1] < 0.8 * spans[0]


async def taped(file: Path, address: BrokerAddress, doing: Awaitable[None]) -> None:
    """Record while something is said, and a little longer."""
    listens, hear = asyncio.Event(), tape._hear

    async def heard(*arguments: Any) -> None:
        listens.set()  # it has subscribed by now
        await hear(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "_hear", heard)
        recording = asyncio.create_task(
            record(file, broker=address, topics=["gf/#"], clock=SystemClock())
        )
        await until(lambda: listens.is_set() or recording.done(), "the subscription")
        await doing
        await until(lambda: sum(1 for _ in whole(file)) >= 7, "all of it in the file")
        await asyncio.sleep(0.3)  # one too many would come now
        recording.cancel()
        assert (await recording).messages == 7


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Settings]:
    chosen = Settings(data=tmp_path / "data", broker=BrokerSettings(port=free_port()))
    place = Installation(chosen.data)
    place.prepare()
    prepare_accounts(chosen, place, [])
    ready = asyncio.Event()
    broker = asyncio.create_task(run_broker(chosen, ready.set))
    await ready.wait()
    yield chosen
    broker.cancel()
    with suppress(asyncio.CancelledError):
        await broker


async def test_nothing_is_heard_of_the_embedded_broker(tmp_path: Path, embedded: Settings) -> None:
    """On the embedded broker a recording has what devices say, in a demo and without one."""
    file = tmp_path / "a.jsonl"
    taping = asyncio.create_task(record_traffic(embedded, file, topics=(), lasts=2 * SECOND))
    own = address_of(embedded, Installation(embedded.data), embedded_account=CORE_ACCOUNT)
    async with own.client("a-device") as client:
        while not taping.done():
            await client.publish("gf/_gengfu/_core/up/event", b"{}", qos=1)
            await asyncio.sleep(0.1)
    assert (await taping).messages > 0


async def test_an_empty_recording_is_a_success(tmp_path: Path, embedded: Settings) -> None:
    """Who may not hear a topic is told so at once, instead of a file without messages."""
    with pytest.raises(StartError, match="does not let gengfu hear gf/#"):
        await record_traffic(embedded, tmp_path / "a.jsonl", topics=["gf/#"], lasts=SECOND)


async def test_a_missing_folder_is_a_traceback(tmp_path: Path) -> None:
    """A recording that cannot be written is refused before anything is heard."""
    nowhere = tmp_path / "none" / "a.jsonl.gz"
    with pytest.raises(BadInput, match="cannot be written: No such file or directory"):
        await record(
            nowhere,
            broker=BrokerAddress(url="mqtt://127.0.0.1:1"),
            topics=["#"],
            clock=SystemClock(),
        )


def test_a_load_lies_about_its_rate(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load that a broker can take is sent at its rate and confirmed whole."""
    monkeypatch.setattr(generator, "SETTLE_SECONDS", PATIENCE_S)
    wanted = Load(site="x", points={"a": ("p",), "b": ("p",)}, rate=300.0)
    with Gun(BrokerAddress(url=broker.url), connections=2, qos=1, name="t") as gun:
        found = fire(gun, shots(wanted, SystemClock().now(), "b"), rate=300.0, seconds=1.0)
    assert found.sent.messages == 300
    assert found.confirmed == 300
    assert found.rate <= 300.0


def test_a_lost_connection_makes_a_negative_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was due without a broker is sent when it is back, and counted as that: all is confirmed."""
    monkeypatch.setattr(generator, "SETTLE_SECONDS", PATIENCE_S)
    server = mosquitto(tmp_path / "broker")
    wanted = Load(site="x", points={"a": ("p",), "b": ("p",)}, rate=200.0)
    with ExitStack() as stack, ThreadPoolExecutor(1) as hand:
        stack.enter_context(server.up())
        with Gun(BrokerAddress(url=server.url), connections=2, qos=1, name="t") as gun:
            plan = shots(wanted, SystemClock().now(), "b")
            firing = hand.submit(fire, gun, plan, rate=200.0, seconds=4.0)
            wait_for("the first hundred", lambda: gun.confirmed >= 100)
            stack.close()
            stack.enter_context(server.up())
            found = firing.result()
    assert found.sent.messages == 800
    assert found.sent.waited > 0
    assert (found.confirmed, found.unconfirmed, found.sent.refused) == (800, 0, 0)
    assert not found.is_complete
