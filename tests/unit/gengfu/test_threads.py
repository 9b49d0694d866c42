"""Work in a thread is cut off, and what it holds is closed while it still works."""

import asyncio
import threading

import pytest

from gengfu.threads import in_thread


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_what_it_holds_is_closed_under_its_hands(times: int) -> None:
    """Who cancels goes on only when the work has ended, however often it cancels."""
    begun, may_end, ended = threading.Event(), threading.Event(), False

    def work() -> None:
        nonlocal ended
        begun.set()
        assert may_end.wait(5)
        ended = True

    task = asyncio.create_task(in_thread(work))
    assert await asyncio.to_thread(begun.wait, 5)
    for _ in range(times):
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=0.1)
        assert not done
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended


async def test_its_answer_or_its_error_gets_lost() -> None:
    """Both come back as they are."""
    assert await in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)
