"""What speaks on a broker and is not mapped is found, and the lines proposed for it are a mapping."""

import json
import os

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from gateway.codecs.formats import FORMATS
from gateway.codecs.homeassistant.announcement import read_announcement
from gateway.decoded import RawMessage, Rejected
from gateway.mapping.discovery import MOST_DEVICES, NATIVE, Discovery
from gateway.mapping.file import read_mapping
from gateway.mapping.model import NOTHING
from tests.fakes.foreign_talk import GOLDEN, lines_of, message_of
from tests.fakes.small_estate import shipped_classes, small_estate

AT = 1_763_600_400_000_000
ANNOUNCED = GOLDEN / "homeassistant"


def discovery(mapping: str = "") -> Discovery:
    known = read_mapping(mapping, "m") if mapping else NOTHING
    return Discovery(known, [small_estate()])


def hear(listener: Discovery, *lines: str) -> None:
    for line in lines:
        topic, payload, retained = message_of(line)
        listener.hear(RawMessage(topic, payload, AT, retained))


def test_an_announcement_changes_its_meaning() -> None:
    """Every golden discovery message of Home Assistant becomes exactly what stands beside it."""
    got = []
    for line in lines_of(ANNOUNCED / "messages"):
        topic, payload, _ = message_of(line)
        found = read_announcement(RawMessage(topic, payload, AT))
        got.append([str(one.reason if isinstance(one, Rejected) else one) for one in found])
    expected = ANNOUNCED / "expected.json"
    if os.environ.get("GENGFU_WRITE_GOLDEN"):
        expected.write_text(json.dumps(got, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert got == json.loads(expected.read_text(encoding="utf-8"))


def test_a_device_is_overlooked() -> None:
    """Devices of every format, of plain topics that were announced, and native strangers."""
    listener = discovery("devices: [{zigbee2mqtt: known, equipment: pump-1}]")
    hear(
        listener,
        'zigbee2mqtt/known = {"a": 1}',
        'zigbee2mqtt/pump-1 leak = {"floor_leak": true, "temperature": 17.5}',
        'homeassistant/sensor/f/config = {"stat_t":"plant/flow","unit_of_meas":"L/min","dev":{"name":"Pump 1"}}',
        "plant/flow = 12.5",
        "plant/other = 1",
        'gf/yunhe/stranger/up/telemetry = [{"points": {"speed": 1}}, {"points": {"speed": 2}}]',
        'gf/yunhe/pump-1/up/telemetry = {"run": true}',
        'tele/meter/SENSOR = {"ENERGY":{"Current":2}}',
        "tele/meter/LWT = Online",
        'tele/rf/RESULT = {"RfReceived":{"Data":"0x1"}}',
        'pump3/events/rpc = {"method":"NotifyStatus","params":{"switch:0":{"output":true}}}',
        "frigate/gate/status/record = offline",
    )
    found = {(one.format, one.device): one for one in listener.found()}
    assert set(found) == {
        ("zigbee2mqtt", "pump-1 leak"),
        ("topic", "plant/flow"),
        (NATIVE, "yunhe/stranger"),
        ("tasmota", "meter"),
        ("tasmota", "rf"),
        ("shelly", "pump3"),
        ("frigate", "gate"),
    }
    assert found["topic", "plant/flow"].units == {"value": "L/min"}
    assert found[NATIVE, "yunhe/stranger"].values == {"speed": 2}
    assert "plant/flow" in listener.filters()


def test_the_phases_of_a_meter_are_one_value() -> None:
    """What a list holds is proposed by its numbers, as it is mapped; an announced unit is its own."""
    listener = discovery()
    hear(
        listener,
        'homeassistant/sensor/f/config = {"stat_t":"plc/1","unit_of_meas":"A","val_tpl":"{{ value_json.a[1] }}"}',
        'plc/1 = {"a": [1.5, 2], "b": []}',
    )
    (found,) = listener.found()
    assert (found.values, found.units) == ({"a.0": 1.5, "a.1": 2, "b": "a list"}, {"a.1": "A"})


def test_a_proposal_is_no_mapping() -> None:
    """Proposed lines, once the equipment is named, are read as the device and its guessed points."""
    listener = discovery()
    hear(listener, 'zigbee2mqtt/Pump 1 = {"floor_leak": true, "water-temp": 17.5, "battery": 3}')
    (found,) = listener.found()
    proposal = listener.propose(found, shipped_classes())
    assert proposal.lines.splitlines() == [
        '  - zigbee2mqtt: "Pump 1"',
        "    equipment: pump-1 # a guess",
        "    fields:",
        "      floor_leak: floor_leak # True",
        "      water-temp: water_temp # 17.5",
        "      # battery: ??? # 3",
    ]
    (device,) = read_mapping("devices:\n" + proposal.lines, "m").devices
    assert (device.device, device.equipment, set(device.fields)) == (
        "Pump 1",
        "pump-1",
        {"floor_leak", "water-temp"},
    )


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_a_name_breaks_out_of_its_line(device: str, name: str, value: str) -> None:
    """Whatever a device calls itself and its fields, the proposed lines stay one mapping."""
    listener = discovery()
    payload = json.dumps({name: value}).encode("utf-8", "replace")
    topic = "zigbee2mqtt/" + device
    listener.hear(RawMessage(topic, payload, AT))
    for found in listener.found():
        lines = listener.propose(found, shipped_classes()).lines.replace("???", "pump-1")
        if not {"+", "#", "\0"}.isdisjoint(device) or device != device.strip():
            continue
        (read,) = read_mapping("devices:\n" + lines, "m").devices
        assert read.device == found.device


@given(st.text(max_size=40), st.binary(max_size=80))
def test_listening_ends_with_a_traceback(topic: str, payload: bytes) -> None:
    """Any bytes on any topic are heard without a word."""
    listener = discovery()
    for start in ("", "gf/", "gf/a/b/up/", "homeassistant/", "zigbee2mqtt/", "spBv1.0/", "tele/"):
        listener.hear(RawMessage(start + topic, payload, AT))
        listener.hear(RawMessage(start + topic, b'{"a": {"b": 1}}', AT))
    for found in listener.found():
        assert listener.propose(found, shipped_classes()).lines


@pytest.mark.parametrize(
    "announced",
    [
        {"~": "#", "stat_t": "~"},
        {"~": "a/#/b", "stat_t": "~"},
        {"~": "a/+", "stat_t": "~/s"},
        {"stat_t": "a/#/b"},
        {"stat_t": "$share/g/a"},
        {"stat_t": "a\u0001b"},
        {"stat_t": "a" * 70_000},
        {"cmps": {"t": {"stat_t": "#"}}, "dev": {"name": "D"}},
    ],
)
def test_an_announcement_makes_us_listen_to_everything(announced: dict[str, object]) -> None:
    """What is no device's topic when its ``~`` is written out is not asked for, and told."""
    listener = discovery()
    hear(listener, f"homeassistant/sensor/x/config = {json.dumps(announced)}")
    assert listener.filters() == listener.usual()
    (told,) = listener.refused
    assert told.startswith("homeassistant/sensor/x/config announces '")


@given(st.text(max_size=8), st.text(max_size=8))
def test_an_announced_topic_ends_the_command(base: str, topic: str) -> None:
    """Whatever is announced, the client takes the filters, and no wildcard is among the new."""
    listener = discovery()
    said = json.dumps({"~": base, "stat_t": topic}).encode()
    listener.hear(RawMessage("homeassistant/sensor/x/config", said, AT))
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    for one in listener.filters()[len(listener.usual()) :]:
        assert {"+", "#"}.isdisjoint(one)
        client.subscribe(one)


def test_strangers_fill_the_memory() -> None:
    """Only so many devices are remembered; the rest is counted."""
    listener = discovery()
    for number in range(MOST_DEVICES + 10):
        hear(listener, f'zigbee2mqtt/d{number} = {{"a": 1}}')
    assert (len(listener.found()), listener.overflow) == (MOST_DEVICES, 10)


def test_a_format_is_never_looked_for() -> None:
    """Every format but the plain topic says where its devices are looked for."""
    assert [one.name for one in FORMATS.values() if not one.anything] == ["topic"]
