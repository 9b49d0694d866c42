"""What is done to an installation before or beside its processes: tables, ledger, accounts."""

from collections.abc import Mapping
from pathlib import Path

from gengfu.app.broker import prepare_accounts
from gengfu.config import Settings
from gengfu.core.errors import BadInput, Fault
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_export import export_folder
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.store import LedgerStore

DEMO_ESTATE = Path(__file__).parents[2] / "simulators" / "demo"


def classes_of(settings: Settings) -> Mapping[str, EquipmentClass]:
    """Return the built-in equipment classes and the installation's own.

    Raises:
        BadInput: all mistakes in class files at once.
    """
    extra = () if settings.classes_dir is None else (settings.classes_dir,)
    return load_classes(None, *extra)


def ledger_store(place: Installation) -> LedgerStore:
    """Open the ledger's tables, making them where they are missing."""
    place.prepare()
    store = LedgerStore(open_sqlite(place.desk))
    store.prepare()
    return store


def import_ledger(
    settings: Settings, folder: Path, *, dry_run: bool = False
) -> tuple[SiteLedger, ...]:
    """Import a folder of CSV files as the ledger; a running core takes it over by itself.

    Raises:
        BadInput: all mistakes at once; nothing was imported.
    """
    if not folder.is_dir():
        raise BadInput([Fault(str(folder), "", "is no folder")])
    ledgers = read_folder(folder, classes_of(settings))
    if not dry_run:
        place = Installation(settings.data)
        ledger_store(place).replace(ledgers, settings.clock.clock().now())
        if settings.broker.embedded:
            prepare_accounts(settings, place, ledgers)
    return ledgers


def export_ledger(settings: Settings, folder: Path) -> None:
    """Write the ledger as CSV files."""
    export_folder(ledger_store(Installation(settings.data)).all(), folder)
