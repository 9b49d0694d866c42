"""What devices say wrongly, twice, late, or in another's name."""

import json
from typing import Any

import httpx
import pytest

from tests.acceptance import judge
from tests.acceptance.house import SITE, Devices
from tests.acceptance.timetable import Push, between, fire, now_ms, opened, play
from tests.integration.services import wait_for

YEAR_MS = 365 * 86_400_000
ODD_IDS = (
    "..",
    "%2e%2e",
    " ",
    "a b",
    "A",
    "ä",
    "-x",
    "x" * 300,
    "$SYS",
    "a,b=c",
    "a\u202eb",
    "'--",
)


def _stage(
    devices: Devices, at: float, payload: dict[str, object], *, retain: bool = False
) -> Push:
    """Return an event of the test's stage panel."""
    return Push(at=at, equipment=devices.stage, kind="event", payload=payload, retain=retain)


def _letters(devices: Devices, limit: int = 200) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = devices.house.system.get("/api/v1/dead-letters", limit=limit)
    return letters


def _sums(devices: Devices) -> dict[str, int]:
    devices.house.drain()
    sums: dict[str, int] = devices.house.system.get("/api/v1/accounting")
    return sums


def _telemetry(devices: Devices, **document: object) -> None:
    topic = f"gf/{SITE}/{devices.pump}/up/telemetry"
    devices.oracle.say(topic, json.dumps(document))


def _await_letter(devices: Devices, topic: str, reason: str) -> None:
    def there() -> bool:
        return any((one["topic"], one["reason"]) == (topic, reason) for one in _letters(devices))

    wait_for(f"a dead letter of {topic}: {reason}", there)


def _fires(devices: Devices) -> list[dict[str, Any]]:
    """Return the alerts of single signals: many tests burn in one hall, which confirms a fire there."""
    every = judge.alerts_of(devices.house.system, devices.stage)
    return [one for one in every if one["part"]]


def test_clocks_are_wrong(devices: Devices) -> None:
    """F16, P14: 1970, ± 50 years, beyond what a date can be: each is an alarm at once, and one."""
    now = now_ms()
    stamps = [0, -1, 1, now - 50 * YEAR_MS, now + 50 * YEAR_MS, 2**53, 1e300, "yesterday", now]
    pushes = [
        _stage(devices, n / 10, fire(f"clock-{n}", ts=stamp, id=f"clock-{n}"))
        for n, stamp in enumerate(stamps)
    ]
    want = [between(n / 10, n / 10 + 3, opened(devices.stage, f"clock-{n}")) for n in range(9)]
    play(devices, *pushes, want=want)


def test_an_event_is_told_a_hundred_times(devices: Devices) -> None:
    """F18, P3: by its id, by its counter, by its time stamp: one alert each, of one occurrence."""
    now = now_ms()
    told = [
        fire("by-id", ts=now, id="f18"),
        fire("by-seq", seq=1, boot="b1"),
        fire("by-time", ts=now),
    ]
    before = _sums(devices)["duplicate"]
    pushes = [_stage(devices, n / 100, event) for n in range(100) for event in told]
    want = [between(0, 3, opened(devices.stage, str(event["part"]))) for event in told]
    play(devices, *pushes, want=want)
    wait_for("all of them", lambda: _sums(devices)["duplicate"] - before == 3 * 99)
    alerts = judge.alerts_of(devices.house.system, devices.stage)
    assert [one["occurrences"] for one in alerts if one["rule"] == judge.FIRE] == [1, 1, 1]


def test_two_fires_without_id_counter_or_time_are_two(devices: Devices) -> None:
    """P3's other side: what cannot be recognised is a new occurrence, on the same alert."""
    pushes = [_stage(devices, n / 10, fire("anonymous")) for n in range(3)]
    play(devices, *pushes, want=[between(0, 3, opened(devices.stage, "anonymous"))])
    wait_for("all three", lambda: [one["occurrences"] for one in _fires(devices)] == [3])


def test_readings_told_twice_are_one(devices: Devices) -> None:
    """F18, F51: a captured message played again adds nothing: stored once, counted as duplicate."""
    now = now_ms()
    before = _sums(devices)
    for _ in range(20):
        _telemetry(devices, ts=now, seq=1, boot="b1", points={"pressure_out": 1.5, "current": 2.5})
    wait_for("all of them", lambda: _sums(devices)["duplicate"] - before["duplicate"] == 38)
    series, told = (devices.pump, "pressure_out"), {now: 1.5}
    wait_for("the value", lambda: judge.stored(devices.house.system, series, told) == told)


def test_the_reset_comes_before_the_fire_it_resets(devices: Devices) -> None:
    """F19: clear before raise: the fire is an alert nevertheless."""
    now = now_ms()
    reset: dict[str, object] = {"type": "reset", "ts": now, "id": "r1"}
    late = fire("overtaken", ts=now - 5000, id="f1")
    alert = opened(devices.stage, "overtaken")
    play(
        devices,
        _stage(devices, 0, reset),
        _stage(devices, 0.5, late),
        want=[between(0.5, 4, alert)],
    )


def test_values_come_in_any_order(devices: Devices) -> None:
    """F19: readings of one minute, told backwards, stand in the store in their own order."""
    now = now_ms() // 1000 * 1000
    sent = {now - n * 1000: float(n) for n in range(60)}
    for at, value in sent.items():
        _telemetry(devices, ts=at, points={"pressure_out": value})
    series = devices.pump, "pressure_out"
    wait_for("all values", lambda: judge.stored(devices.house.system, series, sent) == sent)
    assert list(judge.stored(devices.house.system, series, sent)) == sorted(sent)


