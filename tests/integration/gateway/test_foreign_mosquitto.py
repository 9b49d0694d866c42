"""Foreign devices on a real Mosquitto: what they say arrives as any device's of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.mapping.file import read_mapping
from gateway.session import Endpoint
from gengfu.core.batch import Lane, ReadingBatch
from gengfu.core.record import RecordKind
from tests.fakes.journal import FakeJournal
from tests.integration.gateway.rig import device, events_in, running_gateway, until
from tests.integration.services import Mosquitto, mosquitto

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
        await until("all of it", lambda: running.gateway.counters.received == 5)
        counters = running.gateway.counters
        assert (counters.journaled, counters.unknown_point) == (4, 1)
    assert sorted(points(journal)) == [
        ("pump-1", "floor_leak", 1.0),
        ("pump-1", "online", 1.0),
        ("pump-1", "water_temp", 17.5),
    ]
    (fire,) = events_in(journal)
    assert (fire.type, fire.part) == ("fire", "2-17")


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
