"""Which rules and ledgers are in force: written into the journal first, then told to all in core.

A replay of the journal therefore judges by what was in force at each moment.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from alerts.service import AlertService
from gateway.service import Gateway
from gengfu.app.editions import kept_editions
from gengfu.core.clock import DAY, Clock, Micros
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Draft, LedgerChange, RulesChange, draft
from gengfu.database import read_from
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.own import own_ledger
from gengfu.ledger.snapshot import encode
from gengfu.ledger.store import LedgerStore
from ingest.journal.sqlite import SqliteJournal
from rules.editions.model import compose

log = structlog.get_logger()

LOOK_SECONDS = 5.0
"""How often core looks for a changed ledger or rule when nobody told it."""


class InForce:
    """Follows the desk: a changed ledger or rule goes into the journal and to all who need it."""

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
        self._rules_version = -1
        self._announced_at: Micros = 0
        self._look = asyncio.Event()
        self._is_unread = False

    async def look_now(self) -> None:
        """Look for a changed ledger or rule without waiting."""
        self._look.set()

    async def announce(self) -> None:
        """Write the rule set and every site's ledger: from here on they are in force.

        Said again every day, so that the archive keeps them when its oldest part goes.

        Raises:
            OperationalError: when the desk's database cannot be read now.
        """
        self._announced_at, self._version, self._rules_version = self._clock.now(), -1, -1
        await self._follow_rules()
        await self._follow()

    async def run(self) -> None:
        """Follow until cancelled. What cannot be read now changes nothing: it stays in force."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()
            self._look.clear()
            try:
                await self.look()
            except OperationalError as exc:
                self._say_unread(exc)

    async def look(self) -> None:
        """Take over what changed.

        Raises:
            OperationalError: when the desk's database cannot be read now.
        """
        if self._clock.now() - self._announced_at > DAY:
            await self.announce()
        await self._follow_rules()
        await self._follow()
        self._is_unread = False

    def _say_unread(self, error: OperationalError) -> None:
        if not self._is_unread:
            log.warning("ledgers and rules cannot be read: they stay", reason=str(error.orig))
        self._is_unread = True

    async def _follow_rules(self) -> None:
        version, editions = await asyncio.to_thread(
            kept_editions, self._file, known=self._rules_version
        )
        if version == self._rules_version:
            return
        files, faults = compose(self._rules, editions, self._classes)
        for fault in faults:
            log.warning("rule edition cannot be read: its file's rule holds", fault=str(fault))
        await self._append([draft(RulesChange(files), EVERY_PARTITION)])
        self._rules_version = version
        log.info("rules in force", version=version, edited=len(editions))

    async def _follow(self) -> None:
        read = await asyncio.to_thread(read_from, self._file, self._read)
        version, found = read or (0, ())
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

    def _read(self, engine: Engine) -> tuple[int, tuple[SiteLedger, ...]]:
        store = LedgerStore(engine)
        version = store.version()
        return version, store.all() if version != self._version else ()

    async def _append(self, drafts: Sequence[Draft]) -> None:
        if drafts:
            append = partial(self._journal.append, drafts, at=self._clock.now())
            await asyncio.get_running_loop().run_in_executor(self._worker, append)
