"""Every query of every dashboard, asked of a real InfluxDB that our adapter filled."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import httpx
import pytest

from alerts.model import Entry as Line
from alerts.model import Step, What
from alerts.read import Change
from dashboards.availability.account import Account
from dashboards.availability.figures import Entry
from dashboards.grafana.alert_changes import measurement
from dashboards.grafana.figures import availability_measurements, state_measurements
from dashboards.grafana.files import GENERATED, stale
from gengfu.core.batch import BatchBuilder, ReadingBatch
from gengfu.core.clock import HOUR, MINUTE, SystemClock
from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.states import OperatingState, StateInterval
from gengfu.core.urgency import Severity
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment, EquipmentClass, SiteLedger
from gengfu.ledger.own import OWN_CLASS
from ingest.store.influx import InfluxStore
from ingest.store.port import Measurement
from ingest.store.rows import RowCollector
from ingest.store.wire import Server, Wire
from tests.fakes.alerts import sample_alert
from tests.fakes.ledgers import shipped
from tests.fakes.rows import record_of
from tests.integration.services import PATIENCE_S, influxdb

SITE = "yunhe"
NOW = SystemClock().now()


@dataclass(frozen=True)
class Asked:
    """One query and where it stands."""

    dashboard: str
    panel: str
    statement: str


def asked_by(name: str) -> Iterator[Asked]:
    """Return every query of one generated dashboard, its variables' too."""
    page = json.loads((GENERATED / name).read_text(encoding="utf-8"))
    for one in page["templating"]["list"]:
        yield Asked(name, f"${one['name']}", one["query"])
    rows = [panel for panel in page["panels"] if panel["type"] == "row"]
    inside = [panel for row in rows for panel in row.get("panels", [])]
    for panel in [*page["panels"], *inside]:
        for target in panel.get("targets", []):
            yield Asked(name, panel["title"], target["query"])


QUERIES = [one for path in sorted(GENERATED.glob("*.json")) for one in asked_by(path.name)]


def filled_in(statement: str) -> str:
    """Put in what Grafana puts in: the time range, the interval, and "All" for each variable."""
    span = f"time >= {(NOW - HOUR) * 1000} AND time <= {(NOW + HOUR) * 1000}"
    filled = statement.replace("$timeFilter", span).replace("$__interval", "1m")
    for variable in ("site", "equipment", "kind"):
        filled = filled.replace(f"${variable}", ".*")
    return filled


def every_point(names: Names, classes: Mapping[str, EquipmentClass]) -> ReadingBatch:
    """Return two values of every point of every class."""
    builder = BatchBuilder()
    for kind in classes.values():
        equipment = names.equipment_index(EquipmentName(SITE, f"{kind.name}-1", kind.name))
        for point in kind.points.values():
            name = PointName(kind.name, point.name, point.kind, tuple(point.words))
            index = names.point_index(name)
            for at in (NOW - 10 * MINUTE, NOW):
                value = builder.text("E7") if point.kind is PointKind.TEXT else 1.0
                builder.add(equipment, index, at, at, value)
    return builder.build()


def written_back() -> Iterator[Measurement]:
    """Return derived figures of the demo estate, made by what makes them in the product."""
    classes, ledgers = shipped()
    account = Account(up=HOUR, down=MINUTE, failures=1, restored=1, repair=MINUTE)
    for ledger in (_with_every_class(one, classes) for one in ledgers.values()):
        running = {one: [_running_since(one)] for one in ledger.equipment}
        yield from state_measurements(ledger, running, since=0, now=NOW)
        entries = [
            Entry(
                site=ledger.site.id,
                building=ledger.building_of(one.place) or "",
                equipment_class=one.equipment_class,
                equipment=one.id,
                account=account,
            )
            for one in ledger.equipment.values()
        ]
        yield from availability_measurements(entries, classes, at=NOW)
    for number, severity in enumerate(Severity):
        alert = sample_alert(f"a{number}", opened_at=NOW - MINUTE, severity=severity)
        for version, what in enumerate((What.OPENED, Step.ACKNOWLEDGE, Step.ARRIVE), start=1):
            line = Line(alert=alert.id, version=version, at=NOW + version, actor="g", what=what)
            yield measurement(Change(version, line, alert))


def _with_every_class(ledger: SiteLedger, classes: Mapping[str, EquipmentClass]) -> SiteLedger:
    """Return a ledger with an equipment of every class, also of those that the demo has none of."""
    place = next(iter(ledger.places))
    more = {
        f"{kind}-1": Equipment(id=f"{kind}-1", equipment_class=kind, name=one.title, place=place)
        for kind, one in classes.items()
    }
    return replace(ledger, equipment={**more, **ledger.equipment})


def _running_since(equipment: str) -> StateInterval:
    return StateInterval(equipment, OperatingState.RUNNING, NOW - 10 * MINUTE)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("grafana")
    classes = load_classes()
    with influxdb(folder) as url:
        store = InfluxStore(Wire(Server(url=url, database="gengfu")), folder)
        store.prepare(classes)
        names = Names()
        collector = RowCollector(names)
        collector.add(record_of(1, every_point(names, classes)))
        assert store.write(collector.build(), 1).quarantined == ()
        assert store.write_measurements(list(written_back())).quarantined == ()
        yield url
        store.close()


def test_generated_dashboards_are_out_of_date() -> None:
    """What is checked in is what the builders make."""
    assert stale() == []


@pytest.mark.parametrize("name", sorted(path.name for path in GENERATED.glob("*.json")))
def test_a_panel_shows_nothing(url: str, name: str) -> None:
    """Every query of every panel and variable returns rows from what our adapter wrote."""
    empty = []
    for one in QUERIES:
        if one.dashboard == name:
            asked = {"db": "gengfu", "q": filled_in(one.statement)}
            reply = httpx.get(f"{url}/query", params=asked, verify=False, timeout=PATIENCE_S).json()
            if not reply["results"][0].get("series"):
                empty.append((one.panel, asked["q"], reply))
    assert empty == []


def test_a_point_is_on_no_page() -> None:
    """Each point of each class of equipment stands on its class's dashboard."""
    for kind in load_classes().values():
        if kind.name == OWN_CLASS:
            continue
        shown = " ".join(one.statement for one in asked_by(f"class-{kind.name}.json"))
        assert [name for name in kind.points if f'("{name}")' not in shown] == []
