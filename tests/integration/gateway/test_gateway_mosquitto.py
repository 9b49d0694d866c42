"""The gateway on a real Mosquitto: what is acknowledged is durable, what is not comes back."""

import asyncio
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar

import aiomqtt
import pytest

from gateway.endpoint import Endpoint, Version
from gateway.lane import Bounds
from gateway.service import Gateway, GatewaySettings
from gengfu.core.batch import Lane, ReadingBatch
from gengfu.core.clock import SystemClock
from gengfu.core.errors import JournalError, StartError
from gengfu.core.record import RecordKind
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate
from tests.integration.gateway.rig import (
    ACKNOWLEDGED,
    EVENT,
    TELEMETRY,
    device,
    events_in,
    letters_in,
    running_gateway,
    until,
)
from tests.integration.services import Mosquitto, mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Mosquitto:
    return mosquitto(tmp_path / "mosquitto", "allow_anonymous true", "set_tcp_nodelay true")


@pytest.fixture
def up(broker: Mosquitto) -> Iterator[Mosquitto]:
    with broker.up():
        yield broker


class Spoken:
    """Which MQTT the test at hand speaks: every claim here holds for both."""

    version: ClassVar = Version.V5


@pytest.fixture(autouse=True, params=[Version.V5, Version.V311])
def version(request: pytest.FixtureRequest) -> None:
    Spoken.version = request.param


def endpoint(broker: Mosquitto) -> Endpoint:
    return Endpoint(host="127.0.0.1", port=broker.port, version=Spoken.version)


def speeds(journal: FakeJournal) -> list[float]:
    bodies = journal.bodies(RecordKind.READINGS)
    return [value for body in bodies if isinstance(body, ReadingBatch) for value in body.value]


def _has(journal: FakeJournal, count: int) -> bool:
    return len(events_in(journal)) >= count


async def test_an_event_is_answered_before_it_is_durable(up: Mosquitto) -> None:
    """``down/ack`` comes after the append, and not a moment before it."""
    journal = FakeJournal()
    journal.gate.clear()
    async with running_gateway(endpoint(up), journal) as running, device(up.port) as panel:
        await panel.subscribe([(ACKNOWLEDGED, 1), ("marker", 1)])
        await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
        await until(
            "the event", lambda: running.gateway.sessions[Lane.ALARM].counters.received == 1
        )
        await panel.publish("marker", b"", 1)

        first = await anext(aiter(panel.messages))
        journal.gate.set()
        second = await anext(aiter(panel.messages))

        assert (str(first.topic), str(second.topic)) == ("marker", ACKNOWLEDGED)
        assert second.payload == b'{"id":"e-1"}'
        assert [one.id for one in events_in(journal)] == ["e-1"]


async def test_a_mistyped_ending_is_silence(up: Mosquitto) -> None:
    """It is a dead letter with the mend; what is said rightly comes once, by its own lane."""
    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal), device(up.port) as lift:
        await lift.publish("gf/yunhe/lift-1/up/telemetri", b'{"speed": 1.0}', 1)
        await lift.publish(EVENT, b'{"type": "fire"}', 1)
        await lift.publish(TELEMETRY, b'{"speed": 2.0}', 1)
        await until("all three", lambda: speeds(journal) == [2.0] and _has(journal, 1))
    (letter,) = letters_in(journal)
    assert letter.detail == "ends in 'telemetri': did you mean 'telemetry'?"
    assert len(events_in(journal)) == 1


async def test_messages_of_one_device_overtake_each_other(up: Mosquitto) -> None:
    """Readings arrive once each, in the order they were sent."""
    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal), device(up.port) as lift:
        for number in range(400):
            await lift.publish(TELEMETRY, b'{"speed": %d.5}' % (number % 20), 1)
        await until("the readings", lambda: len(speeds(journal)) == 400)
    assert speeds(journal) == [number % 20 + 0.5 for number in range(400)]


async def test_what_a_killed_client_had_not_acknowledged_is_lost(up: Mosquitto) -> None:
    """After ``kill -9`` exactly the unacknowledged messages come back, in their order."""
    program = [sys.executable, "-m", "tests.integration.gateway.hung_gateway", str(up.port), "30"]
    hung = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert hung.stdout is not None
    try:
        assert await hung.stdout.readline() == b"ready\n"
        async with device(up.port) as panel:
            for number in range(15):
                await panel.publish(EVENT, b'{"type": "fire", "part": "%d"}' % number, 1)
                await panel.publish(TELEMETRY, b'{"speed": %d.0}' % number, 1)
        assert await hung.stdout.readline() == b"holding 30\n"
    finally:
        hung.kill()
        await hung.wait()

    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal) as running:
        await until("all to come back", lambda: running.gateway.tally.journaled >= 30)

    assert [one.part for one in events_in(journal)] == [str(number) for number in range(15)]
    assert speeds(journal) == [float(number) for number in range(15)]


