"""What a simulated lift may and may not do."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, SECOND
from simulators.device import Change, Said, Sample
from simulators.models.elevator import FAULTS, FLOOR_HEIGHT
from tests.unit.simulators.stage import MORNING, estate, fault, said_by

LIFT = "lift-b3-u2-left"
WITHOUT_SENSOR = "lift-b2-u1-left"


def samples(said: Iterable[Said]) -> list[Sample]:
    return [one for one in said if isinstance(one, Sample)]


def lived(
    changes: Sequence[Change] = (), *, lift: str = LIFT, seed: int = 1, hours: float = 1.0
) -> list[Sample]:
    stage = estate(changes, seed=seed)
    return samples(said_by(stage, lift, MORNING + round(hours * HOUR)))


HARMLESS = sorted(FAULTS - {"moves_with_open_door"})


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.sampled_from(HARMLESS), max_size=3))
def test_moves_with_open_door(seed: int, names: list[str]) -> None:
    """A lift never moves, nor leaves the door zone, with a door that is not closed."""
    changes = [
        change
        for at, name in enumerate(names)
        for change in fault(LIFT, name, after=(at * 7 + 2) * MINUTE, lasts=6 * MINUTE)
    ]
    for sample in lived(changes, seed=seed):
        if sample.points["door"] != "closed":
            assert sample.points["speed"] == 0
            assert sample.points["door_zone"] is True


def test_the_open_door_fault_shows_nothing() -> None:
    """With the fault the car leaves the door zone with its door open, and comes back after."""
    story = lived(fault(LIFT, "moves_with_open_door", after=10 * MINUTE, lasts=MINUTE))
    assert any(one.points["door"] == "open" and not one.points["door_zone"] for one in story)
    assert any(one.points["door"] == "closed" and one.points["door_zone"] for one in story[-50:])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["stuck_between_floors", "mains_lost"]))
def test_a_fault_leaves_the_lift_broken(seed: int, name: str) -> None:
    """When the fault is gone the lift finds a landing and carries people again."""
    story = lived(fault(LIFT, name, after=5 * MINUTE, lasts=10 * MINUTE), seed=seed, hours=2)
    after = [one for one in story if one.at > MORNING + 40 * MINUTE]
    assert len({one.points["floor"] for one in after}) > 2
    assert after[-1].points["mode"] == "normal"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_stuck_lift_stands_at_a_landing(seed: int) -> None:
    """A stuck lift stands out of every door zone, with people who press the button, within 40 s."""
    changes = fault(LIFT, "stuck_between_floors", after=6 * SECOND, occupied=True)
    story = [one for one in lived(changes, seed=seed, hours=0.1) if one.at > MORNING + 40 * SECOND]
    assert all(one.points["door_zone"] is False and one.points["speed"] == 0 for one in story)
    assert all(one.points["occupied"] is True for one in story)
    pressed = [one.at for one in lived(changes, seed=seed, hours=0.1) if one.points["alarm_button"]]
    assert pressed
    assert pressed[0] < MORNING + 60 * SECOND


def test_an_empty_stuck_lift_calls_for_help() -> None:
    """Nobody inside: nobody presses, and the sensor says so."""
    changes = fault(LIFT, "stuck_between_floors", occupied=False)
    story = lived(changes, hours=0.2)
    assert not any(one.points["alarm_button"] for one in story)
    assert story[-1].points["occupied"] is False


def test_occupancy_is_claimed_without_a_sensor() -> None:
    """Lifts without the sensor do not tell it: absent, never false."""
    assert all("occupied" not in one.points for one in lived(lift=WITHOUT_SENSOR, hours=0.2))


def test_automatic_rescue_leaves_people_between_floors() -> None:
    """A lift with automatic rescue goes to a landing by itself when the mains are lost."""
    for seed in range(20):
        changes = fault("lift-b1-u1-left", "mains_lost", after=5 * MINUTE, lasts=20 * MINUTE)
        story = lived(changes, lift="lift-b1-u1-left", seed=seed, hours=0.4)
        dark = [one for one in story if one.points["mains"] is False]
        assert dark[-1].points["door_zone"] is True
        if any(one.points["rescue_running"] for one in dark):
            return
    pytest.fail("no seed had the lift under way when the mains went")


@pytest.mark.parametrize("seconds", range(0, 600, 41))
def test_a_lift_without_mains_goes_on(seconds: int) -> None:
    """From the moment its mains fail neither car nor door moves; with the mains it goes on."""
    after, lasts = seconds * SECOND, 10 * MINUTE
    story = lived(fault(LIFT, "mains_lost", after=after, lasts=lasts), hours=0.5)
    dark = [one.points for one in story if not one.points["mains"]]
    assert dark
    assert {one["speed"] for one in dark[1:]} <= {0.0}
    assert len({(one["door"], one["floor"]) for one in dark[1:]}) == 1
    assert story[-1].points["starts"] != dark[-1]["starts"]


def test_a_day_is_quiet_at_the_wrong_hours() -> None:
    """Traffic follows the hour: far more starts from 7 to 8 than from 2 to 3."""
    stage = estate(start=MORNING - 6 * HOUR)
    story = samples(said_by(stage, LIFT, MORNING + HOUR))

    def starts(from_hour: int) -> int:
        begin = MORNING + from_hour * HOUR
        counts = [one.points["starts"] for one in story if begin <= one.at < begin + HOUR]
        numbers = [count for count in counts if isinstance(count, int)]
        return max(numbers) - min(numbers)

    assert starts(0) > 5 * starts(-5)


def test_the_floor_is_not_where_the_car_is() -> None:
    """Floors come in order: a car passes every floor between, and never a floor 0."""
    floors = [one.points["floor"] for one in lived(hours=3)]
    numbers = [floor for floor in floors if isinstance(floor, int)]
    assert 0 not in numbers
    highest_step = round(1.75 / FLOOR_HEIGHT) + 1
    steps = [abs(b - a) for a, b in pairwise(numbers)]
    assert max(steps) <= highest_step
