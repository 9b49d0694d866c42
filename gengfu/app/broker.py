"""The broker: its accounts, where it is, and the embedded one as a process."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from gateway.accounts import AccountFiles, core_account, estate_account
from gateway.embedded import EmbeddedSettings, serve
from gateway.endpoint import Endpoint, Version
from gateway.mapping.access import foreign_lines
from gateway.mapping.model import NOTHING, ForeignMapping
from gengfu.config import Settings
from gengfu.core.errors import StartError
from gengfu.installation import Installation
from gengfu.ledger.model import SiteLedger

CORE_ACCOUNT = "gengfu"
SIMULATOR_ACCOUNT = "simulator"


async def run_broker(settings: Settings, ready: Callable[[], None]) -> None:
    """Run the embedded broker until cancelled.

    Raises:
        StartError: when its port cannot be opened.
    """
    place = Installation(settings.data)
    await serve(
        EmbeddedSettings(accounts=str(place.broker), port=settings.broker.port), ready=ready
    )


def prepare_accounts(
    settings: Settings,
    place: Installation,
    ledgers: Sequence[SiteLedger],
    mapping: ForeignMapping = NOTHING,
) -> None:
    """Give core, and the simulators of a demo, their accounts on the embedded broker."""
    files = AccountFiles(place.broker)
    own = core_account(CORE_ACCOUNT, settings.broker.root)
    accounts = [replace(own, lines=(*own.lines, *foreign_lines(mapping)))]
    if settings.demo:
        accounts.append(estate_account(SIMULATOR_ACCOUNT, ledgers, settings.broker.root))
    for account in accounts:
        if account.name not in files.accounts() or not _secret_file(place, account.name).exists():
            place.secret(secret_name(account.name), files.add(account))
    files.allow({**files.accounts(), **{account.name: account for account in accounts}}.values())
    files.refresh(ledgers, settings.broker.root)


def endpoint_of(
    settings: Settings, place: Installation, *, embedded_account: str = CORE_ACCOUNT
) -> Endpoint:
    """Return where the broker is and as whom to speak to it.

    On the embedded broker that is ``embedded_account`` with its generated password.

    Raises:
        StartError: when the embedded broker has no such account.
    """
    broker = settings.broker
    url = urlsplit(broker.address)
    tls = url.scheme == "mqtts"
    user, password = broker.user, broker.secret()
    if broker.embedded:
        user, password = embedded_account, _own_password(place, embedded_account)
    return Endpoint(
        host=url.hostname or "127.0.0.1",
        port=url.port or (8883 if tls else 1883),
        version=Version.V311 if broker.embedded else Version(broker.mqtt),
        tls=tls,
        user=user,
        password=password,
        ca_file=broker.ca_file,
        certificate_file=broker.certificate_file,
        key_file=broker.key_file,
    )


def _own_password(place: Installation, account: str) -> str:
    try:
        return _secret_file(place, account).read_text(encoding="utf-8")
    except FileNotFoundError as exc:
        start = "gengfu up --demo" if account == SIMULATOR_ACCOUNT else "gengfu up"
        raise StartError(
            f"The embedded broker of the folder {place.data} has no account {account!r}. "
            f"After make run say --data demo-data; else start it with {start}, "
            "or name another broker with --broker."
        ) from exc


def secret_name(account: str) -> str:
    """Return the name of the secret that is an account's password."""
    return f"broker-{account}"


def _secret_file(place: Installation, account: str) -> Path:
    return place.secrets / secret_name(account)
