"""A new class of equipment costs one YAML file: it is found everywhere, and no code was written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from dashboards.availability.account import account_of
from dashboards.estate.operating_state import StateRule
from dashboards.estate.point_value import PointValue
from dashboards.grafana import equipment_class
from dashboards.web.app import build_app
from gateway.codecs.native.message import Limits
from gateway.decoded import RawMessage
from gateway.directory import build_directory
from gateway.intake import Intake
from gengfu.core.batch import ReadingBatch
from gengfu.core.clock import HOUR, MINUTE
from gengfu.core.errors import BadInput
from gengfu.core.record import RecordKind
from gengfu.core.states import OperatingState, StateInterval
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import EquipmentClass, SiteLedger
from rules.packs import shipped
from rules.trial.reading import read_book
from rules.trial.running import run_book
from tests.fakes.desk import FakeDesk, interval
from tests.fakes.journal import FakeJournal
from tests.unit.dashboards.web.conftest import bearer

CLASS = """class: fountain
title: {zh: 喷泉, en: Fountain}
brick: Fountain
tags: [water, equip]
icon: pump
criticality: general
availability_target: 0.9
silent_after: 600s
points:
  - {name: run, kind: boolean, title: {zh: 运行, en: Running}}
  - {name: height, kind: analog, unit: m, title: {zh: 水柱高度, en: Jet height}, digits: 1}
  - {name: fault, kind: boolean, title: {zh: 故障, en: Fault}}
events: []
operating_state:
  - {state: fault, when: fault}
  - {state: running, when: run}
  - {state: standby, when: not run}
packs: []
"""
PACK = """pack: fountain
rules:
  - id: jet_low
    for: fountain
    when: run and height < 1
    hold: 1m
    severity: low
    kind: maintenance
    priority: 5
    title: {zh: "水柱低：{height} m", en: "Jet low: {height} m"}
    source: "U 1 m"
"""
TESTS = """tests:
  - name: the jet is low
    rule: fountain.jet_low
    equipment: {e: {class: fountain}}
    series: {e: {run: "true x12", height: "3 0.4x11"}}
    alerts: [{opened: 1m10s, severity: low}]
"""
TABLES = {
    "sites": "id,name_zh,name_en\npark,公园,Park\n",
    "places": "site,id,kind,name_zh,name_en\npark,square,building,广场,Square\n",
    "equipment": (
        "site,id,class,name_zh,name_en,place\npark,fountain-1,fountain,一号喷泉,Fountain 1,square\n"
    ),
}
ID = "fountain-1"


@dataclass(frozen=True)
class Ledgers:
    """What the pages are given: the park, and all classes."""

    sites: Mapping[str, SiteLedger]
    classes: Mapping[str, EquipmentClass]


@pytest.fixture
def ledgers(tmp_path: Path) -> Ledgers:
    (tmp_path / "classes").mkdir()
    (tmp_path / "classes" / "fountain.yaml").write_text(CLASS, encoding="utf-8")
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    classes = load_classes(None, tmp_path / "classes")
    return Ledgers({one.site.id: one for one in read_folder(tmp_path, classes)}, classes)


def test_the_ledger_takes_it_without_the_file(tmp_path: Path, ledgers: Ledgers) -> None:
    """The same tables are refused without the class file, and taken with it."""
    assert ledgers.sites["park"].equipment[ID].equipment_class == "fountain"
    with pytest.raises(BadInput, match="fountain"):
        read_folder(tmp_path, load_classes())


def test_its_messages_are_not_understood(ledgers: Ledgers) -> None:
    """What it says over MQTT becomes readings of its points."""
    journal = FakeJournal()
    directory = build_directory(ledgers.sites.values(), ledgers.classes, journal.names)
    intake = Intake(journal, directory, Limits())
    payload = b'{"points": {"run": true, "height": 2.5, "fault": false}}'
    intake.commit([RawMessage(f"gf/park/{ID}/up/telemetry", payload, HOUR)], at=HOUR)
    (batch,) = journal.bodies(RecordKind.READINGS)
    assert isinstance(batch, ReadingBatch)
    said = {journal.names.points[point].point: value for point, value in _rows(batch)}
    assert said == {"run": 1.0, "height": 2.5, "fault": 0.0}


def _rows(batch: ReadingBatch) -> list[tuple[int, float]]:
    return list(zip(batch.point.tolist(), batch.value.tolist(), strict=True))


def test_rules_do_not_know_it(ledgers: Ledgers) -> None:
    """A rule file of one's own looks at it, beside the shipped packs."""
    book = read_book("fountain.yaml", TESTS, ledgers.classes)
    files = {**shipped(), "fountain.yaml": PACK}
    assert [one.differences for one in run_book(book, files, ledgers.classes)] == [()]


def test_it_has_no_availability(ledgers: Ledgers) -> None:
    """Its states follow from its clauses, and its availability from its states."""
    rule = StateRule.of(ledgers.classes["fountain"])
    assert rule.derive({"fault": False, "run": True}) is OperatingState.RUNNING
    assert rule.derive({"fault": True, "run": True}) is OperatingState.FAULT
    story = [
        StateInterval(ID, OperatingState.RUNNING, 0, 9 * HOUR),
        StateInterval(ID, OperatingState.FAULT, 9 * HOUR, 10 * HOUR),
    ]
    assert account_of(story, 0, 10 * HOUR, planned=()).availability == pytest.approx(0.9)


def test_grafana_has_no_dashboard_of_it(ledgers: Ledgers) -> None:
    """Its dashboard has a trend of its figure, and bears its name."""
    made = equipment_class.build(ledgers.classes["fountain"])
    assert made.title is not None
    assert "喷泉" in made.title
    titles = [panel.title for panel in made.panels or [] if hasattr(panel, "title")]
    assert any("水柱高度" in (title or "") for title in titles)


async def test_the_pages_do_not_show_it(ledgers: Ledgers) -> None:
    """The API tells its values with titles and units, and its page shows them."""
    desk = FakeDesk()
    at = desk.clock.now()
    desk.estate.values[ID] = {
        "height": PointValue(value=2.5, observed_at=at - MINUTE, received_at=at)
    }
    desk.estate.history[ID] = [interval(ID, OperatingState.RUNNING, at - HOUR)]
    app = build_app(replace(desk.ports(), ledgers=ledgers))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        engineer = bearer("engineer")
        body = (await client.get(f"/api/v1/equipment/{ID}", headers=engineer)).json()
        page = await client.get(f"/equipment/{ID}", headers=engineer)
    assert (body["class"], body["state"]) == ("fountain", "running")
    assert body["points"]["height"]["unit"] == "m"
    assert page.status_code == httpx.codes.OK
    assert "一号喷泉" in page.text
    assert "水柱高度" in page.text
