"""What a bad link, a dead feeder and a fire do to what is sent."""

from pathlib import Path

import msgspec
import pytest

from gengfu.core.batch import TopicKind
from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.errors import BadInput
from simulators.broker.wire import Packet, Writer
from simulators.estate.estate import Estate, estate_of
from simulators.estate.report import Message
from simulators.scenario.script import read_scenario
from simulators.scenario.timeline import changes
from tests.unit.simulators.stage import CLASSES, MORNING

HEAD = "scenario: trial\ntitle: {zh: 试, en: Trial}\n"
HOUSE = """cast:
  box: {class: network_gateway}
  room: {class: room_environment, parent: box}
  feeder: {class: power_distribution, feeds: [f2, ctl]}
  lift: {class: elevator, place: f2}
  rec: {class: nvr}
  cam: {class: camera, place: f2, parent: rec}
  hose: {class: hydrant, place: f2}
  ctl: {class: door_controller}
  door: {class: door, place: f2, parent: ctl}
  panel: {class: fire_panel, parts: {1-1: smoke f1, 1-2: heat f1, 1-3: smoke f3}}
  fan: {class: smoke_control, count: 2}
linkage:
  - {where: b1, equipment: [fan-1, fan-2], expect: fan_run, within: 15s}
"""


def house(folder: Path, timeline: str) -> Estate:
    path = folder / "trial.yaml"
    path.write_text(f"{HEAD}{HOUSE}timeline:\n{timeline}", encoding="utf-8")
    scenario = read_scenario(path, (), CLASSES)
    assert scenario.cast is not None
    script = changes(scenario, start=MORNING, calm_from=MORNING, seed=1)
    return estate_of(scenario.cast, CLASSES, start=MORNING, seed=1, changes=script)


def told(estate: Estate, equipment: str, until: Micros) -> list[Message]:
    found = list(estate.advance(MORNING + until))
    return [one for one in found if one.equipment == f"trial-{equipment}"]


def last(messages: list[Message], point: str) -> object:
    return [one.points[point] for one in messages if point in one.points][-1]


def test_what_was_buffered_is_lost_or_comes_with_a_new_time(tmp_path: Path) -> None:
    """A buffering gateway's devices say nothing meanwhile, and then all of it with its own times."""
    estate = house(tmp_path, '  - {at: "00:10", for: 30m, equipment: box, fault: buffering}\n')
    assert told(estate, "room", 10 * MINUTE)
    assert told(estate, "room", 39 * MINUTE) == []
    late = told(estate, "room", 41 * MINUTE)
    times = [one.at - MORNING for one in late]
    assert min(times) < 12 * MINUTE
    assert len([at for at in times if at < 40 * MINUTE]) >= 10


def test_a_gateway_that_keeps_messages_says_none(tmp_path: Path) -> None:
    """It says of each moment how much it kept while it was cut off, and none once that is told."""
    estate = house(tmp_path, '  - {at: "00:10", for: 30m, equipment: box, fault: buffering}\n')
    every = [(one.at - MORNING, one) for one in estate.advance(MORNING + 50 * MINUTE)]
    counts = {at: one.points["buffered"] for at, one in every if "buffered" in one.points}
    kept = [
        at
        for at, one in every
        if 10 * MINUTE < at < 40 * MINUTE and one.equipment in {"trial-box", "trial-room"}
    ]
    meanwhile = {at: count for at, count in counts.items() if 10 * MINUTE < at < 40 * MINUTE}
    assert len(meanwhile) > 25
    for at, count in meanwhile.items():
        assert count in range(len([one for one in kept if one < at]), len(kept))
    assert {count for at, count in counts.items() if at not in meanwhile} == {0}


def test_a_device_that_is_away_is_missed_by_nobody(tmp_path: Path) -> None:
    """A gateway counts whom it does not hear, not those that nobody hears for its own silence."""
    estate = house(
        tmp_path,
        """  - {at: "00:05", for: 10m, equipment: room, fault: offline}
  - {at: "00:30", for: 10m, equipment: box, fault: buffering}
""",
    )
    lost = [
        (one.at - MORNING, one.points["children_lost"])
        for one in told(estate, "box", 50 * MINUTE)
        if "children_lost" in one.points
    ]
    away = {count for at, count in lost if 6 * MINUTE < at < 15 * MINUTE}
    assert (away, {count for at, count in lost if at > 16 * MINUTE}) == ({1}, {0})


