"""Foreign devices on a real Mosquitto: what they say arrives as any device's of ours."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import aiomqtt
import pytest

from gateway.endpoint import Endpoint
from gateway.mapping.file import load_mapping, read_mapping
from gengfu.core.batch import Lane, ReadingBatch
from gengfu.core.clock import SECOND
from gengfu.core.record import RecordKind
from tests.fakes.foreign_talk import GOLDEN, lines_of, message_of
from tests.fakes.journal import FakeJournal
from tests.integration.gateway.rig import device, events_in, running_gateway, until
from tests.integration.services import PATIENCE_S, Mosquitto, mosquitto

ZIGBEE = """
devices:
  - zigbee2mqtt: 水泵房/漏水
    equipment: pump-1
    fields: {water_leak: floor_leak, temperature: water_temp}
  - zigbee2mqtt: smoke 7
    equipment: fire-panel-1
    fields:
      smoke: {event: fire, part: 2-17, attributes: {signal: smoke}}
"""


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = mosquitto(tmp_path / "mosquitto", "allow_anonymous true", "set_tcp_nodelay true")
    with broker.up():
        yield broker


def endpoint(broker: Mosquitto) -> Endpoint:
    return Endpoint(host="127.0.0.1", port=broker.port)


def points(journal: FakeJournal) -> list[tuple[str, str, float]]:
    """Return (equipment, point, value) of every reading in the journal."""
    names = journal.names
    return [
        (names.equipment[equipment].equipment, names.points[point].point, value)
        for batch in journal.bodies(RecordKind.READINGS)
        if isinstance(batch, ReadingBatch)
        for equipment, point, value in zip(
            batch.equipment.tolist(), batch.point.tolist(), batch.value.tolist(), strict=True
        )
    ]


async def test_a_zigbee_device_is_not_heard(up: Mosquitto) -> None:
    """Readings, presence and a fire of Zigbee2MQTT devices are journaled as the equipment's."""
    journal, mapping = FakeJournal(), read_mapping(ZIGBEE, "mapping.yaml")
    async with running_gateway(endpoint(up), journal, mapping=mapping) as running:
        async with device(up.port) as bridge:
            here = "zigbee2mqtt/水泵房/漏水"
            await bridge.publish(f"{here}/availability", b'{"state":"online"}', 1, retain=True)
            await bridge.publish(here, b'{"water_leak": true, "temperature": 17.5, "rssi": 1}', 1)
            await bridge.publish("zigbee2mqtt/smoke 7", b'{"smoke": true}', 1)
            await bridge.publish("zigbee2mqtt/stranger", b'{"smoke": true}', 1)
        await until("all of it", lambda: running.gateway.tally.received == 5)
        tally = running.gateway.tally
        assert (tally.journaled, tally.unknown_point) == (4, 1)
    assert sorted(points(journal)) == [
        ("pump-1", "floor_leak", 1.0),
        ("pump-1", "online", 1.0),
        ("pump-1", "water_temp", 17.5),
    ]
    (fire,) = events_in(journal)
    assert (fire.type, fire.part) == ("fire", "2-17")


async def test_a_quiet_zigbee_device_is_silent(up: Mosquitto) -> None:
    """While it is online and says nothing, that it is there is said for it, again and again."""
    journal, mapping = FakeJournal(), read_mapping(ZIGBEE, "mapping.yaml")
    async with running_gateway(endpoint(up), journal, mapping=mapping) as running:
        running.gateway._silent_after["pump"] = SECOND
        async with device(up.port) as bridge:
            await bridge.publish("zigbee2mqtt/水泵房/漏水/availability", b"online", 1)
        await until("three words", lambda: points(journal) == [("pump-1", "online", 1.0)] * 3)
        async with device(up.port) as bridge:
            await bridge.publish("zigbee2mqtt/bridge/state", b"offline", 1)
            await bridge.publish("zigbee2mqtt/水泵房/漏水", b'{"temperature": 1}', 1)
        await until("its end", lambda: points(journal)[-1] == ("pump-1", "water_temp", 1.0))
        tally = running.gateway.tally
        assert tally.received == tally.journaled == len(points(journal))


