"""What came in and what became of it (invariant I5), as the desk can prove it from the journal."""

from dataclasses import asdict, dataclass

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ingest.store.writer import Lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Items (values, events, unreadable messages) since the journal's beginning.

    Two countings of the same records meet here: what the gateway announced in its tallies, and
    what the store writer made of each item. Both stand beside the writer's cursor, so that
    ``received`` is the sum of all the others at every moment; ``pending`` waits beyond the cursor.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    expired: int = 0
    null: int = 0
    unknown_point: int = 0
    quarantined: int = 0
    shed: int = 0
    lost: int = 0
    """Announced, but damaged in the journal before the store had it; 0 on a sound disk."""
    pending: int = 0
    records_behind: int = 0


def account(lag: Lag) -> Accounting:
    """Add up one consistent moment of the store writer."""
    counts, arrived = lag.counts, lag.arrived
    return Accounting(
        received=arrived.received,
        stored=counts.stored,
        duplicate=arrived.duplicate,
        expired=counts.expired,
        null=counts.null,
        unknown_point=arrived.unknown_point,
        quarantined=arrived.rejected + counts.quarantined,
        shed=arrived.shed,
        lost=arrived.lost,
        pending=arrived.journaled - arrived.lost - counts.handled,
        records_behind=lag.pending_records,
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
