"""What may be set about alerts. The defaults stand in docs/alerts.md too."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros
from gengfu.core.urgency import Response


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock that runs out after ``first``, then again ever more slowly, at most ``at_most`` apart."""

    first: Micros
    at_most: Micros

    def after(self, rounds: int) -> Micros:
        """Return the span until the next time, when it has run out ``rounds`` times (0 = never)."""
        doubled = self.first << min(max(rounds - 1, 0), 20)
        return min(doubled, max(self.first, self.at_most))


@dataclass(frozen=True, slots=True)
class StageClocks:
    """How long people may take for each stage of one response class before somebody is told."""

    take: Pace
    """Until somebody takes it."""
    arrive: Pace | None = None
    """From its opening until somebody is on site; None = no walk is asked for."""


def usual_clocks() -> Mapping[Response, StageClocks]:
    """Return the clocks of every response class where nothing else is set."""
    at_once, soon, later = (
        Pace(MINUTE, 5 * MINUTE),
        Pace(3 * MINUTE, 30 * MINUTE),
        Pace(10 * MINUTE, 2 * HOUR),
    )
    half_an_hour = Pace(30 * MINUTE, 30 * MINUTE)
    return {
        Response.IMMEDIATE: StageClocks(at_once, Pace(3 * MINUTE, 5 * MINUTE)),
        Response.RESCUE: StageClocks(at_once, half_an_hour),
        Response.URGENT: StageClocks(soon, Pace(10 * MINUTE, 10 * MINUTE)),
        Response.PROMPT: StageClocks(soon),
        Response.ORDINARY: StageClocks(later, half_an_hour),
        Response.PLANNED: StageClocks(later),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPolicy:
    """How stubbornly a notification is sent."""

    retry: Pace = Pace(2 * SECOND, 5 * MINUTE)
    give_up_after: Micros = DAY
    """Then it is given up, and the alert's timeline says so."""
    in_flight: int = 8
    """How many at once for each channel, for life safety and for the rest each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Everything that alerts can be told."""

    clocks: Mapping[Response, StageClocks] = field(default_factory=usual_clocks)
    """Of every response class."""
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
