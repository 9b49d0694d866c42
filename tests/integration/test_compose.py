"""The compose file's own broker configuration and first steps, run natively: Docker is not here."""

import asyncio
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import httpx
import pytest
import yaml

from gateway.accounts import Access, Account, AccountFiles, Line
from tests.fakes.influx import TOKEN, influx
from tests.integration.services import (
    PATIENCE_S,
    free_port,
    influxdb,
    listens,
    program,
    running,
    wait_for,
)

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: Mapping[str, Mapping[str, object]] = COMPOSE["services"]


@dataclass(frozen=True)
class Broker:
    """The compose's broker, running natively."""

    devices: int
    core: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    def client(self, port: int, user: str | None, password: str | None) -> aiomqtt.Client:
        context = ssl.create_default_context(cafile=str(self.secrets / "gengfu" / "ca.crt"))
        return aiomqtt.Client(
            "127.0.0.1",
            port,
            username=user,
            password=password,
            identifier=f"somebody-{user}",
            tls_context=context,
            timeout=PATIENCE_S,
        )

    def core_password(self) -> str:
        return (self.secrets / "gengfu" / "broker-password").read_text()


def init(step: str, *arguments: str) -> None:
    """Run one of the compose file's first steps."""
    command = [sys.executable, "-m", "deploy.init", step, *arguments]
    subprocess.run(command, check=True, cwd=ROOT)


@contextmanager
def broker_of_compose(folder: Path) -> Iterator[Broker]:
    """Make the secrets as `init` does, and start Mosquitto with the compose's configuration."""
    mosquitto = [program("mosquitto"), "-c", str(folder / "mosquitto.conf")]
    secrets, data = folder / "secrets", folder / "data"
    data.mkdir()
    made = ("--folder", str(secrets), "--broker-data", str(data))
    init("secrets", *made)
    accounts = AccountFiles(secrets / "accounts")
    lamp = Account("lamp-1", (Line(Access.WRITE, "gf/yunhe/lamp-1/up/#"),))
    (folder / "lamp").write_text(accounts.add(lamp))
    init("secrets", *made)  # what was written meanwhile is the broker's too
    ports = (free_port(), free_port())
    places = {
        "/secrets/": f"{secrets}/broker/",
        "/accounts/": f"{secrets}/accounts/",
        "/mosquitto/data/": f"{data}/",
        "listener 8883": f"listener {ports[0]} 127.0.0.1",
        "listener 8884": f"listener {ports[1]} 127.0.0.1",
    }
    text = (ROOT / "deploy" / "mosquitto.conf").read_text(encoding="utf-8")
    (folder / "mosquitto.conf").write_text(_placed(text, places), encoding="utf-8")
    with running([*as_user_of_compose(), *mosquitto], folder / "mosquitto.log") as process:
        wait_for("mosquitto", lambda: all(map(listens, ports)))
        yield Broker(ports[0], ports[1], folder, process)


def as_user_of_compose() -> list[str]:
    """Return what runs a command as the compose's user, when we may."""
    uid = str(SERVICES["mosquitto"]["user"]).partition(":")[0]
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return drop if os.geteuid() == 0 else []


def _placed(text: str, places: Mapping[str, str]) -> str:
    pattern = "|".join(map(re.escape, places))
    return re.sub(pattern, lambda found: places[found.group()], text)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        Path(name).chmod(0o755)
        with broker_of_compose(Path(name)) as broker:
            yield broker


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("gengfu", "gengfu"), ("gengfu", ""), ("admin", "admin")]
)
async def test_somebody_without_an_account_gets_in(
    broker: Broker, user: str | None, password: str | None
) -> None:
    """Anonymous and guessed accounts are refused on both listeners (P20)."""
    for port in (broker.devices, broker.core):
        with pytest.raises(aiomqtt.MqttError):
            async with broker.client(port, user, password):
                pass


async def test_a_device_gets_in_without_tls(broker: Broker) -> None:
    """No listener speaks without TLS."""
    for port in (broker.devices, broker.core):
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client(
                "127.0.0.1", port, username="gengfu", password=broker.core_password(), timeout=1
            ):
                pass


async def test_a_device_speaks_for_another(broker: Broker) -> None:
    """A device is heard on its own topics and on no others; core hears it (P15)."""
    password = (broker.folder / "lamp").read_text()
    core = broker.client(broker.core, "gengfu", broker.core_password())
    async with core, broker.client(broker.devices, "lamp-1", password) as device:
        await core.subscribe("gf/+/+/up/#", qos=1)
        await device.publish("gf/yunhe/lift-b1-u1-left/up/event", b"{}", qos=1)
        await device.publish("gf/yunhe/lamp-1/up/event", b"{}", qos=1)
        heard = await anext(aiter(core.messages))
        assert str(heard.topic) == "gf/yunhe/lamp-1/up/event"


def test_secrets_are_made_anew(broker: Broker) -> None:
    """Running `init` again changes nothing that exists."""
    before = {path: path.read_bytes() for path in broker.secrets.rglob("*") if path.is_file()}
    init("secrets", "--folder", str(broker.secrets))
    assert {path: path.read_bytes() for path in before} == before


