"""The schema for editors says what the reader reads."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from gengfu.cli.program import app
from rules.language.reader import FIELDS
from rules.language.schema import schema
from rules.packs import shipped
from tests.fakes.json_schema import misfits
from tests.fakes.rule_scene import CLASSES

WHOLE = json.loads(json.dumps(schema(CLASSES)))
RULE = {
    "id": "hot",
    "for": "pump",
    "when": "bearing_temp > 95",
    "severity": "high",
    "kind": "maintenance",
    "priority": 4,
    "title": {"zh": "热", "en": "hot"},
    "source": "U 95",
}


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_pack_fits(name: str) -> None:
    """What the reader takes, the editor does not underline."""
    assert list(misfits(yaml.safe_load(shipped()[name]), WHOLE)) == []


def test_it_knows_every_field() -> None:
    """A field that is added to the language is added here."""
    assert set(WHOLE["properties"]["rules"]["items"]["properties"]) == set(FIELDS)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wen": "run"}, "has wen"),
        ({"for": "pmup"}, "is none of"),
        ({"severity": "hihg"}, "is none of"),
        ({"severity": [{"during": "22-6", "is": "high"}]}, "is none of"),
        ({"hold": "60"}, "is none of"),
        ({"priority": 7}, "out of range"),
        ({"title": {"zh": "热"}}, "lacks en"),
        ({"source": "95 °C"}, "does not look like"),
        ({"hold": "0s"}, "is none of"),
        ({"hold": []}, "is none of"),
        ({"severity": []}, "is none of"),
        ({"during": "25:00-26:00"}, "is none of"),
        ({"count": "0 within 2m"}, "does not look like"),
        ({"runbook": "http://x y"}, "does not look like"),
        ({"title": {"zh": "热", "en": ""}}, "does not look like"),
        ({"clear": [{"action": "reset", "is": "x"}]}, "is none of"),
        ({"id": "x" * 70}, "does not look like"),
    ],
)
def test_a_slip_is_underlined(change: dict[str, object], why: str) -> None:
    """A mistyped field, class, word, duration; a missing translation; a figure of nobody."""
    found = list(misfits({"pack": "own", "rules": [{**RULE, **change}]}, WHOLE))
    assert len(found) == 1
    assert why in found[0]


@pytest.mark.parametrize(
    "change",
    [
        {"let": {"limit": 80}},
        {"clear": {"event": "granted"}},
        {"clear": {"action": "reset"}},
        {"count": "5  within  2m"},
        {"source": "U：经验"},
        {"source": "S，标准"},
        {"during": "22：00－06：00"},
    ],
)
def test_what_the_reader_takes_is_not_underlined(change: dict[str, object]) -> None:
    """A named figure, a single end, full-width signs."""
    assert list(misfits({"pack": "own", "rules": [{**RULE, **change}]}, WHOLE)) == []


def test_a_rule_that_nothing_turns_on_is_underlined() -> None:
    """One of when, event and no_data must stand there."""
    silent = {name: value for name, value in RULE.items() if name != "when"}
    assert list(misfits({"pack": "own", "rules": [RULE]}, WHOLE)) == []
    assert list(misfits({"pack": "own", "rules": [silent]}, WHOLE)) != []


def test_the_command_prints_it() -> None:
    """``gengfu rules schema`` is the schema of the classes in force."""
    result = CliRunner().invoke(app, ["rules", "schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == WHOLE
