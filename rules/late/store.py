"""What late data changed, kept in the desk's database beside how far the journal was looked at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    and_,
    insert,
    inspect,
    or_,
    select,
    text,
    update,
)

from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.urgency import Kind, Severity
from rules.late.hindsight import Changed, Finding

metadata = MetaData()

_findings = Table(
    "late_finding",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("changed", String(32), nullable=False),
    Column("rule", String(160), nullable=False),
    Column("site", String(64), nullable=False, index=True),
    Column("equipment", String(64), nullable=False, index=True),
    Column("part", String(64)),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("severity", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("looked_until", BigInteger, nullable=False),
)
_cursor = Table(
    "late_cursor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
)


class FindingStore:
    """Findings by site and equipment. Desk alone writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads=True)

    def prepare(self) -> None:
        """Make the tables; harmless when they are there."""
        metadata.create_all(self._engine)
        _add_looked_until(self._engine)

    def position(self) -> int | None:
        """Return up to where the journal was looked at; None = never."""
        with self._reads.connect() as connection:
            return connection.execute(select(_cursor.c.position)).scalar()

    def keep(
        self, found: Sequence[tuple[str, Micros, Micros, Sequence[Finding]]], position: int
    ) -> None:
        """Keep what was found for (site, since, until) in place of what stood there before.

        A look has no say in an alarm beyond the time that it looked at. One transaction with
        ``position``: looking again after a kill changes nothing.
        """
        with self._engine.begin() as connection:
            for site, since, until, findings in found:
                seen = (_findings.c.since <= until) & (_findings.c.looked_until >= since)
                still_on = or_(_findings.c.until.is_(None), _findings.c.until >= since)
                of_site = _findings.delete().where(_findings.c.site == site)
                connection.execute(of_site.where(seen & still_on))
                for one in findings:
                    connection.execute(of_site.where(_same_alarm(one)))
                    connection.execute(insert(_findings).values(**_row(one), looked_until=until))
            if not connection.execute(update(_cursor).values(position=position)).rowcount:
                connection.execute(insert(_cursor).values(id=1, position=position))

    def of_equipment(self, equipment: str, *, limit: int = 50) -> tuple[Finding, ...]:
        """Return an equipment's findings, the newest first."""
        query = select(_findings).where(_findings.c.equipment == equipment)
        return self._read(query, limit)

    def of_sites(
        self, sites: Sequence[str] | None, start: Micros, end: Micros, *, limit: int = 500
    ) -> tuple[Finding, ...]:
        """Return what began in [start, end) at some sites (None: all), the newest first."""
        query = select(_findings).where(_findings.c.since >= start, _findings.c.since < end)
        if sites is not None:
            query = query.where(_findings.c.site.in_(sites))
        return self._read(query, limit)

    def _read(self, query: Select[Any], limit: int) -> tuple[Finding, ...]:
        ordered = query.order_by(_findings.c.since.desc(), _findings.c.id).limit(limit)
        with self._reads.connect() as connection:
            return tuple(_finding_of(row) for row in connection.execute(ordered))


def _same_alarm(one: Finding) -> ColumnElement[bool]:
    """Return what an alarm is known by that an earlier look found as well."""
    return and_(
        _findings.c.rule == one.rule,
        _findings.c.equipment == one.subject.equipment,
        _findings.c.part == one.subject.part,
        _findings.c.since == one.since,
    )


def _add_looked_until(engine: Engine) -> None:
    """Give the findings of an older version the least that was looked at: their beginning."""
    table = _findings.name
    if any(column["name"] == "looked_until" for column in inspect(engine).get_columns(table)):
        return
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER TABLE {table} ADD COLUMN looked_until BIGINT NOT NULL DEFAULT 0")
        )
        connection.execute(update(_findings).values(looked_until=_findings.c.since))


def _row(one: Finding) -> dict[str, object]:
    return {
        "changed": one.changed,
        "rule": one.rule,
        "site": one.site,
        "equipment": one.subject.equipment,
        "part": one.subject.part,
        "since": one.since,
        "until": one.until,
        "severity": one.severity,
        "kind": one.kind,
        "title_zh": one.title.zh,
        "title_en": one.title.en,
    }


def _finding_of(row: Row[Any]) -> Finding:
    return Finding(
        changed=Changed(row.changed),
        rule=row.rule,
        site=row.site,
        subject=Subject(row.equipment, row.part),
        since=row.since,
        until=row.until,
        severity=Severity(row.severity),
        kind=Kind(row.kind),
        title=Bilingual(row.title_zh, row.title_en),
    )
