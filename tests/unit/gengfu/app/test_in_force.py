"""What is in force: taken over when the desk changed it, kept while the desk's database cannot be read."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from alerts.service import AlertService
from gateway.service import Gateway
from gengfu.app.in_force import InForce
from gengfu.core.clock import DAY, SystemClock
from gengfu.core.naming import Bilingual
from gengfu.core.record import LedgerChange, Record, RulesChange
from gengfu.database import open_sqlite
from gengfu.ledger.model import EquipmentClass, Site, SiteLedger
from gengfu.ledger.store import LedgerStore
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import SqliteJournal
from rules.editions.store import EditionStore
from rules.packs import shipped
from tests.fakes.manual_clock import ManualClock
from tests.fakes.rule_scene import CLASSES


@dataclass
class Told:
    """Gateway and alerts, as far as they are told of ledgers."""

    sites: list[list[str]] = field(default_factory=list)

    async def set_ledgers(
        self, ledgers: Sequence[SiteLedger], _classes: Mapping[str, EquipmentClass]
    ) -> None:
        self.sites.append([one.site.id for one in ledgers])


class Names:
    def set_ledgers(self, _ledgers: Sequence[SiteLedger]) -> None:
        """Alerts learn names; nobody asks here."""


@dataclass
class Core:
    """What follows the desk, what it told, and what it wrote."""

    file: Path
    folder: Path
    clock: ManualClock
    told: Told
    in_force: InForce

    def have(self, *sites: str) -> None:
        """Let the desk have these sites."""
        engine = open_sqlite(self.file)
        LedgerStore(engine).prepare()
        EditionStore(engine).prepare()
        ledgers = [
            SiteLedger(site=Site(id=one, name=Bilingual(one, one)), places={}, equipment={})
            for one in sites
        ]
        LedgerStore(engine).replace(ledgers, at=SystemClock().now())
        engine.dispose()

    def written(self) -> list[str]:
        """Return what the journal says of ledgers and rules, in order."""
        with closing(FolderReader(self.folder)) as reader:
            records: list[Record] = []
            while found := reader.read(records[-1].position if records else 0):
                records += found
        bodies = [record.body() for record in records]
        return [
            one.site if isinstance(one, LedgerChange) else "rules"
            for one in bodies
            if isinstance(one, LedgerChange | RulesChange)
        ]


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    file, clock, told = tmp_path / "desk.db", ManualClock(), Told()
    with (
        closing(SqliteJournal(tmp_path / "journal")) as journal,
        ThreadPoolExecutor(1) as worker,
    ):
        in_force = InForce(
            file,
            journal,
            cast("Gateway", told),
            cast("AlertService", Names()),
            CLASSES,
            shipped(),
            clock,
            worker,
        )
        yield Core(file, tmp_path / "journal", clock, told, in_force)


async def test_what_cannot_be_read_is_no_longer_in_force(core: Core) -> None:
    """A database that cannot be opened for a moment (no file handle left) takes no ledger away.

    A fire would be that of equipment nobody knows. What changed meanwhile counts once it can be read.
    """
    core.have("a")
    await core.in_force.announce()
    hidden = core.file.with_suffix(".away")
    core.file.rename(hidden)
    core.file.mkdir()  # it is there and cannot be opened
    for _ in range(3):
        core.clock.advance(DAY + 1)
        with pytest.raises(OperationalError):
            await core.in_force.look()
    core.file.rmdir()
    hidden.rename(core.file)
    core.have("a", "b")
    await core.in_force.look()
    assert core.told.sites == [["_gengfu", "a"], ["_gengfu", "a", "b"]]
    assert core.written() == ["rules", "_gengfu", "a", "rules", "_gengfu", "a", "b"]


async def test_a_desk_without_tables_is_waited_for(core: Core) -> None:
    """Before the desk made its tables there are no sites, and core starts all the same."""
    await core.in_force.announce()
    core.file.touch()
    await core.in_force.look()
    assert core.told.sites == [["_gengfu"]]
