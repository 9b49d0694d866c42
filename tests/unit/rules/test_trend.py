"""The day on which a trend meets its limit: right, and as sure as it says."""

import random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR, Micros, from_iso
from rules.past.catalogue import FUNCTIONS
from rules.past.memory import Past, Terms
from rules.past.trend import crossing

START = from_iso("2026-03-02T00:00:00Z")
SPAN = 15 * DAY


def made(name: str = "reaches") -> Past:
    make = FUNCTIONS[name].make
    assert make is not None
    return make(Terms(span=SPAN, zone=ZoneInfo("UTC"), values=2))


@given(st.floats(0.1, 5), st.floats(-50, 50), st.floats(0, 100), st.sampled_from([1, -1]))
def test_a_straight_line_has_its_day(steep: float, height: float, ahead: float, sign: int) -> None:
    """Without noise the day is exact, upwards and downwards, and there is no doubt."""
    days = [float(day) for day in range(15)]
    values = [height + sign * steep * day for day in days]
    found = crossing(days, values, height + sign * steep * (14 + ahead))
    if ahead < 1e-6:
        return
    assert found is not None
    assert found.best == pytest.approx(ahead, rel=1e-4, abs=1e-4)
    assert found.soonest == pytest.approx(ahead, rel=1e-2, abs=1e-2)


@given(st.lists(st.floats(-1, 1), min_size=15, max_size=15), st.floats(-2, 2))
def test_the_interval_holds_the_best_day(noise: list[float], steep: float) -> None:
    """Whatever the values: the soonest is not after the best, nor the best after the latest."""
    days = [float(day) for day in range(15)]
    values = [steep * day + off for day, off in zip(days, noise, strict=True)]
    found = crossing(days, values, 60.0)
    if found is not None:
        assert 0 <= found.soonest <= found.best <= found.latest


def test_the_interval_is_as_sure_as_it_says() -> None:
    """Of a thousand noisy machines the true day lies within for about 95 of a hundred."""
    source, inside, known = random.Random(7), 0, 0
    days = [float(day) for day in range(15)]
    for _ in range(1000):
        values = [50 + 1.0 * day + source.gauss(0, 3) for day in days]
        found = crossing(days, values, 50 + 1.0 * 34)
        if found is not None:
            known += 1
            inside += found.soonest <= 20 <= found.latest
    assert known > 950
    assert 0.93 <= inside / known <= 0.985


def test_no_trend_has_no_day() -> None:
    """Noise around a level reaches a limit on no day: hardly ever is one named."""
    source, named = random.Random(8), 0
    days = [float(day) for day in range(15)]
    for _ in range(500):
        named += crossing(days, [50 + source.gauss(0, 1) for _ in days], 60) is not None
    assert named / 500 < 0.05


def hours(past: Past, count: int, steep: float, limit: float = 95.0) -> list[object]:
    """Tell a value every hour that climbs by ``steep`` a day, with the swing of a day in it."""
    return [
        past.update(START + hour * HOUR, [60 + steep * hour / 24 + (hour % 24 > 11), limit])
        for hour in range(count)
    ]


def test_days_are_counted_down() -> None:
    """A degree a day from 60 °C: known after ten days, and a day less every day."""
    found = hours(made(), 25 * 24, 1.0)
    assert found[9 * 24] is None
    for day in (12, 18, 24):
        assert found[day * 24] == pytest.approx(35 - 0.5 - day, abs=0.7)


def test_a_repair_ends_the_trend() -> None:
    """When the value is back where it began there is no day any more, at the latest after T."""
    past = made()
    hours(past, 16 * 24, 1.0)
    last: object = 0.0
    for hour in range(16 * 24, 32 * 24):
        last = past.update(START + hour * HOUR, [60.0 + (hour % 24 > 11), 95.0])
    assert last is None


def test_a_standstill_is_no_trend() -> None:
    """Cooling down over a weekend is not looked at: only the time in which the machine runs is."""
    past = made()
    at: Micros = START
    for hour in range(20 * 24):
        at = START + hour * HOUR
        running = hour % 48 < 24
        past.update(at, [70.0 if running else 70 - hour % 24, 95.0, running])
    assert past.update(at + HOUR, [70.0, 95.0, True]) is None
