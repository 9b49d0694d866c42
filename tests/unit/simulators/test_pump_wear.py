"""What a pump's faults do to it by and by: physics and no symptom that is set."""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from simulators.device import Injection, Sample
from simulators.models.fire_main import FireMain
from simulators.models.hydraulics import Curve, Delivery
from simulators.models.pit_pump import PitPump
from simulators.models.pump import WEAR_OF_A_PUMP, Pump, Station
from simulators.models.supply_set import SupplySet
from simulators.models.tank import MOUTH
from tests.unit.simulators.stage import MORNING

CURVE = Curve(flow=300.0, head=60.0, current=15.2)
STEP = 5 * SECOND


class Steady(Random):
    """Chance that has nothing to say: every draw is its mean."""

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        return mu


def supply(pumps: int = 1, *, chance: type[Random] = Random, at: Micros = MORNING) -> SupplySet:
    set_ = [Pump(id=f"p{n}", curve=CURVE, rng=chance(n), variable_speed=True) for n in range(pumps)]
    return SupplySet(set_, chance(9), ZoneInfo("Asia/Shanghai"), at)


def give(station: Station, fault: str, *, over: Micros = 0, pump: str = "p0") -> None:
    station.begin(Injection(equipment=pump, fault=fault, over=over))


def lived(station: Station, until: Micros) -> Sequence[Sample]:
    """What the station's first pump says until then."""
    first = station.equipment[0]
    said = station.advance(MORNING + until)
    return [one for one in said if isinstance(one, Sample) and one.equipment == first]


def told(samples: Sequence[Sample], point: str) -> Sequence[float]:
    values = [one.points[point] for one in samples]
    return [float(value) for value in values if isinstance(value, int | float)]


def test_cavitation_falls_from_the_sky() -> None:
    """A strainer clogs: the inlet's pressure falls for long, then flow, current and pressure, while it shakes."""
    station = supply(chance=Steady)
    lived(station, 10 * MINUTE)
    give(station, "strainer_clogged", over=HOUR)
    story = lived(station, 72 * MINUTE)
    inlet, shaking = told(story, "pressure_in"), told(story, "vibration")
    under_vacuum = next(n for n, value in enumerate(inlet) if value < -0.01)
    shaken = next(n for n, value in enumerate(shaking) if value > 2 * shaking[0])
    assert 0 < under_vacuum < shaken
    assert min(inlet) > -0.1
    last = {name: told(story, name)[-1] for name in ("flow", "current", "pressure_out")}
    assert last["flow"] < 0.6 * told(story, "flow")[0]
    assert last["pressure_out"] < told(story, "pressure_set")[0] - 0.05
    full_speed = CURVE.current_of(CURVE.torque_at(last["flow"], 1.0))
    assert last["current"] < 0.9 * full_speed


def test_a_reading_jumps_while_a_strainer_clogs() -> None:
    """In half a day no reading of the clogging pump goes a tenth of its way from one step to the next."""
    station = supply(chance=Steady)
    lived(station, 10 * MINUTE)
    give(station, "strainer_clogged", over=12 * HOUR)
    story = lived(station, 12 * HOUR + 20 * MINUTE)
    assert station.pumps["p0"].delivery.vapour > 0.5
    for point in ("pressure_in", "pressure_out", "flow", "current", "vibration", "frequency"):
        values = told(story, point)
        steps = [abs(after - before) for before, after in pairwise(values)]
        assert max(steps) < 0.1 * (max(values) - min(values)), point


@pytest.mark.parametrize("pumps", [1, 3])
def test_water_comes_from_nowhere(pumps: int) -> None:
    """What leaves a tank that nothing fills is what the pumps deliver, to the float's last digits."""
    station = supply(pumps)
    give(station, "tank_low")
    now = 10 * MINUTE
    while station.tank.level > 0.5:
        lived(station, now := now + STEP)
    begin, out = station.tank.level, 0.0
    while now < 2 * HOUR:
        lived(station, now := now + STEP)
        assert math.isclose(sum(pump.flow for pump in station.pumps.values()), station.duty.flow)
        out += station.duty.flow / 60_000 * 5
    assert out == pytest.approx((begin - station.tank.level) * station.tank.area, rel=1e-9)


def test_an_empty_tank_gives_water() -> None:
    """At the suction's mouth the water ends: no flow, no load, no pressure before the pumps, and not below."""
    station = supply(2)
    sound = told(lived(station, 10 * MINUTE), "current")
    give(station, "tank_low")
    last = lived(station, 3 * HOUR)[-1].points
    assert station.tank.level == pytest.approx(MOUTH)
    assert last["run"]
    assert last["flow"] == 0
    assert isinstance(last["pressure_in"], float)
    assert last["pressure_in"] <= 0
    assert isinstance(last["current"], float)
    assert last["current"] < 0.6 * sum(sound) / len(sound)


