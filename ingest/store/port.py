"""What a readings store must do, and what it says back.

Its consumers are the store writer (writes) and the desk (reads). A stored value is known by
(equipment, point, observed time); of several the one with the highest journal position wins, in
every store. The cursor lives in the store, beside what it covers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from gengfu.core.errors import StoreUnavailable
from gengfu.core.naming import Scalar
from gengfu.ledger.model import EquipmentClass
from ingest.store.arrived import Arrived
from ingest.store.rows import Quarantined, Series, StoreRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What lies around the means of an aggregated trend, bucket by bucket."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Values of one series in ascending time. Where nothing was measured there is no entry.

    ``times`` int64 µs: of the measurements, or the starts of buckets aligned to 1970. ``values``:
    float64 for numbers (whole numbers and booleans exact), means when aggregated; texts for enum
    and text points, the last of each bucket when aggregated. ``band`` only for aggregated numbers.
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64] | tuple[str, ...]
    band: Band | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of the items (values and events) of one write.

    ``stored`` counts every item that the store took, also one whose identity another item holds.
    """

    stored: int = 0
    expired: int = 0
    """Older than the store's retention: neither an error nor to be tried again."""
    null: int = 0
    """The device said that it has no value: nothing to store."""
    quarantined: tuple[Quarantined, ...] = ()
    arrived: Arrived = field(default_factory=Arrived)
    """The sums of what had come in by the end of this write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCounts:
    """Sums over everything up to ``position``, exact over any restart (invariant I5).

    Always ``arrived.journaled == stored + expired + null + quarantined + lost + open``: both sides
    are counted from the same records and kept together.
    """

    position: int = 0
    stored: int = 0
    expired: int = 0
    null: int = 0
    quarantined: int = 0
    arrived: Arrived = field(default_factory=Arrived)

    @property
    def handled(self) -> int:
        """How many items of the journal found their fate here."""
        return self.stored + self.expired + self.null + self.quarantined

    def after(self, written: Written, position: int) -> "StoreCounts":
        """Return the counts with one more write in them."""
        return StoreCounts(
            position=position,
            stored=self.stored + written.stored,
            expired=self.expired + written.expired,
            null=self.null + written.null,
            quarantined=self.quarantined + len(written.quarantined),
            arrived=written.arrived,
        )


class Refusal(StrEnum):
    """Why a store did not take a write that is kept and tried again."""

    UNREACHABLE = "unreachable"
    DEADLINE = "deadline"
    OVERLOADED = "overloaded"
    BROKEN = "broken"
    """It answers with an error of its own, again and again."""
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    """No such database or bucket."""
    NO_SPACE = "no_space"


class NotTaken(StoreUnavailable):
    """A store did not take a request; nothing is lost, the journal still has it."""

    def __init__(
        self, reason: Refusal, message: str, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s

    @property
    def needs_a_person(self) -> bool:
        """Tell whether trying again soon is of no use: an account or a bucket must be mended."""
        return self.reason in (Refusal.FORBIDDEN, Refusal.MISSING)


class ReadingStore(Protocol):
    """A store of readings. Blocking; every method but the constructor may raise ``NotTaken``."""

    def prepare(self, classes: Mapping[str, EquipmentClass]) -> None:
        """Make tables, database or bucket ready; harmless when they are."""

    def write(self, rows: StoreRows, position: int) -> Written:
        """Store rows and, together with them, that everything up to ``position`` is done."""

    def counts(self) -> StoreCounts:
        """Return what was counted up to the cursor."""

    def cursor(self) -> int:
        """Return the journal position up to which everything is stored."""

    def query(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None = None,
        *,
        most: int | None = None,
    ) -> Trend:
        """Return the values observed in [start, end), raw or in buckets of ``step``.

        Of raw values no more than the first ``most``: the asker may have meant years.
        """

    def close(self) -> None:
        """Give files and connections back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A figure that the desk derived and writes back for Grafana, such as an availability.

    A field keeps one type for ever: ``float`` stays a float when it is whole, ``int`` and ``bool``
    become integers, ``str`` a text; None is left out. ``tags`` with empty values are left out.
    """

    name: str
    tags: Mapping[str, str]
    fields: Mapping[str, Scalar]
    at: Micros


class MeasurementSink(Protocol):
    """A store that Grafana reads: it takes derived figures beside the readings."""

    def write_measurements(self, measurements: Sequence[Measurement]) -> Written:
        """Store figures; the same name, tags and time again overwrites field by field."""
