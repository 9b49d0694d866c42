"""A database whose disk is full for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError


@contextmanager
def full(engine: Engine) -> Iterator[None]:
    """Refuse whatever would write, as SQLite does."""

    def refuse(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.split(maxsplit=1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", refuse)
