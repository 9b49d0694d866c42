"""The newest value of a point, as the desk keeps it and shows it."""

import msgspec

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar


class PointValue(msgspec.Struct, frozen=True, kw_only=True):
    """A point's newest value: an enum as its word, a boolean as a boolean."""

    value: Scalar
    observed_at: Micros
    received_at: Micros


class Current(PointValue, frozen=True, kw_only=True):
    """A point's newest value; ``flags`` as ``gengfu.core.batch.Flag``."""

    flags: int = 0


def believed(value: PointValue) -> Micros:
    """Return the time at which a value counts: never later than it was received."""
    return min(value.observed_at, value.received_at)
