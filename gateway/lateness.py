"""How late devices are heard of: by how much what they say lags behind them until it is durable.

It matters when the clock races: then a machine that is busy for a second lags by minutes of that
clock, and what happened together does not arrive together.
"""

from dataclasses import dataclass

from gengfu.core.clock import Clock, Micros

HISTORY_S = 10.0
"""What is further behind was buffered by its device: history, no lag."""
HALVES_S = 30.0
"""A lag counts half after so long: what was slow just now may be so again."""


@dataclass(slots=True)
class Lateness:
    """The worst lag of late, in the machine's own seconds."""

    clock: Clock
    _worst: float = 0.0
    _since: Micros = 0

    def note(self, newest: Micros, now: Micros) -> None:
        """Take a group of readings that became durable now, the newest as old as it says."""
        lag = self.clock.real_seconds(now - newest)
        if self.worst(now) <= lag <= HISTORY_S:
            self._worst, self._since = lag, now

    def worst(self, now: Micros) -> float:
        """Return the worst lag, less the longer ago it was."""
        return float(self._worst * 0.5 ** (self.clock.real_seconds(now - self._since) / HALVES_S))