def test_an_empty_tank_and_a_dry_pump_differ() -> None:
    """``dry_running`` is what an empty suction does: the same motor, the same inlet."""
    dry, empty = supply(chance=Steady), supply(chance=Steady)
    give(dry, "dry_running")
    give(empty, "tank_low")
    one, other = (lived(station, 4 * HOUR)[-1].points for station in (dry, empty))
    for point in ("flow", "current", "pressure_in", "vibration", "frequency"):
        assert one[point] == pytest.approx(other[point]), point


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(sorted(WEAR_OF_A_PUMP)),
    st.lists(st.integers(1, 20 * MINUTE), max_size=12),
    st.sampled_from(["supply", "fire", "pit"]),
)
def test_who_looks_often_sees_another_wear(fault: str, cuts: list[Micros], kind: str) -> None:
    """How the way is cut into calls changes nothing, whatever wears."""

    def story(stops: Sequence[Micros]) -> list[Sample]:
        station: Station = supply(2)
        if kind == "fire":
            pump = Pump(id="p0", curve=CURVE, rng=Random(1))
            station = FireMain([pump], [], Random(2), MORNING)
        elif kind == "pit":
            station = PitPump(Pump(id="p0", curve=CURVE, rng=Random(1)), Random(2), MORNING)
        give(station, fault, over=20 * MINUTE)
        return [
            one
            for stop in (*stops, 30 * MINUTE)
            for one in station.advance(MORNING + stop)
            if isinstance(one, Sample)
        ]

    assert story(sorted(cuts)) == story(())


def test_a_bearing_wears_on_a_straight_line() -> None:
    """What wear adds to the vibration grows by one and the same factor in equal times, to its end."""
    pump = Pump(id="p", curve=CURVE, rng=Steady(1))
    pump.switch(on=True)
    shaking = []
    for quarter in range(5):
        pump.suffer({"bearing_wear": quarter / 4})
        pump.live(5.0, speed=1.0, delivery=Delivery(0.9 * CURVE.flow))
        shaking.append(pump.vibration)
    added = [after - before for before, after in pairwise(shaking)]
    factors = [after / before for before, after in pairwise(added)]
    assert factors == pytest.approx([factors[0]] * 3)
    assert factors[0] > 2
    assert shaking[-1] - shaking[0] == pytest.approx(3.0)


def test_a_worn_bearing_stays_cool() -> None:
    """Worn out it passes the 95 °C at which it is an alarm; changed, it cools to what it was."""
    station = supply()
    sound = told(lived(station, HOUR), "bearing_temp")[-1]
    worn = Injection(equipment="p0", fault="bearing_wear", over=2 * HOUR)
    station.begin(worn)
    assert max(told(lived(station, 6 * HOUR), "bearing_temp")) > 95
    station.end(worn)
    assert told(lived(station, 10 * HOUR), "bearing_temp")[-1] < sound + 5


def test_a_shut_valve_lets_a_pit_run_empty() -> None:
    """A pit's pump behind a shut valve lifts nothing; one that runs by hand stops lifting at its mouth."""
    curve = Curve(flow=200, head=15, current=5)
    shut, by_hand = (
        PitPump(Pump(id="p0", curve=curve, rng=Random(1)), Random(2), MORNING) for _ in range(2)
    )
    give(shut, "started")
    give(shut, "blocked")
    give(by_hand, "started")
    lived(shut, HOUR)
    lived(by_hand, HOUR)
    assert shut.pump.flow == 0
    assert shut.pit.level > 0.5
    assert by_hand.pit.level == pytest.approx(MOUTH, abs=0.02)


def test_a_fire_pump_behind_a_shut_valve_lifts_the_main() -> None:
    """Behind its shut valve a fire pump gives the main nothing; half open it churns as ever."""

    def pressure(fault: dict[str, float]) -> float:
        pump = Pump(id="p0", curve=CURVE, rng=Random(1))
        main = FireMain([pump], [], Random(2), MORNING)
        main.pressure = 0.0
        pump.suffer({"started": 1.0, **fault})
        main.live(10.0)
        return main.pressure

    assert pressure({"blocked": 1.0}) == 0
    assert pressure({"blocked": 0.5}) == pytest.approx(pressure({}), rel=0.01)
    assert pressure({}) > 0.7
