"""Which of a foreign device's values are events, which are readings, and which are told again."""

import json
from collections.abc import Callable

import pytest

from gateway.codecs.sparkplug.wire import bytes_field, varint_field
from gateway.codecs.spoken import elements, flatten
from gateway.decoded import Decoded, Rejected
from gateway.mapping.file import read_mapping
from gengfu.core.batch import Flag
from gengfu.core.clock import DAY, HOUR
from tests.fakes.foreign_talk import Listener, shown

SMOKE = "zigbee2mqtt/s"
AVAILABILITY = f"{SMOKE}/availability"


def sensor(field: str, device: str = "zigbee2mqtt: s") -> Listener:
    """Return a listener to a detector of the fire panel, with the mapping of its field ``x``."""
    return of_fields(f"{{x: {field}}}", device)


def of_fields(fields: str, device: str = "zigbee2mqtt: s") -> Listener:
    entry = f"{device}, equipment: fire-panel-1, online: false, fields: {fields}"
    return Listener(read_mapping(f"devices: [{{{entry}}}]", "m"))


def says(listener: Listener, value: object, *, retained: bool = False, **more: object) -> Decoded:
    """Return what becomes of one value of the field ``x``."""
    payload = json.dumps({"x": value, **more}).encode()
    found = listener.hear(SMOKE, payload, retained=retained)
    return found[0] if found else Decoded(site=None, received_at=listener.now)


def fires(listener: Listener, value: object, *, retained: bool = False) -> int:
    return len(says(listener, value, retained=retained).events)


