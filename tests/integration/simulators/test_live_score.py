"""A score of a whole running system: started, played to over MQTT, asked by its API, stopped."""

from pathlib import Path

from gengfu.app.scoring import score_live
from gengfu.config import read_settings
from gengfu.core.clock import SECOND, SILENT_REAL
from simulators.scenario.model import Doing
from simulators.scenario.score import Opened, Result, Score
from simulators.scenario.script import read_scenario
from tests.acceptance.leeway import Leeway
from tests.unit.simulators.stage import CLASSES

RATE = 20
HEAD = "scenario: {}\ntitle: {{zh: 试, en: Trial}}\nlasts: 2m\n"
CALL = """cast: {button: {class: call_button}, panel: {class: fire_panel, parts: {1-1: smoke f2}}}
timeline:
  - at: "00:01"
    for: 20s
    equipment: button
    fault: pressed
    expect: [{rule: call_button.call, within: 40s, handled: [
      {step: acknowledge, after: 5s},
      {step: arrive, after: 10s},
      {step: verdict, found: real, after: 15s},
      {step: reset, after: 30s},
      {step: close, after: 35s}]}]
  - at: "00:01:20"
    equipment: panel
    fault: fire
    part: 1-1
    expect: [{rule: fire_panel.first_signal, part: 1-1, within: 40s, handled: [
      {step: close, after: 10s}]}]
"""
WELL = "cast: {lift: {class: elevator, place: f1}}\ntimeline: []\n"
DEAF = """cast: {button: {class: call_button}}
timeline:
  - {at: "00:00:40", for: 80s, equipment: button, fault: offline}
  - at: "00:01:20"
    for: 20s
    equipment: button
    fault: pressed
    expect: [{rule: call_button.call, within: 40s}]
also: [{rule: call_button.lost}]
"""


def _false_alarms(score: Score, stolen: float) -> list[Opened]:
    """Return them; where the host kept us from it for as long as a silence lasts, not the silent ones."""
    stood = stolen >= SILENT_REAL / SECOND
    return [one for one in score.false_alarms if not (stood and one.rule.endswith(".lost"))]


async def test_a_live_system_scores_otherwise(tmp_path: Path) -> None:
    """In one system: what is told is noticed, what is well left alone, what nobody hears missed.

    People's steps are taken over the API; one that is refused, a fire closed from afar, is told.
    """
    texts = {"calls": CALL, "well": WELL, "deaf": DEAF}
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(HEAD.format(name) + text, encoding="utf-8")
    scenarios = [read_scenario(tmp_path / f"{name}.yaml", (), CLASSES) for name in texts]
    leeway = Leeway()
    found = await score_live(read_settings(None), scenarios, rate=RATE)
    calls, well, deaf = found.scores
    assert [one.result for one in calls.outcomes] == [Result.DETECTED, Result.UNHANDLED]
    assert calls.outcomes[0].alert is not None
    assert calls.outcomes[0].alert.taken == frozenset(Doing) - {Doing.EN_ROUTE}
    assert not _false_alarms(calls, leeway.stolen)
    assert not _false_alarms(well, leeway.stolen)
    assert [one.result for one in deaf.outcomes] == [Result.MISSED]
    assert not deaf.passed
    assert (found.published.dropped, found.grain) == (0, RATE * SECOND)
