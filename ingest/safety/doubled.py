"""The journal's writer with the second record behind it: who writes here has both.

At start the two are compared: what the journal lost is appended to it again, what the file lacks is
added to it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from gengfu.core.batch import Event, Flag
from gengfu.core.clock import Micros
from gengfu.core.identity import Identified, Identity
from gengfu.core.names import Names
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Draft, Record, RecordKind, Tally, decode, draft
from ingest.journal.port import Damage, Flaw, Journal
from ingest.safety.entry import Entry, entry_of
from ingest.safety.file import Reading, SafetyFile

LOOK_BACK = 20_000
"""So many of the journal's newest records are looked at for what the file lacks. It is written right
after the journal, in the same thread: a crash costs it the last append."""
_ALWAYS: Micros = 2**62
FILES = 2
"""So many of the newest files (months) are compared."""


class Tight(Journal, Protocol):
    """A journal that knows how full the disk is."""

    @property
    def is_tight(self) -> bool: ...
    def mind_room(self) -> None: ...


class Reader(Protocol):
    """The journal's reading end, as far as it is needed here."""

    @property
    def names(self) -> Names: ...
    def read(self, after: int, *, limit: int = ...) -> Sequence[Record]: ...
    def position_at(self, at: Micros) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the comparison found and mended."""

    again: int = 0
    """Events that the journal had lost and has again."""
    added: int = 0
    """Events that the file lacked and has now."""
    damages: tuple[Damage, ...] = ()
    """Files with lines that are not what was written."""


class DoubledJournal:
    """Appends to the journal, then life-safety events to the second record; then it returns."""

    def __init__(self, journal: Tight, second: SafetyFile, life_safety: Collection[str]) -> None:
        """``life_safety`` are the classes of equipment whose events are written twice."""
        self._journal = journal
        self._second = second
        self._classes = frozenset(life_safety)

    @property
    def names(self) -> Names:
        return self._journal.names

    @names.setter
    def names(self, names: Names) -> None:
        self._journal.names = names

    @property
    def is_tight(self) -> bool:
        """Tell whether we live on the journal's reserve."""
        return self._journal.is_tight

    @property
    def is_doubled(self) -> bool:
        """Tell whether the second record has everything."""
        return self._second.trouble is None

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Make records durable, life-safety events twice; see ``port.Journal``."""
        positions = self._journal.append(drafts, at=at, identities=identities)
        entries = [
            entry
            for position, one in zip(positions, drafts, strict=True)
            if one.kind is RecordKind.EVENTS
            for entry in self._entries(position, decode(one.kind, one.payload), self.names)
        ]
        if entries:
            self._second.write(entries, at=at)
        return positions

    def known(self, identities: Sequence[Identity]) -> frozenset[Identity]:
        """Return those identities that were appended before."""
        return self._journal.known(identities)

    def last(self) -> tuple[int, Micros]:
        """Return the last position and its time."""
        return self._journal.last()

    def mind_room(self) -> None:
        """Look how full the disk is, and try again what the second record lacks."""
        self._journal.mind_room()
        self._second.try_again()

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def compare(
        self, reader: Reader, damages: Sequence[Damage], *, judged: int, at: Micros
    ) -> Compared:
        """Bring both records to the same events; call it once, before anything is appended.

        ``damages`` are what the journal's own start found. What it lost up to the position ``judged``
        has had its alert and is appended as something that was (``Flag.RETAINED``): nobody is paged
        for it twice.

        Raises:
            JournalError: what the journal lost cannot be appended again.
            OSError: the second record cannot be read.
        """
        found = list(self._second.newest(FILES))
        entries = [entry for one in found for entry in one.entries]
        last, _ = self._journal.last()
        added = self._missing(reader, max((one.position for one in entries), default=0))
        if added:
            self._second.write(added, at=at)
        lost = _lost([*entries, *added], damages, last)
        if lost:
            self._append_again(lost, judged, at)
        bad = tuple(_damage(one) for one in found if one.bad_lines)
        return Compared(again=len(lost), added=len(added), damages=bad)

    def _append_again(self, lost: Sequence[Entry], judged: int, at: Micros) -> None:
        """Append all or nothing: of a half the next start could not tell what is missing."""
        drafts = [draft(Tally(received=len(lost), journaled=len(lost)), EVERY_PARTITION)]
        for entry in lost:
            is_past = entry.position <= judged
            event = entry.event(self.names, Flag.RETAINED.value if is_past else 0)
            drafts.append(draft((event,), partition_of(entry.site)))
        known_by = [Identified(one.equipment, one.id) for one in lost if one.id is not None]
        self.append(drafts, at=at, identities=known_by)

    def _missing(self, reader: Reader, newest: int) -> list[Entry]:
        """Return what the journal has and the file does not."""
        # Counted from the newest record that is there: past damage whose end is unknown the journal
        # goes on a million positions later.
        after, missing = max(newest, reader.position_at(_ALWAYS) - LOOK_BACK), list[Entry]()
        while records := reader.read(after):
            after = records[-1].position
            for record in records:
                if record.kind is RecordKind.EVENTS:
                    missing += self._entries(record.position, record.body(), reader.names)
        return missing

    def _entries(self, position: int, events: object, names: Names) -> list[Entry]:
        if not isinstance(events, tuple):
            return []
        named = [(one, names.equipment[one.equipment]) for one in events if isinstance(one, Event)]
        return [
            entry_of(event, name, position)
            for event, name in named
            if name.equipment_class in self._classes
        ]


def _lost(entries: Sequence[Entry], damages: Sequence[Damage], last: int) -> list[Entry]:
    """Return the events that stand nowhere in the journal any more, in their order."""

    def is_gone(entry: Entry) -> bool:
        return entry.position > last or any(entry.position in one.lost for one in damages)

    there = {entry.content for entry in entries if not is_gone(entry)}
    gone = {entry.content: entry for entry in entries if entry.content not in there}
    return list(gone.values())


def _damage(one: Reading) -> Damage:
    return Damage(
        file=one.file,
        flaw=Flaw.BAD_CHECKSUM,
        detail=f"{one.bad_lines} lines of the second record are not what was written",
    )
