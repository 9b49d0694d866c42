"""The core process: gateway → journal → rules → alerts → outbox. It never waits for the desk."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import OperationalError

from alerts.action_log import JournalActionLog
from alerts.channels.webhook import Webhook
from alerts.door import Door
from alerts.schema import open_alerts
from alerts.service import AlertService
from gateway.codecs.native.message import Limits
from gateway.codecs.native.times import Belief
from gateway.service import Gateway, GatewaySettings
from gengfu.app.broker import endpoint_of
from gengfu.app.canary import Canary, CanarySink
from gengfu.app.channels import webhooks
from gengfu.app.condition import tell_condition, tell_start
from gengfu.app.setup import classes_of, mapping_of, rule_files
from gengfu.config import Settings
from gengfu.core.clock import DAY, SECOND, Clock, Micros
from gengfu.core.naming import Scalar
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Draft, LedgerChange, RulesChange, Tick, draft
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.own import own_ledger
from gengfu.ledger.snapshot import encode
from gengfu.ledger.store import LedgerStore
from gengfu.proof import Proof, ProofFile
from ingest.journal.cursors import CursorFile
from ingest.journal.port import Damage
from ingest.journal.reader import FolderReader
from ingest.journal.retention import Retention
from ingest.journal.sqlite import SqliteJournal
from rules.language import read_rules
from rules.runner import Runner

log = structlog.get_logger()

LEDGER_LOOK_SECONDS = 5.0
"""How often core looks for a changed ledger when nobody told it."""
TEND_SECONDS = 60.0
"""How often old segments are sealed and dropped."""


async def run_core(settings: Settings, ready: Callable[[], None]) -> None:
    """Run the core process until cancelled.

    Raises:
        StartError, BadInput: when it cannot work as it is set up.
        JournalError: when nothing can be made durable any more.
    """
    place = Installation(settings.data)
    place.prepare()
    with ThreadPoolExecutor(1, thread_name_prefix="journal") as worker:
        core = await asyncio.get_running_loop().run_in_executor(
            worker, partial(_build, settings, place, worker)
        )
        try:
            await _run(core, ready)
        except asyncio.CancelledError:
            core.canary.stopped()
            raise
        finally:
            await asyncio.get_running_loop().run_in_executor(worker, core.journal.close)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Core:
    clock: Clock
    worker: ThreadPoolExecutor
    journal: SqliteJournal
    retention: Retention
    gateway: Gateway
    runner: Runner
    judged: CursorFile
    alerts: AlertService
    channels: Sequence[Webhook]
    door: Door
    ledgers: "_Ledgers"
    canary: Canary
    before: Proof | None
    """What the run before left behind."""
    ended_at: Micros
    """When it wrote its last record."""

    def condition(self) -> Mapping[str, Scalar]:
        """Measure what core tells of itself (class ``gengfu``)."""
        return {
            "online": True,
            "alarm_path": self.canary.proved,
            "canary": self.canary.took_ms,
            "broker": self.gateway.is_ready,
            "disk_full": self.gateway.is_full,
        }


def _build(settings: Settings, place: Installation, worker: ThreadPoolExecutor) -> _Core:
    clock = settings.clock.clock()
    classes = classes_of(settings)
    rules = rule_files(settings)
    read_rules(rules, classes)  # a bad rule file is refused here, with all its mistakes
    journal = SqliteJournal(place.journal)
    channels = webhooks(settings)
    proofs = ProofFile(place.proof)
    service = AlertService(
        open_alerts(place.alerts),
        clock,
        channels=channels,
        action_log=JournalActionLog(journal, clock, worker),
    )
    gateway = Gateway(
        GatewaySettings(
            endpoint=endpoint_of(settings, place),
            root=settings.broker.root,
            mapping=mapping_of(settings),
            client_id=settings.broker.client_id,
            limits=Limits(
                belief=Belief(ahead=settings.belief.ahead, behind=settings.belief.behind)
            ),
        ),
        journal=journal,
        ledgers=(),
        classes=classes,
        clock=clock,
        worker=worker,
    )
    canary = Canary(gateway, proofs, clock)
    ledgers = _Ledgers(place.desk, journal, gateway, service, classes, rules, clock, worker)
    return _Core(
        clock=clock,
        worker=worker,
        journal=journal,
        retention=Retention(
            age=settings.journal.days * DAY, quota=int(settings.journal.quota_gib * 2**30)
        ),
        gateway=gateway,
        runner=Runner(
            FolderReader(place.journal),
            CanarySink(service, canary),
            place.checkpoint,
            classes,
            clock,
        ),
        judged=CursorFile(place.journal, "rules"),
        alerts=service,
        channels=channels,
        door=Door(place.socket, service, ledgers.look_now),
        ledgers=ledgers,
        canary=canary,
        before=proofs.read(),
        ended_at=journal.last()[1],
    )


async def _run(core: _Core, ready: Callable[[], None]) -> None:
    await core.ledgers.announce()
    async with contextlib.AsyncExitStack() as channels, asyncio.TaskGroup() as tasks:
        for channel in core.channels:
            await channels.enter_async_context(channel)
        tasks.create_task(core.gateway.run(), name="gateway")
        tasks.create_task(core.runner.run(), name="rules")
        tasks.create_task(core.alerts.run(), name="alerts")
        tasks.create_task(core.door.run(), name="door")
        tasks.create_task(core.ledgers.run(), name="ledgers")
        tasks.create_task(_tick(core), name="ticks")
        tasks.create_task(_tend(core), name="journal keeper")
        tasks.create_task(core.canary.run(), name="canary")
        tell_start(core.gateway, core.before, core.ended_at, core.clock)
        tasks.create_task(tell_condition(core.gateway, core.condition), name="own condition")
        ready()


async def _tick(core: _Core) -> None:
    """Write the time into the journal whenever nothing else did for a second of our clock.

    How fast the clock runs is written at the start and whenever it changes.
    """
    told = 0.0

    def append(now: int) -> None:
        nonlocal told
        rate = 1 / core.clock.real_seconds(SECOND)
        if rate != told or core.journal.last()[1] <= now - SECOND:
            core.journal.append([draft(Tick(rate=rate), EVERY_PARTITION)], at=now)
            told = rate

    loop = asyncio.get_running_loop()
    while True:
        await loop.run_in_executor(core.worker, append, core.clock.now())
        await asyncio.sleep(max(core.clock.real_seconds(SECOND), 0.05))


async def _tend(core: _Core) -> None:
    """Seal full segments and drop those past their retention, beside the appends."""
    _report(core.journal.damages)
    while True:
        core.judged.write(core.runner.saved)
        _report(await asyncio.to_thread(core.journal.tend, core.clock.now(), core.retention))
        await asyncio.sleep(TEND_SECONDS)


def _report(damages: Sequence[Damage]) -> None:
    for damage in damages:
        log.error(
            "journal_damage",
            file=damage.file,
            flaw=damage.flaw,
            detail=damage.detail,
            lost=len(damage.lost),
            kept_as=damage.kept_as,
        )


class _Ledgers:
    """Follows the desk's ledger: a changed one goes into the journal and to all who need it."""

    def __init__(
        self,
        file: Path,
        journal: SqliteJournal,
        gateway: Gateway,
        alerts: AlertService,
        classes: Mapping[str, EquipmentClass],
        rules: Mapping[str, str],
        clock: Clock,
        worker: ThreadPoolExecutor,
    ) -> None:
        self._file = file
        self._journal = journal
        self._gateway = gateway
        self._alerts = alerts
        self._classes = classes
        self._rules = rules
        self._clock = clock
        self._worker = worker
        self._version = -1
        self._announced_at: Micros = 0
        self._look = asyncio.Event()

    async def look_now(self) -> None:
        """Look for a changed ledger without waiting."""
        self._look.set()

    async def announce(self) -> None:
        """Write the rule set and every site's ledger: from here on they are in force.

        Said again every day, so that the archive keeps them when its oldest part goes.
        """
        self._announced_at, self._version = self._clock.now(), -1
        await self._append([draft(RulesChange(self._rules), EVERY_PARTITION)])
        await self._follow()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEDGER_LOOK_SECONDS):
                    await self._look.wait()
            self._look.clear()
            if self._clock.now() - self._announced_at > DAY:
                await self.announce()
            await self._follow()

    async def _follow(self) -> None:
        version, found = await asyncio.to_thread(self._read)
        if version == self._version:
            return
        ledgers = (own_ledger(), *found)
        await self._append(
            [
                draft(LedgerChange(ledger.site.id, encode(ledger)), partition_of(ledger.site.id))
                for ledger in ledgers
            ]
        )
        await self._gateway.set_ledgers(ledgers, self._classes)
        self._alerts.set_ledgers(ledgers)
        self._version = version
        log.info("ledger in force", version=version, sites=len(found))

    def _read(self) -> tuple[int, tuple[SiteLedger, ...]]:
        if not self._file.exists():
            return 0, ()
        engine = open_sqlite(self._file, read_only=True)
        try:
            store = LedgerStore(engine)
            version = store.version()
            return version, store.all() if version != self._version else ()
        except OperationalError:
            return 0, ()  # the desk is just making its tables
        finally:
            engine.dispose()

    async def _append(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            append = partial(self._journal.append, drafts, at=self._clock.now())
            await asyncio.get_running_loop().run_in_executor(self._worker, append)
