"""Where the estate projection is kept: desk.db, with the journal position it covers.

Everything that one step changed is written in one transaction with the position, so that a process
killed at any moment neither loses a state nor has one twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
)

from dashboards.estate.letter_page import LetterPage, read_cursor, write_cursor
from gengfu.core.clock import Micros
from gengfu.core.record import DeadLetter, RejectReason, Tally
from gengfu.core.states import OperatingState, StateInterval

metadata = MetaData()

KEPT_LETTERS = 10_000
PREVIEW = 512
"""How many bytes of a dead letter are kept for the list; the whole one stands in the journal."""
_GONE = ""

_cursor = Table(
    "estate_cursor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("tally", LargeBinary, nullable=False),
)
_sites = Table(
    "estate_site",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
_memories = Table(
    "estate_memory",
    metadata,
    Column("equipment", String(64), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
_states = Table(
    "operating_state",
    metadata,
    Column("equipment", String(64), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
)
_letters = Table(
    "dead_letter",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("topic", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", String, nullable=False),
    Column("items", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What stood in the database when the process started."""

    position: int = 0
    written_at: Micros = 0
    tally: Tally = field(default_factory=Tally)
    sites: Mapping[str, bytes] = field(default_factory=dict)
    memories: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Step:
    """What one step changed, to be written together."""

    position: int
    written_at: Micros
    tally: Tally
    sites: dict[str, bytes] = field(default_factory=dict)
    memories: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, tuple[Micros, Sequence[tuple[Micros, str]]]] = field(default_factory=dict)
    """Equipment → from when on its saved states are replaced, and by what."""
    gone: set[str] = field(default_factory=set)
    """Equipment that left the ledger: what is remembered of it goes, its states stay."""
    letters: list[tuple[int, int, DeadLetter]] = field(default_factory=list)
    """(position, item in the record, letter)"""
    forget_before: Micros | None = None
    """States that ended before this time go, when it is time to look."""

    def tell(
        self, equipment: str, since: Micros, states: Sequence[tuple[Micros, OperatingState]]
    ) -> None:
        """Replace an equipment's states from ``since`` on, saved ones and those told before."""
        self._replace(equipment, since, states)

    def leave(self, equipment: str, at: Micros) -> None:
        """Note that an equipment left the ledger: from then on it has no state."""
        self._replace(equipment, at, [(at, _GONE)])
        self.gone.add(equipment)

    def _replace(self, equipment: str, since: Micros, states: Sequence[tuple[Micros, str]]) -> None:
        first, told = self.states.get(equipment, (since, ()))
        kept = [one for one in told if one[0] < since]
        self.states[equipment] = min(first, since), [*kept, *states]


class EstateTables:
    """The projection's tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads=True)

    def prepare(self) -> None:
        """Make the tables; harmless when they are there."""
        metadata.create_all(self._engine)

    def load(self) -> Saved:
        """Return what was saved last."""
        with self._reading.connect() as connection:
            row = connection.execute(select(_cursor)).first()
            if row is None:
                return Saved()
            sites = connection.execute(select(_sites.c.site, _sites.c.document))
            memories = connection.execute(select(_memories.c.equipment, _memories.c.document))
            return Saved(
                position=row.position,
                written_at=row.written_at,
                tally=msgspec.msgpack.decode(row.tally, type=Tally),
                sites={site: document for site, document in sites},  # noqa: C416 – rows, no pairs
                memories={equipment: document for equipment, document in memories},  # noqa: C416
            )

    def save(self, step: Step) -> None:
        """Write a step whole, or not at all."""
        with self._engine.begin() as connection:
            _put(connection, _sites, "site", step.sites)
            _put(connection, _memories, "equipment", step.memories)
            _replace_states(connection, step.states)
            for equipment in step.gone:
                connection.execute(delete(_memories).where(_memories.c.equipment == equipment))
            _add_letters(connection, step.letters)
            if step.forget_before is not None:
                _forget(connection, step.forget_before)
            connection.execute(delete(_cursor))
            connection.execute(
                insert(_cursor).values(
                    id=1,
                    position=step.position,
                    written_at=step.written_at,
                    tally=msgspec.msgpack.encode(step.tally),
                )
            )

    def intervals(self, equipment: str, start: Micros, end: Micros) -> list[StateInterval]:
        """Return the states that touch [start, end), in order; the last may still hold (end None)."""
        next_change = select(func.min(_states.c.start)).where(
            _states.c.equipment == equipment, _states.c.start >= end
        )
        with self._reading.connect() as connection:
            changes = _told(connection, _changes(start, end), equipment)
            return _intervals(equipment, changes, connection.execute(next_change).scalar())

    def all_intervals(self, start: Micros, end: Micros) -> dict[str, list[StateInterval]]:
        """Return the states of everything in the ledger that touch [start, end); the last of each open."""
        return self._of_everything(_changes(start, end))

    def since_up(self, start: Micros, end: Micros) -> dict[str, list[StateInterval]]:
        """Return the states of everything in the ledger from when it was last up by ``start`` on.

        Standby counts as running. A lift changes between them 2,000 times a day; the database
        leaves these changes out much faster than we could read them.
        """
        return self._of_everything(_up_as_one(_changes_since_up(start, end)))

    def _of_everything(self, query: "Select[Micros, str]") -> dict[str, list[StateInterval]]:
        with self._reading.connect() as connection:
            everything = connection.execute(select(_memories.c.equipment)).scalars().all()
            return {one: _intervals(one, _told(connection, query, one), None) for one in everything}

    def letters(
        self, limit: int, *, cursor: str | None = None, reason: str | None = None
    ) -> LetterPage:
        """Return rejected messages, the newest first; payloads are cut to ``PREVIEW`` bytes.

        Raises:
            ValueError: ``cursor`` is none.
        """
        place = tuple_(_letters.c.position, _letters.c.item)
        query = select(_letters).order_by(_letters.c.position.desc(), _letters.c.item.desc())
        if cursor is not None:
            query = query.where(place < read_cursor(cursor))
        if reason is not None:
            query = query.where(_letters.c.reason == reason)
        with self._reading.connect() as connection:
            rows = connection.execute(query.limit(limit + 1)).mappings().all()
        shown, more = rows[:limit], len(rows) > limit
        last = write_cursor(shown[-1]["position"], shown[-1]["item"]) if more else None
        return LetterPage([_letter(row) for row in shown], last)


def _told(
    connection: Connection, query: "Select[Micros, str]", equipment: str
) -> list[tuple[Micros, str]]:
    rows = connection.execute(query, {"equipment": equipment})
    return [(row.start, row.state) for row in rows]


def _changes(start: Micros, end: Micros) -> "Select[Micros, str]":
    """Ask for an ``equipment``'s state at ``start`` and its changes until before ``end``."""
    held = select(func.max(_states.c.start)).where(_mine(), _states.c.start <= start)
    return _changes_from(func.coalesce(held.scalar_subquery(), start), end)


