"""Makes an installation ready to start: tables, broker accounts, and the demo's estate and people."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gengfu.app.accounts import gate_of
from gengfu.app.broker import SIMULATOR_ACCOUNT, prepare_accounts, secret_name
from gengfu.app.given_files import classes_of, mapping_of
from gengfu.app.ledgers import ledger_store
from gengfu.config import Settings
from gengfu.core.clock import HOUR, Micros, SystemClock, to_iso
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.csv_import import read_folder
from gengfu.people.accounts import NewAccount
from gengfu.people.gate import Gate
from gengfu.people.roles import Role
from ingest.journal.reader import FolderReader

DEMO_ESTATE = Path(__file__).parents[2] / "simulators" / "demo"


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


def was_demo(place: Installation) -> bool:
    """Tell whether an installation was ever started as a demo."""
    marks = (DEMO_ACCOUNTS, secret_name(SIMULATOR_ACCOUNT))
    return any((place.secrets / mark).exists() for mark in marks)


def demo_clock(place: Installation) -> tuple[str | None, float]:
    """Return when and how fast the demo's clock starts: a shortened past, only the first time."""
    if FolderReader(place.journal).last_position() > 0:
        return None, 1.0
    return to_iso(SystemClock().now() - DEMO_LEAD), DEMO_RATE