async def test_poison_is_acknowledged_before_it_is_kept(up: Mosquitto) -> None:
    """A dead letter is durable before the PUBACK, and the message behind it follows at once."""
    journal = FakeJournal()
    journal.gate.clear()
    async with running_gateway(endpoint(up), journal) as running, device(up.port) as panel:
        session = running.gateway.sessions[Lane.ALARM]
        await panel.publish(EVENT, b"\xff poison", 1)
        await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
        await until("both", lambda: session.counters.received == 2)
        assert session.counters.acknowledged == 0

        journal.gate.set()
        await until("the acknowledgements", lambda: session.counters.acknowledged == 2)

        assert [(one.reason, one.payload) for one in letters_in(journal)] == [
            ("not_utf8", b"\xff poison")
        ]
        assert [one.id for one in events_in(journal)] == ["e-1"]


async def test_a_broken_journal_is_acknowledged(up: Mosquitto) -> None:
    """When the journal fails the gateway ends with its error; the event comes back to the next one."""
    broken = FakeJournal()
    broken.fails = True
    async with running_gateway(endpoint(up), broken) as running:
        async with device(up.port) as panel:
            await panel.publish(EVENT, b'{"type": "fire"}', 1)
        with pytest.raises(JournalError):
            await running.task

    mended = FakeJournal()
    async with running_gateway(endpoint(up), mended):
        await until("the event", lambda: len(events_in(mended)) == 1)


async def test_a_broker_s_restart_ends_the_gateway(broker: Mosquitto) -> None:
    """After the broker was killed and came back the gateway hears again, and counts one outage."""
    journal = FakeJournal()
    with broker.up() as process:
        async with running_gateway(endpoint(broker), journal) as running:
            session = running.gateway.sessions[Lane.ALARM]
            process.kill()
            process.wait()
            await until("the loss", lambda: not session.is_ready)
            with broker.up():
                await until("the return", lambda: running.gateway.is_ready)
                async with device(broker.port) as panel:
                    await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
                await until("the event", lambda: len(events_in(journal)) == 1)
                assert session.counters.outages == 1
                assert session.counters.connections == 2


async def test_an_acknowledgement_goes_to_the_wrong_connection(broker: Mosquitto) -> None:
    """What came before a lost connection is not acknowledged on the next one."""
    journal = FakeJournal()
    with broker.up() as process:
        async with running_gateway(endpoint(broker), journal) as running:
            session = running.gateway.sessions[Lane.ALARM]
            journal.gate.clear()
            async with device(broker.port) as panel:
                await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
            await until("the event", lambda: session.counters.received == 1)
            process.kill()
            process.wait()
            await until("the loss", lambda: not session.is_ready)
            journal.gate.set()
            await until("the commit's end", lambda: session.counters.stale_acknowledgements == 1)
            assert (running.gateway.commits, session.counters.acknowledged) == (1, 0)


async def test_a_hanging_journal_fills_the_memory(up: Mosquitto) -> None:
    """Over its bound the gateway reads one message a second; when the journal goes on, all arrive."""
    journal = FakeJournal()
    async with running_gateway(endpoint(up), journal, bounds=Bounds(messages=50)) as running:
        session = running.gateway.sessions[Lane.TELEMETRY]
        journal.gate.clear()
        began = time.monotonic()
        async with device(up.port) as lift:
            for number in range(500):
                await lift.publish(TELEMETRY, b'{"speed": %d.0}' % (number % 20), 1)
        await until("the pause", lambda: session.counters.pauses >= 1)
        assert running.gateway.pending <= 51 + (time.monotonic() - began)
        journal.gate.set()
        await until("the rest", lambda: len(speeds(journal)) >= 500)
    assert speeds(journal) == [float(number % 20) for number in range(500)]


async def test_a_new_device_waits_for_a_restart(up: Mosquitto) -> None:
    """A ledger changes at run time; a stranger's event before that is a letter without answer."""
    journal = FakeJournal()
    async with (
        running_gateway(endpoint(up), journal, ledgers=[]) as running,
        device(up.port) as panel,
    ):
        await panel.subscribe(ACKNOWLEDGED, 1)
        await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
        await until("the letter", lambda: len(letters_in(journal)) == 1)
        await running.gateway.set_ledgers([small_estate()], shipped_classes())
        await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
        answer = await anext(aiter(panel.messages))
    assert answer.payload == b'{"id":"e-1"}'
    assert len(events_in(journal)) == 1


