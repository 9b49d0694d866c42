"""Core's real process is killed by a record (F14): it is parked, told, and can be judged later."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from typer.testing import CliRunner

from alerts.read import AlertFilter, AlertReader
from alerts.schema import open_alerts
from gengfu import supervisor
from gengfu.app.ledgers import import_ledger
from gengfu.app.setup import DEMO_ESTATE
from gengfu.cli.program import app
from gengfu.config import Settings
from gengfu.core.record import DeadLetter, RejectReason
from gengfu.installation import Installation
from gengfu.proof import ProofFile
from gengfu.supervisor import ProcessSpec, Supervisor
from ingest.journal.reader import FolderReader
from tests.fakes.waiting import until
from tests.integration.deadly_core import DEADLY_PART
from tests.integration.services import Mosquitto, mosquitto

SITE, PANEL = "yunhe", "fire-panel-1"
TOPIC = f"gf/{SITE}/{PANEL}/up/event"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = mosquitto(tmp_path / "broker")
    with one.up():
        yield one


@asynccontextmanager
async def core(module: str, data: Path, broker: Mosquitto) -> AsyncIterator[Supervisor]:
    """Run core alone, started again whenever it dies."""
    environment = {"GENGFU_DATA": str(data), "GENGFU_BROKER__URL": broker.url}
    spec = ProcessSpec(name="core", module=module, arguments=["core"], environment=environment)
    keeper = Supervisor([spec])
    running = asyncio.create_task(keeper.run())
    try:
        yield keeper
    finally:
        keeper.stop()
        await running


def is_alert(alerts: AlertReader, equipment: str, part: str, rule: str = "") -> bool:
    every = alerts.list(AlertFilter(limit=100)).alerts
    return any((one.equipment, one.part) == (equipment, part) and rule in one.rule for one in every)


async def listens(data: Path) -> None:
    """Wait until core's first canary came the whole way."""
    proofs = ProofFile(Installation(data).proof)

    def is_proved() -> bool:
        proof = proofs.read()
        return proof is not None and proof.number > 0

    await until(is_proved, "core listens")


async def fire(broker: Mosquitto, *parts: str) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as device:
        said = [{"id": part, "type": "fire", "part": part} for part in parts]
        await device.publish(TOPIC, json.dumps(said), qos=1)


def letters(data: Path) -> list[tuple[str, RejectReason]]:
    reader = FolderReader(Installation(data).journal)
    found: list[tuple[str, RejectReason]] = []
    for record in reader.read(0, limit=10_000):
        body = record.body()
        if isinstance(body, tuple):
            found += [(one.topic, one.reason) for one in body if isinstance(one, DeadLetter)]
    return found


async def test_a_record_kills_the_process_for_ever(
    tmp_path: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three deaths, then people are told, the fire beside it is an alert; mended, it is one as well."""
    monkeypatch.setattr(supervisor, "LAST_DELAY", supervisor.FIRST_DELAY)
    data = tmp_path / "data"
    import_ledger(Settings(data=data), DEMO_ESTATE)
    alerts = AlertReader(open_alerts(Installation(data).alerts))
    async with core("tests.integration.deadly_core", data, broker) as keeper:
        await listens(data)
        await fire(broker, DEADLY_PART, "2-017")
        await until(lambda: is_alert(alerts, PANEL, "2-017"), "the fire beside it")
        told = "system.safety_parked"
        await until(lambda: is_alert(alerts, "_core", PANEL, told), "people are told")
        assert keeper.restarts["core"] == 3
    assert not is_alert(alerts, PANEL, DEADLY_PART)
    assert letters(data) == [(TOPIC, RejectReason.KILLED_CORE)]
    listed = CliRunner().invoke(app, ["parked", "list", "--json", "--data", str(data)])
    (parked,) = json.loads(listed.output)
    assert (parked["equipment"], parked["what"], parked["life_safety"]) == (PANEL, "fire", True)
    asked = CliRunner().invoke(app, ["parked", "again", parked["key"], "--data", str(data)])
    assert asked.exit_code == 0, asked.output
    async with core("gengfu", data, broker):
        await until(lambda: is_alert(alerts, PANEL, DEADLY_PART), "it is an alert now")
