"""What is done to an installation before or beside its processes: tables, ledger, accounts."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gateway.mapping.file import load_mapping
from gateway.mapping.model import NOTHING, ForeignMapping
from gengfu.app.broker import prepare_accounts
from gengfu.app.people import gate_of
from gengfu.config import Settings
from gengfu.core.clock import HOUR, Micros, SystemClock, to_iso
from gengfu.core.errors import BadInput, Fault
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_export import export_folder
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.linkage import responses, sheet
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.ledger.store import LedgerStore
from gengfu.marked import read_text
from gengfu.people.accounts import NewAccount
from gengfu.people.gate import Gate
from gengfu.people.roles import Role
from ingest.journal.reader import FolderReader

RULE_PACKS = Path(__file__).parents[2] / "rules" / "packs"
DEMO_ESTATE = Path(__file__).parents[2] / "simulators" / "demo"


def classes_of(settings: Settings) -> Mapping[str, EquipmentClass]:
    """Return the built-in equipment classes and the installation's own.

    Raises:
        BadInput: all mistakes in class files at once.
    """
    extra = () if settings.classes_dir is None else (settings.classes_dir,)
    return load_classes(None, *extra)


def mapping_of(settings: Settings) -> ForeignMapping:
    """Return which foreign devices are which equipment; nothing when no file says it.

    Raises:
        BadInput: all mistakes in the file at once, with their lines.
    """
    return NOTHING if settings.mappings is None else load_mapping(settings.mappings)


def rule_files(settings: Settings) -> Mapping[str, str]:
    """Return the built-in rule packs and the installation's own rule files: name → YAML text.

    Raises:
        BadInput: when the installation's folder is not there or a file is not UTF-8.
    """
    own = settings.rules_dir
    if own is not None and not own.is_dir():
        raise BadInput([Fault(str(own), "", "there is no such folder of rules", "rules_dir")])
    shipped = {file.name: read_text(file) for file in sorted(RULE_PACKS.glob("*.yaml"))}
    files = {file.name: read_text(file) for file in sorted(own.glob("*.yaml"))} if own else {}
    mend = "give it another name; a shipped rule is changed on the rules page"
    if same := shipped.keys() & files.keys():
        raise BadInput(
            [Fault(str(own), name, "a shipped pack has this name", mend) for name in sorted(same)]
        )
    return {**shipped, **files}


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
            prepare_accounts(settings, place, ledgers, mapping_of(settings))
    return ledgers


def export_ledger(settings: Settings, folder: Path) -> None:
    """Write the ledger as CSV files."""
    export_folder(ledger_store(Installation(settings.data)).all(), folder)


def export_linkage(settings: Settings, site: str, building: str, file: Path) -> int:
    """Write a building's linkage test sheet; return how many responses it lists.

    Raises:
        BadInput: when there is no such site or building.
    """
    ledgers = {one.site.id: one for one in ledger_store(Installation(settings.data)).all()}
    if site not in ledgers:
        known = ", ".join(ledgers) or "none"
        raise BadInput([Fault("ledger", "", f"there is no site {site!r}", f"it has {known}")])
    file.write_bytes(sheet(ledgers[site], building))
    return len(responses(ledgers[site], building))


def prepare(settings: Settings, place: Installation) -> None:
    """Make an installation ready to start: tables, the demo's estate and accounts, broker accounts.

    Raises:
        BadInput: all mistakes in class files at once.
        StartError: when the folder cannot be written.
    """
    store = ledger_store(place)
    if settings.demo and not store.all():
        store.replace(read_folder(DEMO_ESTATE, classes_of(settings)), 0)
    gate = gate_of(open_sqlite(place.desk), place)
    now = settings.clock.clock().now()
    if settings.demo and not gate.accounts.all():
        _make_demo_accounts(gate, place, now)
    if settings.broker.embedded:
        prepare_accounts(settings, place, store.all(), mapping_of(settings))
    token = gate.setup.issue(at=now)
    if token is None:
        (place.secrets / SETUP_TOKEN).unlink(missing_ok=True)
    else:
        place.secret(SETUP_TOKEN, token)


SETUP_TOKEN = "setup-token"  # noqa: S105 – a file's name
DEMO_ACCOUNTS = "demo-accounts.json"
DEMO_RATE = 60.0
"""How fast the demo's first day runs until it has caught up with the present."""
DEMO_LEAD = 12 * HOUR
"""How much of the past the demo plays first: 12 minutes at that rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """An account of a demo; its password was generated for this installation."""

    login: str
    role: str
    password: str = field(repr=False)


_DEMO_PEOPLE = (
    ("guard", Role.GUARD, "王师傅"),
    ("engineer", Role.ENGINEER, "李工"),
    ("manager", Role.MANAGER, "陈经理"),
    ("admin", Role.ADMIN, "管理员"),
)


def _make_demo_accounts(gate: Gate, place: Installation, now: Micros) -> None:
    made = []
    for login, role, name in _DEMO_PEOPLE:
        password = secrets.token_urlsafe(9)
        new = NewAccount(login=login, name=name, password=password, roles=frozenset({role}))
        gate.accounts.create(new, at=now)
        made.append(DemoAccount(login=login, role=role.value, password=password))
    place.secret(DEMO_ACCOUNTS, json.dumps([asdict(account) for account in made]))


def demo_accounts(place: Installation) -> Sequence[DemoAccount]:
    """Return the demo's accounts; none when this installation was never a demo."""
    file = place.secrets / DEMO_ACCOUNTS
    if not file.exists():
        return ()
    return [DemoAccount(**account) for account in json.loads(file.read_text(encoding="utf-8"))]


