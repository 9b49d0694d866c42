"""What sensors of gas, rooms, manholes, noise and water read, on good days and on bad ones."""

from collections.abc import Callable
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR, MINUTE
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from simulators.device import Injection, Sample, local_hour
from simulators.models.daily import DRAW_BY_HOUR
from simulators.models.kinds import KINDS
from simulators.models.sensor import Sensor
from tests.unit.simulators.stage import CLASSES, MORNING

ZONE = ZoneInfo("Asia/Shanghai")


def sensor(kind: str, seed: int = 1) -> Sensor:
    return Sensor("one", KINDS[kind], Random(seed), ZONE, MORNING)


def injection(fault: str, **settings: Scalar) -> Injection:
    return Injection(equipment="one", fault=fault, settings=settings)


def read(one: Sensor, hours: float) -> list[Sample]:
    said = one.advance(one.now + round(hours * HOUR))
    return [each for each in said if isinstance(each, Sample)]


def last(one: Sensor, hours: float) -> dict[str, Scalar]:
    return dict(read(one, hours)[-1].points)


def of(points: dict[str, Scalar], name: str) -> float:
    value = points[name]
    assert isinstance(value, float)
    return value


QUIET: dict[tuple[str, str], tuple[float, float]] = {
    ("gas_detector", "concentration"): (0, 10),
    ("room_environment", "temperature"): (5, 35),
    ("room_environment", "humidity"): (20, 80),
    ("manhole", "level"): (0, 1.5),
    ("manhole", "gas"): (0, 20),
    ("noise_meter", "level"): (30, 70),
    ("water_quality", "chlorine"): (0.05, 2),
    ("water_quality", "turbidity"): (0, 1),
    ("water_quality", "ph"): (6.5, 8.5),
}
"""Between these the shipped rules are silent."""


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10_000))
def test_a_good_day_raises_an_alarm(seed: int) -> None:
    """A day without faults stays within the limits of every shipped rule."""
    days = {kind: read(sensor(kind, seed), DAY / HOUR) for kind in KINDS}
    for (kind, name), (least, most) in QUIET.items():
        assert all(least <= of(dict(one.points), name) <= most for one in days[kind]), name


BROKEN: list[tuple[str, str, Callable[[dict[str, Scalar]], bool]]] = [
    ("gas_detector", "leak", lambda p: p["alarm"] is True and p["valve"] == "closed"),
    ("gas_detector", "seep", lambda p: 10 <= of(p, "concentration") < 20 and not p["alarm"]),
    ("gas_detector", "expired", lambda p: p["expired"] is True and of(p, "concentration") == 0),
    ("room_environment", "aircon_failed", lambda p: of(p, "temperature") > 40),
    ("room_environment", "damp", lambda p: of(p, "humidity") > 80),
    ("room_environment", "flooded", lambda p: p["leak"] is True),
    ("manhole", "blocked", lambda p: p["high"] is True),
    ("manhole", "gas", lambda p: of(p, "gas") >= 20),
    ("manhole", "cover_away", lambda p: p["cover"] == "open"),
    ("noise_meter", "loud", lambda p: of(p, "level") > 70),
    ("water_quality", "turbid", lambda p: of(p, "turbidity") > 1),
    ("water_quality", "unchlorinated", lambda p: of(p, "chlorine") < 0.05),
    ("water_quality", "overdosed", lambda p: of(p, "chlorine") > 2),
    ("water_quality", "acid", lambda p: of(p, "ph") < 6.5),
    ("water_quality", "no_sample", lambda p: p["sample_flow"] is False),
]


@pytest.mark.parametrize(("kind", "fault", "shows"), BROKEN)
def test_a_fault_does_not_show_or_never_ends(
    kind: str, fault: str, shows: Callable[[dict[str, Scalar]], bool]
) -> None:
    """A fault is not there before it, shows within six hours, and is gone six hours after it."""
    one = sensor(kind)
    assert not shows(last(one, 1))
    one.begin(injection(fault))
    assert shows(last(one, 6))
    one.end(injection(fault))
    assert not shows(last(one, 6))


