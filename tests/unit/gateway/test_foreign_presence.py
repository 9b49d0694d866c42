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
