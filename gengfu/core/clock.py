"""The one place that reads a clock.

All times inside Gengfu are ``Micros``: integer microseconds since 1970-01-01T00:00:00Z. Logic
takes the time as an argument; only composition roots hold a ``Clock``.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from gengfu.core.said import Misread, said

Micros: TypeAlias = int

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR

SILENT_REAL: Micros = 8 * SECOND
"""A silence lasts at least so long by the machine's clock when ours runs faster: it may be busy."""


def at_pace(span: Micros, *, real: Micros, rate: float) -> Micros:
    """Return a span of our clock; where that runs ``rate`` times as fast, at least what ``real`` takes."""
    return max(span, round(real * rate)) if rate > 1 else span


class Clock(Protocol):
    """What a process asks for the time, and how long it must really wait for it."""

    def now(self) -> Micros:
        """Return the present time in microseconds since 1970 UTC."""

    def real_seconds(self, span: Micros) -> float:
        """Return how many real seconds pass while this clock advances by ``span``."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Micros:
        return time.time_ns() // 1000

    def real_seconds(self, span: Micros) -> float:
        return span / SECOND


def running() -> Micros:
    """Return how long the machine has been on, also asleep where it tells that: nobody sets this."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1000


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that was started at ``start`` when the machine's clock read ``anchor``.

    It runs ``rate`` times as fast. Started in the past it stops racing when it has caught up with
    the machine's clock and then simply is that clock: that is how the demo's compressed first day
    flows into the present. Every process of one system is given the same three numbers.
    """

    start: Micros
    rate: float
    anchor: Micros

    def now(self) -> Micros:
        real = time.time_ns() // 1000
        scaled = self.start + int((real - self.anchor) * self.rate)
        return min(scaled, real) if self._races else scaled

    def real_seconds(self, span: Micros) -> float:
        caught_up = self._races and self.now() >= time.time_ns() // 1000 - SECOND
        return span / SECOND / (1.0 if caught_up else self.rate)

    @property
    def caught_up_at(self) -> Micros:
        """Return when this clock stops racing; its start when it never races."""
        if not self._races:
            return self.start
        return self.anchor + int((self.anchor - self.start) / (self.rate - 1))

    @property
    def _races(self) -> bool:
        return self.start <= self.anchor and self.rate > 1


def from_iso(text: str) -> Micros:
    """Read an ISO 8601 time that names its zone.

    Raises:
        Misread: when the text is no time or names no zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise Misread(said("{!r} is no date and time", text)) from exc
    if moment.tzinfo is None:
        raise Misread(said("{!r} names no time zone: write …Z or …+08:00", text))
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def to_iso(at: Micros) -> str:
    """Write a time as ISO 8601 in UTC with milliseconds, as the HTTP interface shows it."""
    whole, rest = divmod(at, SECOND)
    moment = datetime.fromtimestamp(whole, tz=UTC).replace(microsecond=rest)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_utc(at: Micros) -> datetime:
    """Return ``at`` as an aware datetime in UTC, exact to the microsecond."""
    whole, rest = divmod(at, SECOND)
    return datetime.fromtimestamp(whole, tz=UTC).replace(microsecond=rest)


def wall(at: Micros, zone: ZoneInfo) -> Micros:
    """Return what a clock on the wall shows in ``zone``, counted as if it had begun at 1970-01-01 00:00.

    So ``% DAY`` is the time since its midnight and ``// DAY`` the number of its day.
    """
    ahead = _ahead_for_the_hour(at // HOUR, zone)
    return at + (_ahead(at // MINUTE * MINUTE, zone) if ahead is None else ahead)


@lru_cache(maxsize=4096)
def _ahead_for_the_hour(hour: int, zone: ZoneInfo) -> Micros | None:
    """Return how far a zone is ahead of UTC throughout an hour; None when its clocks change in it.

    Kept by the hour, what is kept spans months: a machine may live through days of them.
    """
    first, last = _ahead(hour * HOUR, zone), _ahead((hour + 1) * HOUR - MINUTE, zone)
    return first if first == last else None


def _ahead(minute: Micros, zone: ZoneInfo) -> Micros:
    """Return how far a zone is ahead of UTC; no zone has changed that within a minute since 1972."""
    offset = to_utc(minute).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)
