"""What the gateway makes of a message: columns of readings, events, and reasons for the rest.

Nothing behind this looks at JSON again. Nothing here knows a socket or a journal.
"""

from dataclasses import dataclass, field

from gengfu.core.batch import Event
from gengfu.core.clock import Micros
from gengfu.core.identity import Identity
from gengfu.core.naming import Scalar
from gengfu.core.record import DeadLetter, RejectReason


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as it came off the wire."""

    topic: str
    payload: bytes
    received_at: Micros
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why one value, or one message, was not taken."""

    reason: RejectReason
    detail: str


@dataclass(slots=True)
class Rows:
    """Readings of one equipment that stand or fall together, as columns of equal length.

    ``point`` are indices of ``Names``, ``value`` and ``flags`` as in ``ReadingBatch``; ``texts`` are
    (row, text) of rows that hold text, ``claimed`` are (row, the device's own time).
    """

    equipment: int
    identity: Identity | None
    point: list[int] = field(default_factory=list)
    observed_at: list[Micros] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)
    claimed: list[tuple[int, Micros]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and by what it would be recognised if it were told again."""

    event: Event
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class UnknownPoint:
    """A value whose point the class does not have: kept aside, so that it can be mapped."""

    point: str
    value: Scalar
    """The last one, of a column."""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Everything that one message said, each item in exactly one place."""

    site: str | None
    """As the topic says it; None when the topic says nothing."""
    equipment: str | None = None
    """The id of an equipment that the ledger knows."""
    equipment_class: str = ""
    received_at: Micros
    readings: tuple[Rows, ...] = ()
    events: tuple[Heard, ...] = ()
    unknown: tuple[UnknownPoint, ...] = ()
    rejections: tuple[DeadLetter, ...] = ()
    answers: tuple[str | int, ...] = ()
    """Ids of events that the device is waiting to hear are safe."""

    @property
    def received(self) -> int:
        """Return how many items the message held."""
        return (
            sum(map(len, self.readings))
            + len(self.events)
            + sum(one.count for one in self.unknown)
            + sum(letter.items for letter in self.rejections)
        )
