"""The tables of people in the desk's database; SQLite and PostgreSQL alike."""

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Engine,
    ForeignKey,
    MetaData,
    String,
    Table,
    Text,
    event,
)

metadata = MetaData()

account = Table(
    "account",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("roles", String(128), nullable=False),
    Column("sites", Text),
    Column("language", String(2)),
    Column("password", String(256), nullable=False),
    Column("password_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
)

session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account", ForeignKey("account.id"), nullable=False, index=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

setup_token = Table(
    "setup_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("issued_at", BigInteger, nullable=False),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("detail", Text, nullable=False),
    Column("mac", String(64), nullable=False),
)

for _operation in ("UPDATE", "DELETE"):
    # A fence against mistakes of our own; against people with the file there is the chain.
    event.listen(
        audit_entry,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_no_{_operation.lower()} BEFORE {_operation} ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is insert-only'); END"
        ).execute_if(dialect="sqlite"),
    )


def prepare(engine: Engine) -> None:
    """Make the tables; harmless when they are there."""
    metadata.create_all(engine)
