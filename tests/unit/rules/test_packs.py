"""The shipped packs do what rules.md says experienced people want."""

import pytest

from gengfu.core.batch import Flag
from gengfu.core.clock import MINUTE, SECOND
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment
from rules.engine.verdict import Turn
from rules.language.reader import read_rules
from rules.packs import shipped
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment, turned_on

LIFT = equipment("lift", "elevator")
RESCUED = equipment("lift", "elevator", automatic_rescue=True)
STUCK: dict[str, Scalar] = {
    "floor": 5, "mode": "normal", "speed": 0.0, "door_zone": False, "door": "closed",
    "mains": True, "safety_chain": True, "fault": False, "fault_code": None,
}  # fmt: skip


def test_every_class_has_two_rules_and_every_rule_both_languages() -> None:
    """No class goes unwatched, and every rule says whose figure its thresholds are."""
    rules = read_rules(shipped(), CLASSES)
    for name in CLASSES:
        assert sum(rule.equipment_class == name for rule in rules) >= 2, name
    assert all(rule.title.zh and rule.title.en and rule.source for rule in rules)
    assert all(rule.latched for rule in rules if rule.kind == "life_safety")


def entrapment(lift: Equipment, occupied: bool | None, seconds: int) -> list[str]:
    scene = Scene([lift])
    scene.says("lift", STUCK, occupied=occupied)
    scene.wait(seconds)
    return [one for one in turned_on(scene.run()) if "entrapment" in one]


@pytest.mark.parametrize("occupied", [True, None])
def test_a_lift_without_an_occupancy_sensor_is_not_empty(occupied: bool | None) -> None:
    """Stopped outside the door zone for 60 s is entrapment, occupied or not known to be."""
    assert entrapment(LIFT, occupied, 59) == []
    assert entrapment(LIFT, occupied, 60) == ["elevator.suspected_entrapment lift"]


def test_an_empty_lift_traps_nobody() -> None:
    """A lift that says that it is empty may stop where it likes."""
    assert entrapment(LIFT, False, 200) == []


def test_a_lift_with_automatic_rescue_gets_two_minutes() -> None:
    """The rescue has 120 s to bring the car to a landing."""
    assert entrapment(RESCUED, True, 119) == []
    assert entrapment(RESCUED, True, 120) == ["elevator.suspected_entrapment lift"]


def test_entrapment_is_not_forgotten_when_the_lift_falls_silent() -> None:
    """A stuck lift that is not heard any more is a stuck lift."""
    scene = Scene([LIFT])
    scene.says("lift", STUCK)
    scene.wait(5)
    scene.says("lift", online=False)
    scene.wait(60)
    assert "elevator.suspected_entrapment lift" in turned_on(scene.run())


def test_a_power_cut_traps_in_every_lift() -> None:
    """Mains lost is one alert for each lift between landings, and none for one at a landing."""
    lifts = [equipment(f"lift-{n}", "elevator") for n in range(3)]
    scene = Scene(lifts)
    for n, lift in enumerate(lifts):
        scene.says(lift.id, {**STUCK, "mains": False, "door_zone": n == 0})
    scene.wait(125)
    assert [one for one in turned_on(scene.run()) if "lost" not in one or "mains" in one] == [
        "elevator.mains_lost lift-1",
        "elevator.mains_lost lift-2",
    ]


def test_the_button_between_floors_is_taken_at_once() -> None:
    """Pressed in a closed car it is critical at once; at an open door it is probably by mistake."""
    scene = Scene([LIFT])
    scene.says("lift", alarm_button=True, door="closed", door_zone=False)
    assert turned_on(scene.run()) == ["elevator.call_button lift"]
    scene = Scene([LIFT])
    scene.says("lift", alarm_button=True, door="open", door_zone=True)
    scene.wait(2)
    assert turned_on(scene.run()) == ["elevator.call_button_misuse lift"]


def test_a_button_whose_door_is_unknown_is_no_mistake() -> None:
    """Without door and door zone nothing says that it was pressed at an open door."""
    scene = Scene([LIFT])
    scene.says("lift", alarm_button=True)
    assert turned_on(scene.run()) == ["elevator.call_button lift"]


def test_dry_running_is_judged_by_the_pumps_own_normal() -> None:
    """A current that falls below 60 % of its own for 20 s while it runs is dry running."""
    scene = Scene([equipment("pump", "pump", role="supply")])
    for _ in range(80):
        scene.says("pump", run=True, current=10.0, frequency=48.0, pressure_in=0.02)
        scene.wait(5)
    for _ in range(6):
        scene.says("pump", run=True, current=4.0, frequency=50.0, pressure_in=0.02)
        scene.wait(5)
    found = [one for one in scene.run() if one.rule == "pump.dry_running"]
    assert [(one.turn, one.since - START, one.at - START) for one in found] == [
        (Turn.ON, 400 * SECOND, 420 * SECOND)
    ]
    assert found[0].title.zh == "缺水空转：泵在转，不出水（电流 4.00 A）"


