"""The brake on guessing: bounded in wait, bounded in memory, forgetful."""

from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import SECOND
from gengfu.people.throttle import BY_ADDRESS, BY_LOGIN, Failures, Pace, Throttle, may_try_at

TIMES = st.integers(0, 10**15)
PACES = st.sampled_from([BY_LOGIN, BY_ADDRESS])


@given(st.integers(1, 10**6), TIMES, TIMES, PACES)
def test_the_wait_is_bounded(count: int, last: int, later: int, pace: Pace) -> None:
    """Nobody waits longer than the pace says, and not at all once all is forgiven."""
    now = last + later
    start = may_try_at(Failures(count, last), pace, now)
    assert start <= max(now, last + pace.longest)
    if count < pace.free or later >= pace.forgiven_after:
        assert start == now


@given(st.integers(5, 60), TIMES)
def test_more_failures_never_wait_less(count: int, last: int) -> None:
    """The wait grows with every failure in a row."""
    fewer = may_try_at(Failures(count, last), BY_LOGIN, last)
    more = may_try_at(Failures(count + 1, last), BY_LOGIN, last)
    assert last + SECOND <= fewer <= more


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=60))
def test_memory_is_bounded(tries: list[tuple[str, str]]) -> None:
    """However many logins and addresses are tried, so many are remembered."""
    throttle = Throttle(size=16)
    for login, address in tries:
        throttle.failed(login, address, 0)
        assert len(throttle) <= 16


def test_one_address_is_slowed_across_logins() -> None:
    """Trying one password on many logins is guessing too (F47)."""
    throttle = Throttle()
    for number in range(30):
        throttle.failed(f"guard-{number}", "10.0.0.9", 0)
    assert throttle.wait("guard-99", "10.0.0.9", 0) > 60 * SECOND
    assert throttle.wait("guard-99", "10.0.0.8", 0) == 0
