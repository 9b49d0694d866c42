"""The time that core works by, whatever is done to the host's clock."""

import threading
from collections.abc import Callable

from gengfu.core.clock import HOUR, MINUTE, SECOND, Clock, Micros, running

STEP: Micros = 10 * SECOND
"""What the host's clock may be off without being called stepped: small corrections are just followed."""
SETTLING: Micros = 10 * MINUTE
"""So long after our start the host is believed at once: it may have booted without knowing the time."""
DOUBT: Micros = HOUR
"""So long a clock that was set forward under way must stand by it before it is followed."""
SLOWER = 5
"""While we are ahead, of so many seconds one is left out."""


class OnwardClock:
    """Never goes back, never stands still, and does not jump because somebody errs.

    It goes by the time that really passes, and so does what waits: an alert's clock, a rule's hold.

    - The host's clock is set forward: that is followed, but not in the dark. For an hour it may be
      mended as if nothing had been, and people are told (docs/watch.md, The host's clock).
    - It is set back, or an earlier run wrote down a later time (``floor``): a journal cannot go back, so
      we are ahead, and come back by going a fifth slower. A minute takes 75 s meanwhile, not two.

    ``real`` is a clock that nobody sets. The spans above are of real time; a clock with a rate of its own
    is followed like any other.
    """

    def __init__(
        self, clock: Clock, floor: Micros = 0, real: Callable[[], Micros] = running
    ) -> None:
        self._clock, self._real = clock, real
        self._started = self._read_at = real()
        self._pace = clock.real_seconds(SECOND)
        self._doubted: Micros | None = None
        host = clock.now()
        self._latest = max(host, floor)
        self._off = self._latest - host
        self._lock = threading.Lock()

    def now(self) -> Micros:
        """Return the time, at least the one returned last."""
        with self._lock:
            host, real, pace = self._clock.now(), self._real(), self._clock.real_seconds(SECOND)
            passed = round((real - self._read_at) / self._pace)
            if pace != self._pace:  # a racing clock has caught up, somewhere in between
                self._latest = max(self._latest, host)
            elif host < self._latest + passed:
                self._doubted = None
                self._latest = max(host, self._latest + passed - passed // SLOWER)
            elif self._believes(host - self._latest - passed, real, pace):
                self._latest = host
            else:
                self._latest += passed
            self._read_at, self._pace, self._off = real, pace, self._latest - host
            return self._latest

    def off(self) -> Micros:
        """Return how far it was ahead of the host's clock when last asked for the time.

        Negative while the host's was set forward and is not believed yet; 0 for what is no step.
        """
        return self._off if abs(self._off) * self._pace > STEP else 0

    def ahead(self) -> Micros:
        """Return how far it is ahead of the host's clock, or 0."""
        return max(self.off(), 0)

    def real_seconds(self, span: Micros) -> float:
        """Return how many real seconds pass while the clock behind it advances by ``span``."""
        return self._clock.real_seconds(span)

    def _believes(self, step: Micros, real: Micros, pace: float) -> bool:
        """Tell whether a host's clock that is so far ahead of us is to be followed now."""
        if step * pace <= STEP or real - self._started <= SETTLING:
            self._doubted = None
            return True
        if self._doubted is None:
            self._doubted = real
        if real - self._doubted < DOUBT:
            return False
        self._doubted = None
        return True
