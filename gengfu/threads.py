"""Work in threads that outlives a cancellation: what it holds is not closed under its hands."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Answer = TypeVar("Answer")


async def in_thread(work: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
    """Run work in a worker thread; when cancelled, however often, first let it end what it began."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as exc:
            cancelled = exc
    answer = task.result()
    if cancelled is not None:
        raise cancelled
    return answer
