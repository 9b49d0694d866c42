"""Wakes whoever waits for a change, from any thread. It says that something is new, never what."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Ear:
    """One who listens; several rings before he looks are one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the listener; harmless when his loop is gone."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._rung.set)

    async def heard(self, at_most_seconds: float | None = None) -> None:
        """Wait for a ring since the last return, or for the time given."""
        # Not wait_for: on Python 3.11 it swallows a cancellation that meets a ring.
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most_seconds):
                await self._rung.wait()
        self._rung.clear()


class Bell:
    """Rings for all who listen."""

    def __init__(self) -> None:
        self._ears: set[Ear] = set()

    @contextmanager
    def listen(self) -> Iterator[Ear]:
        """Return an ear of this event loop, for as long as the block runs."""
        ear = Ear()
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)

    def ring(self) -> None:
        """Wake all listeners."""
        for ear in tuple(self._ears):
            ear.ring()
