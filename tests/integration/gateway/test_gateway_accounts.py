"""Our account files on a real Mosquitto, with and without TLS: A never speaks as B."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from gateway.accounts import AccountFiles, core_account, device_account
from gateway.endpoint import Endpoint
from gengfu.core.batch import Lane
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import small_estate
from tests.integration.gateway.rig import (
    EVENT,
    events_in,
    letters_in,
    running_gateway,
    until,
)
from tests.integration.services import mosquitto, program


@dataclass(frozen=True)
class Guarded:
    """A broker that lets in only accounts, and the passwords of two of them."""

    port: int
    core: str
    panel: str
    ca_file: Path


def certificates(folder: Path) -> list[str]:
    """Make a certificate for loopback that is its own authority; return Mosquitto's lines."""
    key, certificate = folder / "key.pem", folder / "ca.pem"
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out"),
            str(certificate),
        ],
        check=True,
        capture_output=True,
    )
    return [f"certfile {certificate}", f"keyfile {key}"]


@pytest.fixture(params=["plain", "tls"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Guarded]:
    files = AccountFiles(tmp_path / "accounts")
    core = files.add(core_account("gengfu", "gf"))
    panel = files.add(device_account([small_estate()], "fire-panel-1", "gf"))
    lines = ["allow_anonymous false", "set_tcp_nodelay true"]
    lines += [f"password_file {files.passwords_file}", f"acl_file {files.acl_file}"]
    if request.param == "tls":
        lines += certificates(tmp_path)
    broker = mosquitto(tmp_path / "mosquitto", *lines)
    with broker.up():
        yield Guarded(broker.port, core, panel, tmp_path / "ca.pem")


def endpoint(guarded: Guarded, password: str | None = None) -> Endpoint:
    tls = guarded.ca_file.exists()
    return Endpoint(
        host="127.0.0.1",
        port=guarded.port,
        tls=tls,
        ca_file=guarded.ca_file if tls else None,
        user="gengfu",
        password=password or guarded.core,
    )


def panel(guarded: Guarded, password: str | None) -> aiomqtt.Client:
    tls = aiomqtt.TLSParameters(ca_certs=str(guarded.ca_file)) if guarded.ca_file.exists() else None
    return aiomqtt.Client(
        "127.0.0.1",
        guarded.port,
        username="fire-panel-1" if password else None,
        password=password,
        tls_params=tls,
    )


async def test_a_device_speaks_as_another(guarded: Guarded) -> None:
    """A device's own topic is heard; what it says in another's name never reaches us (P15)."""
    journal = FakeJournal()
    async with running_gateway(endpoint(guarded), journal), panel(guarded, guarded.panel) as client:
        await client.publish("gf/yunhe/lift-1/up/event", b'{"type": "spoof"}', 1)
        await client.publish(EVENT, b'{"id": "e-1", "type": "fire"}', 1)
        await until("the event", lambda: len(events_in(journal)) == 1)
    assert [one.type for one in events_in(journal)] == ["fire"]
    assert letters_in(journal) == []


@pytest.mark.parametrize("password", [None, "wrong"])
async def test_a_stranger_gets_in(guarded: Guarded, password: str | None) -> None:
    """Without an account, or with a wrong password, there is no connection."""
    with pytest.raises(aiomqtt.MqttError):
        async with panel(guarded, password):
            pytest.fail("was let in")


async def test_a_wrong_password_of_ours_is_a_riddle(guarded: Guarded) -> None:
    """A gateway that is refused says which account the broker does not take."""
    wrong = endpoint(guarded, "wrong")
    async with running_gateway(wrong, FakeJournal(), ready=False) as running:
        session = running.gateway.sessions[Lane.ALARM]
        await until("the refusal", lambda: "account gengfu" in (session.trouble or ""))


async def test_large_messages_get_stuck_in_tls(guarded: Guarded) -> None:
    """Many large messages at once all arrive, though TLS buffers wake no selector."""
    journal = FakeJournal()
    text = "x" * 6000
    payload = b'[{"type": "fault", "attributes": {"text": "%s"}}]' % text.encode()
    async with running_gateway(endpoint(guarded), journal), panel(guarded, guarded.panel) as client:
        for _ in range(100):
            await client.publish(EVENT, payload, 0)
        await until("the events", lambda: len(events_in(journal)) == 100)
