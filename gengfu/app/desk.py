"""The desk process: store writer, projections, pages and API. Core never waits for it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn

from alerts.door import CoreClient
from alerts.read import AlertReader
from alerts.schema import open_alerts
from dashboards.accounting import Accounting, account, metrics_of
from dashboards.availability.service import AvailabilityService
from dashboards.estate import Estate
from dashboards.grafana.figures_writer import FiguresWriter
from dashboards.grafana.alert_changes import AlertWriteBack
from dashboards.web import vendor
from dashboards.web.app import build_app
from dashboards.web.ports import DeskPorts, PartState
from gengfu.app.people import WebPeople, gate_of
from gengfu.app.setup import classes_of, demo_accounts
from gengfu.config import Settings
from gengfu.core.clock import Clock
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.store import LedgerStore
from gengfu.proof import SILENCE_SECONDS, ProofFile
from ingest.journal.cursors import CursorFile
from ingest.journal.reader import FolderReader
from ingest.store.connect import connect
from ingest.store.influx import InfluxStore
from ingest.store.writer import StoreWriter

log = structlog.get_logger()

STALE_CORE_SECONDS = 15.0
"""Core writes the time into the journal every second; so old a journal means that it hangs."""


async def run_desk(settings: Settings, ready: Callable[[], None]) -> None:
    """Run the desk process until cancelled.

    Raises:
        StartError, BadInput: when it cannot work as it is set up.
    """
    vendor.require()
    desk = _build(settings, Installation(settings.data))
    async with desk.core, asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.writer.run(), name="store writer")
        tasks.create_task(desk.follow(), name="estate")
        tasks.create_task(desk.ledgers.run(), name="ledgers")
        for write_back in desk.write_backs:
            tasks.create_task(write_back.run(), name="write back for Grafana")
        tasks.create_task(_serve(settings, desk.ports, ready), name="web")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    journal: Path
    core: CoreClient
    writer: StoreWriter
    estate: Estate
    ledgers: "_Ledgers"
    write_backs: Sequence[FiguresWriter | AlertWriteBack]
    """Keep the figures that Grafana draws beside the readings, where it can read them."""
    ports: DeskPorts

    async def follow(self) -> None:
        """Keep the estate up with the journal."""
        keep = CursorFile(self.journal, "estate").write
        await self.estate.run(FolderReader(self.journal), keep=keep)


def _build(settings: Settings, place: Installation) -> _Desk:
    place.prepare()
    clock, classes, engine = settings.clock.clock(), classes_of(settings), open_sqlite(place.desk)
    ledgers = _Ledgers(LedgerStore(engine), classes)
    estate = Estate(engine, classes)
    estate.prepare()
    store = connect(settings.store, place.data)
    keep = CursorFile(place.journal, "store").write
    writer = StoreWriter(FolderReader(place.journal), store, classes, keep=keep)
    open_alerts(place.alerts).dispose()  # the tables, when core has not made them yet
    alerts = AlertReader(open_sqlite(place.alerts, read_only=True))
    availability = AvailabilityService(estate, ledgers, clock)
    health = _Health(clock, writer, estate, ProofFile(place.proof))
    core = CoreClient(place.socket)
    ports = DeskPorts(
        clock=clock,
        people=WebPeople(gate_of(engine, place)),
        ledgers=ledgers,
        alerts=alerts,
        core=core,
        estate=estate,
        readings=store,
        availability=availability,
        accounting=health.accounting,
        readiness=health.parts,
        metrics=health.metrics,
        demo_accounts=_shown_accounts(settings, place),
    )
    write_backs: list[FiguresWriter | AlertWriteBack] = []
    if isinstance(store, InfluxStore):
        write_backs.append(FiguresWriter(estate, availability, ledgers, store, clock))
        cursor = place.data / "grafana-alerts.cursor"
        write_backs.append(AlertWriteBack(alerts, store, cursor))
    return _Desk(
        journal=place.journal,
        core=core,
        writer=writer,
        estate=estate,
        ledgers=ledgers,
        write_backs=write_backs,
        ports=ports,
    )


def _shown_accounts(settings: Settings, place: Installation) -> Sequence[tuple[str, str]]:
    accounts = demo_accounts(place) if settings.demo else ()
    return [(account.login, account.password) for account in accounts]


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens, and leaves signals to the process."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(settings: Settings, ports: DeskPorts, ready: Callable[[], None]) -> None:
    app = build_app(ports)
    config = uvicorn.Config(
        app,
        host=settings.web.host,
        port=settings.web.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    server = _Server(config, ready)
    serving = asyncio.create_task(server.serve(), name="uvicorn")
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        await app.state.feed.close()
        server.should_exit = True
        await serving
        raise


class _Ledgers:
    """The ledgers as they stand, kept up with the database."""

    def __init__(self, store: LedgerStore, classes: Mapping[str, EquipmentClass]) -> None:
        store.prepare()
        self._store = store
        self._version = -1
        self.classes = classes
        self.sites: Mapping[str, SiteLedger] = {}
        self.look()

    def look(self) -> None:
        """Take over a changed ledger."""
        version = self._store.version()
        if version != self._version:
            self.sites = {ledger.site.id: ledger for ledger in self._store.all()}
            self._version = version

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            await asyncio.sleep(2)
            await asyncio.to_thread(self.look)


@dataclass(frozen=True, slots=True)
class _Health:
    """What the desk sees of the alarm path, and the figures."""

    clock: Clock
    writer: StoreWriter
    estate: Estate
    proofs: ProofFile

    def parts(self) -> Sequence[PartState]:
        """Return each part of the path and whether it works."""
        lag = self.writer.lag()
        age = self.clock.real_seconds(self.clock.now() - self.estate.now)
        return (
            PartState(
                name="core", ready=age < STALE_CORE_SECONDS, detail=f"journal {age:.1f} s old"
            ),
            self._alarm_path(),
            PartState(
                name="store",
                ready=lag.outage is None,
                detail=lag.outage or f"{lag.pending_records} records behind",
            ),
        )

    def _alarm_path(self) -> PartState:
        """Tell whether a canary came the whole way lately (promises.md, P9)."""
        proof, age = self.proofs.read(), self.proofs.age_seconds()
        if proof is None or proof.stopped or not proof.number:
            return PartState(name="alarm path", ready=False, detail="no canary came through yet")
        detail = f"canary of {age:.0f} s ago took {proof.took_ms:.0f} ms"
        return PartState(name="alarm path", ready=age < SILENCE_SECONDS, detail=detail)

    def metrics(self) -> bytes:
        """Return the figures for Prometheus."""
        return metrics_of(self.accounting())

    def accounting(self) -> Accounting:
        """Return what came in and what became of it."""
        return account(self.estate.tally(), self.estate.position, self.writer.lag())
