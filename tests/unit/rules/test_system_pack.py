"""What Gengfu says of itself becomes alerts by the system pack; a canary never does."""

import pytest

from gengfu.core.naming import Scalar
from gengfu.ledger.own import OWN_CLASS, OWN_CORE, own_ledger
from tests.fakes.rule_scene import Scene, equipment

TOLD = {"online": True, "alarm_path": True, "broker": True, "disk_full": False}


@pytest.fixture
def scene() -> Scene:
    own = Scene([equipment(OWN_CORE, OWN_CLASS)])
    own.says(OWN_CORE, TOLD)
    return own


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        ("alarm_path", {"alarm_path": False}, {"alarm_path": True}),
        ("broker_lost", {"broker": False}, {"broker": True}),
        ("disk_full", {"disk_full": True}, {"disk_full": False}),
        ("safety_copy", {"safety_copy": False}, {"safety_copy": True}),
        ("shedding", {"shedding": True}, {"shedding": False}),
        ("journal_85", {"journal_mark": 85}, {"journal_mark": 0}),
        ("disk_95", {"disk_mark": 95}, {"disk_mark": 0}),
    ],
)
def test_an_own_fault_opens_nothing(
    scene: Scene, rule: str, bad: dict[str, Scalar], good: dict[str, Scalar]
) -> None:
    """Each fault of our own turns its rule on, alone, and its end turns it off."""
    scene.wait(5)
    scene.says(OWN_CORE, bad)
    scene.wait(30)
    scene.says(OWN_CORE, good)
    scene.wait(400)
    assert scene.told() == [f"system.{rule} on {OWN_CORE}", f"system.{rule} off {OWN_CORE}"]


@pytest.mark.parametrize("what", ["journal", "disk"])
def test_a_rising_mark_is_three_alerts_at_once(scene: Scene, what: str) -> None:
    """As it fills one warning follows the other, each more severe; the former one goes."""
    for mark in (70, 85, 95, 0):
        scene.says(OWN_CORE, {f"{what}_mark": mark})
        scene.wait(30)
    assert scene.told() == [
        f"system.{what}_70 on {OWN_CORE}",
        f"system.{what}_70 off {OWN_CORE}",
        f"system.{what}_85 on {OWN_CORE}",
        f"system.{what}_85 off {OWN_CORE}",
        f"system.{what}_95 on {OWN_CORE}",
        f"system.{what}_95 off {OWN_CORE}",
    ]


def test_a_lost_broker_is_told_twice(scene: Scene) -> None:
    """While the broker is known to be gone, the unproved path is no second alert."""
    scene.says(OWN_CORE, broker=False)
    scene.wait(30)
    scene.says(OWN_CORE, alarm_path=False)
    scene.wait(30)
    assert scene.told() == [f"system.broker_lost on {OWN_CORE}"]


@pytest.mark.parametrize("after", ["nothing", "stop", "failure", "stall"])
def test_a_planned_stop_is_a_failure(scene: Scene, after: str) -> None:
    """Only a return after a failure or a stall is told, with how long nobody watched."""
    scene.event(OWN_CORE, "back", after=after, away_s=17)
    scene.tick()
    told = [f"system.interrupted on {OWN_CORE}"] if after in {"failure", "stall"} else []
    assert scene.told() == told
    assert all("17" in one.title.en for one in scene.run())


def test_gaps_of_two_devices_are_one_alert(scene: Scene) -> None:
    """Each device with a gap is a subject of its own."""
    scene.event(OWN_CORE, "gap", "lift-1", kind="telemetry", missing=3)
    scene.event(OWN_CORE, "gap", "lift-2", kind="event", missing=1)
    assert scene.told() == [f"system.gap on {OWN_CORE}/lift-1", f"system.gap on {OWN_CORE}/lift-2"]


def test_a_canary_is_swallowed(scene: Scene) -> None:
    """Every canary gives a verdict that carries its number, the first as well as later ones."""
    for number in (11, 12, 13):
        scene.event(OWN_CORE, "canary", number=number)
        scene.wait(10)
    assert [one.values["number"] for one in scene.run()] == [11, 12, 13]


def test_the_own_ledger_has_a_slug() -> None:
    """No id of an outsider can be one of ours."""
    ledger = own_ledger()
    assert all(one.startswith("_") for one in (ledger.site.id, *ledger.places, *ledger.equipment))