def test_a_running_fire_pump_is_critical() -> None:
    """A fire pump that runs for 5 s is told, a supply pump that runs is not."""
    scene = Scene([equipment("fire", "pump", role="fire"), equipment("tap", "pump", role="supply")])
    for pump in ("fire", "tap"):
        scene.says(pump, run=True, mode="auto")
    scene.wait(6)
    assert turned_on(scene.run()) == ["pump.fire_pump_running fire"]


def test_two_detectors_are_two_alerts_and_the_same_one_is_counted() -> None:
    """Each detector is a subject of its own; told twice it is the same alert; reset ends all."""
    scene = Scene([equipment("panel", "fire_panel")])
    scene.event("panel", "fire", "1-001", signal="smoke")
    scene.event("panel", "fire", "1-002", signal="heat")
    scene.event("panel", "fire", "1-001", signal="smoke")
    scene.event("panel", "reset")
    assert scene.told() == [
        "fire_panel.first_signal on panel/1-001",
        "fire_panel.first_signal on panel/1-002",
        "fire_panel.first_signal occurred panel/1-001",
        "fire_panel.first_signal off panel/1-001",
        "fire_panel.first_signal off panel/1-002",
    ]
    assert scene.run()[0].title.en == "Fire signal: 1-001 (smoke)"
    assert scene.run()[0].title.zh == "首警：1-001（感烟）"


@pytest.mark.parametrize("ago", [0.0, 3600.0, -200.0])
def test_a_fire_is_a_fire_whatever_its_time(ago: float) -> None:
    """An hour late or minutes ahead, a fire event is on at once and pages."""
    scene = Scene([equipment("panel", "fire_panel")])
    scene.event("panel", "fire", "1-001", ago=ago)
    assert scene.told() == ["fire_panel.first_signal on panel/1-001"]


def test_a_recorded_reset_ends_the_signal_of_its_detector() -> None:
    """A person's recorded reset ends the condition of that address alone."""
    scene = Scene([equipment("panel", "fire_panel")])
    scene.event("panel", "fire", "1-001")
    scene.event("panel", "fire", "1-002")
    scene.act("panel", "reset", "1-002")
    assert scene.told()[-1] == "fire_panel.first_signal off panel/1-002"


def test_a_retained_event_is_no_new_fire() -> None:
    """What the broker replays has happened before."""
    scene = Scene([equipment("panel", "fire_panel")])
    scene.event("panel", "fire", "1-001", flags=Flag.RETAINED)
    assert scene.told() == []


DOOR = equipment("door", "door", door_type="unit", exit_request_wired=True)


def opened(*, grant: float | None = None, exit_: float | None = None) -> list[str]:
    """Open a closed door so many seconds after a grant or an exit request."""
    scene = Scene([DOOR])
    scene.says("door", contact="closed")
    scene.wait(30)
    if grant is not None:
        scene.event("door", "granted", ago=grant, card="c", how="card")
    if exit_ is not None:
        scene.event("door", "exit_request", ago=exit_)
    scene.says("door", contact="open")
    scene.wait(20)
    return turned_on(scene.run())


def test_a_door_that_opens_for_nobody_is_forced() -> None:
    """Without a grant or an exit request in the 5 s before, an opening is forced."""
    assert opened() == ["door.forced door"]
    assert opened(grant=6.0) == ["door.forced door"]
    assert opened(grant=4.0) == []
    assert opened(exit_=1.0) == []


def test_a_door_first_seen_open_was_not_forced() -> None:
    """Nobody knows when it was opened."""
    scene = Scene([DOOR])
    scene.says("door", contact="open")
    scene.wait(20)
    assert turned_on(scene.run()) == []


def test_a_grant_that_arrives_after_the_opening_cancels_it() -> None:
    """Card and contact come by different topics: the bounce time lets the later one arrive."""
    scene = Scene([DOOR])
    scene.says("door", contact="closed")
    scene.tick()
    scene.says("door", contact="open")
    scene.tick(0.4)
    scene.event("door", "granted", ago=1.0, card="c", how="card")
    scene.wait(10)
    assert turned_on(scene.run()) == []


