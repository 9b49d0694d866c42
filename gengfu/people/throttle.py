"""Slows down guessing, by login and by address. Nobody is ever locked out: he waits a little.

A try counts as a failure from the moment it is taken until it succeeds: otherwise everything asked
while the first password is still looked at would be free. In memory: a restart forgives. Bounded:
the ones not heard of for longest are forgotten first.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from gengfu.core.clock import MINUTE, SECOND, Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So many failures are free; then the wait doubles from a second up to ``longest``."""

    free: int
    longest: Micros
    forgiven_after: Micros = 15 * MINUTE
    """Without a failure for so long everything is forgotten."""


BY_LOGIN = Pace(free=5, longest=30 * SECOND)
"""Short: otherwise anyone could keep a guard out by failing in his name."""
BY_ADDRESS = Pace(free=20, longest=5 * MINUTE)
"""More for free: a whole guardroom shares one address."""


@dataclass(frozen=True, slots=True)
class Failures:
    """How often it failed in a row, and when last; a try that is still looked at is one of them."""

    count: int
    last_at: Micros
    before_at: Micros = 0
    """When the one before failed: what counts again once the last one has succeeded."""


def may_try_at(failures: Failures | None, pace: Pace, now: Micros) -> Micros:
    """Return from when on the next try is taken; not later than ``now`` means at once."""
    if failures is None or now - failures.last_at >= pace.forgiven_after:
        return now
    over = failures.count - pace.free
    if over < 0:
        return now
    return failures.last_at + min(SECOND << min(over, 40), pace.longest)


class Throttle:
    """Remembers failures of one process; its tries come from many threads at once."""

    def __init__(self, *, size: int = 10_000) -> None:
        self._size = size
        self._failures: OrderedDict[tuple[str, str], Failures] = OrderedDict()
        self._lock = Lock()

    def wait(self, login: str, address: str, now: Micros) -> Micros:
        """Return how long this login from this address has to wait; 0 = it may try."""
        return max(
            may_try_at(self._failures.get(key), pace, now) - now
            for key, pace in _keys(login, address)
        )

    def take(self, login: str, address: str, now: Micros) -> bool:
        """Take a try, counted as failed until ``succeeded``; False when it has to wait."""
        with self._lock:
            if self.wait(login, address, now) > 0:
                return False
            for key, pace in _keys(login, address):
                self._count(key, pace, now)
            while len(self._failures) > self._size:
                self._failures.popitem(last=False)
        return True

    def succeeded(self, login: str, address: str) -> None:
        """Forget a login's failures; of the address, still free to guess at others, one try."""
        with self._lock:
            (by_login, _), (by_address, _) = _keys(login, address)
            self._failures.pop(by_login, None)
            found = self._failures.pop(by_address, None)
            if found is not None and found.count > 1:
                before = found.before_at
                self._failures[by_address] = Failures(found.count - 1, before, before)

    def _count(self, key: tuple[str, str], pace: Pace, now: Micros) -> None:
        before = self._failures.pop(key, None)
        if before is None or now - before.last_at >= pace.forgiven_after:
            self._failures[key] = Failures(1, now, now)
        else:
            self._failures[key] = Failures(before.count + 1, now, before.last_at)

    def __len__(self) -> int:
        return len(self._failures)


def _keys(login: str, address: str) -> tuple[tuple[tuple[str, str], Pace], ...]:
    return ((("login", login[:64]), BY_LOGIN), (("address", address[:64]), BY_ADDRESS))
