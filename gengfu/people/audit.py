"""Who did what: an insert-only list in which any edit, deletion, reordering or cut shows.

Each entry carries an HMAC-SHA256 over itself and the entry before; the key is not in the database.
The newest entry's number and HMAC stand in a head file beside the key, so that a cut end shows too.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from gengfu.core.clock import Micros
from gengfu.core.said import said
from gengfu.durable import replace_file
from gengfu.people import tables

_BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line: at this time, ``actor`` did ``action`` to ``subject``."""

    number: int
    at: Micros
    actor: str
    action: str
    subject: str
    detail: str
    mac: str

    def mac_with(self, key: bytes, before: str) -> str:
        """Return the HMAC that the entry must have after an entry with HMAC ``before``."""
        content = [before, self.number, self.at, self.actor, self.action, self.subject, self.detail]
        return hmac.new(key, json.dumps(content).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class AuditFault:
    """Where the chain breaks and how."""

    number: int
    message: str


def broken_links(
    entries: Iterator[AuditEntry], key: bytes, head: tuple[int, str]
) -> list[AuditFault]:
    """Return every place where a chain does not hold; ``head`` is where it must at least reach."""
    faults: list[AuditFault] = []
    number, before, reached = 0, _BEGINNING, head[0] == 0
    for entry in entries:
        number += 1
        if entry.number != number:
            faults.append(AuditFault(number, f"entry {number} is missing"))
            number = entry.number
        elif not hmac.compare_digest(entry.mac, entry.mac_with(key, before)):
            faults.append(AuditFault(number, f"entry {number} was changed or moved"))
        before = entry.mac
        reached = reached or (entry.number, entry.mac) == head
    if not reached:
        faults.append(AuditFault(head[0], f"the entries up to {head[0]} were cut off or replaced"))
    return faults


class AuditTrail:
    """The audit trail in the desk's database, and its head file; the desk and a command may both add."""

    def __init__(self, engine: Engine, *, key: bytes, head: Path) -> None:
        """Use a database, a key of at least 32 bytes and a file outside the database.

        Raises:
            ValueError: the key is too short.
        """
        if len(key) < 32:
            raise ValueError(said("the audit key needs 32 bytes"))
        self._engine = engine
        self._reads = engine.execution_options(reads=True)
        self._key = key
        self._head = head
        self._lock = threading.Lock()

    def add(
        self, *, at: Micros, actor: str, action: str, subject: str = "", detail: str = ""
    ) -> None:
        """Add an entry, durable together with the head when this returns.

        Raises:
            OSError: the head file cannot be written; the entry itself is there.
        """
        with self._lock:
            with self._engine.begin() as connection:
                number, before = _newest(connection)
                bare = AuditEntry(
                    number=number + 1,
                    at=at,
                    actor=actor,
                    action=action,
                    subject=subject[:256],
                    detail=detail,
                    mac="",
                )
                mac = bare.mac_with(self._key, before)
                connection.execute(
                    insert(tables.audit_entry).values(
                        number=bare.number,
                        at=at,
                        actor=actor,
                        action=action,
                        subject=bare.subject,
                        detail=detail,
                        mac=mac,
                    )
                )
            self._write_head(bare.number, mac)

    def _write_head(self, number: int, mac: str) -> None:
        replace_file(self._head, f"{number} {mac}\n".encode("ascii"))

    def verify(self) -> list[AuditFault]:
        """Return every sign of an edit, a deletion, a reordering or a cut; [] when it is whole."""
        with self._lock, self._reads.connect() as connection:
            head = self._read_head()
            if head is None:
                if _newest(connection)[0] == 0:
                    return []
                return [AuditFault(0, f"the head file {self._head.name} is missing or unreadable")]
            rows = connection.execute(
                select(tables.audit_entry).order_by(tables.audit_entry.c.number)
            )
            return broken_links(map(_entry_of, rows), self._key, head)

    def _read_head(self) -> tuple[int, str] | None:
        try:
            number, mac = self._head.read_text(encoding="ascii").split()
            return int(number), mac
        except (OSError, ValueError):
            return None

    def entries(self, *, before: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
        """Return entries, the newest first, those with a number below ``before``."""
        query = select(tables.audit_entry).order_by(tables.audit_entry.c.number.desc())
        if before is not None:
            query = query.where(tables.audit_entry.c.number < before)
        with self._reads.connect() as connection:
            return [_entry_of(row) for row in connection.execute(query.limit(limit))]


def _newest(connection: Connection) -> tuple[int, str]:
    table = tables.audit_entry
    query = select(table.c.number, table.c.mac).order_by(table.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return (row.number, row.mac) if row else (0, _BEGINNING)


def _entry_of(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
        mac=row.mac,
    )
