"""What came in and what became of it (invariant I5), as the desk can prove it from the journal."""

from dataclasses import asdict, dataclass

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from gengfu.core.record import Tally
from ingest.store.writer import Lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Items (values, events, unreadable messages) since the journal's beginning.

    ``received`` and what the gateway left out come from its tallies in the journal; ``stored``,
    ``expired``, ``null`` and the store's quarantine are counted by the store writer from the
    records themselves. So ``pending`` must be exactly 0 when ``records_behind`` is.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    expired: int = 0
    null: int = 0
    unknown_point: int = 0
    quarantined: int = 0
    shed: int = 0
    pending: int = 0
    records_behind: int = 0


def account(tally: Tally, position: int, lag: Lag) -> Accounting:
    """Add up both sides: tallies up to ``position``, and the store's counts as they stand."""
    counts = lag.counts
    handled = counts.stored + counts.expired + counts.null + counts.quarantined
    return Accounting(
        received=tally.received,
        stored=counts.stored,
        duplicate=tally.duplicate,
        expired=counts.expired,
        null=counts.null,
        unknown_point=tally.unknown_point,
        quarantined=tally.quarantined + counts.quarantined,
        shed=tally.shed,
        pending=tally.journaled - handled,
        records_behind=lag.pending_records + abs(position - counts.position),
    )


def metrics_of(sums: Accounting) -> bytes:
    """Write the sums in Prometheus' text format."""
    registry = CollectorRegistry()
    gauge = Gauge(
        "gengfu_items",
        "Values, events and unreadable messages by what became of them.",
        ["fate"],
        registry=registry,
    )
    for fate, count in asdict(sums).items():
        gauge.labels(fate=fate).set(count)
    return generate_latest(registry)
