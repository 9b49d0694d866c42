"""Takes a demo away: what in its folder is Gengfu's goes, a person's own files stay.

One journal keeps what demo and real devices said, in one order, so they cannot be parted: where a
person's own stands in the stores too, it is named, and only its ledger is saved.
"""

import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.accounts import AccountFiles
from gengfu.app.broker import CORE_ACCOUNT, SIMULATOR_ACCOUNT
from gengfu.app.editions import kept_editions
from gengfu.app.given_files import classes_of
from gengfu.app.ledgers import ledgers_of
from gengfu.app.setup import DEMO_ESTATE, demo_accounts, was_demo
from gengfu.config import Settings
from gengfu.core.errors import GengfuError, StartError
from gengfu.core.said import Said, joined, said
from gengfu.database import read_from
from gengfu.installation import Installation
from gengfu.ledger.csv_export import export_folder
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import SiteLedger
from gengfu.people.accounts import Accounts
from gengfu.people.passwords import Passwords
from ingest.journal import layout

OWN_LEDGER = "own-ledger"
"""The folder beside the demo's in which sites that are not the demo's are saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What lies in a demo's folder, and what becomes of it."""

    place: Installation
    goes: Mapping[str, Said]
    """By name in the folder: what it is."""
    stays: Sequence[str]
    """Names of what is not Gengfu's."""
    own: Sequence[Said]
    """What of a person's own stands in the stores, and goes with them."""
    sites: Sequence[SiteLedger]
    """Those of it whose ledger is saved."""
    elsewhere: Sequence[Said]
    """What of the demo lies outside the folder, and is not reached."""

    @property
    def megabytes(self) -> int:
        """How much room it takes."""
        every = (path for one in self.place.belongings() for path in (one, *one.rglob("*")))
        return round(sum(path.lstat().st_size for path in every) / 1e6)

    @property
    def saved(self) -> Path:
        """Where the ledger of a person's own sites is saved."""
        return self.place.data / OWN_LEDGER

    def remove(self) -> None:
        """Delete it, the mark of a demo last: whoever is interrupted begins again.

        Raises:
            StartError: something cannot be deleted.
        """
        try:
            if self.sites:
                export_folder(self.sites, self.saved)
            for path in sorted(self.place.belongings(), key=self._comes_last):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as exc:
            raise StartError(f"{exc.filename} cannot be deleted: {exc.strerror}") from exc
        with suppress(OSError):  # a person's own file is in it, or it is a mount
            self.place.data.rmdir()

    def _comes_last(self, path: Path) -> bool:
        return path == self.place.secrets


@contextmanager
def demo_in(settings: Settings) -> Iterator[Demo]:
    """Look what a demo's folder holds, and keep everybody else from it meanwhile.

    Raises:
        GengfuError: the folder holds no demo, or Gengfu runs on it.
    """
    place = Installation(settings.data.absolute())
    if not was_demo(place):
        raise GengfuError(
            said(
                "{} holds no demo, so nothing was removed. That of make run: --data demo-data",
                settings.data,
            )
        )
    with place.locked(), _journal_held(place):
        sites = [one for one in ledgers_of(place) if not _is_demo_site(settings, one.site.id)]
        goes = {path.name: _what(path.name) for path in place.belongings()}
        found = {path.name for path in place.data.iterdir()}
        yield Demo(
            place=place,
            goes=goes,
            stays=sorted(found - goes.keys()),
            own=[*map(_told_site, sites), *_own(place)],
            sites=sites,
            elsewhere=list(_elsewhere(settings)),
        )


@contextmanager
def _journal_held(place: Installation) -> Iterator[None]:
    """Hold the journal too: its writer may have outlived who started it.

    Raises:
        StartError: another process writes it.
    """
    place.journal.mkdir(exist_ok=True)
    with (place.journal / layout.LOCK).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise StartError(f"another process is writing the journal in {place.journal}") from exc
        yield


def _is_demo_site(settings: Settings, site: str) -> bool:
    """Tell whether a site is the demo's, or one of its copies in a past."""
    shipped = [one.site.id for one in read_folder(DEMO_ESTATE, classes_of(settings))]
    return any(
        site == one or (site.startswith(f"{one}-") and site.removeprefix(f"{one}-").isdecimal())
        for one in shipped
    )


def _told_site(ledger: SiteLedger) -> Said:
    return said(
        "site {}, equipment: {}; its ledger is saved as CSV in {}",
        ledger.site.id,
        len(ledger.equipment),
        OWN_LEDGER,
    )


def _own(place: Installation) -> Iterator[Said]:
    """Yield what people added to a demo: accounts, devices, changes of rules."""
    shown = {account.login for account in demo_accounts(place)}
    people = read_from(place.desk, lambda engine: Accounts(engine, Passwords()).all()) or ()
    logins = [one.login for one in people if one.login not in shown]
    if logins:
        yield said("accounts: {}", ", ".join(sorted(logins)))
    devices = AccountFiles(place.broker).accounts().keys() - {CORE_ACCOUNT, SIMULATOR_ACCOUNT}
    if devices:
        yield said("accounts of devices: {}", ", ".join(sorted(devices)))
    _, editions = kept_editions(place.desk)
    if editions:
        yield said("rules changed on the page: {}", ", ".join(sorted(one.rule for one in editions)))


def _elsewhere(settings: Settings) -> Iterator[Said]:
    if settings.store.url != "duckdb":
        yield said("readings in {}: empty it yourself", settings.store.url)
    if not settings.broker.embedded:
        yield said("retained messages on the broker {}", settings.broker.url)


def _what(name: str) -> Said:
    """Return what a file of the folder is for a person; nothing for what only machines read."""
    words = {
        "journal": said("all that devices said"),
        "safety": said("the second record of life-safety events"),
        "readings.duckdb": said("readings"),
        "alerts.db": said("alerts and what people did about them"),
        "desk.db": said("ledger, accounts, availability, audit trail"),
        "broker": said("accounts of devices"),
        "secrets": said("passwords and keys"),
        "past-truth.csv": said("the truth of a made past"),
    }
    return words.get(name, joined("", ()))