async def test_a_changed_mapping_waits_for_a_restart(up: Mosquitto) -> None:
    """Exchanged while it runs: new devices are heard, old ones no more, and what stays is remembered."""
    journal, first = FakeJournal(), read_mapping(ZIGBEE, "mapping.yaml")
    second = read_mapping(
        "devices:\n"
        "- {zigbee2mqtt: smoke 7, equipment: fire-panel-1, fields: {smoke: {event: fire, part: 2-17}}}\n"
        "- {zigbee2mqtt: new, equipment: pump-1, fields: {flow: flow}}\n",
        "mapping.yaml",
    )
    async with (
        running_gateway(endpoint(up), journal, mapping=first) as running,
        device(up.port) as bridge,
    ):
        await bridge.publish("zigbee2mqtt/smoke 7", b'{"smoke": true}', 1)
        await until("the fire", lambda: len(events_in(journal)) == 1)
        await running.gateway.set_mapping(second)
        await bridge.publish("zigbee2mqtt/水泵房/漏水", b'{"water_leak": true}', 1)
        await bridge.publish("zigbee2mqtt/smoke 7", b'{"smoke": true}', 1)
        await bridge.publish("zigbee2mqtt/new", b'{"flow": 3.5}', 1)
        await until("the new one", lambda: points(journal) == [("pump-1", "flow", 3.5)])
        assert running.gateway.is_ready
    assert len(events_in(journal)) == 1, "a smoke that stayed was told as a new one"


async def test_a_mapping_that_is_gone_leaves_its_subscription(up: Mosquitto) -> None:
    """A device that is no longer mapped, or in the other lane, is soon not delivered any more."""
    first = read_mapping(ZIGBEE, "mapping.yaml")
    second = read_mapping(
        "devices: [{zigbee2mqtt: 水泵房/漏水, equipment: pump-1, lane: alarm,"
        " fields: {water_leak: floor_leak}}]",
        "mapping.yaml",
    )
    async with running_gateway(endpoint(up), FakeJournal(), mapping=first):
        pass
    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal, mapping=second) as running:
        sessions = running.gateway.sessions
        async with device(up.port) as bridge:
            for number in range(100):
                await bridge.publish("zigbee2mqtt/水泵房/漏水", b'{"water_leak": true}', 1)
                await bridge.publish("zigbee2mqtt/smoke 7", b'{"smoke": true}', 1)
                seen = number + 1
                await until("the reading", lambda n=seen: len(points(journal)) == n)  # type: ignore[misc]
        assert sessions[Lane.TELEMETRY].counters.received < 10
        assert sessions[Lane.ALARM].counters.received < 110
    assert len(points(journal)) == 100
    assert not events_in(journal)


SPARKPLUG = load_mapping(GOLDEN / "sparkplug" / "mapping.yaml")
_NODE = "spBv1.0/Plant"


async def _say(client: aiomqtt.Client, case: str, lines: slice) -> None:
    """Publish some lines of a golden talk: bytes that pysparkplug made."""
    for line in lines_of(GOLDEN / "sparkplug" / case / "messages")[lines]:
        topic, payload, _ = message_of(line)
        await client.publish(topic, payload, 0)


