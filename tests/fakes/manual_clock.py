"""A clock that stands still until a test moves it."""

from gengfu.core.clock import SECOND, Micros


class ManualClock:
    """Tells ``at``; a real second is a second."""

    def __init__(self, at: Micros = 1_763_600_000 * SECOND) -> None:
        self.at = at

    def now(self) -> Micros:
        """Return the time that a test has set."""
        return self.at

    def advance(self, span: Micros) -> None:
        """Move the time; a negative span steps the clock back."""
        self.at += span

    def real_seconds(self, span: Micros) -> float:
        """Return the span in seconds."""
        return span / SECOND