def service(name: str, broker: Broker, store: str, web: int) -> dict[str, str]:
    """Return a service's environment as compose has it, with addresses and paths of this machine."""
    environment = SERVICES[name]["environment"]
    assert isinstance(environment, dict)
    places = {
        "//mosquitto:8884": f"//localhost:{broker.core}",
        "//influxdb:8086": f"//{store.removeprefix('http://')}",
        "/secrets/": f"{broker.secrets}/gengfu/",
        "/data": f"{broker.folder}/gengfu",
        "0.0.0.0": "127.0.0.1",
    }
    placed = {key: _placed(str(value), places) for key, value in environment.items()}
    return {**placed, "GENGFU_WEB__PORT": str(web)}


def command_of(name: str) -> list[str]:
    command = SERVICES[name]["command"]
    assert isinstance(command, list)
    return [sys.executable, "-m", "gengfu", *command]


def gengfu(*arguments: str, **environment: str) -> str:
    """Run one command of ours and return what it prints."""
    command = [sys.executable, "-m", "gengfu", *arguments]
    done = subprocess.run(
        command, check=True, cwd=ROOT, env={**os.environ, **environment}, capture_output=True
    )
    return done.stdout.decode()


async def test_a_reading_is_lost_on_its_way(broker: Broker, tmp_path: Path) -> None:
    """Core and desk by the compose's commands and environment: device, TLS, journal, InfluxDB."""
    (broker.secrets / "gengfu" / "influxdb-token").write_text("InfluxDB 1.x asks for none")
    web = free_port()
    with influxdb(tmp_path / "influxdb") as store:
        core, desk = (service(name, broker, store, web) for name in ("core", "desk"))
        gengfu("ledger", "import", str(ROOT / "simulators" / "demo"), **desk)
        accounts = ("--folder", str(broker.secrets / "accounts"))
        said = gengfu("devices", "add", "lift-b1-u1-left", *accounts, **core)
        password = said.split("password:")[1].split()[0]
        init("secrets", "--folder", str(broker.secrets))
        broker.process.send_signal(signal.SIGHUP)
        with (
            running(command_of("core"), tmp_path / "core.log", **core),
            running(command_of("desk"), tmp_path / "desk.log", **desk),
        ):
            await asyncio.to_thread(wait_for, "the pages", lambda: listens(web))
            core_log = tmp_path / "core.log"
            await asyncio.to_thread(
                wait_for,
                "both of core's sessions",
                lambda: core_log.read_text("utf-8").count('"broker_connected"') >= 2,
            )
            async with broker.client(broker.devices, "lift-b1-u1-left", password) as device:
                topic = "gf/yunhe/lift-b1-u1-left/up/telemetry"
                await device.publish(topic, b'{"speed": 1.25, "floor": 12}', qos=1)
                asked = {"db": "gengfu", "q": 'SELECT "speed", "floor" FROM "elevator"'}
                await asyncio.to_thread(
                    wait_for,
                    "the reading in InfluxDB",
                    lambda: (
                        "1.25,12]"
                        in httpx.get(
                            f"{store}/query", params=asked, verify=False, timeout=PATIENCE_S
                        ).text
                    ),
                )


def test_everybody_gets_the_all_access_token(tmp_path: Path) -> None:
    """Desk may read and write our bucket and Grafana read it; neither knows more."""
    for name in ("influxdb", "gengfu", "grafana"):
        (tmp_path / name).mkdir()
    (tmp_path / "influxdb" / "admin-token").write_text(TOKEN)
    with influx() as fake:
        fake.buckets["gengfu"] = 0
        for _ in range(2):
            init("tokens", "--folder", str(tmp_path), "--url", fake.url)
        desk, grafana = fake.authorizations
    assert [one["action"] for one in desk.permissions] == ["read", "write"]
    assert [one["action"] for one in grafana.permissions] == ["read"]
    assert (tmp_path / "gengfu" / "influxdb-token").read_text() == desk.token
    written = (tmp_path / "grafana" / "influxdb-authorization").read_text()
    assert written == f"Token {grafana.token}"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_can_do_more_than_it_needs(name: str) -> None:
    """Every service has a read-only root, no capabilities, a user of its own and no password."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    is_once = name in ("init", "tokens")
    assert (service["user"] == "0:0") == is_once
    assert service["restart"] == ("no" if is_once else "unless-stopped")
    assert is_once or "healthcheck" in service
    environment = service.get("environment", {})
    assert isinstance(environment, dict)
    secret = [key for key in environment if re.search("PASSWORD|TOKEN|SECRET", key)]
    assert [key for key in secret if not key.endswith("_FILE")] == []


def test_a_port_without_tls_is_open_to_everybody() -> None:
    """Only the devices' TLS listener is published beyond loopback (P20)."""
    published = [port for one in SERVICES.values() for port in _ports(one)]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == ["8883:8883"]


def _ports(service: Mapping[str, object]) -> list[str]:
    ports = service.get("ports", [])
    assert isinstance(ports, list)
    return ports