def test_a_clock_that_drifts_stands_still(tmp_path: Path) -> None:
    """A wrong clock is off by its seconds at first, and by its rate more and more."""
    estate = house(
        tmp_path,
        """  - {at: "00:10", equipment: room, fault: clock_wrong, with: {seconds: -30, ppm: 10000}}\n""",
    )
    alone = house(tmp_path, '  - {at: "00:10", equipment: box, fault: lossy, with: {share: 0}}\n')
    pairs = zip(told(alone, "room", 70 * MINUTE), told(estate, "room", 70 * MINUTE), strict=True)
    off = [(one.at - MORNING, two.at - one.at) for one, two in pairs]
    assert {way for at, way in off if at <= 10 * MINUTE} == {0}
    late = [(at, way) for at, way in off if at > 10 * MINUTE]
    assert late[0][1] == pytest.approx(-30 * SECOND, abs=SECOND)
    assert late[-1][1] == pytest.approx(6 * SECOND, abs=SECOND)


def test_a_forger_is_the_device(tmp_path: Path) -> None:
    """Somebody else says under a device's name what it said last, with a start of his own."""
    estate = house(tmp_path, '  - {at: "00:10", for: 5m, equipment: door, fault: spoofed}\n')
    found = told(estate, "door", 30 * MINUTE)
    forged = [one for one in found if one.forged]
    assert [one.at - MORNING for one in forged if one.kind is TopicKind.VITAL] == [
        10 * MINUTE + step * 91 * SECOND for step in range(4)
    ]
    assert {one.points["contact"] for one in forged if "contact" in one.points} == {"closed"}
    bodies = [msgspec.json.decode(one.payload) for one in Writer("trial", "b1").packets(found)]
    rows = [row for one in bodies for row in (one if isinstance(one, list) else [one])]
    assert {row["boot"] for row in rows if "boot" in row} == {"b1", "b1-forged"}


def test_a_lossy_gateway_loses_without_a_trace(tmp_path: Path) -> None:
    """Of a lossy gateway's devices some numbers are missing; its own are whole."""
    estate = house(
        tmp_path, '  - {at: "00:01", equipment: box, fault: lossy, with: {share: 0.4}}\n'
    )
    writer = Writer("trial", "b1")
    packets = list(writer.packets(list(estate.advance(MORNING + 3 * 60 * MINUTE))))
    assert numbers(packets, "box") == list(range(1, len(numbers(packets, "box")) + 1))
    room = numbers(packets, "room")
    assert 0.3 < 1 - len(room) / max(room) < 0.5


def numbers(packets: list[Packet], equipment: str) -> list[int]:
    found: list[int] = []
    for packet in packets:
        if packet.equipment == f"trial-{equipment}" and packet.topic.endswith("telemetry"):
            body = msgspec.json.decode(packet.payload)
            found.extend(row["seq"] for row in (body if isinstance(body, list) else [body]))
    return found


def test_a_replay_is_something_new(tmp_path: Path) -> None:
    """What is replayed are the same bytes on the same topic, once more."""
    estate = house(tmp_path, '  - {at: "00:10", for: 1m, equipment: room, fault: replayed}\n')
    writer = Writer("trial", "b1")
    before = list(writer.packets(list(estate.advance(MORNING + 10 * MINUTE - SECOND))))
    at_ten = list(writer.packets(told(estate, "room", 10 * MINUTE)))
    said = [(one.topic, one.payload) for one in before if one.equipment == "trial-room"]
    again = [(one.topic, one.payload) for one in at_ten]
    recorded = [one for one in said if not one[0].endswith("status")]
    assert [one for one in again if one in recorded] == recorded
    assert len(recorded) == 2  # vital and the rest, ten minutes in one packet each


