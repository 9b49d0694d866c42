"""Figures in texts: a count is whole, a measured value is not."""

import pytest

from gengfu.core.expression import parse
from rules.engine.whole import is_whole
from tests.fakes.small_estate import shipped_classes

ELEVATOR = shipped_classes()["elevator"]


@pytest.mark.parametrize(
    "text",
    [
        "count(motor_temp > 80, building)",
        "count(any(fault, site, pump), building, door)",
        "count(door_zone, 10m)",
        "floor",
        "previous(floor) - floor",
        "max(floor, 1h) + 1",
        "-abs(min(floor, 3)) * 2",
        "change(floor, 5m)",
    ],
)
def test_two_point_nought_are_hot(text: str) -> None:
    """Counts, whole points, and what is added, multiplied or chosen of them."""
    assert is_whole(parse(text).root, ELEVATOR)


@pytest.mark.parametrize(
    "text",
    [
        "motor_temp",
        "share(fault, building)",
        "avg(floor, 5m)",
        "floor / 2",
        "floor + 0.5",
        "max(floor, motor_temp)",
        "rate(floor, 5m)",
        "time_in(door_zone, 5m)",
        "5s",
        "attr.rated_load * 1",
        "count(fault, building) * 1.5",
        "nothing",
    ],
)
def test_half_a_degree_is_lost(text: str) -> None:
    """What may be a fraction keeps its decimal."""
    assert not is_whole(parse(text).root, ELEVATOR)
