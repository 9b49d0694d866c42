"""The desk process: store writer, projections, pages and API. Core never waits for it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from alerts.door import CoreClient
from alerts.read import AlertReader
from alerts.schema import open_alerts
from dashboards.availability.service import AvailabilityService
from dashboards.estate import Estate
from dashboards.grafana.alert_changes import AlertWriteBack
from dashboards.grafana.figures_writer import FiguresWriter
from dashboards.web import vendor
from dashboards.web.app import build_app
from dashboards.web.ports import DeskPorts, ShownDemo
from gateway.unmapped import UnmappedFile
from gengfu.app.accounts import gate_of
from gengfu.app.given_files import classes_of, rule_files
from gengfu.app.health import Health
from gengfu.app.late_data import LateLook
from gengfu.app.people import WebPeople
from gengfu.app.room import through_full_disk
from gengfu.app.rulebook import RuleBook
from gengfu.app.setup import demo_accounts, was_demo
from gengfu.app.shown_ledgers import ShownLedgers
from gengfu.app.store_keeping import store_keeper
from gengfu.app.web_server import serve
from gengfu.config import Settings
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass
from gengfu.ledger.store import LedgerStore
from gengfu.people.gate import Gate
from gengfu.proof import CoreTime, ProofFile
from ingest.journal.cursors import CursorFile
from ingest.journal.reader import FolderReader
from ingest.store.connect import connect
from ingest.store.influx import InfluxStore
from ingest.store.keeper import StoreKeeper
from ingest.store.port import ReadingStore
from ingest.store.writer import StoreWriter
from rules.editions.editor import Editor
from rules.editions.store import EditionStore
from rules.late.store import FindingStore
from rules.linkage.store import RunStore
from rules.parking import ParkingLot


async def run_desk(settings: Settings, ready: Callable[[], None]) -> None:
    """Run the desk process until cancelled.

    Raises:
        StartError, BadInput: when it cannot work as it is set up.
    """
    vendor.require()
    place = Installation(settings.data)
    place.prepare()
    desk = _build(settings, place)
    async with desk.core, asyncio.TaskGroup() as tasks:
        for name, run in {
            "store writer": desk.writer.run,
            "store keeper": desk.keeper.run,
            "estate": desk.follow,
            "ledgers": desk.ledgers.run,
            "late data": desk.late_look.run,
        }.items():
            tasks.create_task(through_full_disk(run, name), name=name)
        for write_back in desk.write_backs:
            name = "write back for Grafana"
            tasks.create_task(through_full_disk(write_back.run, name), name=name)
        tasks.create_task(serve(build_app(desk.ports), settings.web, ready), name="web")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    journal: Path
    core: CoreClient
    writer: StoreWriter
    keeper: StoreKeeper
    estate: Estate
    ledgers: ShownLedgers
    late_look: LateLook
    write_backs: Sequence[FiguresWriter | AlertWriteBack]
    """Keep the figures that Grafana draws beside the readings, where it can read them."""
    ports: DeskPorts

    async def follow(self) -> None:
        """Keep the estate up with the journal."""
        with closing(FolderReader(self.journal)) as reader:
            await self.estate.run(reader, keep=CursorFile(self.journal, "estate").write)


def _build(settings: Settings, place: Installation) -> _Desk:
    classes, clock = classes_of(settings), CoreTime(settings.clock.clock(), ProofFile(place.proof))
    engine, store = open_sqlite(place.desk), connect(settings.store, place.data)
    ledgers, estate = ShownLedgers(LedgerStore(engine), classes), _estate(engine, classes)
    alerts, linkage = _written_by_core(place)
    availability = AvailabilityService(estate, ledgers, clock)
    figures = partial(FiguresWriter, estate, availability, ledgers, clock=clock)
    core, gate = CoreClient(place.socket), gate_of(engine, place)
    writer, late = _store_writer(place, store, classes), _late_findings(engine)
    health = Health(clock, writer, estate, clock.proofs, ParkingLot(place.parked))
    ports = DeskPorts(
        clock=clock,
        people=WebPeople(gate),
        ledgers=ledgers,
        alerts=alerts,
        late=late,
        linkage=linkage,
        core=core,
        estate=estate,
        readings=store,
        availability=availability,
        rules=RuleBook(_editor(settings, engine, classes, gate), classes, place.data, clock),
        accounting=health.accounting,
        unmapped=UnmappedFile(place.unmapped).read,
        readiness=health.parts,
        alarm_path=health.alarm_path,
        metrics=health.metrics,
        demo=_shown_demo(settings, place),
    )
    return _Desk(
        journal=place.journal,
        core=core,
        writer=writer,
        keeper=store_keeper(settings, place, store),
        estate=estate,
        ledgers=ledgers,
        late_look=LateLook(settings, late, lambda: ledgers.sites),
        write_backs=_write_backs(place, store, alerts, figures),
        ports=ports,
    )


def _estate(engine: Engine, classes: Mapping[str, EquipmentClass]) -> Estate:
    estate = Estate(engine, classes)
    estate.prepare()
    return estate


def _late_findings(engine: Engine) -> FindingStore:
    store = FindingStore(engine)
    store.prepare()
    return store


def _editor(
    settings: Settings, engine: Engine, classes: Mapping[str, EquipmentClass], gate: Gate
) -> Editor:
    store = EditionStore(engine)
    store.prepare()
    return Editor(rule_files(settings), classes, store, gate.audit)


def _written_by_core(place: Installation) -> tuple[AlertReader, RunStore]:
    written = _opened_by_core(place)
    return AlertReader(written), RunStore(written)


def _opened_by_core(place: Installation) -> Engine:
    """Open what core writes, with its tables: core may not have made them yet."""
    engine = open_alerts(place.alerts)
    RunStore(engine).prepare()
    engine.dispose()
    return open_sqlite(place.alerts, read_only=True)


def _write_backs(
    place: Installation,
    store: ReadingStore,
    alerts: AlertReader,
    figures: Callable[[InfluxStore], FiguresWriter],
) -> Sequence[FiguresWriter | AlertWriteBack]:
    if not isinstance(store, InfluxStore):
        return ()
    changes = AlertWriteBack(alerts, store, place.data / "grafana-alerts.cursor")
    return figures(store), changes


def _store_writer(
    place: Installation, store: ReadingStore, classes: Mapping[str, EquipmentClass]
) -> StoreWriter:
    keep = CursorFile(place.journal, "store").write
    journal = place.journal
    return StoreWriter(
        FolderReader(journal), store, classes, ahead=FolderReader(journal), keep=keep
    )


def _shown_demo(settings: Settings, place: Installation) -> ShownDemo:
    accounts = demo_accounts(place) if settings.demo else ()
    return ShownDemo(
        accounts=[(account.login, account.password) for account in accounts],
        folder=str(place.data) if was_demo(place) else "",
    )
