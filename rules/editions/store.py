"""Editions in the desk's database. Desk alone writes; core and commands read."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from gengfu.core.clock import Micros
from rules.editions.model import Edition, Status, Trial

metadata = MetaData()

_TRIAL_COLUMNS = ("tried_at", "tried_from", "tried_to", "alarms", "walks")

_editions = Table(
    "rule_edition",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("rule", String(160), nullable=False),
    Column("text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    *(Column(name, BigInteger) for name in _TRIAL_COLUMNS),
    Column("second", String(64)),
    Column("decided_at", BigInteger),
)
_open = _editions.c.status.in_([Status.IN_FORCE, Status.PROPOSED])
Index(
    "rule_edition_one",
    _editions.c.rule,
    _editions.c.status,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)
_changes = Table(
    "rule_change",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
)
"""Counts changes of what is in force, so that a reader sees one without comparing texts."""
_trials = Table(
    "rule_trial",
    metadata,
    Column("digest", String(64), primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in _TRIAL_COLUMNS),
)


class NotProposed(Exception):
    """The edition waits for nobody (any more)."""


class EditionStore:
    """What people made of the rules, all of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads=True)

    def prepare(self) -> None:
        """Make the tables; harmless when they are there."""
        metadata.create_all(self._engine)

    def version(self) -> int:
        """Return a number that rises with every change of what is in force; 0 = never changed."""
        with self._reads.connect() as connection:
            return connection.execute(select(func.max(_changes.c.number))).scalar() or 0

    def in_force(self) -> tuple[Edition, ...]:
        """Return the editions in force, in the order in which they came."""
        return self._having(Status.IN_FORCE)

    def proposed(self) -> tuple[Edition, ...]:
        """Return the editions that wait for a second person."""
        return self._having(Status.PROPOSED)

    def of(self, rule: str) -> tuple[Edition, ...]:
        """Return all editions of a rule, the newest first."""
        query = select(_editions).where(_editions.c.rule == rule)
        with self._reads.connect() as connection:
            rows = connection.execute(query.order_by(_editions.c.number.desc()))
            return tuple(_edition_of(row) for row in rows)

    def get(self, number: int) -> Edition | None:
        """Return one edition."""
        with self._reads.connect() as connection:
            row = connection.execute(select(_editions).where(_editions.c.number == number)).first()
        return _edition_of(row) if row else None

    def add(self, drafts: Sequence[Edition]) -> tuple[Edition, ...]:
        """Keep editions, all or none; their numbers are given here.

        Those in force or proposed replace what stood so for the same rule.
        """
        with self._engine.begin() as connection:
            return tuple(self._add(connection, one) for one in drafts)

    def _add(self, connection: Connection, draft: Edition) -> Edition:
        _retire(connection, draft.rule, draft.status)
        row = {
            "rule": draft.rule,
            "text": draft.text,
            "status": draft.status,
            "author": draft.author,
            "at": draft.at,
            "reason": draft.reason,
            **_trial_row(draft.trial),
        }
        number = connection.execute(insert(_editions).values(row)).inserted_primary_key
        if draft.status is Status.IN_FORCE:
            connection.execute(insert(_changes).values(at=draft.at))
        found = connection.execute(select(_editions).where(_editions.c.number == number[0]))  # type: ignore[index]
        return _edition_of(found.one())

    def decide(
        self, number: int, *, second: str, at: Micros, approve: bool, back: bool = False
    ) -> Edition:
        """Bring a proposed edition into force, or refuse it.

        ``back``: it is the file's own text. Then no edition is in force, and the rule follows its
        file, also to the next version's.

        Raises:
            NotProposed: it is not (or no longer) proposed.
        """
        with self._engine.begin() as connection:
            query = select(_editions).where(_editions.c.number == number)
            row = connection.execute(query).first()
            if row is None or row.status != Status.PROPOSED:
                raise NotProposed
            approved = Status.REPLACED if back else Status.IN_FORCE
            status = approved if approve else Status.REFUSED
            if approve:
                _retire(connection, row.rule, Status.IN_FORCE)
                connection.execute(insert(_changes).values(at=at))
            connection.execute(
                update(_editions)
                .where(_editions.c.number == number)
                .values(status=status, second=second, decided_at=at)
            )
            return _edition_of(connection.execute(query).one())

    def restore(self, rule: str, *, by: str, at: Micros) -> bool:
        """Let a rule be again as its file has it; False when it was.

        What was proposed against the edition is refused: it is about a rule that is no more.
        """
        mine = (_editions.c.rule == rule) & (_editions.c.status == Status.IN_FORCE)
        ended = {"status": Status.REPLACED, "second": by, "decided_at": at}
        with self._engine.begin() as connection:
            if not connection.execute(update(_editions).where(mine).values(ended)).rowcount:
                return False
            _retire(connection, rule, Status.PROPOSED)
            connection.execute(insert(_changes).values(at=at))
            return True

    def note_trial(self, draft: str, trial: Trial) -> None:
        """Remember that a text was back-tested."""
        row = {"digest": digest(draft), **_trial_row(trial)}
        with self._engine.begin() as connection:
            connection.execute(_trials.delete().where(_trials.c.digest == row["digest"]))
            connection.execute(insert(_trials).values(row))

    def trial_of(self, draft: str) -> Trial | None:
        """Return the newest back-test of exactly this text."""
        query = select(_trials).where(_trials.c.digest == digest(draft))
        with self._reads.connect() as connection:
            row = connection.execute(query).first()
        return _trial_of(row) if row else None

    def _having(self, status: Status) -> tuple[Edition, ...]:
        query = select(_editions).where(_editions.c.status == status).order_by(_editions.c.number)
        with self._reads.connect() as connection:
            return tuple(_edition_of(row) for row in connection.execute(query))


def digest(draft: str) -> str:
    """Return what a text is known by; blanks at the ends of lines do not count."""
    lines = (line.rstrip() for line in draft.strip().splitlines())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _retire(connection: Connection, rule: str, status: Status) -> None:
    """Make room: there is one edition in force, and one proposed, of a rule."""
    mine = (_editions.c.rule == rule) & (_editions.c.status == status)
    after = Status.REFUSED if status is Status.PROPOSED else Status.REPLACED
    connection.execute(update(_editions).where(mine).values(status=after))


def _trial_row(trial: Trial | None) -> Mapping[str, int | None]:
    values = (trial.at, trial.start, trial.end, trial.alarms, trial.walks) if trial else (None,) * 5
    return dict(zip(_TRIAL_COLUMNS, values, strict=True))


def _trial_of(row: Row[Any]) -> Trial | None:
    if row.tried_at is None:
        return None
    return Trial(
        at=row.tried_at,
        start=row.tried_from,
        end=row.tried_to,
        alarms=row.alarms,
        walks=row.walks,
    )


def _edition_of(row: Row[Any]) -> Edition:
    return Edition(
        number=row.number,
        rule=row.rule,
        text=row.text,
        status=Status(row.status),
        author=row.author,
        at=row.at,
        reason=row.reason,
        trial=_trial_of(row),
        second=row.second,
        decided_at=row.decided_at,
    )
