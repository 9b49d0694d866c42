"""Devices that speak only when something changes are not taken for silent, nor for ever there."""

import pytest

from gateway.mapping.file import load_mapping, read_mapping
from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from tests.fakes.foreign_talk import GOLDEN, Listener, lines_of, message_of
from tests.fakes.small_estate import shipped_classes

_SILENT_AFTER = {one.name: one.silent_after for one in shipped_classes().values()}
LEAK = "devices: [{zigbee2mqtt: leak, equipment: pump-1, fields: {water_leak: floor_leak}}]"
HERE, THERE = "zigbee2mqtt/leak/availability", "gf/yunhe/pump-1/up/status"


def quiet(listener: Listener, later: Micros = 0) -> tuple[str, ...]:
    listener.now += later
    interpreter = listener.interpreter
    return interpreter.quiet(listener.now, listener.directory, _SILENT_AFTER)


def leak(*, online: bool = True) -> Listener:
    listener = Listener(read_mapping(LEAK, "m"))
    if online:
        listener.hear(HERE, b"online")
    return listener


def test_a_quiet_sensor_is_silent() -> None:
    """It is said for it that it is there, as often as its class wants: a third of its silence."""
    listener = leak()
    silence = shipped_classes()["pump"].silent_after
    assert [quiet(listener, silence // 6) for _ in range(6)] == [(), (THERE,)] * 3


@pytest.mark.parametrize("said", ["online", ""])
def test_a_sensor_that_spoke_is_spoken_for(said: str) -> None:
    """Whoever said something lately needs nobody to speak for it."""
    listener = leak()
    listener.now += 2 * MINUTE
    listener.hear("zigbee2mqtt/leak", b'{"water_leak": false}')
    assert not quiet(listener, SECOND)
    assert not said or quiet(listener, 2 * MINUTE)


def test_a_sensor_that_nobody_saw_is_there() -> None:
    """Without a word of its presence nothing is said for a device."""
    listener = leak(online=False)
    listener.hear("zigbee2mqtt/leak", b'{"water_leak": false}')
    assert not quiet(listener, HOUR)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [(HERE, b"offline"), ("zigbee2mqtt/bridge/state", b'{"state": "offline"}')],
)
def test_a_sensor_that_left_is_there(topic: str, payload: bytes) -> None:
    """When it, or its bridge, goes, nothing is said for it any more."""
    listener = leak()
    listener.hear(topic, payload)
    assert not quiet(listener, HOUR)


def test_a_bridge_comes_back_and_its_sensors_do_not() -> None:
    """A bridge that is back lets its sensors count again."""
    listener = leak()
    listener.hear("zigbee2mqtt/bridge/state", b"offline")
    listener.hear("zigbee2mqtt/bridge/state", b"online")
    assert quiet(listener, HOUR) == (THERE,)


def test_what_a_broker_kept_is_believed_for_ever() -> None:
    """A device that was not heard for a day is spoken for no longer, whatever the broker kept."""
    listener = leak()
    for _ in range(26):
        listener.now += HOUR
        listener.hear(HERE, b"online", retained=True)
    assert not quiet(listener, MINUTE)
    listener.hear("zigbee2mqtt/leak", b'{"water_leak": false}')
    assert not quiet(listener)
    assert quiet(listener, HOUR) == (THERE,)


def test_a_node_s_death_leaves_its_devices_there() -> None:
    """After a node's death, or after we had been away, only a birth makes its devices count."""
    listener = Listener(load_mapping(GOLDEN / "sparkplug" / "mapping.yaml"))
    births = [message_of(line) for line in lines_of(GOLDEN / "sparkplug/node_death/messages")]
    for topic, payload, _ in births[:2]:
        listener.hear(topic, payload)
    assert quiet(listener, HOUR) == ("gf/yunhe/door-ctl-1/up/status", THERE)
    listener.interpreter.reconnected()
    assert not quiet(listener, HOUR)
    assert [one.topic for one in listener.due()] == ["spBv1.0/Plant/NCMD/edge-1"]
    for topic, payload, _ in births[:2]:
        listener.hear(topic, payload)
    assert quiet(listener, HOUR)
    listener.hear(*births[3][:2])
    assert not quiet(listener, HOUR)


def test_a_device_that_was_not_born_again_is_there() -> None:
    """A device that its node's next births leave out is spoken for no longer, nor one never born."""
    births = [message_of(line) for line in lines_of(GOLDEN / "sparkplug/not_born_again/messages")]
    node, device, _, again, data = (one[:2] for one in births[:5])
    listener = Listener(load_mapping(GOLDEN / "sparkplug" / "mapping.yaml"))
    for one in (node, device, again):
        listener.hear(*one)
    assert quiet(listener, HOUR) == ("gf/yunhe/door-ctl-1/up/status", THERE)
    listener.hear(*data)
    assert quiet(listener, HOUR) == ("gf/yunhe/door-ctl-1/up/status",)
    stranger = Listener(load_mapping(GOLDEN / "sparkplug" / "mapping.yaml"))
    stranger.hear(*node)
    assert {one.equipment for one in stranger.hear(*data)} == {"door-ctl-1", "pump-1"}


def test_a_detector_speaks_for_its_panel() -> None:
    """A device whose presence is not its equipment's (``online: false``) is not spoken for."""
    text = LEAK.replace("fields", "online: false, fields")
    listener = Listener(read_mapping(text, "m"))
    listener.hear(HERE, b"online")
    assert not quiet(listener, HOUR)


CAMERA = "devices: [{frigate: gate, equipment: door-1, fields: {events.person: {event: person}}}]"
DETECT, SEEN = "frigate/gate/status/detect", "gf/yunhe/door-1/up/status"


def watched() -> Listener:
    """Return a listener to whom a camera has been told to be online for long enough."""
    listener = Listener(read_mapping(CAMERA, "m"))
    for _ in range(4):
        listener.hear(DETECT, b"online")
        listener.now += 10 * SECOND
    return listener


def test_a_camera_that_sees_nobody_is_lost() -> None:
    """A camera of which nothing is mapped but what it sees is there as long as its ffmpeg runs."""
    listener = watched()
    assert quiet(listener, 30 * MINUTE) == (SEEN,)
    listener.hear(DETECT, b"offline")
    listener.hear(DETECT, b"online")
    assert not quiet(listener, 30 * MINUTE)


@pytest.mark.parametrize("word", [b"offline", b"stopped", b"restarting"])
def test_a_stopped_recorder_leaves_its_cameras_there(word: bytes) -> None:
    """Whatever a recorder says that is not ``online``: nothing is said for its cameras any more."""
    listener = watched()
    listener.hear("frigate/available", word)
    assert not quiet(listener, 30 * MINUTE)


METER = "tele/meter/LWT"
BRIDGE = "zigbee2mqtt/bridge/state"
TWO = """devices:
  - {zigbee2mqtt: leak, equipment: pump-1, fields: {water_leak: floor_leak}}
  - {tasmota: meter, equipment: pump-1, fields: {ENERGY.Current: current}}
"""


def online(
    listener: Listener, topic: str, payload: bytes, *, retained: bool = False
) -> list[float]:
    """Return what a message makes known of its equipment's being online."""
    heard = listener.hear(topic, payload, retained=retained)
    points = {index for index, one in enumerate(listener.names.points) if one.point == "online"}
    return [
        value
        for one in heard
        for rows in one.readings
        for index, value in zip(rows.point, rows.value, strict=True)
        if index in points
    ]


def two(text: str = TWO) -> Listener:
    """Return a listener to an equipment of two devices, both online."""
    listener = Listener(read_mapping(text, "m"))
    assert online(listener, HERE, b"online") == online(listener, METER, b"Online") == [1]
    return listener


@pytest.mark.parametrize(("gone", "here"), [(HERE, METER), (METER, HERE)])
def test_one_device_speaks_for_a_dead_one(gone: str, here: str) -> None:
    """An equipment one of whose devices is away is offline, whatever the other says."""
    listener = two()
    assert online(listener, gone, b"offline") == [0]
    assert online(listener, here, b"online") == [0]
    assert not quiet(listener, HOUR)
    assert online(listener, gone, b"online") == [1]
    listener.hear(here, b"online")
    assert quiet(listener, 30 * MINUTE) == (THERE,)


def test_one_device_speaks_for_a_silent_one() -> None:
    """Nobody is spoken for when the word of one of its devices is too old to count."""
    listener = two()
    listener.now += 2 * HOUR
    listener.hear("zigbee2mqtt/leak", b"{}")
    assert not quiet(listener, MINUTE)


def test_one_device_speaks_for_a_node_that_has_to_be_born_anew() -> None:
    """Who has to say anew that he is there is neither away nor vouched for."""
    text = TWO.replace("tasmota: meter", "sparkplug: G/N").replace("ENERGY.Current", "a")
    listener = Listener(read_mapping(text, "m"))
    listener.hear(HERE, b"online")
    listener.hear("spBv1.0/G/NBIRTH/N", bytes.fromhex("1800"))
    assert quiet(listener, HOUR) == (THERE,)
    listener.interpreter.reconnected()
    assert online(listener, HERE, b"online") == [1]
    assert not quiet(listener, HOUR)
    listener.hear("spBv1.0/G/NBIRTH/N", bytes.fromhex("1800"))
    assert quiet(listener, HOUR) == (THERE,)


def test_a_field_that_says_offline_is_overruled() -> None:
    """A device that tells in a field of its own that an equipment is away is believed."""
    text = TWO.replace("water_leak: floor_leak", "here: online")
    listener = Listener(read_mapping(text, "m"))
    listener.hear(METER, b"Online")
    assert online(listener, HERE, b"online") == []
    assert online(listener, "zigbee2mqtt/leak", b'{"here": true}') == [1]
    assert quiet(listener, 30 * MINUTE) == (THERE,)
    assert online(listener, "zigbee2mqtt/leak", b'{"here": false}') == [0]
    assert online(listener, METER, b"Online") == [0]
    assert not quiet(listener, 30 * MINUTE)
    assert online(listener, HERE, b"offline") == [0]


def test_a_dead_bridge_leaves_its_devices_there() -> None:
    """Without its bridge nobody is online who was; those come back with it who were not away."""
    text = (
        TWO
        + "  - {zigbee2mqtt: door, equipment: door-1}\n  - {zigbee2mqtt: new, equipment: door-2}\n"
    )
    listener = two(text)
    listener.hear("zigbee2mqtt/door/availability", b"online")
    assert online(listener, BRIDGE, b"offline") == [0, 0]
    assert online(listener, BRIDGE, b"offline") == []
    assert online(listener, METER, b"Online") == [0]
    assert online(listener, "zigbee2mqtt/door/availability", b"offline") == [0]
    assert online(listener, BRIDGE, b"online", retained=True) == [1]
    assert online(listener, BRIDGE, b"online", retained=True) == []


def test_a_bridge_that_was_dead_at_our_start_is_none() -> None:
    """What the broker kept of a device does not outweigh what it kept of its bridge."""
    listener = Listener(read_mapping(LEAK, "m"))
    assert online(listener, BRIDGE, b"offline", retained=True) == []
    assert online(listener, HERE, b"online", retained=True) == [0]
    assert online(listener, BRIDGE, b"online") == [1]


@pytest.mark.parametrize("away", [BRIDGE, METER])
def test_what_was_lost_comes_back_at_every_start(away: str) -> None:
    """What the broker kept of one device is not said before what it kept of the others was heard."""
    listener = Listener(read_mapping(TWO, "m"))
    assert online(listener, HERE, b"online", retained=True) == []
    assert not quiet(listener, SECOND)
    assert online(listener, away, b"offline", retained=True) == [0]
    assert not quiet(listener, HOUR)
    assert online(listener, away, b"online") == [1]


def test_what_was_kept_is_never_said() -> None:
    """What the broker kept is said when all was heard, however long the class may be silent."""
    listener = Listener(read_mapping(LEAK, "m"))
    assert online(listener, HERE, b"online", retained=True) == []
    listener.hear("zigbee2mqtt/leak", b'{"water_leak": false}', retained=True)
    assert [quiet(listener, 2 * SECOND) for _ in range(4)] == [(), (), (THERE,), ()]


def test_a_stranger_s_names_are_kept() -> None:
    """What nobody mapped is not remembered, nor for whom nobody vouches that he is there."""
    text = "devices: [{thingsboard: pump A, equipment: pump-1, fields: {run: run}}]"
    listener = Listener(read_mapping(text, "m"))
    for name in ("pump A", "pump B"):
        for what in ("disconnect", "connect"):
            listener.hear(f"v1/gateway/{what}", b'{"device": "%s"}' % name.encode())
    presences = listener.interpreter._presences
    assert not presences._heard
    assert not presences._away


def test_a_changed_mapping_brings_the_dead_back() -> None:
    """Who is away stays away when the mapping changes; who left the mapping counts no more."""
    old = two()
    old.hear(HERE, b"offline")
    for text, is_there in ((TWO, False), (TWO.replace("leak, e", "leak, online: false, e"), True)):
        new = Listener(read_mapping(text, "m"), old.names, old.now)
        new.interpreter.inherit(old.interpreter)
        assert online(new, METER, b"Online") == [is_there]
