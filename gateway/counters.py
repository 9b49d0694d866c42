"""What the gateway and its MQTT sessions count, for metrics and tests."""

from collections import Counter
from dataclasses import dataclass, field

from gateway.intake import Committed
from gengfu.core.record import RejectReason


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


@dataclass(slots=True)
class GatewayCounters:
    """What came in since the start, in items, and what became of it (invariant I5)."""

    messages: int = 0
    commits: int = 0
    received: int = 0
    journaled: int = 0
    duplicate: int = 0
    unknown_point: int = 0
    quarantined: int = 0
    shed: int = 0
    answered: int = 0
    """Events whose device was told that they are safe."""
    rejected: Counter[RejectReason] = field(default_factory=Counter)

    def add(self, messages: int, done: Committed) -> None:
        """Count a commit."""
        self.messages += messages
        self.commits += 1
        self.received += done.tally.received
        self.journaled += done.tally.journaled
        self.duplicate += done.tally.duplicate
        self.unknown_point += done.tally.unknown_point
        self.quarantined += done.tally.quarantined
        self.shed += done.tally.shed
        for letter in done.rejections:
            self.rejected[letter.reason] += letter.items
