"""Scenarios of weeks: read as a whole; each class is played alone, where something could happen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gengfu.app.rehearsal import Rehearsal
from gengfu.core.clock import DAY, HOUR, MINUTE
from gengfu.ledger.model import SiteLedger
from rules.packs import shipped
from simulators.device import Injection, Sample
from simulators.models.kinds import KINDS
from simulators.models.sensor import Sensor
from simulators.scenario.model import Scenario
from simulators.scenario.script import SHIPPED, find_scenario, read_scenario
from tests.unit.simulators.stage import CLASSES, MIDNIGHT

FILES = sorted((SHIPPED / "long").glob("*.yaml"))


MONTH = read_scenario(SHIPPED / "long" / "quiet_month.yaml", (), CLASSES)
BEFORE, AFTER = 5 * MINUTE, 20 * MINUTE
NIGHT, EVENING = (2 * HOUR, 3 * HOUR), (19 * HOUR + HOUR // 2, 20 * HOUR)


def cast_of(class_: str) -> SiteLedger:
    """The month's equipment of one class, with whoever speaks for it."""
    assert MONTH.cast is not None
    own = {id_: one for id_, one in MONTH.cast.equipment.items() if one.equipment_class == class_}
    speakers = {one.parent for one in own.values()}
    others = {id_: one for id_, one in MONTH.cast.equipment.items() if id_ in speakers}
    return replace(MONTH.cast, equipment={**own, **others})


def stretches(cast: SiteLedger) -> Iterator[Scenario]:
    """A night's and an evening's hour, and every maintenance of the month with the time around it."""
    steps = MONTH.of(cast).steps
    spans = [(one.begins - BEFORE, (one.ends or one.begins) + AFTER) for one in steps]
    for begins, ends in [NIGHT, EVENING, *spans]:
        moved = tuple(
            replace(one, begins=one.begins - begins, ends=one.ends and one.ends - begins)
            for one in steps
            if begins <= one.begins < ends
        )
        yield replace(MONTH, cast=cast, steps=moved, begins=begins % DAY, lasts=ends - begins)


CLASSES_OF_THE_MONTH = sorted(
    {one.equipment_class for one in MONTH.stages(())[0].equipment.values()}
)


@pytest.mark.parametrize("class_", CLASSES_OF_THE_MONTH)
def test_a_class_cries_wolf_in_a_quiet_month(class_: str) -> None:
    """Alone, at night, in the evening and through all its maintenance, it opens not one alert."""
    for one in stretches(cast_of(class_)):
        found = Rehearsal(CLASSES, shipped()).score(one)
        assert [f"{bad.rule} on {bad.equipment}" for bad in found.false_alarms] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_long_scenario_is_not_found(file: Path) -> None:
    """A scenario of weeks is found by its name."""
    assert find_scenario(file.stem) == file
    assert read_scenario(file, (), CLASSES).lasts >= 28 * DAY


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
