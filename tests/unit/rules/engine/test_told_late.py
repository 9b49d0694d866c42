"""What is told late, twice or not at all in between decides nothing that it did not decide."""

import struct
import zlib

import msgspec
import pytest

from gengfu.core.clock import MINUTE, SECOND
from rules.engine import checkpoint
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.packs import shipped
from tests.fakes.rule_scene import CLASSES, START, Scene, brief, equipment

HEAD = struct.Struct("<8sIQ")
"""Before a checkpoint's payload: magic, checksum, length."""
LOOKED = """
pack: t
rules:
  - id: looked
    for: {class}
    {what}
    severity: high
    kind: {kind}
    priority: 3
    title: {{zh: 看, en: looked}}
    source: U test
"""


def rule(class_: str, what: str, kind: str = "maintenance") -> dict[str, str]:
    return {"t.yaml": LOOKED.format(**{"class": class_, "what": what, "kind": kind})}


def without_known(saved: bytes) -> bytes:
    """Return a checkpoint as Gengfu wrote it before it kept what was known last."""
    head, payload = saved[: HEAD.size], msgspec.msgpack.decode(saved[HEAD.size :])
    for unit in payload["units"]:
        del unit["known"]
    packed = msgspec.msgpack.encode(payload)
    return HEAD.pack(HEAD.unpack(head)[0], zlib.crc32(packed), len(packed)) + packed


def turns(scene: Scene) -> list[tuple[str, float]]:
    """Return what turned, and when in seconds."""
    return [(brief(one), (one.at - START) / SECOND) for one in scene.run()]


@pytest.mark.parametrize("before", [3, 30, 7200])
def test_the_reset_of_another_fire_ends_this_one(before: int) -> None:
    """A panel's reset from before the fire, told after it, leaves the alarm on; one from after ends it."""
    scene = Scene((equipment("panel", "fire_panel"),))
    scene.wait(60)
    scene.event("panel", "fire", "1-1-1")
    scene.wait(2)
    scene.event("panel", "reset", ago=before)
    scene.wait(5)
    on = "fire_panel.first_signal on panel/1-1-1"
    assert scene.told() == [on]
    scene.event("panel", "reset", ago=4)
    assert scene.told() == [on, "fire_panel.first_signal off panel/1-1-1"]


def test_a_fire_told_again_is_ended_by_a_reset_in_between() -> None:
    """What counts is the newest fire of the address, not the first."""
    scene = Scene((equipment("panel", "fire_panel"),))
    scene.wait(60)
    for _ in range(2):
        scene.event("panel", "fire", "1-1-1")
        scene.wait(60)
    scene.event("panel", "reset", ago=90)
    assert "fire_panel.first_signal off panel/1-1-1" not in scene.told()


@pytest.mark.parametrize(
    ("limit", "opens"), [(25.0, ["t.looked on room", "t.looked off room"]), (35.0, [])]
)
def test_a_limit_of_the_ledger_changes_unnoticed(limit: float, opens: list[str]) -> None:
    """Another limit in the ledger is judged at once, though the value is the same as ever."""
    scene = Scene(
        (equipment("room", "room_environment", limit=40.0),),
        rule("room_environment", 'when: "temperature > attr.limit"'),
    )
    for changed in (limit, 50.0):
        for _ in range(3):
            scene.says("room", temperature=30.0)
            scene.tick(30)
        scene.use(equipment("room", "room_environment", limit=changed))
    assert scene.told() == opens


@pytest.mark.parametrize("between", [["closed"], [None], ["closed", None, None], [None, "closed"]])
def test_an_unknown_value_hides_a_change(between: list[str | None]) -> None:
    """A door that opens by force is told, whether or not its contact was unknown just before."""
    scene = Scene((equipment("door", "door", exit_request_wired=True),))
    scene.says("door", contact="closed", online=True)
    scene.tick(60)
    for value in between:
        scene.says("door", contact=value)
        scene.tick(30)
    scene.says("door", contact="open")
    scene.wait(10)
    assert "door.forced on door" in scene.told()


def test_another_ledger_brings_back_an_older_text() -> None:
    """A text that is unknown when the ledger changes stays unknown until it is told."""
    scene = Scene(
        (equipment("lift", "elevator"),),
        rule(
            "elevator",
            """when: "fault_code == 'E2' and previous(fault_code) == 'E1' and motor_temp > 50\"""",
        ),
    )
    for code in ("E1", "E2", None):
        scene.says("lift", fault_code=code)
        scene.tick(30)
    scene.use(equipment("lift", "elevator", capacity=8))
    scene.says("lift", motor_temp=60.0)
    scene.tick(30)
    assert scene.told() == []
    scene.says("lift", fault_code="E2")
    assert scene.told() == ["t.looked on lift"]


