"""The embedded broker as a process: a round trip, and everything it must refuse."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from gateway.accounts import Access, Account, AccountFiles, Line, core_account, device_account
from gateway.embedded import EmbeddedSettings
from gateway.endpoint import Endpoint, Version
from gengfu.core.batch import Flag, Lane
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import small_estate
from tests.integration.gateway.rig import (
    ACKNOWLEDGED,
    EVENT,
    device,
    events_in,
    letters_in,
    running_gateway,
    until,
)
from tests.integration.services import PATIENCE_S, free_port, listens, running, wait_for

STATUS = "gf/yunhe/fire-panel-1/up/status"


@dataclass(frozen=True)
class Embedded:
    """A running child and the passwords of three accounts."""

    port: int
    log: Path
    files: AccountFiles
    core: str
    panel: str
    lift: str


def start(folder: Path, port: int, host: str = "127.0.0.1") -> list[str]:
    """Write the child's settings; return its command."""
    config = folder / "embedded.json"
    EmbeddedSettings(accounts=str(folder / "accounts"), host=host, port=port).write(config)
    return [sys.executable, "-m", "gateway.embedded", str(config)]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    files = AccountFiles(tmp_path / "accounts")
    passwords = [
        files.add(core_account("gengfu", "gf")),
        files.add(device_account([small_estate()], "fire-panel-1", "gf")),
        files.add(device_account([small_estate()], "lift-1", "gf")),
    ]
    port, log = free_port(), tmp_path / "embedded.log"
    with running(start(tmp_path, port), log) as process:
        wait_for("the embedded broker", lambda: process.poll() is not None or listens(port))
        yield Embedded(port, log, files, *passwords)


def endpoint(embedded: Embedded, version: Version = Version.V311) -> Endpoint:
    return Endpoint(
        host="127.0.0.1",
        port=embedded.port,
        version=version,
        user="gengfu",
        password=embedded.core,
    )


async def test_a_broker_without_mqtt_5_is_never_reached(embedded: Embedded) -> None:
    """Asked in MQTT 5 the embedded broker does not answer: the next attempt speaks 3.1.1, and stays."""
    journal = FakeJournal()
    async with (
        running_gateway(endpoint(embedded, Version.AUTO), journal),
        device(embedded.port, "fire-panel-1", embedded.panel) as panel,
    ):
        await panel.publish(EVENT, b'{"type": "fire"}', 1)
        await until("the event", lambda: len(events_in(journal)) == 1)


async def test_an_event_makes_no_round_trip(embedded: Embedded) -> None:
    """An event is journaled and answered through the embedded broker, as through Mosquitto."""
    journal = FakeJournal()
    async with (
        running_gateway(endpoint(embedded), journal),
        device(embedded.port, "fire-panel-1", embedded.panel) as panel,
    ):
        await panel.subscribe(ACKNOWLEDGED, 1)
        await panel.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
        answer = await anext(aiter(panel.messages))
    assert answer.payload == b'{"id":"e-1"}'
    assert [one.id for one in events_in(journal)] == ["e-1"]


async def test_a_device_publishes_as_another(embedded: Embedded) -> None:
    """Device A cannot publish on B's topic; its own next message passes, and the log names the line."""
    journal = FakeJournal()
    async with (
        running_gateway(endpoint(embedded), journal),
        device(embedded.port, "lift-1", embedded.lift) as lift,
    ):
        await lift.publish(EVENT, b'{"type": "spoof"}', 1)
        await lift.publish("gf/yunhe/lift-1/up/event", b'{"type": "own"}', 1)
        await until("its own event", lambda: len(events_in(journal)) == 1)
    assert [one.type for one in events_in(journal)] == ["own"]
    assert letters_in(journal) == []
    assert f"topic write {EVENT}" in embedded.log.read_text(encoding="utf-8")


async def test_a_last_will_speaks_as_another(embedded: Embedded) -> None:
    """A will on another device's topic is refused at the connection."""
    will = aiomqtt.Will(STATUS, b'{"online": false}', 1)
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(
            "127.0.0.1", embedded.port, username="lift-1", password=embedded.lift, will=will
        ):
            pytest.fail("was let in")


