"""Accounts: who can sign in, as what, for which sites. A fresh installation has none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.naming import Language
from gengfu.core.said import said
from gengfu.people import tables
from gengfu.people.opaque import new_id
from gengfu.people.passwords import Passwords, weakness
from gengfu.people.roles import Role

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's account."""

    id: str
    login: str
    name: str
    roles: frozenset[Role]
    sites: frozenset[str] | None
    """None = every site."""
    language: Language | None
    """None = as the browser asks."""
    created_at: Micros
    password_at: Micros
    """When the password was set; sessions from before are void."""
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account is made of."""

    login: str
    name: str
    password: str = field(repr=False)
    roles: frozenset[Role]
    sites: frozenset[str] | None = None
    language: Language | None = None


def faults_of(new: NewAccount) -> list[Fault]:
    """Return everything that is not acceptable about a new account."""
    faults = []
    if not _LOGIN.fullmatch(new.login):
        mend = said("1 to 64 of a-z 0-9 . _ @ -, beginning with a letter or digit")
        faults.append(Fault("account", "login", said("{!r} is no login", new.login), mend))
    if not new.name.strip():
        faults.append(Fault("account", "name", said("is empty")))
    if not new.roles:
        faults.append(Fault("account", "roles", said("has no role")))
    weak = weakness(new.password, new.login)
    if weak:
        faults.append(Fault("account", "password", weak))
    return faults


def normal_login(text: str) -> str:
    """Return a login as it is stored, however it was typed."""
    return text.strip().casefold()


class Accounts:
    """The accounts in the desk's database."""

    def __init__(self, engine: Engine, passwords: Passwords) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads=True)
        self._passwords = passwords

    def create(self, new: NewAccount, *, at: Micros) -> Account:
        """Make an account.

        Raises:
            BadInput: everything that is not acceptable, or the login is taken.
        """
        row = self._row(new, at)
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(tables.account).values(row))
        except IntegrityError as exc:
            raise BadInput.of("account", "login", said("{} is taken", new.login)) from exc
        return _known(self.get(row["id"]))

    def create_first(self, connection: Connection, new: NewAccount, *, at: Micros) -> None:
        """Make an account within a transaction of the caller's.

        Raises:
            BadInput: everything that is not acceptable.
        """
        connection.execute(insert(tables.account).values(self._row(new, at)))

    def _row(self, new: NewAccount, at: Micros) -> dict[str, Any]:
        if faults := faults_of(new):
            raise BadInput(faults)
        return {
            "id": new_id(),
            "login": new.login,
            "name": new.name.strip(),
            "roles": _joined(new.roles),
            "sites": None if new.sites is None else _joined(new.sites),
            "language": new.language,
            "password": self._passwords.hash(new.password),
            "password_at": at,
            "created_at": at,
            "disabled": False,
        }

    def check(self, login: str, password: str) -> Account | None:
        """Return the account that login and password belong to, unless it is disabled.

        An unknown login takes as long as a wrong password.
        """
        query = select(tables.account).where(tables.account.c.login == normal_login(login))
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        if not self._passwords.fits(password, row.password if row else None):
            return None
        if row is None or row.disabled:
            return None
        if self._passwords.is_outdated(row.password):
            self._change(row.id, {"password": self._passwords.hash(password)})
        return account_of(row)

    def change_password(self, account: str, password: str, *, at: Micros) -> None:
        """Set a new password; every session opened before is void.

        Raises:
            BadInput: it is not acceptable, or there is no such account.
        """
        known = self.get(account)
        weak = said("no such account") if known is None else weakness(password, known.login)
        if weak:
            raise BadInput.of("account", "password", weak)
        self._change(account, {"password": self._passwords.hash(password), "password_at": at})

    def set_disabled(self, account: str, disabled: bool) -> None:
        """Shut an account out from the next request on, or let it in again.

        Raises:
            BadInput: there is no such account, or nobody could administer any more.
        """
        with self._engine.begin() as connection:
            if disabled and not _other_admins(connection, account):
                raise BadInput.of("account", account, said("is the last administrator"))
            changed = connection.execute(
                update(tables.account)
                .where(tables.account.c.id == account)
                .values(disabled=disabled)
            )
            if changed.rowcount == 0:
                raise BadInput.of("account", account, said("no such account"))

    def _change(self, account: str, values: Mapping[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update(tables.account).where(tables.account.c.id == account).values(values)
            )

    def get(self, account: str) -> Account | None:
        """Return an account by its id."""
        with self._reads.connect() as connection:
            query = select(tables.account).where(tables.account.c.id == account)
            row = connection.execute(query).first()
        return account_of(row) if row else None

    def all(self) -> Sequence[Account]:
        """Return all accounts by login."""
        with self._reads.connect() as connection:
            rows = connection.execute(select(tables.account).order_by(tables.account.c.login))
            return [account_of(row) for row in rows]

    def names(self) -> Mapping[str, str]:
        """Return what people are called, by account id."""
        with self._reads.connect() as connection:
            rows = connection.execute(select(tables.account.c.id, tables.account.c.name))
            return {row.id: row.name for row in rows}


def exist(connection: Connection) -> bool:
    """Tell whether there is any account."""
    return bool(connection.execute(select(func.count()).select_from(tables.account)).scalar())


def account_of(row: Row[Any]) -> Account:
    """Make an account of a row of its table."""
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=frozenset(map(Role, row.roles.split(","))),
        sites=None if row.sites is None else frozenset(filter(None, row.sites.split(","))),
        language=row.language,
        created_at=row.created_at,
        password_at=row.password_at,
        disabled=row.disabled,
    )


def _other_admins(connection: Connection, account: str) -> bool:
    rows = connection.execute(select(tables.account).where(~tables.account.c.disabled))
    return any(Role.ADMIN in one.roles and one.id != account for one in map(account_of, rows))


def _joined(words: frozenset[Role] | frozenset[str]) -> str:
    return ",".join(sorted(words))


def _known(account: Account | None) -> Account:
    assert account is not None
    return account
