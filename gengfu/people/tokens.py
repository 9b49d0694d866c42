"""API tokens: for programs, with one role and an end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from gengfu.core.clock import Micros
from gengfu.people import tables
from gengfu.people.opaque import digest_of, new_id, new_secret
from gengfu.people.roles import Role

PREFIX = "gf_"
"""So that a leaked token is recognised by those who search for leaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """One token, without its secret."""

    id: str
    name: str
    role: Role
    created_at: Micros
    expires_at: Micros | None
    revoked_at: Micros | None

    def is_void(self, now: Micros) -> bool:
        """Tell whether it lets nobody in any more."""
        expired = self.expires_at is not None and now >= self.expires_at
        return expired or self.revoked_at is not None


class Tokens:
    """The API tokens in the desk's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads=True)

    def create(
        self, name: str, role: Role, *, at: Micros, expires_at: Micros | None = None
    ) -> tuple[str, ApiToken]:
        """Make a token and return its secret, which is not kept, and what is kept of it."""
        secret = new_secret(PREFIX)
        token = ApiToken(
            id=new_id(),
            name=name,
            role=role,
            created_at=at,
            expires_at=expires_at,
            revoked_at=None,
        )
        with self._engine.begin() as connection:
            connection.execute(
                insert(tables.api_token).values(
                    id=token.id,
                    digest=digest_of(secret),
                    name=name,
                    role=role,
                    created_at=at,
                    expires_at=expires_at,
                )
            )
        return secret, token

    def find(self, secret: str, *, at: Micros) -> ApiToken | None:
        """Return the token with this secret; None when it is void or none at all."""
        query = select(tables.api_token).where(tables.api_token.c.digest == digest_of(secret))
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        token = _token_of(row) if row else None
        return None if token is None or token.is_void(at) else token

    def revoke(self, token: str, *, at: Micros) -> bool:
        """Make a token void from the next request on; False when there is none to revoke."""
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(tables.api_token)
                .where(tables.api_token.c.id == token, tables.api_token.c.revoked_at.is_(None))
                .values(revoked_at=at)
            )
            return changed.rowcount > 0

    def all(self) -> Sequence[ApiToken]:
        """Return all tokens, the newest first."""
        query = select(tables.api_token).order_by(tables.api_token.c.created_at.desc())
        with self._reads.connect() as connection:
            return [_token_of(row) for row in connection.execute(query)]


def _token_of(row: Row[Any]) -> ApiToken:
    return ApiToken(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