async def test_a_last_will_goes_unheard(up: Mosquitto) -> None:
    """A device that drops its connection is offline by its will, heard on the alarm lane."""
    journal = FakeJournal()
    status = "gf/yunhe/lift-1/up/status"
    will = aiomqtt.Will(status, b'{"online": false}', 1, retain=True)
    async with running_gateway(endpoint(up), journal):
        lift = aiomqtt.Client("127.0.0.1", up.port, will=will)
        async with lift:
            await lift.publish(status, b'{"online": true}', 1, retain=True)
            await until("online", lambda: speeds(journal) == [1.0])
            socket = lift._client.socket()
            assert socket is not None
            socket.close()
            await until("offline", lambda: speeds(journal) == [1.0, 0.0])
            lift._disconnected.set_result(None)


async def test_a_command_reaches_nobody(up: Mosquitto) -> None:
    """A command is published to its device."""
    async with running_gateway(endpoint(up), FakeJournal()) as running, device(up.port) as panel:
        await panel.subscribe("gf/yunhe/fire-panel-1/down/command", 1)
        assert running.gateway.publish("gf/yunhe/fire-panel-1/down/command", b'{"name": "siren"}')
        command = await anext(aiter(panel.messages))
        assert command.payload == b'{"name": "siren"}'


async def test_the_real_journal_holds_something_else(up: Mosquitto, tmp_path: Path) -> None:
    """What devices sent stands in the real journal's records, and a retold event only once."""
    journal = SqliteJournal(tmp_path / "journal")
    now = SystemClock().now() // 1000  # ms: a clock that is off would be told, and counted
    async with running_gateway(endpoint(up), journal) as running, device(up.port) as panel:
        for number in range(100):
            await panel.publish(
                TELEMETRY, b'{"ts": %d, "points": {"speed": 1.5, "floor": 3}}' % (now + number), 1
            )
            await panel.publish(EVENT, b'{"id": "e-%d", "type": "fire"}' % (number % 50), 1)
        await until("all", lambda: running.gateway.tally.received == 300)
        tally = running.gateway.tally
        assert (tally.journaled, tally.duplicate) == (250, 50)
    journal.close()
    reader = FolderReader(tmp_path / "journal")
    bodies = [record.body() for record in reader.read(0, limit=10_000)]
    assert sum(len(one) for one in bodies if isinstance(one, ReadingBatch)) == 200


async def test_a_broker_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """Without a broker the gateway waits, says why, and hears as soon as there is one."""
    broker = mosquitto(tmp_path / "mosquitto")
    async with running_gateway(endpoint(broker), FakeJournal(), ready=False) as running:
        session = running.gateway.sessions[Lane.ALARM]
        await until("the trouble", lambda: "refused" in (session.trouble or ""))
        with broker.up():
            await until("the connection", lambda: running.gateway.is_ready)


def test_missing_tls_files_are_found_when_it_is_too_late() -> None:
    """A certificate file that cannot be read is one sentence at the start."""
    settings = GatewaySettings(
        endpoint=Endpoint(host="127.0.0.1", tls=True, ca_file=Path("/nowhere/ca.pem"))
    )
    with ThreadPoolExecutor(1) as worker, pytest.raises(StartError, match=r"/nowhere/ca\.pem"):
        Gateway(
            settings,
            journal=FakeJournal(),
            ledgers=[],
            classes=shipped_classes(),
            clock=SystemClock(),
            worker=worker,
        )


async def test_a_clean_restart_hears_an_event_twice(up: Mosquitto) -> None:
    """Stopped and started amid a stream, the gateway journals once what nothing could recognise."""
    journal = FakeJournal()

    async def stream(panel: aiomqtt.Client) -> None:
        for number in range(600):
            await panel.publish(EVENT, b'{"type": "fault", "part": "%d"}' % number, 1)

    async with device(up.port) as panel:
        streaming: asyncio.Task[None] | None = None
        for share in (100, 250, 450, 600):
            async with running_gateway(endpoint(up), journal):
                streaming = streaming or asyncio.create_task(stream(panel))
                await until("its share", partial(_has, journal, share))
    assert [one.part for one in events_in(journal)] == [str(number) for number in range(600)]