@pytest.mark.parametrize(
    ("type_", "fire_door", "seconds", "rule"),
    [
        ("unit", False, 180, "door.held_open"),
        ("goods", False, 600, "door.held_open"),
        ("fire", True, 60, "door.fire_door_held_open"),
        (None, None, 180, "door.held_open"),
    ],
)
def test_a_door_is_held_open_by_its_type(
    type_: str | None, fire_door: bool | None, seconds: int, rule: str
) -> None:
    """A unit door has 3 min, a goods door 10, a fire door one."""
    scene = Scene([equipment("door", "door", door_type=type_, fire_door=fire_door)])
    scene.says("door", contact="open")
    scene.wait(seconds - 1)
    assert turned_on(scene.run()) == []
    scene.wait(1)
    assert turned_on(scene.run()) == [f"{rule} door"]


def test_five_denials_in_two_minutes_are_probing() -> None:
    """Four are a forgotten card; five within 2 min are not; after 10 quiet minutes it is over."""
    scene = Scene([DOOR])
    for _ in range(4):
        scene.event("door", "denied", card="c", reason="expired")
        scene.wait(29)
    assert scene.told() == []
    scene.event("door", "denied", card="c", reason="expired")
    assert scene.told() == ["door.probing on door"]
    scene.wait(601)
    assert scene.told() == ["door.probing on door", "door.probing off door"]


def test_denials_spread_out_are_nothing() -> None:
    """Five in five minutes are five people."""
    scene = Scene([DOOR])
    for _ in range(8):
        scene.event("door", "denied", card="c", reason="expired")
        scene.wait(35)
    assert scene.told() == []


def test_late_cards_are_stored_and_never_paged() -> None:
    """Denials that a controller kept while it was offline do not send anybody out."""
    scene = Scene([DOOR])
    for second in range(6):
        scene.event("door", "denied", ago=3600 - second, card="c", reason="lost")
    assert [one for one in scene.run() if not one.late] == []


def test_a_lost_controller_is_one_alert_with_its_doors() -> None:
    """Its last will makes its doors unknown: one verdict that names them, none about them."""
    doors = [equipment(f"door-{n}", "door", "ctl", exit_request_wired=True) for n in range(6)]
    scene = Scene([equipment("ctl", "door_controller"), *doors])
    for door in doors:
        scene.says(door.id, contact="open")
    scene.wait(100)
    scene.says("ctl", online=False)
    scene.wait(300)
    (verdict,) = scene.run()
    assert (verdict.rule, verdict.at - START) == ("controller.lost", 280 * SECOND)
    assert verdict.children == tuple(door.id for door in doors)
    assert verdict.title.zh == "门禁控制器失联：6 个门状态未知"


def test_a_silent_recorder_is_one_alert_and_its_cameras_none() -> None:
    """When all fall silent together the cameras wait for their recorder, and then are unknown."""
    cameras = [equipment(f"cam-{n}", "camera", "nvr") for n in range(5)]
    scene = Scene([equipment("nvr", "nvr"), *cameras])
    scene.says("nvr", disk_fault=False)
    for camera in cameras:
        scene.says(camera.id, online=True)
    scene.wait(600)
    assert turned_on(scene.run()) == ["controller.nvr_lost nvr"]


def test_one_silent_camera_is_its_own_alert() -> None:
    """While its recorder still speaks, the camera itself is missed, and its return ends it."""
    scene = Scene([equipment("nvr", "nvr"), equipment("cam", "camera", "nvr")])
    scene.says("cam", online=True)
    for _ in range(10):
        scene.says("nvr", disk_fault=False)
        scene.wait(30)
    assert turned_on(scene.run()) == ["camera.offline cam"]
    scene.says("cam", frame_rate=25.0)
    assert scene.told()[-1] == "camera.offline off cam"


def test_a_camera_that_says_it_is_offline_has_a_minute() -> None:
    """A drop below 60 s is silent."""
    scene = Scene([equipment("cam", "camera")])
    scene.says("cam", online=False)
    scene.wait(59)
    assert scene.told() == []
    scene.wait(1)
    assert scene.told() == ["camera.offline on cam"]


def test_our_own_deafness_silences_nobody() -> None:
    """After a gap in the journal's clock (a restart) whoever is there has all its time to say so.

    Also after a short one: a device that had just been due finds its way back within its own time.
    """
    for gap in (12.0, 30 * MINUTE / SECOND):
        scene = Scene([equipment("cam", "camera"), equipment("panel", "fire_panel")])
        scene.wait(50)
        scene.tick(gap)
        scene.wait(55)
        assert scene.told() == []
        scene.wait(140)
        assert turned_on(scene.run()) == ["fire_panel.lost panel", "camera.offline cam"]


def test_a_hiccup_hides_a_silence() -> None:
    """A few seconds without a record are no restart: what is silent is missed in its time."""
    scene = Scene([equipment("panel", "fire_panel")])
    scene.wait(50)
    scene.tick(8.0)
    scene.wait(35)
    assert turned_on(scene.run()) == ["fire_panel.lost panel"]
