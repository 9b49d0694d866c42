"""What a dead board, a generator, a fire and a flow switch do to other equipment."""

from collections import Counter
from pathlib import Path

import pytest

from gengfu.core.clock import MINUTE, Micros
from gengfu.core.naming import Scalar
from simulators.estate.estate import Estate, estate_of
from simulators.scenario.script import read_scenario
from simulators.scenario.timeline import changes
from tests.unit.simulators.stage import CLASSES, MORNING, demo_ledger, estate, fault

HOUSE = """scenario: trial
title: {zh: 试, en: Trial}
cast:
  a: {class: power_distribution, feeds: [lift, sub, panel, box, kept, ats]}
  b: {class: power_distribution, feeds: [lift]}
  sub: {class: power_distribution, feeds: [hall, a]}
  hall: {class: elevator, place: f2}
  lift: {class: elevator, place: f2}
  gen: {class: generator, feeds: [panel, ats]}
  ats: {class: power_distribution, feeds: [rescue]}
  rescue: {class: elevator, place: f2}
  box: {class: network_gateway}
  kept: {class: network_gateway, attributes: {battery: true}}
  ctl: {class: door_controller}
  door: {class: door, parent: ctl}
  panel: {class: fire_panel, parts: {1-1: smoke f1, 1-2: heat f1}}
  fan: {class: smoke_control}
  valve: {class: sprinkler}
  fire: {class: pump, attributes: {role: fire, rated_flow: 1200, rated_head: 80, rated_current: 56.9}}
linkage:
  - {where: b1, equipment: [fan], expect: fan_run, within: 15s}
  - {cause: water_switch, where: valve, signal: flow_switch or pressure_switch, equipment: [fire], expect: run, within: 2m}
timeline:
"""


