"""Scenario files: read whole, refused whole."""

from itertools import islice, pairwise
from pathlib import Path

import pytest

from alerts.model import FindingVerdict
from alerts.model import Step as AlertStep
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND
from gengfu.core.errors import BadInput
from simulators.scenario.model import Also, Doing, Found, Scenario
from simulators.scenario.script import SHIPPED, find_scenario, read_scenario
from simulators.scenario.timeline import changes
from tests.unit.simulators.stage import CLASSES, MORNING, demo_ledger

HEAD = "scenario: trial\ntitle: {zh: 试, en: Trial}\n"


def read(folder: Path, text: str) -> Scenario:
    path = folder / "trial.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_scenario(path, [demo_ledger()], CLASSES)


def faults(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(BadInput) as refused:
        read(folder, text)
    return [(fault.place, fault.message) for fault in refused.value.faults]


def test_mistakes_are_told_one_by_one(tmp_path: Path) -> None:
    """Every mistake of a file is told at once, with its line."""
    found = faults(
        tmp_path,
        """timeline:
  - {at: noon, equipment: lift-b1-u1-left, fault: inspection}
  - {at: "00:10", equipment: lift-b9, fault: inspection}
  - {at: "00:10", equipment: lift-b1-u1-left, fault: dry_running}
  - {at: "00:10", equipment: fire-panel-1, fault: fire}
  - {at: "00:10", equipment: fire-panel-1, fault: fire, part: 9-999}
  - {at: "00:10", until: "00:05", equipment: lift-b1-u1-left, fault: parked}
  - {at: "00:10", for: 5m, until: "00:20", equipment: lift-b1-u1-left, fault: parked}
  - {at: "00:10", equipment: lift-b1-u1-left, fault: parked, colour: red}
  - {at: "00:10", equipment: lift-b1-u1-left, fault: parked, over: 2h}
""",
    )
    assert [place for place, _ in found] == ["4", "5", "6", "7", "8", "9", "10", "11", "12"]
    assert "no time" in found[0][1]
    assert "no equipment 'lift-b9'" in found[1][1]
    assert "knows no fault 'dry_running'" in found[2][1]
    assert "at an address" in found[3][1]
    assert "no part '9-999'" in found[4][1]
    assert "not after" in found[5][1]
    assert "both" in found[6][1]
    assert "unknown key 'colour'" in found[7][1]
    assert "'parked' comes at once" in found[8][1]


def test_sexagesimal_times_are_misread(tmp_path: Path) -> None:
    """10:30 without quotes is half past ten, not YAML's 630."""
    scenario = read(
        tmp_path, "timeline:\n  - {at: 10:30, for: 90s, equipment: nvr-b1, fault: disk_fault}\n"
    )
    (step,) = scenario.steps
    assert step.begins == 10 * HOUR + 30 * MINUTE
    assert step.ends == step.begins + 90 * SECOND


def test_small_things_run_into_each_other(tmp_path: Path) -> None:
    """A small thing that lasts longer than the gaps between them is refused."""
    found = faults(
        tmp_path,
        """timeline: []
afterwards:
  every: 10m
  jitter: 3m
  any_of: [{equipment: nvr-b1, fault: disk_fault, for: 5m}]
""",
    )
    assert len(found) == 1
    assert "run into" in found[0][1]


def test_an_absent_file_is_a_traceback() -> None:
    """A scenario's file that does not exist is one clear fault."""
    with pytest.raises(BadInput, match="cannot be read"):
        read_scenario(find_scenario("no_such_story.yaml"), [demo_ledger()], CLASSES)


def test_a_mistyped_name_is_a_path_inside_the_product() -> None:
    """The name of a shipped scenario, mistyped, is told with the one that was meant."""
    with pytest.raises(BadInput, match=r"none is called 'demo_dya' \(did you mean 'demo_day'\?\)"):
        find_scenario("demo_dya")


def test_a_shipped_scenario_does_not_fit_the_demo() -> None:
    """Every shipped scenario reads against the demo estate."""
    for path in sorted(SHIPPED.glob("*.yaml")):
        assert read_scenario(path, [demo_ledger()], CLASSES).name == path.stem


def test_the_demo_is_quiet_at_first() -> None:
    """The demo day's first fault is an entrapment, expected on the page within 40 s."""
    scenario = read_scenario(find_scenario("demo_day"), [demo_ledger()], CLASSES)
    first = min(scenario.steps, key=lambda step: step.begins)
    assert first.injection.fault == "stuck_between_floors"
    assert any(first.begins + one.within <= 50 * SECOND for one in first.expects)


def test_the_demo_leaves_a_class_out() -> None:
    """Every class has a fault in the demo day, and nearly all of them end within it."""
    scenario = read_scenario(find_scenario("demo_day"), [demo_ledger()], CLASSES)
    classes = {
        demo_ledger().equipment[one.injection.equipment].equipment_class for one in scenario.steps
    }
    assert classes == {one.equipment_class for one in demo_ledger().equipment.values()}
    assert all(one.ends is not None and one.ends < DAY for one in scenario.steps)


def test_a_flood_after_the_demo_day() -> None:
    """Afterwards small things come every 10 to 20 minutes or so, one at a time, in order."""
    scenario = read_scenario(find_scenario("demo_day"), [demo_ledger()], CLASSES)
    calm = MORNING + DAY
    coming = changes(scenario, start=MORNING, calm_from=calm, seed=3)
    script = list(islice(coming, 2 * len(scenario.steps)))
    small = list(islice(coming, 400))
    assert all(a.at <= b.at for a, b in pairwise([*script, *small]))
    begins = [one.at for one in small if one.on]
    assert begins[0] > calm
    assert all(5 * MINUTE < b - a < 25 * MINUTE for a, b in pairwise(begins))
    assert all(one.on != two.on for one, two in pairwise(small))
    assert len({one.injection.fault for one in small}) > 5


def test_another_site_s_faults_are_let_in() -> None:
    """A site's timeline holds only faults of its own equipment."""
    scenario = read_scenario(find_scenario("demo_day"), [demo_ledger()], CLASSES)
    ledger = demo_ledger()
    elsewhere = type(ledger)(site=ledger.site, places={}, equipment={})
    own = scenario.of(elsewhere)
    assert not own.steps
    assert own.afterwards is None


def test_handling_is_not_looked_at(tmp_path: Path) -> None:
    """A step nobody can take, one out of order, a finding that is missing or misplaced, all at once."""
    found = faults(
        tmp_path,
        """timeline:
  - at: "00:10"
    equipment: lift-b1-u1-left
    fault: inspection
    expect:
      - rule: elevator.fault
        within: 1m
        handled:
          - {step: shout, after: 10s}
          - {step: arrive, after: 5m}
          - {step: acknowledge, after: 1m}
          - {step: verdict, after: 6m}
          - {step: close, found: real, after: 7m}
          - {step: verdict, found: nonsense, after: 8m}
""",
    )
    assert [place for place, _ in found] == ["11", "13", "14", "15", "16"]
    assert "'shout' is none of acknowledge" in found[0][1]
    assert "before the one above" in found[1][1]
    assert all("'found' belongs to 'verdict'" in message for _, message in found[2:4])
    assert "'nonsense' is none of real" in found[4][1]


def test_a_rule_that_is_none_is_expected(tmp_path: Path) -> None:
    """Where the rules are known, an alert of one that there is not is a mistake, with the nearest."""
    path = tmp_path / "trial.yaml"
    path.write_text(
        HEAD
        + """timeline:
  - at: "00:10"
    equipment: lift-b1-u1-left
    fault: inspection
    expect: [{rule: elevator.falut, within: 1m}]
""",
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as refused:
        read_scenario(path, [demo_ledger()], CLASSES, {"elevator.fault", "door.forced"})
    (fault,) = refused.value.faults
    assert (fault.place, "elevator.falut" in fault.message) == ("7", True)
    assert "elevator.fault" in fault.mend


def test_what_may_come_besides_has_no_bounds(tmp_path: Path) -> None:
    """It names its rule, if it likes one piece of equipment, and how often: a bare rule is a mistake."""
    well = read(
        tmp_path, "timeline: []\nalso:\n  - {rule: door.forced}\n  - {rule: nvr.x, times: 2}\n"
    )
    assert well.also == (Also(rule="door.forced"), Also(rule="nvr.x", times=2))
    found = faults(
        tmp_path,
        """timeline: []
also:
  - door.forced
  - {rule: door.forced, equipment: door-b9}
  - {rule: door.forced, times: 0}
  - {rule: door.forced, times: 1.5}
""",
    )
    assert [place for place, _ in found] == ["5", "6", "7", "8"]
    assert "no equipment 'door-b9'" in found[1][1]
    assert all("a count" in message for _, message in found[2:])


def test_a_figure_moves_nothing(tmp_path: Path) -> None:
    """A figure that its fault does not move, or of another sort, is a mistake; what it feeds may know it."""
    found = faults(
        tmp_path,
        """timeline:
  - {at: "00:10", equipment: water-quality-tank, fault: turbid, with: {turbidity: 0.9}}
  - {at: "00:10", equipment: water-quality-tank, fault: turbid, with: {turbitidy: 0.9}}
  - {at: "00:10", equipment: water-quality-tank, fault: turbid, with: {turbidity: high}}
  - {at: "00:10", equipment: water-quality-tank, fault: no_sample, with: {sample_flow: 0}}
  - {at: "00:10", equipment: power-b1, fault: tripped, with: {under_way: true}}
  - {at: "00:10", equipment: patrol-garden, fault: check_in, with: {found: problem}}
""",
    )
    assert [place for place, _ in found] == ["5", "6", "7"]
    assert "'turbid' does not move 'turbitidy'" in found[0][1]
    assert "'high' is no figure for 'turbidity'" in found[1][1]
    assert "0 is no figure for 'sample_flow'" in found[2][1]


def test_words_of_people_differ() -> None:
    """What people do and find in a story are words that alerts know."""
    assert set(Doing) < {one.value for one in AlertStep}
    assert set(Found) == {one.value for one in FindingVerdict}
