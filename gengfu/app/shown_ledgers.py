"""The ledgers as the desk shows them, kept up with the database."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import structlog

from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.store import LedgerStore

_log = structlog.get_logger(__name__)


class ShownLedgers:
    """All sites, and the classes of equipment."""

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
            self.sites = {ledger.site.id: self._shown(ledger) for ledger in self._store.all()}
            self._version = version

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            await asyncio.sleep(2)
            await asyncio.to_thread(self.look)

    def _shown(self, ledger: SiteLedger) -> SiteLedger:
        """Leave out what no class describes any more, as gateway and rules do; all else is shown."""
        every = ledger.equipment
        known = {id_: one for id_, one in every.items() if one.equipment_class in self.classes}
        if len(known) == len(every):
            return ledger
        _log.error(
            "equipment_without_class",
            site=ledger.site.id,
            classes=sorted({one.equipment_class for one in every.values()} - self.classes.keys()),
            equipment=sorted(every.keys() - known.keys()),
            mend="bring the class's file back (classes_dir), or import a ledger without them",
        )
        alone = {
            id_: replace(one, parent=None) for id_, one in known.items() if one.parent not in known
        }
        return replace(ledger, equipment=known | alone)
