"""A clock that never goes backwards, also over a restart: escalation must not wait twice."""

import threading

from gengfu.core.clock import Clock, Micros


class SteadyClock:
    """Follows a clock forwards; when that one steps back it goes on from where it was, at full pace.

    Core's own clock (``gengfu.app.onward_clock``) slows down then, to come back to the true time; what
    escalates after five minutes may not take ten.

    ``floor`` is the latest time that an earlier run wrote down.
    """

    def __init__(self, clock: Clock, floor: Micros = 0) -> None:
        self._clock = clock
        self._ahead: Micros = 0
        self._latest = floor
        self._lock = threading.Lock()

    def now(self) -> Micros:
        """Return the time, at least the one returned last."""
        with self._lock:
            told = self._clock.now() + self._ahead
            if told < self._latest:
                self._ahead += self._latest - told
                told = self._latest
            self._latest = told
            return told

    def real_seconds(self, span: Micros) -> float:
        """Return how many real seconds pass while this clock advances by ``span``."""
        return self._clock.real_seconds(span)
