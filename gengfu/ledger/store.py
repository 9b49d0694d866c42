"""The ledgers that hold now, and every version before: what stood where at any past time.

A version is a list of documents; equal documents are kept once, so a small change costs little.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    select,
)

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput
from gengfu.ledger import snapshot
from gengfu.ledger.check import shared_ids
from gengfu.ledger.model import SiteLedger

metadata = MetaData()

_documents = Table(
    "ledger_document",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
_versions = Table(
    "ledger_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
)
_contents = Table(
    "ledger_content",
    metadata,
    Column("version", ForeignKey("ledger_version.version"), primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("digest", ForeignKey("ledger_document.digest"), nullable=False),
)


@dataclass(frozen=True, slots=True)
class LedgerVersion:
    """One state of all ledgers: its number, and from when on it held."""

    version: int
    at: Micros


class LedgerStore:
    """Ledgers in a database. Desk alone writes; anyone may read through an engine of his own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads=True)

    def prepare(self) -> None:
        """Make the tables; harmless when they are there."""
        metadata.create_all(self._engine)

    def replace(self, ledgers: Sequence[SiteLedger], at: Micros) -> int:
        """Put sites in place of those with the same ids; other sites stay. Return the version.

        Each ledger was checked when it was read. Nothing changed makes no new version.

        Raises:
            BadInput: when an equipment id would stand in two sites; nothing is changed then.
        """
        with self._engine.begin() as connection:
            version = _latest(connection)
            before = _read(connection, version)
            after = {one.site.id: one for one in before} | {one.site.id: one for one in ledgers}
            if faults := [finding.fault() for finding in shared_ids(tuple(after.values()))]:
                raise BadInput(faults)
            if tuple(after.values()) == before:
                return version
            return _write(connection, tuple(after.values()), at)

    def all(self) -> tuple[SiteLedger, ...]:
        """Return the ledgers that hold now."""
        with self._reading.connect() as connection:
            return _read(connection, _latest(connection))

    def at(self, time: Micros) -> tuple[SiteLedger, ...]:
        """Return the ledgers that held at a past time; none before the first import."""
        held = select(func.max(_versions.c.version)).where(_versions.c.at <= time)
        with self._reading.connect() as connection:
            return _read(connection, connection.execute(held).scalar() or 0)

    def version(self) -> int:
        """Return the number of the version that holds now; 0 = never imported."""
        with self._reading.connect() as connection:
            return _latest(connection)

    def versions(self) -> tuple[LedgerVersion, ...]:
        """Return all versions, the newest first."""
        newest_first = select(_versions).order_by(_versions.c.version.desc())
        with self._reading.connect() as connection:
            return tuple(LedgerVersion(*row) for row in connection.execute(newest_first))


def _latest(connection: Connection) -> int:
    return connection.execute(select(func.max(_versions.c.version))).scalar() or 0


def _read(connection: Connection, version: int) -> tuple[SiteLedger, ...]:
    rows = connection.execute(
        select(_documents.c.document)
        .join(_contents, _contents.c.digest == _documents.c.digest)
        .where(_contents.c.version == version)
        .order_by(_contents.c.rank)
    )
    return tuple(snapshot.decode(document) for (document,) in rows)


def _write(connection: Connection, ledgers: Sequence[SiteLedger], at: Micros) -> int:
    inserted = connection.execute(_versions.insert().values(at=at)).inserted_primary_key
    version = int(inserted[0]) if inserted else 0
    for rank, ledger in enumerate(ledgers):
        document = snapshot.encode(ledger)
        digest = hashlib.sha256(document).hexdigest()
        known = select(_documents.c.digest).where(_documents.c.digest == digest)
        if connection.execute(known).first() is None:
            connection.execute(_documents.insert().values(digest=digest, document=document))
        connection.execute(
            _contents.insert().values(
                version=version, site=ledger.site.id, rank=rank, digest=digest
            )
        )
    return version
