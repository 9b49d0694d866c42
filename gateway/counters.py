"""What one MQTT session counts, for metrics and tests."""

from dataclasses import dataclass


@dataclass(slots=True)
class SessionCounters:
    """What one session met."""

    received: int = 0
    connections: int = 0
    outages: int = 0
    lost_sessions: int = 0
    refused_subscriptions: int = 0
    acknowledged: int = 0
    stale_acknowledgements: int = 0
    """Not sent: their connection was gone; the broker delivers those messages again."""
    pauses: int = 0
    published: int = 0
    unpublished: int = 0
    """Not sent: no connection, or too many wait already."""
    refused_publications: int = 0
    """The broker took them and said no: an access line is missing (told by MQTT 5 only)."""
