"""A dead feeder is one incident; what it feeds is not missed, and nobody trapped is overlooked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment
from rules.engine.checkpoint import decode, encode
from rules.engine.step import begin, step
from rules.engine.supply import is_without
from rules.engine.verdict import Turn, Verdict
from rules.packs import shipped
from tests.fakes.rule_scene import CLASSES, Scene, brief, equipment, turned_on


def _feeder(id_: str, *feeds: str) -> Equipment:
    return replace(equipment(id_, "power_distribution"), feeds=feeds)


HEALTHY: Mapping[str, Scalar] = {"breaker": "closed", "energised": True}
DEAD: Mapping[str, Scalar] = {"breaker": "closed", "energised": False}
CONTROLLERS = (equipment("one", "door_controller"), equipment("two", "door_controller"))
FILES = {
    name: text
    for name, text in shipped().items()
    if name.startswith(("power_distribution", "controller", "elevator"))
}
LOST = {"controller.lost one", "controller.lost two"}


def _scene(*feeders: Equipment, others: tuple[Equipment, ...] = CONTROLLERS) -> Scene:
    scene = Scene((*feeders, *others), FILES)
    for feeder in feeders:
        scene.says(feeder.id, HEALTHY)
    return scene


def _lost(scene: Scene) -> set[str]:
    return LOST & set(turned_on(scene.run()))


def test_an_alert_for_everything_behind_a_feeder() -> None:
    """Controllers that go offline with their feeder are its children, and no alerts of their own."""
    scene = _scene(_feeder("main", "b1"))
    scene.says("main", DEAD)
    scene.wait(12)
    for one in CONTROLLERS:
        scene.says(one.id, online=False)
    for _ in range(4):
        scene.says("main", DEAD)
        scene.wait(100)
    found = scene.run()
    assert turned_on(found) == ["power_distribution.dead main"]
    assert set(found[0].children) == {"one", "two"}


def test_what_stays_lost_after_the_supply_is_back_is_forgotten() -> None:
    """Once the feeder is alive again, who does not come back is missed, counted from then."""
    scene = _scene(_feeder("main", "one"))
    scene.says("main", DEAD)
    scene.wait(12)
    scene.says("one", online=False)
    scene.says("two", online=False)
    scene.wait(200)
    assert _lost(scene) == {"controller.lost two"}
    scene.says("main", HEALTHY)
    scene.wait(170)
    assert _lost(scene) == {"controller.lost two"}
    scene.wait(15)
    assert _lost(scene) == LOST


@pytest.mark.parametrize("feeds", ["lift", "b1"])
def test_a_trapped_lift_is_grouped_away(feeds: str) -> None:
    """Each lift that stopped between floors calls for itself, whatever feeds it."""
    scene = _scene(_feeder("main", feeds), others=(equipment("lift", "elevator"),))
    stuck: Mapping[str, Scalar] = {
        "mode": "normal",
        "speed": 0.0,
        "door_zone": False,
        "occupied": True,
        "mains": False,
    }
    scene.says("main", DEAD)
    scene.says("lift", stuck)
    scene.wait(130)
    assert "elevator.mains_lost lift" in turned_on(scene.run())


def test_one_of_two_supplies_taken_for_all() -> None:
    """What has a second, living feeder is missed as ever."""
    scene = _scene(_feeder("main", "one", "two"), _feeder("second", "one"))
    scene.says("main", DEAD)
    scene.wait(12)
    for one in CONTROLLERS:
        scene.says(one.id, online=False)
    scene.wait(200)
    assert _lost(scene) == {"controller.lost one"}
    scene.says("second", DEAD)
    scene.wait(12)
    assert "power_distribution.dead second" in turned_on(scene.run())


def test_a_feeder_behind_a_feeder_is_a_second_incident() -> None:
    """The lower feeder is a child of the upper, and so is what stands behind both."""
    feeders = (_feeder("main", "lower"), _feeder("lower", "one"))
    scene = _scene(*feeders, others=CONTROLLERS[:1])
    scene.says("main", DEAD)
    scene.wait(12)
    scene.says("lower", DEAD)
    scene.says("one", online=False)
    for _ in range(3):
        scene.says("main", DEAD)
        scene.wait(100)
    found = scene.run()
    assert turned_on(found) == ["power_distribution.dead main"]
    assert found[0].children == ("lower", "one")


def test_a_ring_of_feeders_never_comes_back() -> None:
    """Two that feed each other hold each other neither dead nor quiet."""
    scene = _scene(_feeder("main", "lower"), _feeder("lower", "main", "one"))
    for one in ("main", "lower"):
        scene.says(one, DEAD)
    scene.wait(30)
    for one in ("lower", "main"):
        scene.says(one, HEALTHY)
    scene.wait(30)
    found = scene.run()
    last = {one.subject.equipment: one.turn for one in found}
    assert set(last.values()) == {Turn.OFF}


def test_a_lift_that_serves_a_building_feeds_it() -> None:
    """Only classes with a rule that says so feed; others serve."""
    pump = replace(equipment("pump", "pump", role="supply"), feeds=("b1",))
    scene = Scene((pump, *CONTROLLERS), FILES)
    scene.says("pump", online=False)
    for one in CONTROLLERS:
        scene.says(one.id, online=False)
    scene.wait(200)
    assert _lost(scene) == LOST


STEPS = st.lists(
    st.tuples(st.sampled_from(["main", "lower", "second", "one", "two"]), st.booleans()),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(STEPS, st.data())
def test_a_restart_forgets_a_dead_feeder(
    steps: list[tuple[str, bool]], data: st.DataObject
) -> None:
    """Saved and reloaded anywhere it says the same, and who is unfed follows from the feeders."""
    feeders = (_feeder("main", "lower", "two"), _feeder("lower", "one"), _feeder("second", "two"))
    scene = _scene(*feeders)
    for who, well in steps:
        if who in {"one", "two"}:
            scene.says(who, online=well)
        else:
            scene.says(who, HEALTHY if well else DEAD)
        scene.tick(12)
        scene.tick(100)
    cut = data.draw(st.integers(0, len(scene.records) - 1))
    state = begin(CLASSES)
    found: list[Verdict] = []
    for number, record in enumerate(scene.records):
        if number == cut:
            state = decode(encode(state), CLASSES)
        state, said = step(state, record.body(), position=record.position, now=record.written_at)
        found += said
    assert [brief(one) for one in found] == [brief(one) for one in scene.run()]
    assert all(unit.unfed == is_without(unit) for unit in state.roll)
