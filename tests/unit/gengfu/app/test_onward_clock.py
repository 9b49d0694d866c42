"""Core's clock on a host whose clock is stepped (F17)."""

from hypothesis import given
from hypothesis import strategies as st

from gengfu.app.onward_clock import OnwardClock
from gengfu.core.clock import HOUR, SECOND
from tests.fakes.manual_clock import ManualClock


@given(st.lists(st.integers(-(10**15), 10**15), max_size=50), st.integers(0, 2 * 10**15))
def test_time_goes_back(steps: list[int], floor: int) -> None:
    """However the host's clock is stepped, and whatever an earlier run wrote down."""
    host = ManualClock()
    clock = OnwardClock(host, floor=floor)
    told = [clock.now()]
    for step in steps:
        host.advance(step)
        told.append(clock.now())
    assert told == sorted(told)
    assert told[0] >= floor


def test_a_clock_set_back_stands_still() -> None:
    """Set back an hour it runs at half its pace, until the host's clock has caught up; then as that."""
    host = ManualClock()
    clock = OnwardClock(host)
    before = clock.now()
    host.advance(-HOUR)
    assert clock.now() == before
    for second in range(1, 11):
        host.advance(SECOND)
        assert clock.now() == before + second * SECOND // 2
    host.advance(2 * HOUR)
    assert clock.now() == host.at
    host.advance(SECOND)
    assert clock.now() == host.at


def test_a_start_with_the_host_s_clock_in_the_past_goes_back() -> None:
    """The journal was an hour ahead when it was left: it goes on from there."""
    host = ManualClock()
    floor = host.at + HOUR
    clock = OnwardClock(host, floor=floor)
    host.advance(4 * SECOND)
    assert clock.now() == floor + 2 * SECOND
