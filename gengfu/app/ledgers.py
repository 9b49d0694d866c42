"""The ledger of an installation: its tables, and how it gets in and out by files."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from gengfu.app.broker import prepare_accounts
from gengfu.app.given_files import classes_of, mapping_of
from gengfu.config import Settings
from gengfu.core.errors import BadInput, GengfuError
from gengfu.core.said import said
from gengfu.database import open_sqlite, read_from
from gengfu.installation import Installation
from gengfu.ledger.csv_export import export_folder
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.linkage import responses, sheet
from gengfu.ledger.model import SiteLedger
from gengfu.ledger.store import LedgerStore


def ledger_store(place: Installation) -> LedgerStore:
    """Open the ledger's tables, making them where they are missing."""
    place.prepare()
    store = LedgerStore(open_sqlite(place.desk))
    store.prepare()
    return store


def ledgers_of(place: Installation) -> tuple[SiteLedger, ...]:
    """Return the ledgers of a folder as they stand; none where nobody imported one. It only reads.

    Raises:
        GengfuError: they cannot be read now.
    """
    try:
        return read_from(place.desk, lambda engine: LedgerStore(engine).all()) or ()
    except DBAPIError as exc:
        raise GengfuError(f"{place.desk} cannot be read: {exc.orig}") from exc


def import_ledger(
    settings: Settings, folder: Path, *, dry_run: bool = False
) -> tuple[SiteLedger, ...]:
    """Import a folder of CSV files as the ledger; a running core takes it over by itself.

    Raises:
        BadInput: all mistakes at once; nothing was imported.
    """
    if not folder.is_dir():
        raise BadInput.of(str(folder), "", said("is no folder"))
    ledgers = read_folder(folder, classes_of(settings))
    if not dry_run:
        place = Installation(settings.data)
        ledger_store(place).replace(ledgers, settings.clock.clock().now())
        if settings.broker.embedded:
            prepare_accounts(settings, place, ledgers, mapping_of(settings))
    return ledgers


def export_ledger(settings: Settings, folder: Path) -> None:
    """Write the ledger as CSV files.

    Raises:
        GengfuError: there is none.
    """
    ledgers = ledgers_of(Installation(settings.data))
    if not ledgers:
        raise GengfuError(f"{settings.data} holds no ledger: give the data folder with --data.")
    export_folder(ledgers, folder)


def export_linkage(settings: Settings, site: str, building: str, file: Path) -> int:
    """Write a building's linkage test sheet; return how many responses it lists.

    Raises:
        BadInput: when there is no such site or building.
    """
    ledgers = {one.site.id: one for one in ledgers_of(Installation(settings.data))}
    if site not in ledgers:
        known = ", ".join(ledgers) or said("none")
        raise BadInput.of(
            "ledger", "", said("there is no site {!r}", site), said("it has {}", known)
        )
    file.write_bytes(sheet(ledgers[site], building))
    return len(responses(ledgers[site], building))
