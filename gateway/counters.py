"""What an MQTT session met since its start.

For whoever looks on from outside, a test or a debugger: people are told of a lost broker or session by
alerts, and the sums of what came in stand in the journal (``Tally``).
"""

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
    refused_publications: int = 0
    """The broker took them and said no: an access line is missing (told by MQTT 5 only)."""