def setup_token(place: Installation) -> str | None:
    """Return the one-time set-up token while no account exists."""
    file = place.secrets / SETUP_TOKEN
    return file.read_text(encoding="utf-8") if file.exists() else None


def demo_clock(place: Installation) -> tuple[str | None, float]:
    """Return when and how fast the demo's clock starts: a shortened past, only the first time."""
    if FolderReader(place.journal).last_position() > 0:
        return None, 1.0
    return to_iso(SystemClock().now() - DEMO_LEAD), DEMO_RATE


def gate(settings: Settings) -> Gate:
    """Open the people's tables of an installation."""
    place = Installation(settings.data)
    place.prepare()
    return gate_of(open_sqlite(place.desk), place)


def add_account(settings: Settings, login: str, name: str, role: Role, password: str | None) -> str:
    """Add an account and return its password; one is made when none is given.

    Raises:
        BadInput: everything about the account that is not acceptable.
    """
    chosen = password if password is not None else secrets.token_urlsafe(12)
    new = NewAccount(login=login, name=name, password=chosen, roles=frozenset({role}))
    people, now = gate(settings), settings.clock.clock().now()
    account = people.accounts.create(new, at=now)
    people.audit.add(at=now, actor="command line", action="account_added", subject=account.login)
    return chosen


def disable_account(settings: Settings, login: str) -> None:
    """Disable an account.

    Raises:
        BadInput: when there is no such account, or it is the last administrator.
    """
    people, now = gate(settings), settings.clock.clock().now()
    found = [account for account in people.accounts.all() if account.login == login]
    if not found:
        raise BadInput([Fault("account", login, "there is no such account")])
    people.accounts.set_disabled(found[0].id, True)
    people.audit.add(at=now, actor="command line", action="account_disabled", subject=login)


def add_token(settings: Settings, name: str, role: Role) -> str:
    """Make an API token and return its secret, which is not kept."""
    people, now = gate(settings), settings.clock.clock().now()
    secret, token = people.tokens.create(name, role, at=now)
    people.audit.add(at=now, actor="command line", action="token_made", subject=token.name)
    return secret
