"""What doors, panels, cameras and their speakers may and may not do."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, SECOND
from simulators.device import Change, Happening, Said, Sample
from tests.unit.simulators.stage import MORNING, estate, fault, said_by

DOOR, PANEL, CAMERA = "door-b1-u1-main", "fire-panel-1", "cam-b1-gate"


def lived(
    equipment: str, changes: Sequence[Change] = (), *, seed: int = 1, hours: float = 1.0
) -> list[Said]:
    stage = estate(changes, seed=seed)
    return list(said_by(stage, equipment, MORNING + round(hours * HOUR)))


def events(story: Sequence[Said]) -> list[tuple[str, str | None]]:
    return [(one.type, one.part) for one in story if isinstance(one, Happening)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_door_opens_without_leave(seed: int) -> None:
    """Every opening of a sound door follows a grant or an exit request of the last 5 s."""
    leave = opened = 0
    for one in lived(DOOR, seed=seed):
        if isinstance(one, Happening) and one.type in {"granted", "exit_request"}:
            leave = one.at
        if isinstance(one, Sample) and one.points["contact"] == "open":
            opened = opened or one.at
            assert opened - leave <= 5 * SECOND
        elif isinstance(one, Sample):
            opened = 0


def test_a_forced_door_shows_a_grant() -> None:
    """A forced door opens while locked and without any event before it."""
    at = 20 * MINUTE
    story = lived("door-b3-pumproom", fault("door-b3-pumproom", "forced", after=at))
    around = [one for one in story if MORNING + at - 10 * SECOND <= one.at <= MORNING + at + MINUTE]
    assert not events(around)
    last = around[-1]
    assert isinstance(last, Sample)
    assert (last.points["contact"], last.points["locked"]) == ("open", True)


def test_a_held_door_closes_early() -> None:
    """A held door was opened with leave and stays open until the fault ends."""
    story = lived(DOOR, fault(DOOR, "held_open", after=10 * MINUTE, lasts=8 * MINUTE))
    held = [
        one.points["contact"]
        for one in story
        if isinstance(one, Sample) and MORNING + 11 * MINUTE <= one.at < MORNING + 18 * MINUTE
    ]
    assert held
    assert set(held) == {"open"}
    assert isinstance(story[-1], Sample)


def test_probing_is_not_refused() -> None:
    """Probing is at least five refusals within two minutes."""
    story = lived(
        "door-b1-weakroom", fault("door-b1-weakroom", "probing", after=MINUTE, lasts=90 * SECOND)
    )
    assert events(story).count(("denied", None)) >= 5


def test_a_panel_makes_up_fires() -> None:
    """A panel without faults tells no event at all, and stays in automatic."""
    story = lived(PANEL, hours=24)
    assert not events(story)
    assert all(
        one.points["mode"] == "automatic" and one.points["fires"] == 0
        for one in story
        if isinstance(one, Sample)
    )


def test_a_fire_is_told_late_or_twice() -> None:
    """A detector's fire is told once, at once, with its address and signal, and reset at its end."""
    changes = fault(PANEL, "fire", part="1-017", after=5 * MINUTE, lasts=10 * MINUTE)
    story = lived(PANEL, changes)
    assert events(story) == [("fire", "1-017"), ("reset", None)]
    fire = next(one for one in story if isinstance(one, Happening))
    assert fire.at == MORNING + 5 * MINUTE
    assert fire.attributes == {"signal": "smoke"}


def test_an_isolated_detector_tells_a_fire() -> None:
    """An isolated address tells no fire, and its count stands on the panel."""
    changes = [
        *fault(PANEL, "isolated", part="1-017", after=MINUTE),
        *fault(PANEL, "fire", part="1-017", after=5 * MINUTE, lasts=10 * MINUTE),
    ]
    story = lived(PANEL, changes)
    assert events(story) == [("isolated", "1-017")]
    assert isinstance(story[-1], Sample)
    assert (story[-1].points["isolated"], story[-1].points["fires"]) == (1, 0)


def test_two_fires_are_reset_by_one() -> None:
    """The panel is reset when its last fire is out, not before."""
    changes = [
        *fault(PANEL, "fire", part="1-017", after=MINUTE, lasts=5 * MINUTE),
        *fault(PANEL, "fire", part="1-018", after=2 * MINUTE, lasts=10 * MINUTE),
    ]
    changes.sort(key=lambda change: change.at)
    assert events(lived(PANEL, changes)) == [("fire", "1-017"), ("fire", "1-018"), ("reset", None)]


def test_night_looks_like_day() -> None:
    """An outdoor camera's bitrate at three at night is well below that at noon."""
    stage = estate(start=MORNING - 7 * HOUR)
    by_hour: dict[int, list[float]] = {}
    for one in said_by(stage, CAMERA, MORNING + 7 * HOUR):
        if isinstance(one, Sample) and isinstance(rate := one.points["bitrate"], float):
            by_hour.setdefault((one.at - MORNING) // HOUR + 7, []).append(rate)
    assert max(by_hour[3]) < 0.8 * min(by_hour[12])


def test_a_covered_camera_sees_people() -> None:
    """A covered lens says so, leaves a fifth of the bitrate at most and sees nobody."""
    story = lived(CAMERA, fault(CAMERA, "covered"), hours=6)
    assert not events(story)
    covered = [one for one in story if isinstance(one, Sample) and one.at > MORNING]
    assert all(one.points["covered"] for one in covered)
    assert all(isinstance(b := one.points["bitrate"], float) and b < 1000 for one in covered)


def test_a_recorder_records_a_lost_camera() -> None:
    """A camera without a picture is one channel fewer on its recorder, and back afterwards."""
    stage = estate(fault("cam-b1-gate", "video_loss", after=10 * MINUTE, lasts=10 * MINUTE))
    channels = [
        (message.at - MORNING, message.points["recording_channels"])
        for message in stage.advance(MORNING + 30 * MINUTE)
        if message.equipment == "nvr-b1" and "recording_channels" in message.points
    ]
    assert {count for at, count in channels if 10 * MINUTE < at < 20 * MINUTE} == {4}
    assert channels[-1][1] == 5


def test_a_battery_lasts_for_ever() -> None:
    """Without mains a controller's battery falls below 12 V within four hours."""
    story = lived("door-ctl-b1", fault("door-ctl-b1", "mains_lost"), hours=4)
    last = story[-1]
    assert isinstance(last, Sample)
    assert last.points["mains"] is False
    assert isinstance(volts := last.points["battery"], float)
    assert volts < 12
