"""The shipped packs on the demo estate's first four hours: what was put in is found, and nothing else."""

from pathlib import Path

import pytest

import simulators
from gengfu.app.rehearsal import Rehearsal
from gengfu.core.clock import HOUR
from gengfu.ledger.csv_import import read_folder
from rules.packs import shipped
from simulators.scenario.score import Result, Score
from simulators.scenario.script import find_scenario, read_scenario
from tests.fakes.rule_scene import CLASSES

HOURS = 4
DEMO = Path(simulators.__file__).parent / "demo"


@pytest.fixture(scope="module")
def day() -> Score:
    ledgers = read_folder(DEMO, CLASSES)
    scenario = read_scenario(find_scenario("demo_day"), ledgers, CLASSES)
    return Rehearsal(CLASSES, shipped()).score(scenario, ledgers=ledgers, until=HOURS * HOUR)


def test_every_fault_that_was_put_in_is_found_in_time(day: Score) -> None:
    """Each expectation of the scenario's script is met within its time."""
    due = [one for one in day.outcomes if one.step.begins + one.expected.within < HOURS * HOUR]
    assert len(due) >= 10
    assert [one for one in due if one.result is not Result.DETECTED] == []


def test_nothing_is_told_of_equipment_that_is_well(day: Score) -> None:
    """In hours of ordinary traffic, water and doors no rule cries over what was left alone."""
    touched = {one.injection.equipment for one in day.scenario.steps}
    assert [one for one in day.false_alarms if one.equipment not in touched] == []
    assert len(day.outcomes) + len(day.false_alarms) <= 2 * len(touched)