def test_a_checkpoint_of_an_older_gengfu_hides_a_change() -> None:
    """One that does not tell what was known last: the value it does tell was."""
    scene = Scene((equipment("door", "door", exit_request_wired=True),))
    scene.says("door", contact="closed", online=True)
    state, _ = scene.judged()
    state = checkpoint.decode(without_known(checkpoint.encode(state)), CLASSES)
    before = len(scene.records)
    scene.tick(30)
    scene.says("door", contact="open")
    scene.wait(10)
    told = []
    for record in scene.records[before:]:
        state, found = step(state, record.body(), position=record.position, now=record.written_at)
        told += [brief(one) for one in found]
    assert "door.forced on door" in told


def test_unknown_is_a_change() -> None:
    """The same value again after an unknown one has been since before."""
    scene = Scene(
        (equipment("room", "room_environment"),),
        rule("room_environment", 'when: "since(temperature) > 100 and humidity > 0"'),
    )
    scene.says("room", temperature=20.0)
    for value in (21.0, None, 21.0):
        scene.tick(50)
        scene.says("room", temperature=value)
    scene.tick(50)
    scene.says("room", humidity=50.0)
    assert turns(scene) == [("t.looked on room", 200.0)]


@pytest.mark.parametrize("restart", range(4, 40, 3))
def test_a_restart_looks_at_the_clock_once_more(restart: int) -> None:
    """A rule with hours is looked at once a minute, wherever a restart was."""
    scene = Scene(
        (equipment("room", "room_environment"),),
        rule(
            "room_environment",
            'when: "since(temperature) > 30"\n    during: {hours: "00:00-24:00"}',
        ),
    )
    scene.now += MINUTE - scene.now % MINUTE
    for value in (20.0, *[21.0] * 10):
        scene.tick(5)
        scene.says("room", temperature=value)
    scene.wait(30)
    verdicts: list[Verdict] = []
    state = begin(CLASSES)
    for record in scene.records:
        state, found = step(state, record.body(), position=record.position, now=record.written_at)
        verdicts += found
        if record.position == restart:
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
    assert verdicts == scene.run() != []


@pytest.mark.parametrize("kind", ["security", "life_safety"])
@pytest.mark.parametrize("ago", [0, 110, 280])
def test_an_occurrence_told_late_ends_it_sooner(kind: str, ago: int) -> None:
    """Quiet is counted from the newest occurrence, whichever is told last."""
    scene = Scene(
        (equipment("host", "perimeter"),),
        rule("perimeter", "event: {event: alarm}\n    clear_hold: 2m", kind),
    )
    scene.wait(5)
    scene.event("host", "alarm")
    scene.wait(1)
    scene.event("host", "alarm", ago=ago)
    scene.wait(150)
    on, again, off = turns(scene)
    assert (on[1], again[1]) == (5.0, 6.0)
    assert off == ("t.looked off host", 126.0 if ago == 0 else 125.0)


def test_life_safety_of_long_ago_is_over_at_once() -> None:
    """What endangered lives half an hour ago, told now, is on for as long as if it were new."""
    scene = Scene(
        (equipment("host", "perimeter"),),
        rule("perimeter", "event: {event: alarm}\n    clear_hold: 2m", "life_safety"),
    )
    scene.wait(5)
    scene.event("host", "alarm", ago=1800)
    scene.wait(150)
    assert turns(scene) == [("t.looked on host", 5.0), ("t.looked off host", 125.0)]


def test_rules_that_were_mended_stay_refused() -> None:
    """The rules in force, announced again after broken ones, leave nothing refused."""
    scene = Scene((equipment("pump", "pump"),))
    scene.use_rules({"t.yaml": "pack: ["})
    state, _ = scene.judged()
    assert state.refused
    scene.use_rules(shipped())
    state, _ = scene.judged()
    assert not state.refused


def test_each_occurrence_leaves_a_timer() -> None:
    """However often something occurs while it is on, one timer waits for its quiet, and ends it in time."""
    scene = Scene(
        (equipment("host", "perimeter"),),
        rule("perimeter", "event: {event: alarm}\n    clear_hold: 30s", "security"),
    )
    for _ in range(100):
        scene.tick()
        scene.event("host", "alarm")
    state, _ = scene.judged()
    assert len(state.timers) == 1
    scene.wait(40)
    assert turns(scene)[-1] == ("t.looked off host", 130.0)