async def test_a_wrong_password_plants_a_will(embedded: Embedded) -> None:
    """A refused connection with a device's client id publishes nothing in its name."""
    journal = FakeJournal()
    async with running_gateway(endpoint(embedded), journal):
        panel = aiomqtt.Client(
            "127.0.0.1",
            embedded.port,
            identifier="fire-panel-1",
            clean_session=False,
            username="fire-panel-1",
            password=embedded.panel,
        )
        async with panel:
            await panel.publish(EVENT, b'{"type": "first"}', 1)
        for user in ("fire-panel-1", "gengfu", None):
            with pytest.raises(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    "127.0.0.1",
                    embedded.port,
                    identifier="fire-panel-1",
                    clean_session=False,
                    username=user,
                    password="wrong",
                    will=aiomqtt.Will(EVENT, b'{"type": "spoof"}', 1),
                ):
                    pytest.fail("was let in")
        async with panel:
            await panel.publish(EVENT, b'{"type": "last"}', 1)
        await until("the last event", lambda: len(events_in(journal)) >= 2)
    assert [one.type for one in events_in(journal)] == ["first", "last"]


@pytest.mark.parametrize(
    ("user", "password", "identifier"),
    [
        (None, None, None),
        ("fire-panel-1", "wrong", None),
        ("nobody", "x", None),
        ("", "", None),
        ("lift-1", "lift", "fire-panel-1"),
        ("lift-1", "lift", "gengfu.alarm"),
    ],
)
async def test_a_stranger_gets_in(
    embedded: Embedded, user: str | None, password: str | None, identifier: str | None
) -> None:
    """No anonymous connection, no wrong password, no client id of somebody else's account."""
    secret = embedded.lift if password == "lift" else password
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(
            "127.0.0.1", embedded.port, username=user, password=secret, identifier=identifier
        ):
            pytest.fail("was let in")


@pytest.mark.parametrize("filter_", ["#", "gf/+/+/up/#", EVENT, "gf/yunhe/+/down/ack", "$SYS/#"])
async def test_a_device_listens_to_others(embedded: Embedded, filter_: str) -> None:
    """A subscription beyond a device's own ``down`` topics is refused."""
    async with device(embedded.port, "lift-1", embedded.lift) as lift:
        codes = await lift.subscribe(filter_, 1)
        assert [code.is_failure for code in codes if not isinstance(code, int)] == [True]


async def test_a_refused_subscription_is_a_riddle(embedded: Embedded) -> None:
    """A gateway whose account lacks a line says which one, and hears when it has been added."""
    embedded.files.allow([Account("gengfu", (Line(Access.READ, "gf/+/+/up/telemetry"),))])
    async with running_gateway(endpoint(embedded), FakeJournal(), ready=False) as running:
        session = running.gateway.sessions[Lane.ALARM]
        await until("the trouble", lambda: "topic read gf/+/+/up/event" in (session.trouble or ""))
        embedded.files.allow([core_account("gengfu", "gf")])
        await until("the subscriptions", lambda: running.gateway.is_ready)


async def test_a_revoked_device_goes_on(embedded: Embedded) -> None:
    """Revoking an account takes effect on its open connection's next message."""
    journal = FakeJournal()
    async with (
        running_gateway(endpoint(embedded), journal),
        device(embedded.port, "lift-1", embedded.lift) as lift,
        device(embedded.port, "fire-panel-1", embedded.panel) as panel,
    ):
        embedded.files.revoke("lift-1")
        await lift.publish("gf/yunhe/lift-1/up/event", b'{"type": "late"}', 1)
        await panel.publish(EVENT, b'{"type": "fire"}', 1)
        await until("the panel's event", lambda: len(events_in(journal)) == 1)
    assert [one.type for one in events_in(journal)] == ["fire"]


