"""What the journal's tests share: small records, and looks at a folder from outside."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gengfu.core.batch import TopicKind
from gengfu.core.clock import HOUR
from gengfu.core.identity import Counted, Identified
from gengfu.core.record import Draft, Record, RecordKind
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import Roll, SqliteJournal

NEVER = Roll(bytes=2**60, age=10**6 * HOUR)


def note(payload: bytes, partition: int = 7) -> Draft:
    """Return a draft whose payload the journal has no business to understand."""
    return Draft(partition=partition, kind=RecordKind.ACTION, payload=payload)


def counted(seq: int, equipment: str = "pump-1", boot: str = "b1") -> Counted:
    return Counted(equipment, TopicKind.TELEMETRY, boot, seq)


def identified(number: int, equipment: str = "pump-1") -> Identified:
    return Identified(equipment, f"e-{number}")


@contextmanager
def journal(folder: Path, roll: Roll = NEVER, vfs: str | None = None) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(folder, roll=roll, vfs=vfs)) as opened:
        yield opened


def read_all(folder: Path, *, limit: int = 7) -> list[Record]:
    """Read everything with a new reader, a few records at a time."""
    with closing(FolderReader(folder)) as reader:
        found: list[Record] = []
        after = 0
        while more := reader.read(after, limit=limit):
            assert len(more) <= limit
            found.extend(more)
            after = more[-1].position
        return found


def payloads(folder: Path) -> list[bytes]:
    """Return the payloads of all records but names."""
    return [one.payload for one in read_all(folder) if one.kind is not RecordKind.NAMES]
