"""Wait for a claim to become true where a real thread, process or loop is at work."""

import asyncio
import time
from collections.abc import Callable


async def until(claim: Callable[[], bool], what: str, *, seconds: float = 300) -> None:
    """Return when a claim is true; fail with ``what`` when it is not in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"in vain: {what}"
        await asyncio.sleep(0.01)
