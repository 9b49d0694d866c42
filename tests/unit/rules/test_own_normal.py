"""What leaves its own normal: slowly, in its hour of the week, or together with others."""

import math
import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros, from_iso, to_utc
from gengfu.core.naming import Scalar
from rules.past.catalogue import FUNCTIONS
from rules.past.distance import Distance
from rules.past.memory import Past, Terms
from rules.past.normal import LEARNING
from rules.past.season import FOLLOWS

START = from_iso("2026-03-02T00:00:00Z")
BERLIN = ZoneInfo("Europe/Berlin")


def made(name: str, span: Micros = MINUTE, zone: str = "UTC") -> Past:
    make = FUNCTIONS[name].make
    assert make is not None
    return make(Terms(span=span, zone=ZoneInfo(zone)))


def noise(seed: int) -> Callable[[], float]:
    source = random.Random(seed)
    return lambda: source.gauss(0.0, 1.0)


# --- slowly -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("shift", "sign"), [(1.5, 1), (-1.5, -1)])
def test_a_small_shift_adds_up(shift: float, sign: int) -> None:
    """A shift that no single value shows is beyond 5 after some T, with the sign of its side."""
    past, gauss = made("cusum"), noise(1)
    for second in range(1200):
        ordinary = past.update(START + second * SECOND, [50 + gauss()])
    for second in range(1200, 1200 + 600):
        off = past.update(START + second * SECOND, [50 + shift + gauss()])
    assert isinstance(ordinary, float)
    assert isinstance(off, float)
    assert abs(ordinary) < 1
    assert 5 < sign * off <= 10


def test_a_sum_of_deviations_comes_back_after_a_repair() -> None:
    """It is bounded, so that a week off its normal is not a week of alarm afterwards."""
    past, gauss = made("cusum"), noise(2)
    for second in range(600):
        past.update(START + second * SECOND, [50 + gauss()])
    for second in range(600, 5000):
        past.update(START + second * SECOND, [80.0])
    for second in range(5000, 5000 + 1800):
        found = past.update(START + second * SECOND, [50 + gauss()])
    assert isinstance(found, float)
    assert abs(found) < 1


def test_a_standstill_adds_nothing() -> None:
    """While the condition does not hold the sum stays, and the pause has no weight."""
    past, gauss = made("cusum"), noise(3)
    for second in range(600):
        before = past.update(START + second * SECOND, [50 + gauss(), True])
    for second in range(600, 4000):
        assert past.update(START + second * SECOND, [0.0, False]) == before