def test_every_fault_is_as_grave_as_the_next() -> None:
    """A story that names a value says how far it goes this time; what it does not name goes as ever."""
    one = sensor("heating_substation")
    one.begin(injection("leaks", pressure=0.2))
    points = last(one, 6)
    assert of(points, "pressure") == pytest.approx(0.2, abs=0.02)
    assert of(points, "makeup_flow") == pytest.approx(42, abs=3)
    one = sensor("light")
    one.begin(injection("lamps_failed", lamps_failed=2))
    assert last(one, 1)["lamps_failed"] == 2


def test_a_stuck_valve_shuts() -> None:
    """A stuck valve stays open in a leak that the detector tells."""
    one = sensor("gas_detector")
    one.begin(injection("valve_stuck"))
    one.begin(injection("leak"))
    points = last(one, 1)
    assert (points["alarm"], points["valve"]) == (True, "open")


@pytest.mark.parametrize("kind", KINDS)
def test_a_sensor_says_what_its_class_does_not_know(kind: str) -> None:
    """Every point, with every fault at once too, is one of the class, and of its kind and words."""
    one, known = sensor(kind), CLASSES[kind].points
    good = last(one, 1)
    for fault in KINDS[kind].faults:
        one.begin(injection(fault))
    for name, value in [*good.items(), *last(one, 1).items()]:
        assert (known[name].kind is PointKind.BOOLEAN) == isinstance(value, bool), name
        assert not isinstance(value, str) or value in known[name].words, name


STOPPED = [
    ("generator", ["called"], "run", "oil_pressure", 300.0),
    ("generator", ["called"], "run", "voltage", 380.0),
    ("smoke_control", ["started"], "fan_run", "pressure", 40.0),
]


@pytest.mark.parametrize(("kind", "faults", "switch", "value", "least"), STOPPED)
def test_a_value_lags_behind_its_switch(
    kind: str, faults: list[str], switch: str, value: str, least: float
) -> None:
    """In no sample at all does a machine run without its value, or have it while it stands."""
    one = sensor(kind)
    told = read(one, 0.11)
    for fault in faults:
        one.begin(injection(fault))
    told += read(one, 0.11)
    for fault in faults:
        one.end(injection(fault))
    told += read(one, 0.11)
    assert {each.points[switch] for each in told} == {False, True}
    for each in told:
        found = of(dict(each.points), value)
        assert found > least if each.points[switch] else found == 0.0


def test_a_generator_runs_dry_and_on() -> None:
    """A tank of 82 % lasts ten hours and a quarter; then the engine stands, and nothing comes of it."""
    one = sensor("generator")
    one.begin(injection("called"))
    assert last(one, 10)["run"] is True
    dry = last(one, 0.5)
    assert (dry["run"], dry["start_signal"], dry["fuel"]) == (False, True, 0.0)
    assert (dry["voltage"], dry["power"]) == (0.0, 0.0)


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10_000))
def test_power_is_not_voltage_times_current(seed: int) -> None:
    """Meter and board keep P = Σ U·I·cos φ in every sample, with each of their faults too."""
    for kind in ("electricity_meter", "power_distribution"):
        one = sensor(kind, seed)
        told = read(one, 6)
        for fault in sorted(KINDS[kind].faults):
            one.begin(injection(fault))
            told += read(one, 0.5)
            one.end(injection(fault))
        for points in (dict(each.points) for each in told):
            phases = "abc" if kind == "power_distribution" else ""
            pairs = [(f"voltage_{p}", f"current_{p}") for p in phases]
            flow = sum(of(points, u) * of(points, i) for u, i in pairs or [("voltage", "current")])
            flow *= 1 if phases else 3
            assert of(points, "power") * 1000 == pytest.approx(flow * of(points, "power_factor"))


