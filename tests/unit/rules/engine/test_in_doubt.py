"""What is normal is not learned from a fault: not while a rule that looks at it is on."""

import random

import pytest

from gengfu.core.clock import MINUTE
from rules.engine.verdict import Turn
from rules.past.normal import DOUBTING, Baseline
from tests.fakes.rule_scene import START, Scene, equipment

RULE = """
pack: mine
rules:
  - id: off
    for: pump
    when: %s
    severity: low
    kind: maintenance
    priority: 5
    title: {zh: 异常, en: "off"}
    source: "U"
"""
HEALTHY, FAULTY, AGAIN = 60, 24 * 60, 120
"""Minutes."""


def turns(when: str) -> list[tuple[Turn, int]]:
    """When a rule turned, in minutes, where a pump draws and lifts half of its own for a day."""
    scene, chance = Scene([equipment("p", "pump")], {"mine.yaml": RULE % when}), random.Random(1)
    for minute in range(HEALTHY + FAULTY + AGAIN):
        part = 0.5 if HEALTHY <= minute < HEALTHY + FAULTY else 1.0
        drawn, lifted = (part * level * (1 + 0.01 * chance.gauss(0.0, 1.0)) for level in (10, 300))
        scene.says("p", run=True, current=drawn, flow=lifted)
        scene.tick(60)
    return [(one.turn, (one.since - START) // MINUTE) for one in scene.run()]


@pytest.mark.parametrize(
    "when",
    [
        "current < 0.6 * baseline(current, run)",
        "zscore(current, 2m, run) < -5",
        "distance(current, flow, 2m, run) > 5",
        "abs(cusum(current, 2m, run)) > 5",
        "time_in(current < 0.6 * baseline(current, run), 30m) > 60",
    ],
)
def test_a_fault_that_lasts_becomes_normal(when: str) -> None:
    """A day of it is one alert that ends with the fault; what is looked at through another function as well."""
    (on, began), (off, ended) = turns(when)
    assert (on, off) == (Turn.ON, Turn.OFF)
    assert HEALTHY <= began < HEALTHY + 10
    assert HEALTHY + FAULTY <= ended < HEALTHY + FAULTY + 60


def test_a_machine_that_was_exchanged_is_never_normal_again() -> None:
    """What stays as it is for weeks is learned in the end, in doubt or not."""
    past, chance = Baseline(), random.Random(1)
    for minute in range(60):
        past.update(START + minute * MINUTE, [10 + 0.1 * chance.gauss(0.0, 1.0)])
    past.in_doubt = True
    for minute in range(60, 60 + 4 * DOUBTING // MINUTE):
        found = past.update(START + minute * MINUTE, [5 + 0.1 * chance.gauss(0.0, 1.0)])
    assert found == pytest.approx(5, abs=0.3)