def test_a_dead_feeder_leaves_its_load_alive(tmp_path: Path) -> None:
    """What hangs on a dead feeder goes down: a lift without mains, a camera dark; a hydrant does not care."""
    estate = house(tmp_path, '  - {at: "00:05", for: 5m, equipment: feeder, fault: outage}\n')
    messages = list(estate.advance(MORNING + 9 * MINUTE))
    by_device = {
        name: [one for one in messages if one.equipment == f"trial-{name}"]
        for name in ("lift", "cam", "ctl", "door", "hose", "feeder")
    }
    assert last(by_device["lift"], "mains") is False
    assert last(by_device["ctl"], "mains") is False
    assert last(by_device["feeder"], "energised") is False
    dark = {name for name, said in by_device.items() if any(one.online is False for one in said)}
    assert dark == {"cam"}
    assert last(told(estate, "lift", 15 * MINUTE), "mains") is True


def test_one_detector_starts_the_fans_or_two_do_not(tmp_path: Path) -> None:
    """A second address of the same compartment starts what the table names, within ten seconds."""
    estate = house(
        tmp_path,
        """  - {at: "00:05", for: 20m, equipment: panel, fault: fire, part: 1-1}
  - {at: "00:06", for: 19m, equipment: panel, fault: fire, part: 1-3}
  - {at: "00:10", for: 15m, equipment: panel, fault: fire, part: 1-2}
  - {at: "00:01", equipment: fan-2, fault: no_response}
""",
    )
    assert last(told(estate, "fan-1", 10 * MINUTE), "fan_run") is False
    messages = list(estate.advance(MORNING + 10 * MINUTE + 40 * SECOND))
    fans = [
        [one for one in messages if one.equipment == f"trial-fan-{number}"] for number in (1, 2)
    ]
    assert last(fans[0], "fan_run") is True
    assert [one for one in fans[1] if one.points.get("fan_run")] == []
    assert last(told(estate, "fan-1", 30 * MINUTE), "fan_run") is False


def test_a_wrong_clock_changes_when_it_is_sent(tmp_path: Path) -> None:
    """A device with a wrong clock tells the same at the same moment, with another time."""
    estate = house(
        tmp_path,
        '  - {at: "00:01", equipment: room, fault: clock_wrong, with: {seconds: -600}}\n',
    )
    told(estate, "room", MINUTE)
    off = [one for one in told(estate, "room", 20 * MINUTE) if one.kind is not TopicKind.STATUS]
    assert off
    assert all(one.at < MORNING + 11 * MINUTE for one in off)


def test_a_cast_with_mistakes_is_played(tmp_path: Path) -> None:
    """A class that is none, a parent and a fault that are not there: each is told."""
    path = tmp_path / "trial.yaml"
    path.write_text(
        HEAD
        + "cast:\n  a: {class: sofa}\n  b: {class: elevator, parent: nobody}\n"
        + 'timeline:\n  - {at: "00:01", equipment: c, fault: offline}\n',
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as refused:
        read_scenario(path, (), CLASSES)
    said = " ".join(fault.message for fault in refused.value.faults)
    assert all(word in said for word in ("sofa", "nobody", "no equipment 'c'"))


def test_a_fault_is_that_of_who_speaks_for_it(tmp_path: Path) -> None:
    """A reader that was opened is not its controller's lid; a lost picture is a missed channel."""
    timeline = """
  - {at: "00:05", for: 10m, equipment: door, fault: tamper}
  - {at: "00:05", for: 10m, equipment: cam, fault: video_loss}
  - {at: "00:10", for: 20m, equipment: cam, fault: offline}
"""
    estate = house(tmp_path, timeline.lstrip("\n"))
    said = list(estate.advance(MORNING + 40 * MINUTE))
    lids = {
        one.points["tamper"]
        for one in said
        if one.equipment == "trial-ctl" and "tamper" in one.points
    }
    channels = [
        one.points["recording_channels"]
        for one in said
        if one.equipment == "trial-rec" and "recording_channels" in one.points
    ]
    changed = [one for n, one in enumerate(channels) if n == 0 or one != channels[n - 1]]
    assert lids == {False}
    assert changed == [4, 3, 4]