class House:
    """An estate, and what each of its equipment said last."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.points: dict[tuple[str, str], Scalar] = {}
        self.online: dict[str, bool] = {}
        self.spoke = Counter[str]()
        self.events: list[tuple[str, str | None, Micros]] = []

    def at(self, minutes: float) -> "House":
        for one in self.estate.advance(MORNING + round(minutes * MINUTE)):
            name = one.equipment.removeprefix("trial-")
            self.spoke[name] += 1
            self.points.update({(name, point): value for point, value in one.points.items()})
            if one.online is not None:
                self.online[name] = one.online
            if one.happening is not None:
                self.events.append((one.happening.type, one.happening.part, one.at - MORNING))
        return self

    def __getitem__(self, key: str) -> Scalar:
        name, point = key.split(".")
        return self.points[name, point]


def house(folder: Path, *steps: str) -> House:
    path = folder / "trial.yaml"
    lines = "\n".join(f"  - {{{one}}}" for one in steps)
    path.write_text(HOUSE + lines + "\n", encoding="utf-8")
    scenario = read_scenario(path, (), CLASSES)
    assert scenario.cast is not None
    script = changes(scenario, start=MORNING, calm_from=MORNING, seed=1)
    return House(estate_of(scenario.cast, CLASSES, start=MORNING, seed=1, changes=script))


def test_one_of_two_feeders_takes_the_lift_down(tmp_path: Path) -> None:
    """A lift on two boards has mains until both are dead, and again as soon as one is back."""
    one = house(
        tmp_path,
        'at: "00:01", for: 10m, equipment: a, fault: outage',
        'at: "00:05", for: 20m, equipment: b, fault: tripped',
    )
    assert one.at(3)["lift.mains"] is True
    assert one["sub.energised"] is False
    assert one["hall.mains"] is False
    assert one.at(8)["lift.mains"] is False
    assert one.at(13)["lift.mains"] is True
    assert one["hall.mains"] is True


def test_another_s_return_ends_a_cause(tmp_path: Path) -> None:
    """A lift without mains for a reason of its own stays so when its board is back."""
    one = house(
        tmp_path,
        'at: "00:02", for: 10m, equipment: hall, fault: mains_lost',
        'at: "00:01", for: 4m, equipment: sub, fault: tripped',
    )
    assert one.at(4)["hall.mains"] is False
    assert one.at(8)["hall.mains"] is False
    assert one.at(13)["hall.mains"] is True


def test_an_outage_leaves_the_generator_at_rest(tmp_path: Path) -> None:
    """An outage calls the generator, which feeds what it feeds, and rests when the mains are back."""
    one = house(tmp_path, 'at: "00:01", for: 10m, equipment: a, fault: outage')
    assert one.at(1.02)["panel.mains"] is False
    assert one.at(1.5)["gen.run"] is True
    assert one["panel.mains"] is True
    assert one["hall.mains"] is False
    assert one.at(12)["gen.run"] is False
    assert one["panel.mains"] is True


def test_nobody_sees_who_lives_on_the_generator(tmp_path: Path) -> None:
    """A board behind a changeover says that it is on standby, and what hangs on it has its mains."""
    one = house(tmp_path, 'at: "00:01", for: 10m, equipment: a, fault: outage')
    assert one.at(1.02)["rescue.mains"] is False
    assert one.at(3)["ats.source"] == "standby"
    assert one["ats.energised"] is True
    assert one["rescue.mains"] is True
    assert one.at(12)["ats.source"] == "mains"


def test_a_generator_runs_on_an_empty_tank(tmp_path: Path) -> None:
    """When the fuel is out it stands, called as it is, and its load is dead until it is filled."""
    one = house(
        tmp_path,
        'at: "00:01", for: 30m, equipment: a, fault: outage',
        'at: "00:05", for: 5m, equipment: gen, fault: fuel_out',
    )
    assert one.at(4)["panel.mains"] is True
    assert one.at(7)["gen.run"] is False
    assert one["gen.start_signal"] is True
    assert one["panel.mains"] is False
    assert one["ats.energised"] is False
    assert one["ats.source"] == "mains"
    assert one.at(12)["panel.mains"] is True
    assert one["ats.source"] == "standby"


def test_the_demo_s_generator_feeds_nothing() -> None:
    """An outage of the estate leaves fire pumps, fans, the panel and one lift of each unit alive."""
    name = demo_ledger().equipment
    two = House(estate(fault("power-main", "outage", after=MINUTE, lasts=10 * MINUTE))).at(5)
    assert two["generator-1.run"] is True
    assert two["power-fire.source"] == "standby"
    assert two["power-b1.energised"] is False
    lifts = {id_: two[f"{id_}.mains"] for id_ in name if id_.startswith("lift-")}
    assert {id_ for id_, mains in lifts.items() if mains} == {
        f"lift-b{building}-u{unit}-left" for building in (1, 2, 3) for unit in (1, 2)
    }
    fed = [id_ for id_ in name["power-fire"].feeds if not id_.startswith("lift-")]
    assert {"pump-fire-1", "smoke-fan-b1", "fire-panel-1", "light-garage"} <= {*fed}
    assert [id_ for id_ in fed if not two.online[id_]] == []


@pytest.mark.parametrize("why", ["manual", "does_not_start"])
def test_a_generator_that_stands_gives_mains(tmp_path: Path, why: str) -> None:
    """In manual, or when it does not start, its load stays dead."""
    one = house(
        tmp_path,
        f'at: "00:00:30", equipment: gen, fault: {why}',
        'at: "00:01", for: 10m, equipment: a, fault: outage',
    )
    assert one.at(5)["panel.mains"] is False
    assert one["gen.run"] is False


def test_a_gateway_lives_without_mains(tmp_path: Path) -> None:
    """A gateway without mains is dark, but one with a battery says so itself."""
    one = house(tmp_path, 'at: "00:01", for: 10m, equipment: a, fault: outage').at(3)
    assert one.online["box"] is False
    assert one.online["kept"] is True
    assert one["kept.mains"] is False
    assert one.at(12).online["box"] is True


def test_an_empty_battery_keeps_doors_alive(tmp_path: Path) -> None:
    """A controller whose battery is empty goes out with its doors, and comes back with the mains."""
    one = house(tmp_path, 'at: "00:01", for: 300m, equipment: ctl, fault: mains_lost')
    assert one.at(230).online["ctl"] is True
    assert one.at(245).online["ctl"] is False
    spoke = one.spoke["door"]
    assert one.at(295).spoke["door"] == spoke
    assert one.at(310).online["ctl"] is True
    assert one["ctl.mains"] is True
    assert one.spoke["door"] > spoke


def test_an_isolated_address_is_a_second_signal(tmp_path: Path) -> None:
    """What a panel does not tell starts nothing; told when the isolation ends, it does."""
    one = house(
        tmp_path,
        'at: "00:01", for: 9m, equipment: panel, fault: isolated, part: 1-1',
        'at: "00:03", for: 20m, equipment: panel, fault: fire, part: 1-1',
        'at: "00:05", for: 20m, equipment: panel, fault: fire, part: 1-2',
    )
    assert one.at(9)["fan.fan_run"] is False
    assert ("fire", "1-1") not in [event[:2] for event in one.events]
    assert one.at(10.5)["fan.fan_run"] is True
    assert ("fire", "1-1", 10 * MINUTE) in one.events
    assert one.at(26)["fan.fan_run"] is False


def test_a_lost_loop_tells_a_fire_or_never(tmp_path: Path) -> None:
    """A fire on a lost loop is told when the loop is back, and not at all when it is out by then."""
    one = house(
        tmp_path,
        'at: "00:01", for: 9m, equipment: panel, fault: loop_lost',
        'at: "00:03", for: 20m, equipment: panel, fault: fire, part: 1-1',
        'at: "00:05", for: 2m, equipment: panel, fault: fire, part: 1-2',
    ).at(20)
    fires = [event for event in one.events if event[0] == "fire"]
    assert fires == [("fire", "1-1", 10 * MINUTE)]


FIRES = (
    'at: "00:05", for: 20m, equipment: panel, fault: fire, part: 1-1',
    'at: "00:05", for: 20m, equipment: panel, fault: fire, part: 1-2',
)


def test_equipment_in_manual_obeys(tmp_path: Path) -> None:
    """A fan and a fire pump in manual stay as they are, and come when they are put to automatic."""
    one = house(
        tmp_path,
        'at: "00:02", for: 8m, equipment: fire, fault: manual',
        'at: "00:02", for: 8m, equipment: fan, fault: manual',
        'at: "00:05", for: 20m, equipment: valve, fault: flow',
        *FIRES,
    ).at(9)
    assert (one["fan.fan_run"], one["fire.run"]) == (False, False)
    one.at(10.5)
    assert (one["fan.fan_run"], one["fire.run"]) == (True, True)
    one.at(26)
    assert (one["fan.fan_run"], one["fire.run"]) == (False, False)


def test_a_panel_in_manual_starts_fans_or_never_does(tmp_path: Path) -> None:
    """A panel in manual starts nothing; put to automatic while both signals stand it does."""
    one = house(tmp_path, 'at: "00:02", for: 8m, equipment: panel, fault: manual', *FIRES)
    assert one.at(9)["fan.fan_run"] is False
    assert one.at(10.5)["fan.fan_run"] is True


def test_a_short_flow_starts_the_pump_for_ever(tmp_path: Path) -> None:
    """A switch that is back before the pump has come takes the call back."""
    one = house(tmp_path, 'at: "00:05", for: 1s, equipment: valve, fault: surge').at(6)
    assert one["fire.run"] is False
