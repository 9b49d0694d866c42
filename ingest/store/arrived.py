"""What the gateway said it took in, summed up record by record: one side of invariant I5.

The gateway writes the tally of a commit *before* the values and events it announces, all in one
transaction. So at any cursor, also in the middle of a commit, everything that was met had been
announced, and what is announced and not yet met (``open``) is exactly what is still to come.
"""

from dataclasses import dataclass, replace

from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.record import Record, RecordKind, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Sums over the records up to a position, in items (values, events, unreadable messages).

    ``received == journaled + duplicate + unknown_point + rejected + shed`` always, and
    ``journaled - lost - open`` items were met as records.
    """

    received: int = 0
    journaled: int = 0
    duplicate: int = 0
    unknown_point: int = 0
    rejected: int = 0
    """Quarantined by the gateway, as dead letters."""
    shed: int = 0
    lost: int = 0
    """Announced, but the journal was damaged where they stood."""
    open: int = 0
    """Announced by the newest tally and not met yet."""

    def passed(self, record: Record, items: int) -> "Arrived":
        """Return the sums behind one more record, which has so many items for the store."""
        if record.kind is RecordKind.TALLY:
            tally = _tally(record)
            if tally is not None:
                return self._announced(tally)
        return self if items == 0 else self._met(items)

    def broken_off(self) -> "Arrived":
        """Return the sums when nothing more of what was announced will come."""
        return replace(self, lost=self.lost + self.open, open=0)

    def covering(self, handled: int) -> "Arrived":
        """Return sums for a store that counted ``handled`` items before it kept these sums."""
        missing = handled - (self.journaled - self.lost - self.open)
        if missing <= 0:
            return self
        return replace(self, received=self.received + missing, journaled=self.journaled + missing)

    def _announced(self, tally: Tally) -> "Arrived":
        return Arrived(
            received=self.received + tally.received,
            journaled=self.journaled + tally.journaled,
            duplicate=self.duplicate + tally.duplicate,
            unknown_point=self.unknown_point + tally.unknown_point,
            rejected=self.rejected + tally.quarantined,
            shed=self.shed + tally.shed,
            lost=self.lost + self.open,
            open=tally.journaled,
        )

    def _met(self, items: int) -> "Arrived":
        """Book items; more than were announced have lost their tally and count as received now."""
        surplus = max(0, items - self.open)
        return replace(
            self,
            received=self.received + surplus,
            journaled=self.journaled + surplus,
            open=max(0, self.open - items),
        )


def items_of(record: Record) -> int:
    """Return how many items a record has for the store; one that does not decode is one."""
    try:
        body = record.body()
    except ValueError:
        return 1
    if isinstance(body, ReadingBatch):
        return len(body)
    return len(body) if isinstance(body, tuple) and isinstance(body[0], Event) else 0


def _tally(record: Record) -> Tally | None:
    try:
        body = record.body()
    except ValueError:
        return None
    return body if isinstance(body, Tally) else None