async def _next(client: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(aiter(client.messages))


async def test_sparkplug_is_not_spoken(up: Mosquitto) -> None:
    """Real Sparkplug bytes: rebirth asked for at the start, readings, a death, STATE and its end."""
    journal = FakeJournal()
    state = "spBv1.0/STATE/gengfu"
    async with device(up.port) as edge:
        await edge.subscribe([(f"{_NODE}/NCMD/edge-1", 0), (state, 1)])
        async with running_gateway(endpoint(up), journal, mapping=SPARKPLUG) as running:
            told = [await _next(edge), await _next(edge)]
            topics = sorted(str(one.topic) for one in told)
            assert topics == [f"{_NODE}/NCMD/edge-1", state]
            await _say(edge, "node_death", slice(0, 2))
            await until("the births", lambda: running.gateway.tally.journaled == 10)
            assert ("pump-1", "pressure_out", 0.412) in points(journal)
            await _say(edge, "node_death", slice(2, 4))
            await until("the death", lambda: ("pump-1", "online", 0.0) in points(journal))
        gone = await _next(edge)
        assert str(gone.topic) == state
        assert isinstance(gone.payload, bytes)
        assert json.loads(gone.payload)["online"] is False


async def test_a_killed_host_stays_online(up: Mosquitto) -> None:
    """The STATE of a host that is cut off is its last will: offline, with its birth's time."""
    state = "spBv1.0/STATE/gengfu"
    async with device(up.port) as edge:
        await edge.subscribe(state, 1)
        async with running_gateway(endpoint(up), FakeJournal(), mapping=SPARKPLUG) as running:
            here = await _next(edge)
            connection = running.gateway.sessions[Lane.ALARM]._client.socket()
            assert isinstance(connection, socket.socket)
            connection.shutdown(socket.SHUT_RDWR)
            gone, back = await _next(edge), await _next(edge)
    said = [json.loads(one.payload) for one in (here, gone, back) if isinstance(one.payload, bytes)]
    assert [one["online"] for one in said] == [True, False, True]
    assert said[0]["timestamp"] == said[1]["timestamp"] < said[2]["timestamp"]


REQUIREMENTS = Path(__file__).parents[2] / "sparkplug-requirements.txt"
ENVIRONMENT = Path(sys.prefix) / "sparkplug-edge"
"""Kept between runs: pysparkplug wants a paho-mqtt that is not ours."""


@pytest.fixture(scope="session")
def edge_python() -> str:
    """Return an interpreter that has pysparkplug; skip where it cannot be installed."""
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "installed"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return str(python)
    made = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
    install = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r"]
    try:
        for command in (made, [*install, str(REQUIREMENTS)]):
            subprocess.run(command, check=True, capture_output=True, timeout=240)
    except (OSError, subprocess.SubprocessError) as exc:
        pytest.skip(f"pysparkplug cannot be installed here: {exc}")
    stamp.write_text(wanted, encoding="utf-8")
    return str(python)


@contextmanager
def edge_node(python: str, port: int) -> Iterator["EdgeNode"]:
    """Run the independent edge node until the block ends."""
    program = Path(__file__).parent / "sparkplug_edge.py"
    process = subprocess.Popen(
        [python, str(program), str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield EdgeNode(process.stdin, process.stdout, process)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class EdgeNode:
    """The independent edge node, told what to do by words."""

    def __init__(self, orders: IO[str], answers: IO[str], process: "subprocess.Popen[str]") -> None:
        self._orders, self._answers, self.process = orders, answers, process

    async def obey(self, word: str) -> Sequence[str]:
        """Give an order; return what the node said before it was done."""
        return await asyncio.to_thread(self._obey, word)

    def _obey(self, word: str) -> Sequence[str]:
        self._orders.write(word + "\n")
        self._orders.flush()
        return list(iter(lambda: self._answers.readline().strip(), "done"))


async def test_an_independent_edge_node_is_not_understood(up: Mosquitto, edge_python: str) -> None:
    """The births, data and death of pysparkplug become readings; it hears our rebirth request."""
    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal, mapping=SPARKPLUG):
        with edge_node(edge_python, up.port) as node:
            await node.obey("connect")
            await until("the births", lambda: ("pump-1", "water_temp", -7.0) in points(journal))
            await node.obey("update")
            await until("the data", lambda: ("door-ctl-1", "battery", 11.75) in points(journal))
            async with device(up.port) as somebody:
                await somebody.publish(f"{_NODE}/DDATA/edge-1/unborn", bytes([24, 5]), 0)
            assert "Node Control/Rebirth" in await node.obey("asked")
            node.process.kill()
            await until("the death", lambda: ("pump-1", "online", 0.0) in points(journal))
    read = points(journal)
    for reading in [
        ("pump-1", "run", 1.0),
        ("pump-1", "pressure_out", 0.412),
        ("pump-1", "pressure_out", 0.5),
        ("pump-1", "mode", 1.0),
        ("door-ctl-1", "mains", 1.0),
        ("door-ctl-1", "online", 0.0),
    ]:
        assert reading in read


async def test_a_node_that_says_good_bye_is_thought_to_be_there(
    up: Mosquitto, edge_python: str
) -> None:
    """A node takes its leave with the number of its next birth; that is a death too."""
    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal, mapping=SPARKPLUG):
        with edge_node(edge_python, up.port) as node:
            await node.obey("connect")
            await until("the births", lambda: ("pump-1", "online", 1.0) in points(journal))
            await node.obey("leave")
            await until("the death", lambda: ("pump-1", "online", 0.0) in points(journal))
