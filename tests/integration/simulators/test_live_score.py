"""A score of a whole running system: started, played to over MQTT, asked by its API, stopped."""

from pathlib import Path

from gengfu.app.scoring import score_live
from gengfu.config import Settings, read_settings
from gengfu.core.clock import SECOND
from simulators.script import find_scenario, read_scenario
from tests.unit.simulators.stage import CLASSES

SAMPLE = ("emergency_call", "ebike_in_the_lift", "lift_alive")
QUIET = """scenario: lift_alive
title: {zh: 一切正常, en: All is well}
cast: {lift: {class: elevator, place: f1}}
timeline: []
lasts: 5m
"""


async def test_a_live_system_scores_otherwise(tmp_path: Path) -> None:
    """Three scenarios beside each other in one system score as they do on the rules alone."""
    (tmp_path / "lift_alive.yaml").write_text(QUIET, encoding="utf-8")
    files = [*map(find_scenario, SAMPLE[:2]), tmp_path / "lift_alive.yaml"]
    scenarios = [read_scenario(file, (), CLASSES) for file in files]
    found = await score_live(_settings(), scenarios, rate=40)
    assert [(one.scenario.name, one.passed) for one in found.scores] == [
        (name, True) for name in SAMPLE
    ]
    assert found.published.dropped == 0
    assert found.grain == 40 * SECOND


def _settings() -> Settings:
    return read_settings(None)
