"""Work in threads that outlives a cancellation: what it holds is not closed under its hands."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Answer = TypeVar("Answer")


async def in_thread(work: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
    """Run work in a worker thread; when cancelled, first let it end what it began."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