def test_a_bad_power_factor_costs_no_current() -> None:
    """The same power at cos φ 0.71 takes a third more current than at 0.95."""
    one = sensor("electricity_meter")
    usual = last(one, 1)
    one.begin(injection("power_factor_low"))
    bad = last(one, 1)
    more = of(bad, "current") / of(bad, "power") / (of(usual, "current") / of(usual, "power"))
    assert more == pytest.approx(0.95 / 0.71, rel=0.04)


@pytest.mark.parametrize(
    ("kind", "value"), [("electricity_meter", "power"), ("power_distribution", "current_a")]
)
def test_a_house_draws_power_while_it_sleeps(kind: str, value: str) -> None:
    """Power goes with the people: far more in the evening than before dawn, a peak in the morning."""
    hours: dict[int, list[float]] = {}
    for seed in range(4):
        for each in read(sensor(kind, seed), DAY / HOUR):
            hours.setdefault(int(local_hour(each.at, ZONE)), []).append(
                of(dict(each.points), value)
            )
    mean = {hour: sum(found) / len(found) for hour, found in hours.items()}
    assert max(mean, key=lambda hour: mean[hour]) in {7, 18, 19}
    assert mean[19] > 1.6 * mean[3] > 0
    assert mean[7] > 1.2 * mean[10]
    whole = sum(mean.values()) / 24
    assert whole == pytest.approx({"power": 21, "current_a": 62}[value], rel=0.08)


def test_a_stopped_generator_gives_power() -> None:
    """An emergency stop ends voltage and power at once; hours and fuel moved while it ran only."""
    one = sensor("generator")
    one.begin(injection("called"))
    ran = last(one, 1)
    one.begin(injection("emergency_stop"))
    stopped = read(one, 2)
    assert all((each.points["voltage"], each.points["power"]) == (0.0, 0.0) for each in stopped)
    assert of(ran, "run_hours") == pytest.approx(214, abs=0.02)
    assert of(ran, "fuel") < 80
    assert stopped[-1].points["run_hours"] == pytest.approx(ran["run_hours"], abs=0.001)


def test_the_way_back_takes_ten_minutes() -> None:
    """Mains that were low are what they were three minutes after, as fast as they fell."""
    one = sensor("power_distribution")
    one.begin(injection("voltage_low"))
    assert of(last(one, 0.2), "voltage_a") < 198
    one.end(injection("voltage_low"))
    assert of(last(one, 0.05), "voltage_a") > 220


def test_people_draw_water_at_night() -> None:
    """Between two and five a meter of 4.2 m³/h on average stays below 4; the day peaks by the code."""
    for seed in range(5):
        night = [
            of(dict(each.points), "flow")
            for each in read(sensor("water_meter", seed), DAY / HOUR)
            if 2 <= local_hour(each.at, ZONE) < 5
        ]
        assert night
        assert max(night) < 4
    assert 2.0 <= max(DRAW_BY_HOUR) / (sum(DRAW_BY_HOUR) / 24) <= 2.8


def test_the_sun_shines_at_eight_in_the_evening() -> None:
    """It is dark from seven to five and bright at noon; lamps that are not lit draw nothing."""
    for each in read(sensor("light"), DAY / HOUR):
        lux, hour = of(dict(each.points), "illuminance"), local_hour(each.at, ZONE)
        assert lux == 0 if hour >= 19 or hour < 5 else lux >= 0
        assert lux > 15_000 or not 11 <= hour < 13
        assert (of(dict(each.points), "current") > 0) == each.points["lit"]


def test_cutting_time_changes_what_is_said() -> None:
    """One stretch of time, or the same in pieces, tells the same."""
    whole, pieces = sensor("water_quality"), sensor("water_quality")
    story = [each for _ in range(90) for each in pieces.advance(pieces.now + 2 * MINUTE)]
    assert list(whole.advance(MORNING + 3 * HOUR)) == story
