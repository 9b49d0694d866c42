"""What a journal promises to those who write it and to those who read it.

The folder of segments (``sqlite.py``, ``reader.py``) is one way to keep the promise; NATS JetStream
may become another.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gengfu.core.clock import Micros
from gengfu.core.identity import Identity
from gengfu.core.names import Names
from gengfu.core.record import Draft, Record


class Flaw(StrEnum):
    """What was wrong with a part of the journal that start-up found damaged."""

    FOREIGN_FILE = "foreign_file"
    """No file of the journal."""
    ZERO_FILLED = "zero_filled"
    """A file of nothing but zero bytes, as some file systems leave after a power cut."""
    TRUNCATED = "truncated"
    """The end is missing."""
    BAD_CHECKSUM = "bad_checksum"
    UNREADABLE = "unreadable"
    """SQLite or the file system refuses to read it."""
    GAP = "gap"
    """Positions are missing between two records; said again at every start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One damaged part: where, what, which positions are lost, and where the original lies now."""

    file: str
    flaw: Flaw
    detail: str = ""
    lost: Collection[int] = range(0)
    """Exactly the positions whose records no reader will see; empty when nothing was lost."""
    kept_as: str | None = None
    """The name below ``damaged/`` of the untouched original."""


class Journal(Protocol):
    """The writing end. One process, one thread at a time."""

    names: Names
    """The table that drafts' rows refer to; grow it, and ``append`` writes what is new."""

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Make records durable together with the identities of the messages they came from.

        A NAMES record goes before them when ``names`` grew. ``written_at`` becomes ``at``, or the
        last record's when that is later. Returns the drafts' positions, in their order.

        Raises:
            JournalFull: the disk is full; nothing was written.
            JournalError: nothing may be acknowledged, now or later: restart the process.
        """

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]:
        """Return those identities that were appended before, however long ago."""

    def last(self) -> tuple[int, Micros]:
        """Return the last position and its ``written_at``; (0, 0) for an empty journal."""

    def close(self) -> None:
        """Let go of the folder."""


class JournalReader(Protocol):
    """A reading end: any number of them, in any process, while the writer writes."""

    @property
    def names(self) -> Names:
        """The names as of the last record returned."""

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        """Return the next records with a position above ``after``; [] when there is nothing new.

        Positions follow each other without gaps, except where damage was set aside.
        """

    def first_position(self) -> int:
        """Return the oldest position still kept; 1 for an empty journal."""

    def last_position(self) -> int:
        """Return the newest position; 0 for an empty journal."""

    def position_at(self, at: Micros) -> int:
        """Return the last position written before ``at``: reading after it begins at that time."""
