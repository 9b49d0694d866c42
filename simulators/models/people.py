"""When people come and go: how busy an hour is, and the arrivals that follow from it.

Arrivals are a Poisson process with a rate that changes by the hour, drawn by thinning (Lewis and
Shedler, 1979). The shape of a residential day, with people leaving in the morning (down-peak) and
coming home in the evening (up-peak), follows CIBSE Guide D, "Transportation systems in buildings",
on residential buildings; the figures are rounded by experience.
"""

from bisect import bisect_left
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from gengfu.core.clock import HOUR, Micros
from simulators.device import local_hour

BUSY_BY_HOUR = (
    *(0.10, 0.05, 0.03, 0.03, 0.05, 0.20),
    *(0.50, 1.00, 0.90, 0.50, 0.40, 0.50),
    *(0.55, 0.40, 0.35, 0.40, 0.60, 0.90),
    *(1.00, 0.80, 0.60, 0.50, 0.40, 0.25),
)
"""Share of the busiest hour's traffic, by hour of the local day."""

OUTWARD_BY_HOUR = (
    *(0.30, 0.30, 0.40, 0.50, 0.70, 0.85),
    *(0.85, 0.85, 0.80, 0.65, 0.55, 0.40),
    *(0.45, 0.60, 0.55, 0.45, 0.35, 0.25),
    *(0.20, 0.30, 0.40, 0.35, 0.30, 0.30),
)
"""Share of people who leave the building rather than come home."""

_TRIPS_BETWEEN_FLOORS = 0.05


def busy(at: Micros, zone: ZoneInfo) -> float:
    """Return the share of the busiest hour's traffic, between hours on a straight line."""
    return between_hours(BUSY_BY_HOUR, local_hour(at, zone))


def outward(at: Micros, zone: ZoneInfo) -> float:
    """Return the probability that someone on the way leaves the building."""
    return between_hours(OUTWARD_BY_HOUR, local_hour(at, zone))


def between_hours(table: tuple[float, ...], hour: float) -> float:
    """Return a daily table's value at an hour, on a straight line between whole hours."""
    before = int(hour)
    share = hour - before
    return table[before] * (1 - share) + table[(before + 1) % 24] * share


def next_arrival(rng: Random, after: Micros, zone: ZoneInfo, *, per_hour: float) -> Micros:
    """Return when the next one comes, for a place with ``per_hour`` arrivals in its busiest hour.

    Raises:
        ValueError: when nobody ever comes.
    """
    if per_hour <= 0:
        raise ValueError("nobody ever comes here")
    at = after
    while True:
        at += max(1, round(rng.expovariate(per_hour) * HOUR))
        if rng.random() < busy(at, zone):
            return at


def trip(rng: Random, at: Micros, zone: ZoneInfo, *, lobby: int, stops: int) -> tuple[int, int]:
    """Return from which stop to which someone wants to go, as positions in the list of stops."""
    homes = [stop for stop in range(stops) if stop != lobby]
    home = rng.choice(homes)
    if len(homes) > 1 and rng.random() < _TRIPS_BETWEEN_FLOORS:
        return home, rng.choice([stop for stop in homes if stop != home])
    return (home, lobby) if rng.random() < outward(at, zone) else (lobby, home)


_GROUP_SIZES = (0.62, 0.26, 0.08, 0.04)
_GROUP_UP_TO = tuple(accumulate(_GROUP_SIZES))


def group(rng: Random) -> int:
    """Return how many people travel together: mostly one."""
    return min(bisect_left(_GROUP_UP_TO, rng.random()), len(_GROUP_SIZES) - 1) + 1