def test_a_fire_is_a_duplicate_of_one_90_days_ago() -> None:
    """A clock that starts anew tells the same time of another fire; only a believed one tells it apart."""
    listener = sensor("{event: fire, every: true}")
    wrong = [says(listener, True, last_seen=4_320).events[0]]
    listener.now += 90 * DAY
    wrong.append(says(listener, True, last_seen=4_320).events[0])
    assert [(one.identity, one.event.flags) for one in wrong] == [(None, Flag.CLOCK.value)] * 2
    right = [says(listener, True, last_seen=listener.now // 1000).events[0] for _ in range(2)]
    assert right[0].identity == right[1].identity is not None


def test_devices_of_two_installations_are_one() -> None:
    """What two devices of the same name say at the same time are two events."""
    text = "{{zigbee2mqtt: s, base: {}, equipment: fire-panel-1, fields: {{x: {{event: fire}}}}}}"
    both = ", ".join(text.format(base) for base in ("a", "b"))
    listener = Listener(read_mapping(f"devices: [{both}]", "m"))
    payload = json.dumps({"x": True, "last_seen": listener.now // 1000}).encode()
    heard = [listener.hear(f"{base}/s", payload)[0].events[0] for base in ("a", "b")]
    assert heard[0].identity != heard[1].identity


def test_a_month_old_push_rings_now() -> None:
    """What the broker kept is old news, whatever its own time, unless that is recent."""
    for age, kept in ((30 * DAY, True), (HOUR, False)):
        listener = sensor("{event: fire}")
        (heard,) = says(
            listener, "push", retained=True, last_seen=(listener.now - age) // 1000
        ).events
        assert heard.event.is_retained is kept


def test_what_a_broker_keeps_rings_at_every_reconnection() -> None:
    """A state that stands is no news when it was kept meanwhile; one that nobody heard live is."""
    listener = sensor("{event: fire}")
    assert fires(listener, True) == 1
    assert fires(listener, True, retained=True) == fires(listener, True) == 0
    listener = sensor("{event: fire}")
    assert says(listener, True, retained=True).events[0].event.is_retained
    assert fires(listener, True) == 1


@pytest.mark.parametrize("word", [b"offline", b"online"])
def test_what_began_while_nobody_listened_is_no_news(word: bytes) -> None:
    """After a device was away its state is news again, and not before."""
    listener = sensor("{event: fire}")
    assert fires(listener, True) == 1
    listener.hear(AVAILABILITY, word)
    assert fires(listener, True) == (word == b"offline")


def metric(value: bool, ts: int | None = None, *, is_historical: bool = False) -> bytes:
    time = varint_field(3, ts) if ts else b""
    history = varint_field(5, 1) if is_historical else b""
    content = bytes_field(1, b"x") + time + varint_field(4, 11) + history
    return bytes_field(2, content + varint_field(14, int(value)))


def node(listener: Listener) -> Callable[..., int]:
    """Return how an edge node says something, and how many events become of it."""

    def say(kind: str, seq: int | None, *metrics: bytes) -> int:
        number = b"" if seq is None else varint_field(3, seq)
        birth = bytes_field(2, bytes_field(1, b"bdSeq") + varint_field(4, 4) + varint_field(11, 1))
        own = birth if seq is None or kind == "NBIRTH" else b""
        payload = varint_field(1, listener.now // 1000) + own + b"".join(metrics) + number
        return sum(len(one.events) for one in listener.hear(f"spBv1.0/G/{kind}/N", payload))

    return say


@pytest.mark.parametrize("before", [False, True])
def test_the_past_rules_the_present(before: bool) -> None:
    """What a node tells of an outage makes its event, and leaves known what stands now."""
    listener = sensor("{event: fire}", "sparkplug: G/N")
    say, an_hour_ago = node(listener), listener.now // 1000 - 3_600_000
    assert say("NBIRTH", 0, metric(before)) == before
    told = say("NDATA", 1, metric(not before, an_hour_ago, is_historical=True))
    assert told == (not before)
    assert say("NDATA", 2, metric(True)) == (not before)


def test_a_fire_after_a_death_is_no_news() -> None:
    """What a node said before its death stands no longer: said again, it became so."""
    listener = sensor("{event: fire}", "sparkplug: G/N")
    say = node(listener)
    births = [say("NBIRTH", 0, metric(True)), say("NDEATH", None), say("NBIRTH", 0, metric(True))]
    assert births == [1, 0, 1]


def test_readings_of_a_wrong_clock_are_lost() -> None:
    """A node without a clock may say the very same again: without a believed time nothing is one."""
    listener = sensor("water_temp", "sparkplug: G/N")
    for ts, is_known in ((4_320, False), (listener.now // 1000, True)):
        data = varint_field(1, ts) + metric(True) + varint_field(3, 1)
        for decoded in listener.hear("spBv1.0/G/NDATA/N", data):
            assert all((rows.identity is not None) is is_known for rows in decoded.readings)


@pytest.mark.parametrize(
    ("when", "value"),
    [
        ("true", 1),
        ("true", "ON"),
        ("true", "True"),
        ("'on'", "ON"),
        ("ON", True),
        ("1", "1.0"),
        ("ALARM", "alarm"),
        ("'2.50'", 2.5),
        ("false", -0.0),
        ("'off'", False),
        ("unknown", "Unavailable"),
        ("[overtemp, overpower]", ["undervoltage", "overpower"]),
    ],
)
def test_a_value_is_written_otherwise(when: str, value: object) -> None:
    """The case, and how true, false and numbers are written, make no difference."""
    assert fires(sensor(f"{{event: fire, when: {when}}}"), value) == 1


def test_a_mistyped_value_is_never_told() -> None:
    """A value that the mapping does not name is counted; what stands for nothing is not."""
    listener = sensor("{event: fire, when: alarmm}")
    assert shown(says(listener, "alarm"), listener.names) == {
        "equipment": "fire-panel-1",
        "unknown": ["x = 'alarm'"],
    }
    assert not any(says(listener, one).received for one in (False, "off", None, ""))


NOTHING_IS_ON = [False, 0, -0.0, "0.0", "-0", "OFF", "False", "", None, "null", "None"]
NOTHING_IS_KNOWN = ["unavailable", "Unknown", "NONE", [], [0, "off"], [None]]


@pytest.mark.parametrize("value", NOTHING_IS_ON + NOTHING_IS_KNOWN, ids=repr)
def test_off_is_a_fire(value: object) -> None:
    """However a device writes that nothing is on, or that it does not know, it is no event."""
    assert says(sensor("{event: fire}"), value).received == 0


@pytest.mark.parametrize("value", [float("nan"), "NaN", float("inf"), "-inf", [float("nan")]])
def test_no_number_is_a_fire(value: object) -> None:
    """What is no finite number is a dead letter, and no event."""
    (letter,) = says(sensor("{event: fire}"), value).rejections
    assert letter.reason == "not_finite"


@pytest.mark.parametrize("on", ["ON", "true", "1", "3.5", ["overtemp"], True, 1])
def test_a_switch_rings_with_every_telemetry(on: object) -> None:
    """A switch's word and a number are states however they are written: news when they become so."""
    listener = sensor("{event: fire}")
    assert [fires(listener, one) for one in (on, on, "OFF", on)] == [1, 0, 0, 1]


def test_an_action_is_done_once() -> None:
    """A word that is no switch's is told each time it is done."""
    listener = sensor("{event: fire}")
    assert [fires(listener, "push") for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("word", ["unavailable", "Unknown", "none", "NULL"])
@pytest.mark.parametrize("point", ["water_temp", "run", "mode"])
def test_what_is_unknown_keeps_its_old_value(point: str, word: str) -> None:
    """A program's word for not knowing is a point known to be missing, not a dead letter."""
    text = f"devices: [{{zigbee2mqtt: s, equipment: pump-1, fields: {{x: {point}}}}}]"
    decoded = says(Listener(read_mapping(text, "m")), word)
    assert not decoded.rejections
    assert decoded.readings[0].flags[0] & Flag.NULL.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("21.5", 21.5),
        (" 21.5 ", 21.5),
        ("+.5e1", 5),
        ("1_000", None),
        ("２１", None),
        ("0x1", None),
    ],
)
def test_letters_are_read_as_a_number(text: str, value: float | None) -> None:
    """A text is a number when it is one in plain digits."""
    mapping = "devices: [{zigbee2mqtt: s, equipment: pump-1, fields: {x: water_temp}}]"
    decoded = says(Listener(read_mapping(mapping, "m")), text)
    assert [one for rows in decoded.readings for one in rows.value] == ([value] if value else [])
    assert bool(decoded.rejections) is (value is None)


def test_three_currents_are_one_list() -> None:
    """Each value of a list can be mapped by its number; those that are not are counted."""
    listener = Listener(
        read_mapping(
            "devices: [{tasmota: m, equipment: pump-1, fields: {ENERGY.Current.1: current}}]", "m"
        )
    )
    (decoded,) = listener.hear("tele/m/SENSOR", b'{"ENERGY": {"Current": [4.1, 4.2, 4.0]}}')
    assert decoded.readings[0].value == [4.2]
    assert [one.point for one in decoded.unknown] == ["ENERGY.Current.0", "ENERGY.Current.2"]


def test_a_list_is_taken_in_part_or_whole() -> None:
    """A list may be mapped as a whole and by its values, both at once; a long one only as a whole."""
    listener = of_fields("{x: {event: fire}, x.1: {event: fault}}")
    decoded = says(listener, ["overtemp", "overpower"])
    assert sorted(one.event.type for one in decoded.events) == ["fault", "fire"]
    assert decoded.events[-1].event.attributes["x"] == "overtemp, overpower"
    assert not decoded.unknown
    assert not list(elements("x", [1] * 65))


def test_a_list_is_read_backwards() -> None:
    """What a list holds keeps its order and is called by its number, from 0."""
    fields = flatten([{"t": 1}, 2, [{"t": 3}], {"t": [4, 5]}])
    assert not isinstance(fields, Rejected)
    assert list(fields) == ["0.t", "1", "2.0.t", "3.t"]


def test_a_nested_list_overflows_the_stack() -> None:
    """Lists in lists are gone into as deep as objects are, and no deeper."""
    deep = b'{"x": ' + b"[" * 400 + b"1" + b"]" * 400 + b"}"
    (decoded,) = sensor("{event: fire}").hear(SMOKE, deep)
    assert decoded.received == 1
