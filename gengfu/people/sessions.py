"""Sessions: opaque, on the server, void the moment anything about them is revoked."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, delete, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from gengfu.core.clock import DAY, MINUTE, Micros
from gengfu.database import is_full
from gengfu.people import tables
from gengfu.people.accounts import Account, account_of
from gengfu.people.opaque import digest_of, new_secret

SEEN_EVERY: Micros = MINUTE
"""So often a session's last use is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a session lasts. A guard's phone goes through a shift and a few days off."""

    idle: Micros = 7 * DAY
    absolute: Micros = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One open session, without its secret."""

    opened_at: Micros
    seen_at: Micros


def is_void(session: Session, account: Account, limits: Limits, now: Micros) -> bool:
    """Tell whether a session lets nobody in any more."""
    return (
        account.disabled
        or session.opened_at < account.password_at
        or now - session.opened_at >= limits.absolute
        or now - session.seen_at >= limits.idle
    )


class Sessions:
    """The sessions in the desk's database."""

    def __init__(self, engine: Engine, limits: Limits = Limits()) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads=True)
        self._limits = limits

    def open(self, account: str, *, address: str, at: Micros) -> str:
        """Open a session and return its secret, which is not kept."""
        secret = new_secret()
        with self._engine.begin() as connection:
            connection.execute(delete(tables.session).where(self._expired(at)))
            connection.execute(
                insert(tables.session).values(
                    digest=digest_of(secret),
                    account=account,
                    opened_at=at,
                    seen_at=at,
                    address=address[:64],
                )
            )
        return secret

    def _expired(self, now: Micros) -> ColumnElement[bool]:
        return or_(
            tables.session.c.opened_at <= now - self._limits.absolute,
            tables.session.c.seen_at <= now - self._limits.idle,
        )

    def account_of(self, secret: str, *, at: Micros) -> Account | None:
        """Return whose session it is now; None when it is void or none at all."""
        digest = digest_of(secret)
        query = (
            select(tables.session.c.opened_at, tables.session.c.seen_at, tables.account)
            .join(tables.account, tables.account.c.id == tables.session.c.account)
            .where(tables.session.c.digest == digest)
        )
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        account = account_of(row)
        session = Session(opened_at=row.opened_at, seen_at=row.seen_at)
        if is_void(session, account, self._limits, at):
            return None
        if at - session.seen_at >= SEEN_EVERY:
            self._see(digest, at)
        return account

    def _see(self, digest: str, at: Micros) -> None:
        """Note when somebody was there last; on a full disk he comes in without that."""
        seen = (
            update(tables.session)
            .where(tables.session.c.digest == digest, tables.session.c.seen_at < at)
            .values(seen_at=at)
        )
        try:
            with self._engine.begin() as connection:
                connection.execute(seen)
        except OperationalError as exc:
            if not is_full(exc):
                raise

    def revoke(self, secret: str) -> None:
        """End a session; an unknown one is no error."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(tables.session).where(tables.session.c.digest == digest_of(secret))
            )
