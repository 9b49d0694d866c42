"""``gengfu rules backtest``: from the journal's folder and the alerts beside it, to text and JSON."""

import json
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from alerts.model import FindingVerdict
from alerts.schema import alerts, open_alerts
from gengfu.app.backtest import known_alerts
from gengfu.app.ledgers import ledger_store
from gengfu.cli.program import app
from gengfu.core.clock import HOUR, MINUTE, SECOND, to_iso
from gengfu.core.errors import BadInput
from gengfu.core.record import Draft, RecordKind
from gengfu.installation import Installation
from gengfu.ledger.csv_import import read_folder
from ingest.journal.sqlite import SqliteJournal
from rules.language.selection import only
from rules.packs import shipped
from tests.fakes.ledgers import DEMO
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment

PERIOD = ["--from", to_iso(START), "--to", to_iso(START + 2 * HOUR)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return an installation whose journal has one hot bearing."""
    scene = Scene([equipment("pump", "pump", role="supply")])
    for minute in range(60):
        scene.says("pump", bearing_temp=96.0 if 10 <= minute < 20 else 70.0)
        scene.tick(60)
    with closing(SqliteJournal(tmp_path / "journal")) as journal:
        for name in scene.names.equipment:
            journal.names.equipment_index(name)
        for point in scene.names.points:
            journal.names.point_index(point)
        for one in scene.records:
            if one.kind is not RecordKind.NAMES:
                packed = Draft(partition=one.partition, kind=one.kind, payload=one.payload)
                journal.append([packed], at=one.written_at)
    return tmp_path


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["rules", "backtest", "--data", str(data), *arguments])


def test_it_lists_what_would_have_opened(data: Path) -> None:
    """Every alert with its times, and the figures below."""
    result = run(data, *PERIOD)
    assert result.exit_code == 0
    assert "pump.bearing_hot" in result.output
    assert "ran live: 1 alarm, at most 1 in 10 min, 0 floods" in result.output


def test_times_of_another_zone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People read times by their own clock, with its zone; scripts get UTC."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        said = run(data, *PERIOD).output
        told = json.loads(run(data, *PERIOD, "--json").output)["alerts"][0]["opened_at"]
    finally:
        monkeypatch.undo()
        time.tzset()
    here = datetime.fromisoformat(told).astimezone(ZoneInfo("Asia/Shanghai"))
    assert told.endswith("Z")
    assert f"{here:%Y-%m-%d %H:%M:%S}+08:00" in said


def test_a_draft_is_compared_and_the_json_is_whole(data: Path, tmp_path: Path) -> None:
    """A stricter draft loses the alert; a script reads it as JSON."""
    text = only(shipped(), {"pump.bearing_hot"})["pump.yaml"].replace("hold: 60s", "hold: 15m")
    file = tmp_path / "draft.yaml"
    file.write_text(text, encoding="utf-8")
    result = run(data, *PERIOD, "--rule", str(file), "--json")
    found = json.loads(result.output)
    assert [(one["rule"], one["compared"]) for one in found["alerts"]] == [
        ("pump.bearing_hot", "only_live")
    ]
    assert found["rules"] == ["pump.bearing_hot"]
    assert (found["quality"]["alarms"], found["live_quality"]["alarms"]) == (0, 1)


def test_draft_that_looks_at_nothing_says_so(data: Path, tmp_path: Path) -> None:
    """An attribute that no equipment has makes a rule silent, which looks like a good one."""
    ledger_store(Installation(data)).replace(read_folder(DEMO, CLASSES), START)
    text = only(shipped(), {"pump.bearing_hot"})["pump.yaml"]
    file = tmp_path / "draft.yaml"
    file.write_text(
        text.replace("for: pump", "for: pump\n  where: attr.made_in == nowhere"), "utf-8"
    )
    said = run(data, *PERIOD, "--rule", str(file)).output
    assert "pump.bearing_hot looks at 0 pieces of equipment: the ledger has none" in said
    file.write_text(text.replace("for: pump", "for: pump\n  where: attr.role == supply"), "utf-8")
    assert "looks at 3 pieces of equipment\n" in run(data, *PERIOD, "--rule", str(file)).output
    refused = run(data, *PERIOD, "--site", "yunho")
    assert "there is no site 'yunho' (it has yunhe)" in str(refused.exception)


def test_draft_that_is_no_utf8(data: Path, tmp_path: Path) -> None:
    """A file saved as GBK is refused with its mend, as ``rules check`` does."""
    file = tmp_path / "draft.yaml"
    file.write_text("pack: 自己的", "gbk")
    refused = run(data, *PERIOD, "--rule", str(file))
    assert isinstance(refused.exception, BadInput)
    assert "is not UTF-8" in str(refused.exception)


def test_a_period_without_an_archive_says_so(data: Path) -> None:
    """A week before the system was installed there is nothing, and that is said."""
    result = run(data, "--from", "2001-01-01T00:00:00Z", "--to", "2001-01-02T00:00:00Z")
    assert "Nothing was recorded in that period." in result.output


@pytest.mark.parametrize("period", [["--from", "yesterday"], ["--from", "1d", "--to", "2d"]])
def test_a_period_that_is_none_is_refused(data: Path, period: list[str]) -> None:
    """What cannot be read, or ends before it begins, is told with the way to write it."""
    result = run(data, *period)
    assert isinstance(result.exception, BadInput)
    assert "--from" in str(result.exception)


def test_verdicts_of_people_are_known(data: Path) -> None:
    """Only alerts that rules opened and people judged are taken."""
    place = Installation(data)
    engine = open_alerts(place.alerts)
    common: dict[str, object] = {
        "site": "yunhe", "equipment": "pump", "part": "", "place_zh": "b1", "place_en": "b1",
        "kind": "maintenance", "priority": 4, "severity": "high", "urgency": 1,
        "condition": "off", "handling": "closed", "latched": False, "condition_since": START,
        "closed_at": START + HOUR, "occurrences": 1, "title_zh": "热", "title_en": "hot",
        "advice": "[]", "values": "{}", "children": "[]", "due_round": 0, "version": 3,
        "rule": "pump.bearing_hot", "response": "ordinary",
        "opened_at": START + 11 * MINUTE, "called_at": START + 11 * MINUTE,
    }  # fmt: skip
    with engine.begin() as connection:
        for id_, source, verdict in (
            ("a-1", "rule", FindingVerdict.FALSE),
            ("a-2", "rule", FindingVerdict.FAULT),
            ("a-3", "rule", None),
            ("a-4", "person", FindingVerdict.REAL),
        ):
            row = {**common, "id": id_, "source": source, "verdict": verdict}
            connection.execute(alerts.insert().values(row))
    known = known_alerts(place, START, START + HOUR)
    assert sorted((one.id, one.is_false) for one in known) == [("a-1", True), ("a-2", False)]
    assert (
        "false alarms: 0 avoided, 1 kept; real ones: 1 kept, 0 MISSED" in run(data, *PERIOD).output
    )
    assert known_alerts(Installation(data / "nowhere"), START, START + SECOND) == []
