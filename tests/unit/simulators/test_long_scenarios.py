"""Scenarios of weeks: read as a whole, played here for their first hours."""

from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gengfu.app.rehearsal import Rehearsal
from gengfu.core.clock import DAY, HOUR
from rules.packs import shipped
from simulators.device import Injection, Sample
from simulators.models.kinds import KINDS
from simulators.models.sensor import Sensor
from simulators.script import SHIPPED, find_scenario, read_scenario
from tests.unit.simulators.stage import CLASSES, MIDNIGHT

FILES = sorted((SHIPPED / "long").glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_first_hours_cry_wolf(file: Path) -> None:
    """A scenario of weeks is found by its name, and its first hours are as it says."""
    assert find_scenario(file.stem) == file
    scenario = read_scenario(file, (), CLASSES)
    assert scenario.lasts >= 28 * DAY
    found = Rehearsal(CLASSES, shipped()).score(scenario, until=2 * HOUR)
    assert [f"{one.rule} on {one.equipment}" for one in found.false_alarms] == []


def test_an_inspection_changes_nothing() -> None:
    """Who inspects an extinguisher begins its days anew; else it is overdue within the month."""
    zone = ZoneInfo("Asia/Shanghai")
    extinguisher = Sensor("x", KINDS["extinguisher"], Random(1), zone, MIDNIGHT)
    list(extinguisher.advance(MIDNIGHT + 10 * DAY))
    extinguisher.begin(Injection(equipment="x", fault="inspected"))
    said = list(extinguisher.advance(MIDNIGHT + 11 * DAY))
    days = [one.points["inspected_days"] for one in said if isinstance(one, Sample)]
    assert days[0] == 0
    assert days[-1] == pytest.approx(1, abs=0.01)
