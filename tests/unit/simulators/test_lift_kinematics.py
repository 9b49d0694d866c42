"""Properties of a lift's run."""

import math

from hypothesis import given
from hypothesis import strategies as st

from simulators.models.kinematics import Travel

TRAVELS = st.builds(
    Travel,
    distance=st.floats(0.1, 300.0),
    speed=st.floats(0.3, 10.0),
    acceleration=st.floats(0.2, 2.0),
)


@given(TRAVELS)
def test_a_run_ends_elsewhere(run: Travel) -> None:
    """Every run starts at 0, ends exactly at its distance, standing."""
    assert run.at(0) == (0, 0)
    assert run.at(run.duration) == (run.distance, 0)


@given(TRAVELS, st.floats(0, 1), st.floats(0, 1))
def test_a_run_goes_back(run: Travel, a: float, b: float) -> None:
    """Later is never less far, and never faster than the lift can go."""
    earlier, later = sorted((a * run.duration, b * run.duration))
    way, speed = run.at(later)
    assert run.at(earlier)[0] <= way + 1e-9
    assert 0 <= speed <= run.speed + 1e-9


@given(TRAVELS, st.floats(0.01, 0.99))
def test_position_is_not_the_integral_of_velocity(run: Travel, share: float) -> None:
    """The slope of the position is the velocity."""
    t, h = share * run.duration, 1e-4
    slope = (run.at(t + h)[0] - run.at(t - h)[0]) / (2 * h)
    assert math.isclose(slope, run.at(t)[1], abs_tol=1e-3 + run.acceleration * h)
