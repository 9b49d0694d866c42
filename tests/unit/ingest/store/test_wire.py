"""A call's deadline holds whatever becomes of the thread it runs in."""

import _thread

import pytest

from ingest.store.port import NotTaken, Refusal
from ingest.store.wire import within


def test_a_thread_that_dies_at_birth_is_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F29: CPython reports the thread as started, and memory fails before its first line."""
    monkeypatch.setattr(_thread, "start_new_thread", lambda *_: 0)
    with pytest.raises(NotTaken) as refused:
        within(0.01, lambda: 1)
    assert refused.value.reason is Refusal.DEADLINE


def test_what_the_call_raises_is_lost() -> None:
    """An error of the call itself comes to the caller as it is, a timeout of its own included."""
    assert within(5, lambda: 7) == 7
    with pytest.raises(TimeoutError):
        within(5, _times_out)


def _times_out() -> None:
    raise TimeoutError
