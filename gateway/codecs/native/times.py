"""Which of a device's times is believed. Nothing is rejected for its time (docs/architecture.md, Time)."""

import math
from dataclasses import dataclass

from gengfu.core.batch import Flag
from gengfu.core.clock import HOUR, MINUTE, Micros, from_iso

_REPRESENTABLE = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """How far from the time of receipt a device's time may lie."""

    ahead: Micros = 5 * MINUTE
    behind: Micros = 72 * HOUR
    shift: Micros = 0
    """How far our own time is ahead of the host's: who has the right time is as far behind us, and
    what he tells happened so much later by our count."""


@dataclass(frozen=True, slots=True)
class Observed:
    """When something happened, as far as that can be believed."""

    at: Micros
    flags: int
    claimed: Micros | None

    @property
    def is_believed(self) -> bool:
        """Tell whether it is the device's own time."""
        return not self.flags


def observe(ts: object, received_at: Micros, belief: Belief, *, retained: bool = False) -> Observed:
    """Judge a device's ``ts`` (ms since 1970 UTC, ISO 8601 with zone, or None).

    A retained message may be as old as it likes: that is no wrong clock.
    """
    if ts is None:
        return Observed(received_at, Flag.RECEIPT_TIME.value, None)
    at = _read(ts)
    if at is None:
        return Observed(received_at, Flag.CLOCK.value, None)
    if -belief.behind <= at + belief.shift - received_at <= belief.ahead:
        return Observed(at + belief.shift, 0, None)
    if retained and at < received_at:
        return Observed(received_at, Flag.RECEIPT_TIME.value, None)
    return Observed(received_at, Flag.CLOCK.value, at)


def _read(ts: object) -> Micros | None:
    """Return the time that ``ts`` stands for; None when it is none that a record could hold."""
    if type(ts) is int:
        at = ts * 1000
    elif type(ts) is float and math.isfinite(ts):
        at = round(ts * 1000) if abs(ts) < _REPRESENTABLE else _REPRESENTABLE
    elif type(ts) is str:
        try:
            at = from_iso(ts)
        except (ValueError, OverflowError):
            return None
    else:
        return None
    return at if abs(at) < _REPRESENTABLE else None
