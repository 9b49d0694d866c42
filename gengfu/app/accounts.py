"""Accounts, sessions and tokens over the desk's database, and what the command line does to them."""

import secrets

from sqlalchemy import Engine

from gengfu.config import Settings
from gengfu.core.errors import BadInput, GengfuError
from gengfu.core.said import said
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.people import tables
from gengfu.people.accounts import Accounts, NewAccount, normal_login
from gengfu.people.audit import AuditTrail
from gengfu.people.gate import Gate
from gengfu.people.passwords import Passwords
from gengfu.people.roles import Role
from gengfu.people.sessions import Sessions
from gengfu.people.setup import SetUp
from gengfu.people.throttle import Throttle
from gengfu.people.tokens import Tokens


def gate_of(engine: Engine, place: Installation) -> Gate:
    """Put the people's parts together, making tables and keys where they are missing."""
    tables.prepare(engine)
    accounts = Accounts(engine, Passwords())
    return Gate(
        accounts=accounts,
        sessions=Sessions(engine),
        tokens=Tokens(engine),
        setup=SetUp(engine, accounts),
        audit=AuditTrail(engine, key=_audit_key(place), head=place.data / "audit.head"),
        throttle=Throttle(),
    )


def _audit_key(place: Installation) -> bytes:
    file = place.secrets / "audit.key"
    if not file.exists():
        place.secret(file.name, secrets.token_hex(32))
    return bytes.fromhex(file.read_text(encoding="ascii"))


def gate(settings: Settings) -> Gate:
    """Open the people's tables of an installation."""
    place = Installation(settings.data)
    place.prepare()
    return gate_of(open_sqlite(place.desk), place)


def gate_of_a_system(settings: Settings) -> Gate:
    """Open the people's tables of a folder that has some.

    Raises:
        GengfuError: there are none, so the folder is the wrong one.
    """
    if not Installation(settings.data).desk.exists():
        raise GengfuError(f"{settings.data} holds no accounts: give the data folder with --data.")
    return gate(settings)


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


def set_password(settings: Settings, login: str, password: str | None) -> str:
    """Give an account a new password and return it; one is made when none is given.

    Raises:
        BadInput: when there is no such account, or the password is too weak.
    """
    chosen = password if password is not None else secrets.token_urlsafe(12)
    people, now = gate_of_a_system(settings), settings.clock.clock().now()
    people.accounts.change_password(_account(people, login), chosen, at=now)
    people.audit.add(at=now, actor="command line", action="password_changed", subject=login)
    return chosen


def disable_account(settings: Settings, login: str, *, disabled: bool = True) -> None:
    """Disable an account, or let it in again.

    Raises:
        BadInput: when there is no such account, or it is the last administrator.
    """
    people, now = gate_of_a_system(settings), settings.clock.clock().now()
    people.accounts.set_disabled(_account(people, login), disabled)
    action = "account_disabled" if disabled else "account_enabled"
    people.audit.add(at=now, actor="command line", action=action, subject=login)


def _account(people: Gate, login: str) -> str:
    """Return the id of the account with a login."""
    wanted = normal_login(login)
    found = next((one.id for one in people.accounts.all() if one.login == wanted), None)
    if found is None:
        raise BadInput.of("account", login, said("there is no such account"))
    return found


def add_token(settings: Settings, name: str, role: Role) -> str:
    """Make an API token and return its secret, which is not kept."""
    people, now = gate(settings), settings.clock.clock().now()
    secret, token = people.tokens.create(name, role, at=now)
    people.audit.add(at=now, actor="command line", action="token_made", subject=token.name)
    return secret
