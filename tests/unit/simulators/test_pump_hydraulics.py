"""Properties of a pump on its pipe."""

import math
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from simulators.models.hydraulics import (
    BAROMETER,
    Branch,
    Curve,
    Delivery,
    DutyPoint,
    Pipe,
    dry_torque,
    duty_point,
    head_left,
)

CURVES = st.builds(
    Curve, flow=st.floats(20, 3000), head=st.floats(5, 150), current=st.floats(1, 200)
)
SPEEDS = st.floats(0.3, 1.0)


PIPES = st.tuples(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.0, 1.0) | st.just(1.0))
"""How free a strainer and a valve are, and the share of water in what the pump draws."""


def branch(curve: Curve, of: tuple[float, float, float]) -> Branch:
    strainer, valve, wet = of
    return Branch.of(curve, strainer=strainer, valve=valve, wet=wet)


def pipe_for(curve: Curve, draw: float) -> Pipe:
    return Pipe.drawing(draw * curve.flow, at=0.9 * curve.head, static=0.3 * curve.head)


@given(CURVES, SPEEDS, SPEEDS, st.floats(0.1, 2.0))
def test_a_faster_pump_gives_less(curve: Curve, a: float, b: float, draw: float) -> None:
    """More speed never gives less flow or less head."""
    slow, fast = sorted((a, b))
    pipe = pipe_for(curve, draw)
    lower = duty_point(curve, pipe, [Branch.of(curve)], speed=slow, suction=0)
    higher = duty_point(curve, pipe, [Branch.of(curve)], speed=fast, suction=0)
    assert higher.flow >= lower.flow
    assert higher.head >= lower.head


@given(CURVES, SPEEDS, st.floats(0.1, 2.0), st.lists(PIPES, min_size=1, max_size=4))
def test_the_duty_point_is_off_the_curve(
    curve: Curve, speed: float, draw: float, pipes: list[tuple[float, float, float]]
) -> None:
    """Every pump that delivers gives the header its head, less what its own pipes, vapour and air take."""
    branches = [branch(curve, one) for one in pipes]
    duty = duty_point(curve, pipe_for(curve, draw), branches, speed=speed, suction=2.0)
    assert math.isclose(
        duty.flow, sum(one.flow for one in duty.deliveries), rel_tol=1e-6, abs_tol=1e-6
    )
    for one, done in zip(branches, duty.deliveries, strict=True):
        if done.flow:
            lost = (one.suction + one.discharge) * done.flow**2
            lifted = done.load * curve.head_at(done.flow, speed)
            assert math.isclose(duty.head, 2.0 + lifted - lost, rel_tol=1e-5)


@given(CURVES, SPEEDS, st.floats(0.1, 2.0), PIPES, st.floats(0.0, 3.0))
def test_a_drop_of_pressure_breaks_the_flow_off(
    curve: Curve, speed: float, draw: float, pipes: tuple[float, float, float], suction: float
) -> None:
    """A little less water above the pump changes flow, head and vapour by a little, and never for the better."""
    curve, pipe = replace(curve, head=max(curve.head, 15.0)), pipe_for(curve, draw)
    one = branch(curve, pipes)
    assume(speed**2 * curve.shut_off * one.wet > pipe.static + 1.0)
    less, more = (
        duty_point(curve, pipe, [one], speed=speed, suction=suction + by) for by in (0.0, 1e-6)
    )
    assert 0 <= more.head - less.head + 1e-9 < 1e-3
    assert 0 <= more.flow - less.flow + 1e-9 < 1e-3 * curve.flow
    assert abs(more.deliveries[0].vapour - less.deliveries[0].vapour) < 1e-3


@given(CURVES, SPEEDS, st.floats(0.0, 1.3), st.floats(0.0, 2.0))
def test_npsh3_is_not_where_three_per_cent_are_lost(
    curve: Curve, speed: float, share: float, reserve: float
) -> None:
    """ISO 9906: at NPSH3 the head is 3 % down; with less it only falls, far above it nothing is lost."""
    flow = share * curve.flow * speed
    needed = curve.npsh_required(flow, speed)
    assert math.isclose(head_left(curve.vapour(needed, flow, speed)), 0.97)
    assert curve.vapour(1.2 * needed, flow, speed) == 0
    assert head_left(curve.vapour(0.75 * needed, flow, speed)) == 0
    left = [
        head_left(curve.vapour(part * needed, flow, speed)) for part in (reserve, reserve + 0.1)
    ]
    assert left == sorted(left)


@given(CURVES, SPEEDS, st.floats(0.1, 2.0), st.floats(0.01, 0.99), st.floats(0.0, 3.0))
def test_a_clogged_strainer_helps(
    curve: Curve, speed: float, draw: float, free: float, suction: float
) -> None:
    """The less of a strainer is free, the less flows, and the water never tears: it stays above vapour."""
    pipe = pipe_for(curve, draw)

    def through(strainer: float) -> tuple[Branch, DutyPoint]:
        one = Branch.of(curve, strainer=strainer)
        return one, duty_point(curve, pipe, [one], speed=speed, suction=suction)

    (clogged, less), (_, more) = through(free), through(min(1.0, free + 0.01))
    assert less.flow <= more.flow + 1e-9
    assert BAROMETER + suction - clogged.suction * less.flow**2 > 0


@given(CURVES, SPEEDS, st.floats(0.1, 2.0), PIPES)
def test_a_pump_is_a_perpetual_motion(
    curve: Curve, speed: float, draw: float, pipes: tuple[float, float, float]
) -> None:
    """What the water gets is never more than the shaft gives, with the plate's efficiency as the best."""
    one = branch(curve, pipes)
    done = duty_point(curve, pipe_for(curve, draw), [one], speed=speed, suction=2.0).deliveries[0]
    gained = done.load * curve.head_at(done.flow, speed) * done.flow / (curve.head * curve.flow)
    dry = dry_torque(speed)
    shaft = speed * (dry + done.load * (curve.torque_at(done.flow, speed) - dry))
    assert gained <= 1.005 * shaft


def test_a_half_shut_valve_halves_the_flow() -> None:
    """On a fixed circuit half a valve costs 2 % of the flow at most, as a recorded one does (SKAB)."""
    curve = Curve(flow=300, head=60, current=15.2)
    pipe = Pipe.drawing(300, at=60, static=0)
    flows = [
        duty_point(curve, pipe, [Branch.of(curve, valve=area)], speed=1.0, suction=0).flow
        for area in (1.0, 0.5, 0.1, 0.0)
    ]
    assert 0.98 < flows[1] / flows[0] < 1.0
    assert flows[1] > flows[2] > flows[3] == 0


def test_more_is_drawn_than_there_is() -> None:
    """With water for half the flow half is delivered, the rest of what the pumps draw is air."""
    pipe = Pipe(static=10, resistance=1e-3)
    duty = DutyPoint(100.0, 20.0, [Delivery(60.0), Delivery(40.0)]).within(50.0, pipe)
    assert [(one.flow, one.wet) for one in duty.deliveries] == [(30.0, 0.5), (20.0, 0.5)]
    assert (duty.flow, duty.head) == (50.0, 12.5)


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