# --- in its hour of the week --------------------------------------------------------------------
def weeks(
    past: Past, count: int, level: Callable[[int], float], step: Micros = 20 * MINUTE
) -> Scalar:
    found: Scalar = None
    for number in range(count * 7 * 24 * HOUR // step):
        at = START + number * step
        found = past.update(at, [level(at // HOUR - START // HOUR)])
    return found


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu"])
def test_an_hour_of_the_clock_is_mixed_with_the_next(zone: str) -> None:
    """Where the clock is off whole hours as well, an hour is the clock's: what differs by it is told."""
    past, own = made("usual", zone=zone), ZoneInfo(zone)
    told = {
        (to_utc(at).astimezone(own).hour, past.update(at, [float(to_utc(at).astimezone(own).hour)]))
        for at in range(START, START + 4 * 7 * 24 * HOUR, 15 * MINUTE)
    }
    known = {(hour, usual) for hour, usual in told if usual is not None}
    assert known == {(hour, float(hour)) for hour in range(24)}


def test_an_hour_that_autumn_repeats_counts_as_two_weeks() -> None:
    """What was seen twice in one night was seen in one week: with the next week it is two."""
    past = made("usual", zone="Europe/Berlin")
    night = from_iso("2026-10-25T00:00:00Z")  # two in the morning, and an hour on it is again
    for at in range(night, night + 3 * HOUR, MINUTE):
        past.update(at, [1.0])
    week_later = night + (7 * 24 + 1) * HOUR
    assert past.update(week_later, [1.0]) is None
    assert past.update(week_later + 7 * 24 * HOUR, [1.0]) == 1.0


def test_the_usual_is_that_of_the_same_hour() -> None:
    """Every hour has its own mean, known after two weeks."""
    past = made("usual")
    assert weeks(past, 2, lambda hour: float(hour % 168)) is None
    for hour in range(168):
        at = START + 2 * 168 * HOUR + hour * HOUR
        assert past.update(at, [999.0]) == pytest.approx(hour)


def test_one_strange_week_pulls_a_quarter() -> None:
    """A holiday is forgiven; what stays is followed."""
    past = made("usual")
    weeks(past, 8, lambda hour: 10.0 if hour < 7 * 168 else 50.0)
    found = past.update(START + 8 * 168 * HOUR, [10.0])
    assert found == pytest.approx(10 + 40 / FOLLOWS)


def test_the_hours_are_those_of_the_site() -> None:
    """When the clock changes (29 March in Berlin), eight o'clock stays eight o'clock."""
    past = made("usual", zone="Europe/Berlin")
    weeks(past, 6, local_hour)
    for hour in range(8, 20):
        at = START + (6 * 168 + hour) * HOUR
        assert past.update(at, [0.0]) == pytest.approx(local_hour(6 * 168 + hour))


def local_hour(hour: int) -> float:
    """Return what the wall clock in Berlin shows so many hours after the start."""
    return float(to_utc(START + hour * HOUR).astimezone(BERLIN).hour)


# --- together with others -----------------------------------------------------------------------
def together(seed: int, count: int) -> list[tuple[float, float]]:
    gauss = noise(seed)
    drawn = [(gauss(), gauss()) for _ in range(count)]
    return [(100 + 5 * one, 20 + one + 0.2 * other) for one, other in drawn]


def test_what_moves_together_is_ordinary() -> None:
    """Both higher as they always are together is near; one higher without the other is far."""
    found = []
    for last in ((110.0, 22.0), (110.0, 18.0)):
        past = Distance(SECOND, 2)
        for second, values in enumerate(together(4, 900)):
            past.update(START + second * SECOND, values)
        found.append([past.update(START + (900 + n) * SECOND, last) for n in range(3)][-1])
    near, far = found
    assert isinstance(near, float)
    assert isinstance(far, float)
    assert near < 3
    assert far > 8


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_the_distance_is_mahalanobis(seed: int, size: int) -> None:
    """Just after learning it is the distance by the weighted mean and covariance so far."""
    gauss, span = noise(seed), LEARNING // SECOND
    rows = [
        [10.0 * (n + 1) + gauss() + (gauss() if n else 0) for n in range(size)]
        for _ in range(span + 3)
    ]
    past = Distance(SECOND, size)
    mean, spread, learned = np.zeros(size), np.zeros((size, size)), 0
    for second, row in enumerate(rows):
        found = past.update(START + second * SECOND, row)
        if second == 0:
            continue
        off = (np.array(row) + rows[second - 1]) / 2 - mean
        if found is not None:
            wanted = math.sqrt(off @ np.linalg.inv(spread) @ off / size)
            assert found == pytest.approx(wanted, rel=1e-6)
            return
        share = max(1 / learned, 0.01) if learned else 1.0
        learned += 1
        mean += share * off
        spread = (1 - share) * (spread + share * np.outer(off, off))
    pytest.fail("nothing was learned")


def test_what_says_exactly_the_same_twice_does_not_break_it() -> None:
    """Two sensors that agree to the last digit have no inverse, and a distance all the same."""
    past, gauss = Distance(SECOND, 2), noise(5)
    for second in range(600):
        value = gauss()
        found = past.update(START + second * SECOND, [value, value])
    assert isinstance(found, float)
    assert found < 5
