"""Slows down guessing, by login and by address. Nobody is ever locked out: he waits a little.

In memory: a restart forgives. Bounded: the ones not heard of for longest are forgotten first.
"""

from collections import OrderedDict
from dataclasses import dataclass

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
    """How often it failed in a row, and when last."""

    count: int
    last_at: Micros


def may_try_at(failures: Failures | None, pace: Pace, now: Micros) -> Micros:
    """Return from when on the next try is taken; not later than ``now`` means at once."""
    if failures is None or now - failures.last_at >= pace.forgiven_after:
        return now
    over = failures.count - pace.free
    if over < 0:
        return now
    return failures.last_at + min(SECOND << min(over, 40), pace.longest)


class Throttle:
    """Remembers failures of one process."""

    def __init__(self, *, size: int = 10_000) -> None:
        self._size = size
        self._failures: OrderedDict[tuple[str, str], Failures] = OrderedDict()

    def wait(self, login: str, address: str, now: Micros) -> Micros:
        """Return how long this login from this address has to wait; 0 = it may try."""
        return max(
            may_try_at(self._failures.get(key), pace, now) - now
            for key, pace in _keys(login, address)
        )

    def failed(self, login: str, address: str, now: Micros) -> None:
        """Count a failure."""
        for key, pace in _keys(login, address):
            before = self._failures.pop(key, None)
            forgiven = before is None or now - before.last_at >= pace.forgiven_after
            count = 1 if before is None or forgiven else before.count + 1
            self._failures[key] = Failures(count, now)
        while len(self._failures) > self._size:
            self._failures.popitem(last=False)

    def succeeded(self, login: str) -> None:
        """Forget a login's failures; the address may still be guessing at others."""
        self._failures.pop(("login", login), None)

    def __len__(self) -> int:
        return len(self._failures)


def _keys(login: str, address: str) -> tuple[tuple[tuple[str, str], Pace], ...]:
    return ((("login", login[:64]), BY_LOGIN), (("address", address[:64]), BY_ADDRESS))