async def test_what_came_while_we_were_away_looks_old(embedded: Embedded) -> None:
    """Events that waited for the gateway arrive as news, in their order."""
    async with running_gateway(endpoint(embedded), FakeJournal()):
        pass
    async with device(embedded.port, "fire-panel-1", embedded.panel) as panel:
        for number in range(5):
            await panel.publish(EVENT, b'{"type": "fire", "part": "%d"}' % number, 1)
    journal = FakeJournal()
    async with running_gateway(endpoint(embedded), journal):
        await until("the events", lambda: len(events_in(journal)) == 5)
    assert [one.part for one in events_in(journal)] == ["0", "1", "2", "3", "4"]
    assert not any(one.flags & Flag.RETAINED for one in events_in(journal))


async def test_a_returning_device_is_handed_others_retained_messages(embedded: Embedded) -> None:
    """A device that comes back to its session gets nobody's retained status."""
    async with (
        running_gateway(endpoint(embedded), FakeJournal()),
        device(embedded.port, "fire-panel-1", embedded.panel) as panel,
    ):
        await panel.publish(STATUS, b'{"online": true}', 1, retain=True)
        lift = aiomqtt.Client(
            "127.0.0.1",
            embedded.port,
            username="lift-1",
            password=embedded.lift,
            identifier="lift-1",
            clean_session=False,
        )
        async with lift:
            await lift.subscribe("gf/yunhe/lift-1/down/#", 1)
        async with lift:
            await lift.subscribe("gf/yunhe/lift-1/down/#", 1)
            assert len(lift.messages) == 0


async def test_a_message_is_dropped_while_clients_come_and_go(embedded: Embedded) -> None:
    """Events keep arriving, all of them, while other devices subscribe and leave all the time."""
    journal = FakeJournal()

    async def come_and_go() -> None:
        for number in range(25):
            async with device(embedded.port, "lift-1", embedded.lift) as lift:
                for kind in ("ack", "command"):
                    await lift.subscribe(f"gf/yunhe/lift-1/down/{kind}", 1)
                await lift.subscribe(f"gf/yunhe/lift-1/down/x{number}", 1)

    async with (
        running_gateway(endpoint(embedded), journal),
        device(embedded.port, "fire-panel-1", embedded.panel) as panel,
        asyncio.TaskGroup() as others,
    ):
        for _ in range(3):
            others.create_task(come_and_go())
        for number in range(200):
            await panel.publish(EVENT, b'{"type": "fire", "part": "%d"}' % number, 1)
        await until("the events", lambda: len(events_in(journal)) >= 200)
    assert [one.part for one in events_in(journal)] == [str(number) for number in range(200)]
    assert "changed size" not in embedded.log.read_text(encoding="utf-8")


def test_a_port_beyond_loopback_is_opened(tmp_path: Path) -> None:
    """The embedded broker refuses any address but loopback, in one sentence and with exit code 1."""
    done = subprocess.run(
        start(tmp_path, free_port(), "0.0.0.0"),
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert "loopback only" in json.loads(done.stderr)["reason"]


def test_an_occupied_port_is_a_traceback(embedded: Embedded, tmp_path: Path) -> None:
    """A port in use is one log line and exit code 1."""
    done = subprocess.run(
        start(tmp_path, embedded.port), capture_output=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 1
    last = json.loads(done.stderr.splitlines()[-1])
    assert str(embedded.port) in last["reason"]


async def test_sigterm_waits_for_open_connections(tmp_path: Path) -> None:
    """SIGTERM ends the child within seconds, exit code 0, and every line it wrote is JSON."""
    files = AccountFiles(tmp_path / "accounts")
    password = files.add(device_account([small_estate()], "lift-1", "gf"))
    port, log = free_port(), tmp_path / "embedded.log"
    with running(start(tmp_path, port), log) as process:
        wait_for("the embedded broker", lambda: listens(port))
        client = aiomqtt.Client("127.0.0.1", port, username="lift-1", password=password)
        await client.__aenter__()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 8) == 0
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)
    assert all(json.loads(line) for line in log.read_text(encoding="utf-8").splitlines())
