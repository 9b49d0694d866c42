"""The evidence of linkage: every run, drill or real, kept for ever beside the alerts.

The engine remembers only the newest runs; what it changed is written here record by record. The same
run written again, as after a restart, is the same row.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Engine, Index, LargeBinary, MetaData, Table, Text, select
from sqlalchemy.dialects.sqlite import insert

from gengfu.core.clock import Micros
from gengfu.core.naming import Subject
from rules.linkage.run import Run

metadata = MetaData()

_runs = Table(
    "linkage_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("run", LargeBinary, nullable=False),
)
Index("linkage_by_time", _runs.c.began)
Index("linkage_of_subject", _runs.c.origin, _runs.c.part, _runs.c.began)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Run).decode


class RunStore:
    """Runs by id, by time and by what their alerts speak of. Core alone writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prepare(self) -> None:
        """Make the table; harmless when it is there."""
        metadata.create_all(self._engine)

    def keep(self, runs: Sequence[Run]) -> None:
        """Write runs as they stand now, in one transaction, each in place of its older self."""
        if not runs:
            return
        statement = insert(_runs)
        newer = {name: statement.excluded[name] for name in ("ended", "part", "run")}
        statement = statement.on_conflict_do_update(index_elements=[_runs.c.id], set_=newer)
        with self._engine.begin() as connection:
            connection.execute(statement, [_row(run) for run in runs])

    def get(self, run_id: str) -> Run | None:
        """Return one run."""
        query = select(_runs.c.run).where(_runs.c.id == run_id)
        with self._engine.connect() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else _decode(found)

    def list(
        self, sites: Sequence[str] | None, start: Micros, end: Micros, *, limit: int = 200
    ) -> tuple[Run, ...]:
        """Return the runs that began in [start, end) at some sites (None: all), the newest first."""
        query = select(_runs.c.run).where(_runs.c.began >= start, _runs.c.began < end)
        if sites is not None:
            query = query.where(_runs.c.site.in_(sites))
        query = query.order_by(_runs.c.began.desc(), _runs.c.id).limit(limit)
        with self._engine.connect() as connection:
            return tuple(_decode(found) for found in connection.execute(query).scalars())

    def of_subject(self, subject: Subject, since: Micros, until: Micros | None) -> Run | None:
        """Return the newest run that an alert about ``subject``, open in that time, can mean."""
        query = select(_runs.c.run).where(
            _runs.c.origin == subject.equipment,
            _runs.c.part == (subject.part or ""),
            _runs.c.ended.is_(None) | (_runs.c.ended >= since),
        )
        if until is not None:
            query = query.where(_runs.c.began <= until)
        with self._engine.connect() as connection:
            found = connection.execute(query.order_by(_runs.c.began.desc()).limit(1)).scalar()
        return None if found is None else _decode(found)


def _row(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "site": run.site,
        "origin": run.origin,
        "part": run.part or "",
        "began": run.began,
        "ended": run.ended,
        "run": _encode(run),
    }
