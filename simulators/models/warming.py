"""What settles slowly: temperatures, and levels behind a valve."""

import math


def settle(value: float, target: float, seconds: float, time_constant: float) -> float:
    """Return a first-order system's value after some seconds on its way to a target."""
    return target + (value - target) * math.exp(-seconds / time_constant)
