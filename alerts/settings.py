"""What may be set about alerts. The defaults stand in docs/alerts.md too."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.urgency import Kind


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock that runs out after ``first``, then again ever more slowly, at most ``at_most`` apart."""

    first: Micros
    at_most: Micros

    def after(self, rounds: int) -> Micros:
        """Return the span until the next time, when it has run out ``rounds`` times (0 = never)."""
        doubled = self.first << min(max(rounds - 1, 0), 20)
        return min(doubled, max(self.first, self.at_most))


def _unacknowledged() -> Mapping[Kind, Pace]:
    return {
        Kind.LIFE_SAFETY: Pace(60 * SECOND, 5 * MINUTE),
        Kind.SECURITY: Pace(3 * MINUTE, 30 * MINUTE),
        Kind.MAINTENANCE: Pace(10 * MINUTE, 2 * HOUR),
        Kind.SYSTEM: Pace(10 * MINUTE, 2 * HOUR),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class StageClocks:
    """How long people may take for each stage before somebody is told."""

    unacknowledged: Mapping[Kind, Pace] = field(default_factory=_unacknowledged)
    fire_arrival: Pace = Pace(3 * MINUTE, 5 * MINUTE)
    """Priority 1: someone there within three minutes of its opening."""
    other_arrival: Pace = Pace(30 * MINUTE, 30 * MINUTE)
    """Whatever else must be seen on site: as for entrapment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPolicy:
    """How stubbornly a notification is sent."""

    retry: Pace = Pace(2 * SECOND, 5 * MINUTE)
    give_up_after: Micros = DAY
    """Then it is given up, and the alert's timeline says so."""
    in_flight: int = 8
    """How many at once, for life safety and for the rest each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Everything that alerts can be told."""

    clocks: StageClocks = field(default_factory=StageClocks)
    outbox: OutboxPolicy = field(default_factory=OutboxPolicy)
    shelve_at_most: Micros = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """One receiver of signed webhooks."""

    name: str
    url: str
    secret: str = field(repr=False)
    allow_private: bool = False
    """Private and loopback addresses are refused unless this is set; link-local ones always."""
    timeout: Micros = 5 * SECOND
