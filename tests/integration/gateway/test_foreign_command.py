"""``gengfu devices discover`` as a person runs it, on both brokers, and the mapping in force."""

import json
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.publish as once
import pytest

from tests.acceptance.system import ROOT, System, gengfu
from tests.integration.services import Mosquitto, free_port, mosquitto, wait_for

TALK = (
    ("zigbee2mqtt/pump-fire-1 leak", '{"floor_leak": true, "battery": 9}'),
    ("zigbee2mqtt/known", '{"water_leak": true}'),
    ("tele/meter/SENSOR", '{"ENERGY": {"Current": 2.5}}'),
)
MAPPING = """
devices:
  - zigbee2mqtt: known
    equipment: pump-fire-1
    fields: {water_leak: floor_leak}
  - {sparkplug: Plant/edge-1, equipment: nvr-b1}
host: gengfu
"""


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = mosquitto(tmp_path / "mosquitto")
    with broker.up():
        yield broker


def say(port: int, account: dict[str, str] | None = None) -> None:
    """Publish the talk, retained: it is there whenever somebody listens."""
    messages = [(topic, payload, 1, True) for topic, payload in TALK]
    once.multiple(messages, hostname="127.0.0.1", port=port, auth=account)  # type: ignore[arg-type]


def discovered(*arguments: str, **environment: str) -> list[dict[str, object]]:
    done = gengfu("devices", "discover", "--seconds", "2", "--json", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_devices_on_mosquitto_are_not_found(up: Mosquitto, tmp_path: Path) -> None:
    """Unmapped devices with their last values and a proposal; mapped ones are left out."""
    data, mapping = str(tmp_path / "data"), tmp_path / "mapping.yaml"
    config = tmp_path / "gengfu.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    config.write_text(f"mappings: {mapping}\n", encoding="utf-8")
    imported = gengfu("ledger", "import", "simulators/demo", "--data", data)
    assert imported.returncode == 0, imported.stderr
    say(up.port)

    found = discovered("--broker", up.url, "--data", data, "--config", str(config))

    assert {(one["format"], one["device"]) for one in found} == {
        ("tasmota", "meter"),
        ("zigbee2mqtt", "pump-fire-1 leak"),
    }
    (leak,) = [one for one in found if one["format"] == "zigbee2mqtt"]
    assert leak["values"] == {"floor_leak": True, "battery": 9}
    assert (leak["equipment"], leak["points"]) == ("pump-fire-1", {"floor_leak": "floor_leak"})


def test_an_announcement_ends_the_command(up: Mosquitto, tmp_path: Path) -> None:
    """What is announced and is no topic is told; the others, and where they were found, as well."""
    wicked = ("homeassistant/sensor/x/config", '{"~": "a/#/b", "stat_t": "~"}', 1, True)
    once.multiple([wicked], hostname="127.0.0.1", port=up.port)
    say(up.port)
    arguments = ("--seconds", "2", "--broker", up.url, "--data", str(tmp_path / "data"))
    done = gengfu("devices", "discover", *arguments)
    assert done.returncode == 0, done.stderr
    assert "zigbee2mqtt: known" in done.stdout
    assert "not listened to: homeassistant/sensor/x/config announces 'a/#/b'" in done.stderr
    assert "listened to: gf/+/+/up/#, homeassistant/#, spBv1.0/#, zigbee2mqtt/#" in done.stderr


def test_a_broker_that_is_not_there_is_a_traceback(tmp_path: Path) -> None:
    """Without a broker the command says so in a sentence and fails."""
    url = f"mqtt://127.0.0.1:{free_port()}"
    done = gengfu("devices", "discover", "--broker", url, "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert url in done.stderr


def test_a_mistake_in_the_mapping_starts_the_system(tmp_path: Path) -> None:
    """The mapping is part of the settings: its mistakes are told with their lines."""
    mapping, config = tmp_path / "mapping.yaml", tmp_path / "gengfu.yaml"
    mapping.write_text("devices:\n  - {zigbee2mqtt: a}\n", encoding="utf-8")
    config.write_text(f"mappings: {mapping}\n", encoding="utf-8")
    done = gengfu("config", "check", "--config", str(config))
    assert done.returncode != 0
    assert f"{mapping}:2: 'equipment' is missing" in done.stderr


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, dict[str, str]]]:
    """Run Gengfu with its embedded broker and the mapping; yield it and a bridge's account."""
    folder = tmp_path_factory.mktemp("foreign")
    mapping = folder / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    system = System(
        folder,
        environment={
            "GENGFU_BROKER__PORT": str(free_port()),
            "GENGFU_MAPPINGS": str(mapping),
        },
    )
    system.import_ledger(ROOT / "simulators" / "demo")
    topics = ("--topic", "zigbee2mqtt/#", "--topic", "tele/#")
    password = system.must("devices", "add", "bridge", *topics).split()[-1]
    system.start()
    yield system, {"username": "bridge", "password": password}
    system.stop()


def test_a_mapped_device_is_not_on_the_page(house: tuple[System, dict[str, str]]) -> None:
    """From a Zigbee message on the embedded broker to the equipment's current points."""
    system, account = house
    say(int(system.environment["GENGFU_BROKER__PORT"]), account)
    where = "/api/v1/equipment/pump-fire-1"

    def leaks() -> bool:
        return "floor_leak" in system.get(where)["points"]

    wait_for("the reading", leaks)


def test_devices_on_the_embedded_broker_are_not_found(
    house: tuple[System, dict[str, str]],
) -> None:
    """The command may hear everything there for as long as it listens, and leaves no account."""
    system, account = house
    say(int(system.environment["GENGFU_BROKER__PORT"]), account)
    found = discovered("--data", str(system.data), **system.environment)
    assert {one["device"] for one in found} == {"meter", "pump-fire-1 leak"}
    assert "discover" not in system.must("devices", "acl")


def test_a_bridge_speaks_as_a_device(house: tuple[System, dict[str, str]]) -> None:
    """No bridge is given our own topics, nor an equipment's name (P15)."""
    system, _ = house
    for arguments in (
        ("bridge-2", "--topic", "#"),
        ("bridge-2", "--topic", "gf/#"),
        ("bridge-2", "--topic", "+/yunhe/pump-fire-1/up/telemetry"),
        ("pump-fire-1", "--topic", "zigbee2mqtt/#"),
        ("gengfu", "--topic", "zigbee2mqtt/#"),
    ):
        done = gengfu("devices", "add", *arguments, "--data", str(system.data))
        assert done.returncode == 1, arguments
