"""What the tests of people share: a database in a file and cheap passwords."""

from pathlib import Path

from sqlalchemy import Engine

from gengfu.core.clock import DAY
from gengfu.database import open_sqlite
from gengfu.people import tables
from gengfu.people.accounts import Accounts, NewAccount
from gengfu.people.audit import AuditTrail
from gengfu.people.gate import Gate
from gengfu.people.passwords import Passwords
from gengfu.people.roles import Role
from gengfu.people.sessions import Sessions
from gengfu.people.setup import SetUp
from gengfu.people.throttle import Throttle
from gengfu.people.tokens import Tokens

NOW = 20_000 * DAY
GOOD = "five red lanterns"
KEY = bytes(range(32))
CHEAP = Passwords(memory_kib=8, passes=1)


def engine_in(folder: Path) -> Engine:
    engine = open_sqlite(folder / "desk.db")
    tables.prepare(engine)
    return engine


def gate_in(folder: Path) -> Gate:
    engine = engine_in(folder)
    accounts = Accounts(engine, CHEAP)
    return Gate(
        accounts=accounts,
        sessions=Sessions(engine),
        tokens=Tokens(engine),
        setup=SetUp(engine, accounts),
        audit=AuditTrail(engine, key=KEY, head=folder / "audit.head"),
        throttle=Throttle(),
    )


def person(login: str = "wang", role: Role = Role.GUARD, password: str = GOOD) -> NewAccount:
    return NewAccount(login=login, name=login.title(), password=password, roles=frozenset({role}))
