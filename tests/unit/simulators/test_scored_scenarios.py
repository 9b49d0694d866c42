"""The scenarios with a truth: what the rules make of each is what docs/scenarios.md says."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from gengfu.app.rehearsal import Rehearsal
from gengfu.core.naming import Language
from gengfu.ledger.own import OWN_CLASS
from rules.language.reader import read_rules
from rules.packs import shipped
from simulators.scenario.score import Result, Score
from simulators.scenario.scorecard import asked_for, markdown, total
from simulators.scenario.script import SHIPPED, own_cast, read_scenario
from tests.unit.simulators.stage import CLASSES

ROOT = Path(__file__).parents[3]
PAGES: Mapping[Language, Path] = {
    "en": ROOT / "docs" / "scenarios.md",
    "zh": ROOT / "docs" / "zh" / "scenarios.md",
}
FILES = own_cast()


@cache
def scored(file: Path) -> Score:
    return Rehearsal(CLASSES, shipped()).score(read_scenario(file, (), CLASSES))


def all_scores() -> Sequence[Score]:
    return [scored(file) for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_is_missed_or_cries_wolf(file: Path) -> None:
    """Everything that ought to be noticed is noticed in time, and nothing else is said."""
    found = scored(file)
    assert [one for one in found.outcomes if one.result is not Result.DETECTED] == []
    assert [f"{one.rule} on {one.equipment}" for one in found.false_alarms] == []
    assert found.scenario.name == file.stem
    assert found.scenario.truth is not None


@pytest.mark.parametrize("language", PAGES)
def test_the_documents_tell_another_score(language: Language) -> None:
    """The tables are what the rules make of the scenarios now; else run docs/scores.py and look."""
    page = PAGES[language].read_text(encoding="utf-8")
    assert markdown(all_scores(), language) in page
    rules = {one.id for one in read_rules(shipped(), CLASSES)}
    assert f"{total(all_scores())}; {asked_for(all_scores(), rules)}" in page


def test_there_are_few_scenarios() -> None:
    """There are at least thirty, with expectations about lifts, water, fire, doors and power."""
    assert len(FILES) >= 30
    packs = {one.expected.rule.split(".")[0] for score in all_scores() for one in score.outcomes}
    assert packs >= {"elevator", "pump", "fire_panel", "linkage", "door", "power_distribution"}


@pytest.mark.parametrize("class_", sorted(one for one in CLASSES if one != OWN_CLASS))
def test_no_story_is_about_a_class(class_: str) -> None:
    """For every class of equipment some shipped scenario expects a rule of it, about equipment of it."""
    expected = [
        (score.scenario.cast.equipment[one.expected.equipment], one.expected.rule)
        for score in all_scores()
        for one in score.outcomes
        if score.scenario.cast is not None
    ]
    told = {
        rule.split(".")[0] for equipment, rule in expected if equipment.equipment_class == class_
    }
    assert told & set(CLASSES[class_].packs)


def test_a_missing_rule_scores_as_well() -> None:
    """Without the pack that would have noticed, the same story is missed: the score can tell."""
    scenario = read_scenario(SHIPPED / "cast" / "forced_door.yaml", (), CLASSES)
    others = {name: text for name, text in shipped().items() if name != "door.yaml"}
    found = Rehearsal(CLASSES, others).score(scenario)
    assert (found.count(Result.MISSED), found.passed) == (1, False)
