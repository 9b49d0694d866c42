"""Functions of the past against slow oracles; bounded, and the same after saving."""

import itertools
import math
import statistics
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import MINUTE, SECOND
from gengfu.core.expression import Parameter
from rules.past.catalogue import FUNCTIONS
from rules.past.memory import Past, Terms
from rules.past.normal import LEARNING, Baseline, Score
from rules.past.ring import STEPS

SPAN = 60 * SECOND
samples = st.lists(
    st.tuples(st.integers(1, 20), st.floats(-100, 100, allow_nan=False)), min_size=1, max_size=120
)


def made(name: str) -> Past:
    make = FUNCTIONS[name].make
    assert make is not None
    return make(Terms(span=SPAN, zone=ZoneInfo("Asia/Shanghai")))


def timed(steps: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    times = itertools.accumulate(gap for gap, _ in steps)
    return [(at * SECOND, value) for at, (_, value) in zip(times, steps, strict=True)]


@given(samples)
def test_a_window_is_that_of_its_steps(steps: list[tuple[int, float]]) -> None:
    """Mean and extremes are those of all samples since the step that was T ago."""
    pasts = {name: made(name) for name in ("avg", "min", "max")}
    taken = timed(steps)
    width = SPAN // STEPS
    for count, (at, value) in enumerate(taken, 1):
        found = {name: past.update(at, [value]) for name, past in pasts.items()}
        inside = [v for t, v in taken[:count] if t // width >= at // width - STEPS]
        if found["avg"] is not None:
            assert found["avg"] == pytest.approx(statistics.fmean(inside), abs=1e-9)
            assert (found["min"], found["max"]) == (min(inside), max(inside))
        else:
            assert at - taken[0][0] < SPAN or any(
                later - before >= SPAN
                for (before, _), (later, _) in itertools.pairwise(taken[:count])
            )


@given(samples, st.sampled_from([0.0, 1e6]))
def test_a_spread_is_that_of_its_steps(steps: list[tuple[int, float]], offset: float) -> None:
    """It is the deviation of all samples since the step that was T ago, on a large mean too."""
    past, taken = made("std"), timed(steps)
    width = SPAN // STEPS
    for count, (at, value) in enumerate(taken, 1):
        found = past.update(at, [value + offset])
        inside = [v for t, v in taken[:count] if t // width >= at // width - STEPS]
        if found is not None:
            assert found == pytest.approx(statistics.pstdev(inside), rel=1e-6, abs=1e-6)


def test_a_spread_is_known_once_the_window_was_seen() -> None:
    """A value that swings between two figures has half their distance as its spread."""
    past = made("std")
    found = [past.update(second * SECOND, [10.0 + second % 2]) for second in range(120)]
    assert found[:60] == [None] * 60
    assert found[-1] == pytest.approx(0.5, abs=0.01)


@given(samples)
def test_smoothing_weighs_by_time(steps: list[tuple[int, float]]) -> None:
    """Each sample is weighed by the share of the forgetting that its interval had."""
    past, mean = made("ewma"), 0.0
    for (at, value), (gap, _) in zip(timed(steps), steps, strict=True):
        found = past.update(at, [value])
        seen = at - timed(steps)[0][0]
        share = 1.0 if seen == 0 else 1 - math.exp(-gap * SECOND / SPAN)
        mean = share * value + (1 - share) * mean
        assert (found is None) == (seen < SPAN)
        assert found is None or found == pytest.approx(mean, abs=1e-9)


def test_smoothing_does_not_depend_on_the_pace() -> None:
    """A jump is followed as fast by samples every second as by samples every ten."""
    found = []
    for pace in (1, 10):
        past = made("ewma")
        for second in range(0, 181, pace):
            last = past.update(second * SECOND, [0.0 if second <= 120 else 1.0])
        found.append(last)
    assert found[0] == pytest.approx(found[1])
    assert found[0] == pytest.approx(1 - math.exp(-1))


def test_smoothing_begins_anew_after_a_long_silence() -> None:
    """What was true before a silence longer than T is not averaged with what comes after it."""
    past = made("ewma")
    for second in range(100):
        past.update(second * SECOND, [5.0])
    assert past.update(200 * SECOND, [9.0]) is None
    assert [past.update((200 + n) * SECOND, [9.0]) for n in (30, 60)] == [None, 9.0]


def test_a_window_that_is_not_full_is_unknown() -> None:
    """Ten seconds of heat are no minute's mean."""
    past = made("avg")
    found = [past.update(second * SECOND, [50.0]) for second in range(61)]
    assert found[:60] == [None] * 60
    assert found[60] == 50.0


def test_change_is_against_the_beginning_of_the_window() -> None:
    """A counter that grows by one a second has changed by sixty in a minute, one a second."""
    change, rate = made("change"), made("rate")
    for second in range(200):
        grown = change.update(second * SECOND, [float(second)])
        speed = rate.update(second * SECOND, [float(second)])
    assert grown == pytest.approx(60, abs=4)
    assert speed == pytest.approx(1, abs=0.07)


def test_an_unknown_sample_is_no_sample() -> None:
    """Missing values neither count as zero nor end the window."""
    past = made("avg")
    for second in range(90):
        found = past.update(second * SECOND, [5.0 if second % 2 else None])
    assert found == 5.0


def test_a_normal_is_learned_only_while_the_condition_holds() -> None:
    """Hours of standstill teach nothing about running."""
    past = Baseline()
    for second in range(0, 2 * 3600, 10):
        running = second % 3600 < 1800
        found = past.update(second * SECOND, [10.0 if running else 0.0, running])
    assert found == pytest.approx(10.0)


def test_a_normal_is_unknown_before_five_minutes() -> None:
    """Nothing is called normal that was hardly seen."""
    past = Baseline()
    found = {at: past.update(at, [10.0, True]) for at in range(0, 2 * LEARNING, SECOND)}
    assert found[LEARNING - SECOND] is None
    assert found[LEARNING + SECOND] == 10.0


def test_a_fault_is_not_learned_as_normal() -> None:
    """After ten minutes far off, the normal has hardly moved; slow drift it follows."""
    past = Baseline()
    for second in range(600):
        past.update(second * SECOND, [10.0 + 0.1 * (second % 3), True])
    for second in range(600, 1200):
        found = past.update(second * SECOND, [2.0, True])
    assert isinstance(found, float)
    assert found > 9.5


def test_a_score_needs_the_condition() -> None:
    """A pump that stands still has no score, however far its flow is from normal."""
    past = Score(SPAN)
    for second in range(900):
        running = past.update(second * SECOND, [10.0 + 0.1 * (second % 7), True])
    assert running is not None
    assert past.update(901 * SECOND, [0.0, False]) is None


@settings(max_examples=40)
@given(samples, samples, st.sampled_from(sorted(n for n, f in FUNCTIONS.items() if f.make)))
def test_what_was_saved_goes_on_the_same(
    before: list[tuple[int, float]], after: list[tuple[int, float]], name: str
) -> None:
    """Saving and loading anywhere changes no later value, and what is saved does not grow."""
    straight, resumed = made(name), made(name)
    taken = timed([*before, *after])
    given = max(1, FUNCTIONS[name].signature.parameters.count(Parameter.VALUE))
    for at, value in taken[: len(before)]:
        straight.update(at, [value] * given)
    size = len(straight.save())
    resumed.load(straight.save())
    for at, value in taken[len(before) :]:
        assert straight.update(at, [value] * given) == resumed.update(at, [value] * given)
    assert len(straight.save()) == size
    assert MINUTE == SPAN