@pytest.mark.parametrize("again", [{"boot": "b2"}, {}], ids=["with a new boot", "without boot"])
def test_the_sequence_starts_anew(devices: Devices, again: dict[str, object]) -> None:
    """F20: a device counts from 1 again: nothing of it is taken for old news."""
    now, sent = now_ms(), {}
    first: dict[str, object] = {"boot": "b1"} if again else {}
    for turn, boot in enumerate((first, again)):
        for seq in range(1, 11):
            at = now + (turn * 10 + seq) * 100 - 5000
            sent[at] = float(seq)
            _telemetry(devices, ts=at, seq=seq, points={"pressure_out": float(seq)}, **boot)
    series = devices.pump, "pressure_out"
    wait_for("all values", lambda: judge.stored(devices.house.system, series, sent) == sent)


def test_a_payload_names_another_device(devices: Devices) -> None:
    """F49, P15: who the topic is counts; a payload that says otherwise is quarantined, told nobody."""
    other = f"{devices.pump}0"
    _telemetry(devices, equipment=other, ts=now_ms(), points={"pressure_out": 3.0})
    _await_letter(devices, f"gf/{SITE}/{devices.pump}/up/telemetry", "identity_mismatch")
    spoof = _stage(devices, 0, fire("spoofed", equipment="panel-1"))
    play(devices, spoof, want=[])
    _await_letter(devices, spoof.topic, "identity_mismatch")


def test_a_retained_event_is_told_at_every_subscription(devices: Devices) -> None:
    """F50: a retained fire is an alert once; subscribing anew, which tells it again, adds nothing."""
    push = _stage(devices, 0, fire("kept", id="kept-1", ts=now_ms()), retain=True)
    play(devices, push, want=[between(0, 3, opened(devices.stage, "kept"))])
    before = _sums(devices)["duplicate"]
    devices.house.broker_link.reset()
    wait_for("the broker to tell it again", lambda: _sums(devices)["duplicate"] > before)
    (alert,) = _fires(devices)
    assert alert["occurrences"] == 1
    devices.oracle.say(push.topic, b"", retain=True)


def test_a_captured_event_is_played_again_after_a_restart(devices: Devices) -> None:
    """F51: the same bytes after a ``kill -9`` of core are still recognised."""
    push = _stage(devices, 0, fire("captured", id="captured-1", ts=now_ms()))
    play(devices, push, want=[between(0, 3, opened(devices.stage, "captured"))])
    assert devices.house.system.kill("core")
    before = _sums(devices)["duplicate"]
    devices.oracle.say(push.topic, json.dumps(push.payload))
    wait_for("core to hear it again", lambda: _sums(devices)["duplicate"] > before)
    (alert,) = _fires(devices)
    assert alert["occurrences"] == 1


@pytest.mark.parametrize("name", ODD_IDS)
def test_an_odd_id_stands_in_the_topic(devices: Devices, name: str) -> None:
    """F52: it reaches no path, no query and no line: the message lies in quarantine, as it was."""
    topic = f"gf/{SITE}/{name}/up/event"
    devices.oracle.say(topic, json.dumps(fire("odd")))
    _await_letter(devices, topic, "bad_topic")


def test_odd_ids_stand_in_the_payload(devices: Devices) -> None:
    """F52: parts and ids of any text are kept as text; each is an alarm, each is acknowledged."""
    parts = [*ODD_IDS[:7], "+", "#", "a/b", "x\ny", '"; DROP TABLE alert; --', "\\", "火"]
    pushes = [
        _stage(devices, n / 20, fire(part, id=f"{part}-{n}", ts=now_ms()))
        for n, part in enumerate(parts)
    ]
    want = [between(0, 4, opened(devices.stage, part)) for part in parts]
    play(devices, *pushes, want=want)


@pytest.mark.parametrize(
    "topic", ["$share/g/gf/x/y/up/event", "$SYS/broker/uptime", "$gf/a/b/up/event"]
)
def test_reserved_topics_are_abused(devices: Devices, topic: str) -> None:
    """F53: what is published below ``$`` changes nothing, and what follows it arrives."""
    devices.oracle.say(topic, json.dumps(fire("reserved")))
    part = f"after-{len(topic)}"
    push = _stage(devices, 0, fire(part))
    play(devices, push, want=[between(0, 3, opened(devices.stage, part))])


def test_a_line_is_injected(devices: Devices) -> None:
    """F54: text full of line protocol makes no measurement, no tag and no field of its own."""
    evil = 'x,admin=1 value=9 1\nhacked,a=b c=1 2\\ "=, '
    before = _schema(devices)
    event = fire("injected", id=evil, attributes={"signal": evil, evil: evil}, ts=now_ms())
    play(
        devices, _stage(devices, 0, event), want=[between(0, 3, opened(devices.stage, "injected"))]
    )
    topic = f"gf/{SITE}/{devices.lift}/up/telemetry"
    at = now_ms()
    devices.oracle.say(topic, json.dumps({"ts": at, "points": {"fault_code": evil, evil: 1}}))

    def kept() -> bool:
        reply = devices.house.system.get(
            f"/api/v1/equipment/{devices.lift}/readings",
            point="fault_code",
            **{"from": at, "to": at + 1},
        )
        return bool(reply["values"] == [evil])

    wait_for("the text to come back as it was", kept)
    assert _schema(devices) == before


def _schema(devices: Devices) -> set[str]:
    """Return what InfluxDB has of measurements that only an injection could have made, and tags."""
    names: set[str] = set()
    for question in ("SHOW MEASUREMENTS", "SHOW TAG KEYS"):
        reply = httpx.get(
            f"{devices.house.store_url}/query", params={"db": "gengfu", "q": question}, timeout=60
        ).json()
        for series in reply["results"][0].get("series", []):
            names |= {str(row[0]) for row in series["values"]}
    return {name for name in names if "hack" in name or "admin" in name or "=" in name}
