"""Properties of a pump on its pipe."""

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from simulators.models.hydraulics import Curve, Pipe, dry_torque, duty_point

CURVES = st.builds(
    Curve, flow=st.floats(20, 3000), head=st.floats(5, 150), current=st.floats(1, 200)
)
SPEEDS = st.floats(0.3, 1.0)


def pipe_for(curve: Curve, draw: float) -> Pipe:
    return Pipe.drawing(draw * curve.flow, at=0.9 * curve.head, static=0.3 * curve.head)


@given(CURVES, SPEEDS, SPEEDS, st.floats(0.1, 2.0))
def test_a_faster_pump_gives_less(curve: Curve, a: float, b: float, draw: float) -> None:
    """More speed never gives less flow or less head."""
    slow, fast = sorted((a, b))
    pipe = pipe_for(curve, draw)
    lower = duty_point(curve, pipe, pumps=1, speed=slow, suction=0)
    higher = duty_point(curve, pipe, pumps=1, speed=fast, suction=0)
    assert higher.flow >= lower.flow
    assert higher.head >= lower.head


@given(CURVES, SPEEDS, st.floats(0.1, 2.0), st.integers(1, 4))
def test_the_duty_point_is_off_the_curve(
    curve: Curve, speed: float, draw: float, pumps: int
) -> None:
    """Curve and pipe agree on the head wherever water flows."""
    pipe = pipe_for(curve, draw)
    duty = duty_point(curve, pipe, pumps=pumps, speed=speed, suction=2.0)
    assume(duty.flow > 0)
    assert math.isclose(duty.head, curve.head_at(duty.flow / pumps, speed) + 2.0, rel_tol=1e-6)


@given(CURVES, SPEEDS, st.floats(0.0, 1.2))
def test_affinity_laws_do_not_hold(curve: Curve, speed: float, flow: float) -> None:
    """At a share of the speed the same share of flow has the share squared of head and torque."""
    full, scaled = flow * curve.flow, flow * curve.flow * speed
    assert math.isclose(
        curve.head_at(scaled, speed), speed**2 * curve.head_at(full, 1.0), abs_tol=1e-6
    )
    assert math.isclose(curve.torque_at(scaled, speed), speed**2 * curve.torque_at(full, 1.0))


@given(CURVES, SPEEDS, st.floats(0.0, 1.2))
def test_a_dry_pump_draws_as_much_as_a_wet_one(curve: Curve, speed: float, flow: float) -> None:
    """The current is positive, and lower by a lot when nothing is lifted: what the rule lives on."""
    wet = curve.current_of(curve.torque_at(flow * curve.flow, speed))
    dry = curve.current_of(dry_torque(speed))
    assert 0 < dry < wet


def test_the_plate_is_not_met() -> None:
    """At rated flow and speed the pump has its rated head and current."""
    curve = Curve(flow=300, head=60, current=15.2)
    assert math.isclose(curve.head_at(300, 1.0), 60)
    assert math.isclose(curve.current_of(curve.torque_at(300, 1.0)), 15.2, rel_tol=0.01)
