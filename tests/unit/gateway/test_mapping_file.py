"""The mapping file is refused whole, with every mistake and its line."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.codecs.formats import FORMATS
from gateway.mapping.check import check_mapping
from gateway.mapping.file import load_mapping, read_mapping
from gateway.mapping.interpreter import Interpreter, vital_points
from gateway.mapping.model import ToEvent, ToPoint
from gengfu.core.batch import Lane
from gengfu.core.errors import BadInput
from tests.fakes.small_estate import shipped_classes, small_estate


def test_a_mapping_is_read_as_something_else() -> None:
    """Short and long forms, defaults, words in YAML's own booleans."""
    mapping = read_mapping(
        """
devices:
  - zigbee2mqtt: a/b
    equipment: pump-1
    base: zigbee-2
    zone: Asia/Shanghai
    fields:
      leak: floor_leak
      p: {point: pressure_out, scale: 0.001, offset: 1}
      c: {point: run, words: {true: "on", 2: "off"}, equipment: pump-2}
      a: {event: fault, when: [x, y], every: false, part: p1, attributes: {signal: smoke}}
""",
        "m.yaml",
    )
    (device,) = mapping.devices
    assert (device.format, device.base, device.device) == ("zigbee2mqtt", "zigbee-2", "a/b")
    assert device.speaks_for == ("pump-1", "pump-2")
    assert [one.becomes for one in device.fields.values()] == [
        ToPoint(point="floor_leak"),
        ToPoint(point="pressure_out", scale=0.001, offset=1.0),
        ToPoint(point="run", words={"true": "on", "2": "off"}),
        ToEvent(
            type="fault",
            when=frozenset({"x", "y"}),
            every=False,
            part="p1",
            attributes={"signal": "smoke"},
        ),
    ]


FAULTY = """\
devices:
  - equipment: pump-1
  - {zigbee2mqtt: a, topic: b, equipment: pump-1}
  - {zigbee2mqtt: 'a/#', equipment: pump-1}
  - {zigbee2mqtt: c, equipment: Pump 1, colour: red}
  - zigbee2mqtt: d
    equipment: pump-1
    lane: fast
    zone: Mars/Olympus
    fields:
      x: {point: run, event: fault}
      y: {point: Run-It}
      z: {point: run, scale: 0}
      w: {event: fault, scale: 2}
      v: {}
  - {zigbee2mqtt: d, equipment: pump-1}
host: a/b
"""


def test_only_the_first_mistake_is_told() -> None:
    """All mistakes at once, each with the line it stands in."""
    with pytest.raises(BadInput) as refused:
        read_mapping(FAULTY, "m.yaml")
    lines = [int(fault.place) for fault in refused.value.faults]
    assert sorted(lines) == [2, 3, 4, 5, 5, 8, 9, 11, 12, 13, 14, 15, 16, 17]


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        ("{sparkplug: a, equipment: p}", "write GROUP/NODE or GROUP/NODE/DEVICE"),
        ("{sparkplug: a/b, base: x, equipment: p}", "usual: spBv1.0"),
        ("{tasmota: a, base: x, equipment: p}", "usual: %prefix%/%topic%"),
        ("{chirpstack: a, equipment: p}", "write APPLICATION/EUI"),
        ("{zigbee2mqtt: x, equipment: p}, {topic: zigbee2mqtt/x, equipment: p}", "already read as"),
        ("{shelly: shellies/x, equipment: p}, {topic: shellies/x/a/b, equipment: p}", "as shelly"),
        ("{topic: shellies/x/a/b, equipment: p}, {shelly: shellies/x, equipment: p}", "as topic"),
        ("{topic: frigate/gate/motion, equipment: p}, {frigate: gate, equipment: p}", "as topic"),
        ("{frigate: a, equipment: p}, {frigate: x, base: frigate/a, equipment: p}", "as frigate"),
        ("{topic: gf/yunhe/pump-1/up/event, equipment: p}", "no device is heard"),
        ("{topic: $SYS/broker/uptime, equipment: p}", "no device is heard"),
        ("{zigbee2mqtt: a, base: gf, equipment: p}", "no device is heard"),
        ("{zigbee2mqtt: bridge/state, equipment: p}", "no name of a device"),
        ("{frigate: events, equipment: p}", "write CAMERA, ZONE or available"),
        ("{frigate: gate/status, equipment: p}", "write CAMERA, ZONE or available"),
        ("{shelly: shellies, equipment: p}", "write PREFIX or shellies/ID"),
        ("{shelly: shellies/, equipment: p}", "write PREFIX or shellies/ID"),
        ("{zigbee2mqtt: x/availability, equipment: p}", "no name of a device"),
        ("{zigbee2mqtt: x, equipment: p, fields: {a: {event: e, when: }}}", "names no value"),
        ("{zigbee2mqtt: x, equipment: p, fields: {a: {event: e, when: []}}}", "names no value"),
    ],
)
def test_a_device_that_cannot_be_is_taken(devices: str, said: str) -> None:
    """What no device of a format is called, and what two formats would read, is refused."""
    with pytest.raises(BadInput, match=said):
        read_mapping(f"devices: [{devices}]", "m.yaml")


