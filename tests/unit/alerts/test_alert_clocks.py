"""Clocks that neither go backwards nor lose their pace."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from alerts.clocks import wind
from alerts.model import Handling
from alerts.opening import by_rule
from alerts.settings import Pace, StageClocks
from alerts.steady import SteadyClock
from alerts.whereabouts import Whereabouts
from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND
from tests.fakes.alerts import FIRE, START
from tests.fakes.manual_clock import ManualClock

STEPS = st.lists(st.integers(-50 * 365 * DAY, 50 * 365 * DAY), min_size=1, max_size=20)


@given(steps=STEPS, floor=st.integers(0, 2 * START))
def test_a_clock_goes_backwards(steps: list[int], floor: int) -> None:
    """However the machine's clock jumps, the time never goes back, and goes on at once."""
    machine = ManualClock()
    clock = SteadyClock(machine, floor)
    told = clock.now()
    assert told >= floor
    for span in steps:
        machine.advance(span)
        assert clock.now() == max(told, told + span)
        told = clock.now()
        machine.advance(SECOND)
        assert clock.now() == told + SECOND
        told = clock.now()


@given(rounds=st.integers(0, 10_000))
def test_a_pace_runs_away(rounds: int) -> None:
    """A pace lies between its first span and its longest, and never gets faster."""
    pace = Pace(MINUTE, HOUR)
    assert MINUTE <= pace.after(rounds) <= pace.after(rounds + 1) <= HOUR


def test_a_late_taker_is_hurried_into_the_past() -> None:
    """The arrival clock runs from the opening; taken too late, it still leaves time to walk."""
    fire = replace(by_rule(FIRE, Whereabouts(), 0), handling=Handling.ACKNOWLEDGED)
    soon = wind(fire, START + MINUTE, StageClocks())
    assert soon.due_at == START + 3 * MINUTE
    late = wind(fire, START + HOUR, StageClocks())
    assert late.due_at == START + HOUR + 3 * MINUTE
