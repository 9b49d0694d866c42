"""What late data changed, kept in the desk's database beside how far the journal was looked at."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    or_,
    select,
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

    def position(self) -> int | None:
        """Return up to where the journal was looked at; None = never."""
        with self._reads.connect() as connection:
            return connection.execute(select(_cursor.c.position)).scalar()

    def keep(
        self, found: Sequence[tuple[str, Micros, Micros, Sequence[Finding]]], position: int
    ) -> None:
        """Keep what was found for (site, since, until) in place of what stood there before.

        One transaction with ``position``: looking again after a kill changes nothing.
        """
        with self._engine.begin() as connection:
            for site, since, until, findings in found:
                stood = (
                    (_findings.c.site == site)
                    & (_findings.c.since <= until)
                    & or_(_findings.c.until.is_(None), _findings.c.until >= since)
                )
                connection.execute(_findings.delete().where(stood))
                if findings:
                    connection.execute(insert(_findings), [_row(one) for one in findings])
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