def test_devices_side_by_side_are_refused() -> None:
    """Topics beside each other are nobody's quarrel, nor are those of another root our own."""
    text = """devices:
      - {shelly: shellies/x, equipment: p}
      - {topic: shellies/xy/a, equipment: p}
      - {topic: shellies/x, equipment: p}
      - {zigbee2mqtt: a, equipment: p}
      - {zigbee2mqtt: bridge, equipment: p}
      - {topic: gf/a, equipment: p}
    """
    assert len(read_mapping(text, "m.yaml", root="tower").devices) == 6


@pytest.mark.parametrize("text", ["", "devices", "[", "devices: {a: b}", "other: 1", "\0"])
def test_a_file_that_is_no_mapping_is_taken(text: str) -> None:
    """Whatever is no mapping is refused with a sentence."""
    with pytest.raises(BadInput):
        read_mapping(text, "m.yaml")


_WORDS = st.sampled_from(
    [
        "devices",
        "fields",
        "point",
        "event",
        "when",
        "words",
        "scale",
        "zone",
        "lane",
        "base",
        "host",
        "online",
        "pump-1",
        "1",
        "a/b",
    ]
)
_SCALARS = _WORDS | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=5),
    max_leaves=12,
)


_DEVICES = st.builds(
    lambda form, name, rest: {form: name, "equipment": "pump-1", **rest},
    st.sampled_from(sorted(FORMATS)),
    _SCALARS,
    st.dictionaries(_WORDS, _TREES, max_size=2),
)


@given(_TREES | st.fixed_dictionaries({"devices": st.lists(_DEVICES | _TREES, max_size=3)}))
def test_a_strange_file_is_a_traceback(tree: object) -> None:
    """Whatever stands in the file is a mapping or a list of its mistakes, each with a line."""
    try:
        mapping = read_mapping(yaml.safe_dump(tree, allow_unicode=True), "m.yaml")
    except BadInput as refused:
        lines = [int(fault.place) for fault in refused.faults]
    else:
        lines = [device.line for device in mapping.devices]
        Interpreter(mapping, frozenset())
    assert all(line >= 1 for line in lines)


def test_a_missing_file_is_a_traceback(tmp_path: Path) -> None:
    """A file that cannot be read is a mistake in the settings like any other."""
    with pytest.raises(BadInput, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")


def test_a_mapping_that_leads_nowhere_is_not_told() -> None:
    """Equipment, points, events and words that do not exist, with what was probably meant."""
    mapping = read_mapping(
        """\
devices:
  - zigbee2mqtt: a
    equipment: pump-9
    fields:
      x: {point: flor_leak, equipment: pump-1}
      y: {event: expired, equipment: door-1}
      z: {point: contact, equipment: door-1, words: {true: shut}}
      w: {point: contact, equipment: door-1, words: {true: closed}}
""",
        "m.yaml",
    )
    faults = check_mapping(mapping, [small_estate()], shipped_classes())
    assert [fault.place for fault in faults] == ["2", "5", "6", "7"]
    assert faults[1].mend == "did you mean 'floor_leak'?"


@pytest.mark.parametrize(
    ("entry", "lane"),
    [
        ("fields: {x: water_temp}", Lane.TELEMETRY),
        ("fields: {x: water_temp}, lane: alarm", Lane.ALARM),
        ("fields: {x: contact}", Lane.ALARM),
        ("fields: {x: {event: fault}}", Lane.ALARM),
        ("fields: {x: {event: fault}}, lane: telemetry", Lane.TELEMETRY),
        ("online: true", Lane.ALARM),
    ],
)
def test_an_alarm_comes_by_the_telemetry_lane(entry: str, lane: Lane) -> None:
    """Events and vital points come by the alarm lane, and what the file says goes first."""
    text = f"devices: [{{zigbee2mqtt: a, equipment: pump-1, {entry}}}]"
    interpreter = Interpreter(read_mapping(text, "m"), vital_points(shipped_classes()))
    topics = ("zigbee2mqtt/a", "zigbee2mqtt/a/availability", "zigbee2mqtt/bridge/state")
    assert interpreter.filters(lane) == topics
