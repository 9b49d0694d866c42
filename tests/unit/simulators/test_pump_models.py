"""What simulated pumps may and may not do."""

from collections.abc import Mapping
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, Micros
from gengfu.core.naming import Scalar
from simulators.device import Change, Injection, Sample
from simulators.models.fire_main import FireMain
from simulators.models.hydraulics import Curve
from simulators.models.pump import Pump
from tests.unit.simulators.stage import MORNING, estate, fault, said_by


def lived(
    equipment: str, changes: list[Change] | None = None, *, seed: int = 1, hours: float = 1.0
) -> list[tuple[Micros, Mapping[str, Scalar]]]:
    """Return one pump's samples: (time since the start, points)."""
    stage = estate(changes or [], seed=seed)
    return [
        (one.at - MORNING, one.points)
        for one in said_by(stage, equipment, MORNING + round(hours * HOUR))
        if isinstance(one, Sample) and one.equipment == equipment
    ]


def number(points: Mapping[str, Scalar], name: str) -> float:
    value = points[name]
    assert isinstance(value, int | float)
    return float(value)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_the_supply_pressure_wanders(seed: int) -> None:
    """A sound set holds its pressure within ±0.05 MPa through the morning peak."""
    for at, points in lived("pump-supply-1", seed=seed, hours=2):
        if at > 5 * MINUTE:
            off = number(points, "pressure_out") - number(points, "pressure_set")
            assert abs(off) < 0.05


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_a_running_pump_draws_no_current(seed: int) -> None:
    """Current, flow and pressure are positive exactly while a sound pump runs."""
    for _, points in lived("pump-supply-2", seed=seed, hours=1):
        assert (number(points, "current") > 0) == points["run"]
        assert (number(points, "flow") > 0) == points["run"]
        assert number(points, "pressure_out") > 0


def test_a_dry_pump_looks_like_a_sound_one() -> None:
    """Dry running: it runs, lifts nothing, and draws less than 60 % of what it drew before."""
    changes = fault("pump-supply-2", "dry_running", after=30 * MINUTE)
    story = lived("pump-supply-2", [*changes], hours=1)
    sound = [
        number(points, "current")
        for _, points in lived("pump-supply-1", hours=0.5)
        if points["run"]
    ]
    dry = [points for at, points in story if at > 31 * MINUTE]
    assert all(points["run"] for points in dry)
    assert all(number(points, "flow") == 0 for points in dry)
    usual = sorted(sound)[len(sound) // 2]
    assert max(number(points, "current") for points in dry) < 0.6 * usual


def test_a_tripped_duty_pump_dries_the_taps() -> None:
    """When one pump trips another takes over, and the pressure comes back within two minutes."""
    changes = [
        *fault("pump-supply-1", "trip", after=10 * MINUTE),
        *fault("pump-supply-2", "trip", after=10 * MINUTE),
    ]
    story = lived("pump-supply-3", changes, hours=0.5)
    _, points = story[-1]
    assert points["run"]
    assert number(points, "pressure_out") > 0.45


def test_two_of_three_pumps_never_stop() -> None:
    """At night one pump is enough: the second is switched off again after the evening."""
    night = MORNING - 4 * HOUR
    stage = estate(start=MORNING - 13 * HOUR)
    running: dict[str, Scalar] = {}
    for one in said_by(stage, "pump-supply-1", night):
        if isinstance(one, Sample):
            running[one.equipment] = one.points["run"]
    assert sum(bool(value) for value in running.values()) == 1


def test_a_jockey_pump_that_cycles_all_day() -> None:
    """A sound fire main starts its jockey once or twice an hour; a leaking one over 15 times."""

    def starts(story: list[tuple[Micros, Mapping[str, Scalar]]]) -> float:
        return number(story[-1][1], "starts") - number(story[0][1], "starts")

    assert 3 <= starts(lived("pump-jockey", hours=4)) <= 9
    assert starts(lived("pump-jockey", fault("pump-jockey", "main_leak"), hours=1)) > 15


def test_fire_pumps_run_by_themselves() -> None:
    """A fire pump runs only when it was started, and lifts the main's pressure."""
    assert not any(points["run"] for _, points in lived("pump-fire-1", hours=3))
    changes = fault("pump-fire-1", "started", after=10 * MINUTE, lasts=5 * MINUTE)
    story = lived("pump-fire-1", changes, hours=0.5)
    ran = [points for _, points in story if points["run"]]
    assert min(number(points, "pressure_out") for points in ran) > 0.95
    assert not story[-1][1]["run"]


def test_a_falling_pressure_starts_no_fire_pump() -> None:
    """With the jockey tripped a leak brings the main down until a fire pump starts, and stays on."""
    fire, jockey = (
        Pump(id=name, curve=Curve(flow=flow, head=head, current=9.0), rng=Random(name))
        for name, flow, head in (("fire", 1200, 80), ("jockey", 60, 90))
    )
    main = FireMain([fire], [jockey], Random(1), MORNING)
    list(main.advance(MORNING + HOUR))
    assert not fire.running
    leak = Injection(equipment="jockey", fault="main_leak")
    main.begin(Injection(equipment="jockey", fault="trip"))
    main.begin(leak)
    story = [one for one in main.advance(MORNING + 2 * HOUR) if isinstance(one, Sample)]
    told = [one.points for one in story if one.equipment == "fire"]
    standing = [number(points, "pressure_out") for points in told if not points["run"]]
    assert 0.14 < main.top - min(standing) < 0.20
    main.end(leak)
    list(main.advance(MORNING + 3 * HOUR))
    assert fire.running


def test_a_pit_floods_by_itself() -> None:
    """A sound pit stays below its very high float; one whose pump tripped under inflow does not."""
    assert not any(points["float_very_high"] for _, points in lived("pump-pit-1", hours=12))
    changes = [*fault("pump-pit-1", "trip"), *fault("pump-pit-1", "inflow")]
    assert lived("pump-pit-1", changes, hours=0.1)[-1][1]["float_very_high"]


def test_a_pit_pump_never_empties_its_pit() -> None:
    """The pump runs for some minutes a few times a day and stops by its float."""
    story = lived("pump-pit-2", hours=24)
    share = sum(bool(points["run"]) for _, points in story) / len(story)
    assert 0.005 < share < 0.1
