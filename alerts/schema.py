"""The tables of alerts. Core alone writes them; desk reads them.

SQLite or PostgreSQL: plain columns, times as µs, structured values as JSON text. A part or an
equipment that is not there is an empty text, so that the unique index sees it as equal.
"""

from pathlib import Path

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    case,
    event,
    inspect,
    text,
)

from gengfu.core.urgency import Kind, Response
from gengfu.database import open_sqlite

metadata = MetaData()

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("equipment", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("opened_position", BigInteger),
    Column("equipment_class", Text),
    Column("building", Text),
    Column("zone", Text),
    Column("place_zh", Text, nullable=False),
    Column("place_en", Text, nullable=False),
    Column("name_zh", Text),
    Column("name_en", Text),
    Column("kind", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("response", Text, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("condition", Text, nullable=False),
    Column("handling", Text, nullable=False),
    Column("latched", Boolean, nullable=False),
    Column("shelved_until", BigInteger),
    Column("verdict", Text),
    Column("cause", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("called_at", BigInteger, nullable=False),
    Column("condition_since", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("arrived_at", BigInteger),
    Column("reset_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("occurrences", Integer, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("advice", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("children", Text, nullable=False),
    Column("assignee", Text),
    Column("due_at", BigInteger),
    Column("due_what", Text),
    Column("due_round", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("version >= 1", name="version_counts"),
    CheckConstraint("(handling = 'closed') = (closed_at IS NOT NULL)", name="closed_has_a_time"),
    CheckConstraint(
        "due_at IS NOT NULL OR handling NOT IN ('new', 'notified', 'received')",
        name="untaken_has_a_clock",
    ),
)
_IS_OPEN = alerts.c.handling != "closed"
_ONE_OPEN = _IS_OPEN & (alerts.c.source == "rule")
one_open_alert = Index(
    "one_open_alert",
    alerts.c.rule,
    alerts.c.equipment,
    alerts.c.part,
    unique=True,
    sqlite_where=_ONE_OPEN,
    postgresql_where=_ONE_OPEN,
)
Index("alerts_of_subject", alerts.c.rule, alerts.c.equipment, alerts.c.part)
Index("alerts_due", alerts.c.due_at)
Index("alerts_by_urgency", alerts.c.urgency, alerts.c.opened_at)
Index("alerts_by_opening", alerts.c.opened_at)

timeline = Table(
    "timeline",
    metadata,
    Column("change", BigInteger, primary_key=True, autoincrement=False),
    Column("alert", Text, ForeignKey(alerts.c.id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    UniqueConstraint("alert", "version", name="one_line_for_each_version"),
)
"""Every change of every alert: a line for each version, ``change`` counted 1, 2, 3 without gaps."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert", Text, ForeignKey(alerts.c.id), nullable=False),
    Column("channel", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("life_safety", Boolean, nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("last_failure", Text, nullable=False),
)
"""What has to be sent, each to one channel; a row stays after it was sent: it is the proof."""
_IN_ORDER = Index(
    "outbox_in_order",
    outbox.c.state,
    outbox.c.channel,
    outbox.c.life_safety,
    outbox.c.urgency,
    outbox.c.attempts,
    outbox.c.created_at,
    outbox.c.id,
)
Index("outbox_of_alert", outbox.c.alert)

actions = Table(
    "actions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("change", BigInteger, ForeignKey(timeline.c.change), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("journaled", Boolean, nullable=False),
)
"""Verdicts and resets on their way to the journal, where rules see them."""
Index("actions_waiting", actions.c.journaled)

requests = Table(
    "requests",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("alert", Text, ForeignKey(alerts.c.id), nullable=False),
    Column("digest", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
"""People's requests that were done, by their idempotency keys."""

progress = Table(
    "progress",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""How far in the journal the verdicts are applied, and the latest time that was ever used."""

for _statement in ("UPDATE", "DELETE"):
    event.listen(
        timeline,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it unannotated
            f"CREATE TRIGGER timeline_no_{_statement.lower()} BEFORE {_statement} ON timeline "
            "BEGIN SELECT RAISE(ABORT, 'the timeline is insert-only'); END"
        ).execute_if(dialect="sqlite"),
    )


def open_alerts(file: Path) -> Engine:
    """Open the alerts' database to write, with its tables there."""
    engine = open_sqlite(file)
    metadata.create_all(engine)
    there = {column["name"] for column in inspect(engine).get_columns("alerts")}
    if "response" not in there:
        _add_responses(engine)
    if "called_at" not in there:
        _add_calls(engine)
    if _IN_ORDER.name not in {index["name"] for index in inspect(engine).get_indexes("outbox")}:
        _put_in_order(engine)
    return engine


def _put_in_order(engine: Engine) -> None:
    """Give an older version's outbox the index in whose order it is sent."""
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX IF EXISTS outbox_waiting"))
        _IN_ORDER.create(connection)


def _add_calls(engine: Engine) -> None:
    """Let the alerts of an older version, which did not tell, have called when they opened."""
    with engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE alerts ADD COLUMN called_at BIGINT NOT NULL DEFAULT 0")
        )
        connection.execute(alerts.update().values(called_at=alerts.c.opened_at))


def _add_responses(engine: Engine) -> None:
    """Give the alerts of an older version, which knew none, the response class that is usual."""
    usual = case(
        ((alerts.c.kind == Kind.LIFE_SAFETY) & (alerts.c.priority == 1), Response.IMMEDIATE),
        (alerts.c.kind == Kind.LIFE_SAFETY, Response.RESCUE),
        ((alerts.c.kind == Kind.SECURITY) & alerts.c.latched, Response.URGENT),
        (alerts.c.kind == Kind.SECURITY, Response.PROMPT),
        (alerts.c.latched, Response.ORDINARY),
        else_=Response.PLANNED,
    )
    with engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE alerts ADD COLUMN response TEXT NOT NULL DEFAULT 'planned'")
        )
        connection.execute(alerts.update().values(response=usual))
