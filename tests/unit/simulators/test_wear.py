"""What wears does so by and by: worse and worse, and never in one step."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from gengfu.core.clock import DAY, HOUR, Micros
from simulators.device import Change, Injection, Said, Sample
from simulators.estate.catalogue import PLAYERS
from simulators.models.elevator import closing_fails
from tests.unit.simulators.stage import MORNING, estate, fault, said_by

LIFT, RECORDER = "lift-b3-u2-left", "nvr-b3"
QUARTERS = 4
WEARING = 8 * HOUR

Story = Sequence[Sample]


def lived(equipment: str, changes: Sequence[Change], until: Micros) -> Story:
    said: Sequence[Said] = list(said_by(estate(changes), equipment, MORNING + until))
    return [one for one in said if isinstance(one, Sample)]


def quarters(story: Story) -> list[Story]:
    """The time of wearing in four equal parts."""
    part = WEARING // QUARTERS
    return [
        [one for one in story if 0 <= one.at - MORNING - at * part < part] for at in range(QUARTERS)
    ]


def number(sample: Sample, point: str) -> float:
    value = sample.points[point]
    assert isinstance(value, int | float)
    return value


def failed_closings(story: Story) -> float:
    """Openings again for each closing that was tried."""
    again = number(story[-1], "door_reopens") - number(story[0], "door_reopens")
    return again / (again + number(story[-1], "door_cycles") - number(story[0], "door_cycles"))


def shaking(story: Story) -> float:
    moving = [number(one, "vibration") for one in story if number(one, "speed")]
    return sum(moving) / len(moving)


def missing_the_landing(story: Story) -> float:
    still = [abs(number(one, "levelling_error")) for one in story if not number(one, "speed")]
    return sum(still) / len(still)


def days_lost(story: Story) -> float:
    return -min(number(one, "oldest_recording_days") for one in story)


@pytest.mark.parametrize(
    ("equipment", "wear", "shown"),
    [
        (LIFT, "door_wear", failed_closings),
        (LIFT, "guide_wear", shaking),
        (LIFT, "brake_wear", missing_the_landing),
        (RECORDER, "disk_wear", days_lost),
    ],
)
def test_wear_is_a_step(equipment: str, wear: str, shown: Callable[[Story], float]) -> None:
    """In each quarter of its time a wear shows more than in the one before; sound machines show none."""
    worn = [
        shown(part)
        for part in quarters(lived(equipment, fault(equipment, wear, over=WEARING), WEARING))
    ]
    sound = [shown(part) for part in quarters(lived(equipment, (), WEARING))]
    assert all(before < after for before, after in pairwise(worn))
    assert worn[-1] > max(sound) + (max(sound) - min(sound))


def test_what_was_mended_is_worn_still() -> None:
    """After the repair a lift's door closes as one that never wore."""
    story = lived(LIFT, fault(LIFT, "door_wear", lasts=WEARING, over=WEARING), WEARING + 6 * HOUR)
    mended = [one for one in story if one.at > MORNING + WEARING + HOUR]
    assert failed_closings(mended) < 0.05


def test_the_disk_is_gone_before_it_was_told() -> None:
    """A failing disk keeps less and less for hours, and only then writes nothing."""
    story = lived(RECORDER, fault(RECORDER, "disk_wear", over=WEARING), WEARING + HOUR)
    broken = next(one.at for one in story if one.points["disk_fault"])
    short = next(one.at for one in story if number(one, "oldest_recording_days") < 30)
    assert broken == MORNING + WEARING
    assert short < broken - 4 * HOUR


def test_a_sound_door_fails_or_a_worn_one_closes() -> None:
    """Some four closings in a thousand fail at a sound door, nearly every one at a worn out one."""
    chances = [closing_fails(share / 20) for share in range(21)]
    assert chances[0] == pytest.approx(0.004, abs=0.0005)
    assert chances[-1] > 0.99
    assert chances == sorted(chances)


def test_wear_without_a_time() -> None:
    """A fault without ``over`` is whole at once; one with it is half there at half its time, and stays whole."""
    at_once = Injection(equipment=LIFT, fault="door_wear")
    slow = Injection(equipment=LIFT, fault="door_wear", over=2 * DAY)
    assert at_once.severity(MORNING, MORNING) == 1.0
    assert [slow.severity(MORNING, MORNING + days * DAY) for days in range(4)] == [0, 0.5, 1, 1]


def test_a_wear_that_nobody_can_give() -> None:
    """What may grow is a fault that its class knows."""
    for player in PLAYERS.values():
        assert player.grows <= player.faults
