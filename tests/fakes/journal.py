"""A journal in memory, with the behaviour of the seam: gapless positions, names before their use."""

import threading
from collections.abc import Iterable, Sequence

from gengfu.core.clock import Micros
from gengfu.core.errors import JournalError
from gengfu.core.identity import Identity
from gengfu.core.names import Names
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Body, Draft, NewNames, Record, RecordKind, draft


class FakeJournal:
    """Keeps records in a list; can be told to fail, or to hang until let go."""

    def __init__(self, *bodies: tuple[Body, int]) -> None:
        self.names = Names()
        self.records: list[Record] = []
        self.fails = False
        self.is_tight = False
        self.gate = threading.Event()
        """Clear it and ``append`` hangs until it is set again."""
        self.gate.set()
        self._identities: set[Identity] = set()
        self._named = (0, 0)
        if bodies:
            self.append([draft(body, partition) for body, partition in bodies], at=0)

    def append(
        self, drafts: Sequence[Draft], *, at: Micros, identities: Sequence[Identity] = ()
    ) -> range:
        """Keep records; the range holds the positions of ``drafts`` (names come before it)."""
        self.gate.wait()
        if self.fails:
            raise JournalError("the fake journal was told to fail")
        if self.names.size() != self._named:
            self._keep(draft(self._new_names(), EVERY_PARTITION), at)
        first = len(self.records) + 1
        for one in drafts:
            self._keep(one, at)
        self._identities.update(identities)
        return range(first, len(self.records) + 1)

    def known(self, identities: Iterable[Identity]) -> frozenset[Identity]:
        """Return those that an earlier append brought."""
        return frozenset(one for one in identities if one in self._identities)

    def last(self) -> tuple[int, Micros]:
        """Return the last position and its time; (0, 0) when empty."""
        return (self.records[-1].position, self.records[-1].written_at) if self.records else (0, 0)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def bodies(self, kind: RecordKind) -> list[Body]:
        """Return the decoded contents of all records of a kind, oldest first."""
        return [record.body() for record in self.records if record.kind is kind]

    def reader(self) -> "FakeReader":
        """Return a reader that sees what stands here now and later."""
        return FakeReader(self.records)

    def _new_names(self) -> NewNames:
        start, self._named = self._named, self.names.size()
        return NewNames(
            start,
            tuple(self.names.equipment[start[0] : self._named[0]]),
            tuple(self.names.points[start[1] : self._named[1]]),
        )

    def _keep(self, one: Draft, at: Micros) -> None:
        position, written = self.last()
        self.records.append(
            Record(
                position=position + 1,
                partition=one.partition,
                kind=one.kind,
                written_at=max(at, written),
                payload=one.payload,
            )
        )


class FakeReader:
    """Reads a ``FakeJournal``; ``names`` as of the last record returned."""

    def __init__(self, records: list[Record]) -> None:
        self.names = Names()
        self._records = records

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        """Return up to ``limit`` records behind a position."""
        found = self._records[after : after + limit]
        for record in self._records[: after + limit]:  # the names before a jump as well
            if record.kind is RecordKind.NAMES:
                body = record.body()
                assert isinstance(body, NewNames)
                self.names.extend(body.start, body.equipment, body.points)
        return found

    def first_position(self) -> int:
        """Return the oldest position kept; 1 when empty."""
        return 1

    def last_position(self) -> int:
        """Return the newest position; 0 when empty."""
        return len(self._records)

    def position_at(self, at: Micros) -> int:
        """Return the last position written before a time; 0 when none."""
        return sum(1 for record in self._records if record.written_at < at)
