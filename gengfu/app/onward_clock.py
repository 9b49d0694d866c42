"""The time that core works by, whatever is done to the host's clock."""

import threading

from gengfu.core.clock import Clock, Micros


class OnwardClock:
    """Never goes back, and never stands still: the journal's time, on a host whose clock is stepped.

    When the host's clock is set back it runs on at half its pace until that one has caught up. What
    must last five seconds takes ten meanwhile; standing still, it would never come. ``floor`` is the
    latest time that an earlier run wrote down.
    """

    def __init__(self, clock: Clock, floor: Micros = 0) -> None:
        self._clock = clock
        self._latest = floor
        self._heard = clock.now()
        self._lock = threading.Lock()

    def now(self) -> Micros:
        """Return the time, at least the one returned last."""
        with self._lock:
            told = self._clock.now()
            passed, self._heard = max(told - self._heard, 0), told
            self._latest = max(told, self._latest + (passed + 1) // 2)
            return self._latest

    def real_seconds(self, span: Micros) -> float:
        """Return how many real seconds pass while the clock behind it advances by ``span``."""
        return self._clock.real_seconds(span)
