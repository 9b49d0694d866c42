"""What a machine that is not ours alone may add to a promise of seconds."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

BUSY_S = 30.0
"""For being busy with other things. The faults of these tests hold for longer, or until the alarm has
come: what waits for one of them is still found out."""


class Leeway:
    """From its making on: ``BUSY_S``, and for how long the host kept a processor from us meanwhile."""

    def __init__(self) -> None:
        self._stolen_before = _stolen_s()

    @property
    def stolen(self) -> float:
        """Seconds, the mean of the processors: always less than have passed, so every bound ends."""
        return _stolen_s() - self._stolen_before

    @property
    def seconds(self) -> float:
        return BUSY_S + self.stolen


def within(promised: float, what: str, ready: Callable[[], bool]) -> None:
    """Wait for what is promised within so many seconds; fail when they and the leeway are over."""
    leeway, began = Leeway(), time.monotonic()
    while not ready():
        if time.monotonic() - began > promised + leeway.seconds:
            pytest.fail(f"waited {time.monotonic() - began:.0f} s for {what}")
        time.sleep(0.05)


def _stolen_s() -> float:
    """Return a processor's mean of seconds that went to other guests of the host; elsewhere 0 (proc(5))."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except FileNotFoundError:
        return 0.0
    return int(words[8]) / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)