def _changes_since_up(start: Micros, end: Micros) -> "Select[Micros, str]":
    """Ask for an ``equipment``'s changes before ``end``, from when it was last up by ``start`` on."""
    was_up = _states.c.state.in_([OperatingState.RUNNING.value, OperatingState.STANDBY.value])
    last_up = select(func.max(_states.c.start)).where(_mine(), _states.c.start <= start, was_up)
    return _changes_from(func.coalesce(last_up.scalar_subquery(), 0), end)


def _mine() -> ColumnElement[bool]:
    return _states.c.equipment == bindparam("equipment")


def _changes_from(first: ColumnElement[int], end: Micros) -> "Select[Micros, str]":
    return (
        select(_states.c.start, _states.c.state)
        .where(_mine(), _states.c.start >= first, _states.c.start < end)
        .order_by(_states.c.start)
    )


def _up_as_one(query: "Select[Micros, str]") -> "Select[Micros, str]":
    """Leave out what only changes between running and standby."""
    changes = query.subquery()
    standby = changes.c.state == OperatingState.STANDBY
    state = case((standby, OperatingState.RUNNING.value), else_=changes.c.state).label("state")
    before = func.lag(state).over(order_by=changes.c.start).label("before")
    told = select(changes.c.start, state, before).subquery()
    differs = told.c.before.is_(None) | (told.c.before != told.c.state)
    return select(told.c.start, told.c.state).where(differs).order_by(told.c.start)


def _put(connection: Connection, table: Table, key: str, documents: Mapping[str, bytes]) -> None:
    if not documents:
        return
    rows = [{key: name, "document": document} for name, document in documents.items()]
    connection.execute(
        delete(table).where(table.c[key] == bindparam("name")),
        [{"name": name} for name in documents],
    )
    connection.execute(insert(table), rows)


def _replace_states(
    connection: Connection, told: Mapping[str, tuple[Micros, Sequence[tuple[Micros, str]]]]
) -> None:
    """Replace everyone's states from when on they are others."""
    if not told:
        return
    connection.execute(
        delete(_states).where(_mine(), _states.c.start >= bindparam("since")),
        [{"equipment": one, "since": since} for one, (since, _) in told.items()],
    )
    rows = [
        {"equipment": one, "start": start, "state": state}
        for one, (_, states) in told.items()
        for start, state in states
    ]
    if rows:
        connection.execute(insert(_states), rows)


def _forget(connection: Connection, before: Micros) -> None:
    """Drop states that ended by then: those that another one of the equipment follows by then."""
    later = _states.alias("later")
    ended = exists().where(
        later.c.equipment == _states.c.equipment,
        later.c.start > _states.c.start,
        later.c.start <= before,
    )
    connection.execute(delete(_states).where(_states.c.start < before, ended))


def _add_letters(connection: Connection, letters: Sequence[tuple[int, int, DeadLetter]]) -> None:
    if not letters:
        return
    connection.execute(
        insert(_letters),
        [
            {
                "position": position,
                "item": item,
                "topic": letter.topic,
                "payload": letter.payload[:PREVIEW],
                "received_at": letter.received_at,
                "reason": letter.reason,
                "detail": letter.detail,
                "items": letter.items,
            }
            for position, item, letter in letters
        ],
    )
    newest = select(_letters.c.position).order_by(_letters.c.position.desc())
    oldest_kept = connection.execute(newest.offset(KEPT_LETTERS).limit(1)).scalar()
    if oldest_kept is not None:
        connection.execute(delete(_letters).where(_letters.c.position < oldest_kept))


def _letter(row: RowMapping) -> DeadLetter:
    return DeadLetter(
        topic=row["topic"],
        payload=row["payload"],
        received_at=row["received_at"],
        reason=RejectReason(row["reason"]),
        detail=row["detail"],
        items=row["items"],
    )


def _intervals(
    equipment: str, changes: Sequence[tuple[Micros, str]], end: Micros | None
) -> list[StateInterval]:
    """Turn changes into intervals; neighbours of the same state are one."""
    intervals: list[StateInterval] = []
    if not changes:  # not yet in the ledger then
        return intervals
    ends = [*(start for start, _ in changes[1:]), end]
    for (start, state), until in zip(changes, ends, strict=True):
        if state == _GONE:
            continue
        last = intervals[-1] if intervals else None
        if last is not None and (last.state, last.end) == (state, start):
            start = intervals.pop().start  # noqa: PLW2901 – the joined interval begins earlier
        intervals.append(StateInterval(equipment, OperatingState(state), start, until))
    return intervals
