"""The one-time token that makes the first administrator: there is no default account.

It exists only while no account exists, and whoever reads the program's output has it.
"""

import hmac

from sqlalchemy import Connection, Engine, delete, insert, select

from gengfu.core.clock import Micros
from gengfu.people import accounts, tables
from gengfu.people.accounts import Accounts, NewAccount
from gengfu.people.opaque import digest_of, new_secret
from gengfu.people.roles import Role


class SetUp:
    """Issues the token and takes it back once."""

    def __init__(self, engine: Engine, known: Accounts) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads=True)
        self._accounts = known

    def issue(self, *, at: Micros) -> str | None:
        """Return a new token, in place of any before; None once there is an account."""
        secret = new_secret()
        with self._engine.begin() as connection:
            connection.execute(delete(tables.setup_token))
            if accounts.exist(connection):
                return None
            connection.execute(
                insert(tables.setup_token).values(digest=digest_of(secret), issued_at=at)
            )
        return secret

    def is_waiting(self) -> bool:
        """Tell whether a token is out and unused."""
        with self._reads.connect() as connection:
            return _issued(connection) is not None and not accounts.exist(connection)

    def use(self, token: str, login: str, password: str, *, at: Micros) -> bool:
        """Make the first administrator; False when the token does not fit or is used.

        Raises:
            BadInput: login or password are not acceptable; the token can be used again.
        """
        new = NewAccount(login=login, name=login, password=password, roles=frozenset({Role.ADMIN}))
        with self._engine.begin() as connection:
            issued = _issued(connection)
            fits = issued is not None and hmac.compare_digest(issued, digest_of(token))
            if not fits or accounts.exist(connection):
                return False
            self._accounts.create_first(connection, new, at=at)
            connection.execute(delete(tables.setup_token))
        return True


def _issued(connection: Connection) -> str | None:
    return connection.execute(select(tables.setup_token.c.digest)).scalar()
