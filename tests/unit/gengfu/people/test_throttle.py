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
        throttle.take(login, address, 0)
        assert len(throttle) <= 16


def test_one_address_is_slowed_across_logins() -> None:
    """Trying one password on many logins is guessing too (F47)."""
    throttle, now = Throttle(), 0
    for number in range(27):
        now += throttle.wait(f"guard-{number}", "10.0.0.9", now)
        assert throttle.take(f"guard-{number}", "10.0.0.9", now)
    assert throttle.wait("guard-99", "10.0.0.9", now) > 60 * SECOND
    assert throttle.wait("guard-99", "10.0.0.8", now) == 0


def test_a_guardroom_that_signs_in_is_slowed() -> None:
    """A try that succeeded leaves the address as it was, also one that is slowed already."""
    throttle, now = Throttle(), 0
    for number in range(60):
        assert throttle.take(f"guard-{number}", "10.0.0.9", now)
        throttle.succeeded(f"guard-{number}", "10.0.0.9")
    assert len(throttle) == 0
    for number in range(25):
        now += throttle.wait(f"guest-{number}", "10.0.0.9", now)
        throttle.take(f"guest-{number}", "10.0.0.9", now)
    later = now + 40 * SECOND
    before = throttle.wait("wang", "10.0.0.9", now)
    for login in ("wang", "li"):
        assert throttle.take(login, "10.0.0.9", later)
        throttle.succeeded(login, "10.0.0.9")
    assert throttle.wait("wang", "10.0.0.9", now) == before
