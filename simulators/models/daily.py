"""What a day gives by its hours: how much water and power people draw, and how much light there is.

Draw: GB 50015-2019 (table 3.2.1) gives flats an hourly peak of 2.0 to 2.8 times the mean; this table
peaks at 2.07, in the morning, and once more in the evening (shape by experience, U). Daylight goes
with the sine of the sun's elevation (astronomy: sin h = cos φ · cos ω at the equinox, φ = 31°); dusk,
clouds and seasons are left out. The common supply of flats has a part that never rests (ventilation,
control, weak-current rooms), its lifts go with people's traffic (CIBSE Guide D, as ``people`` has it),
its pumps with the draw, its lights from dusk to dawn (the shares by experience, U).
"""

from math import cos, pi, radians

from simulators.models.people import BUSY_BY_HOUR, between_hours

DRAW_BY_HOUR = (
    *(0.12, 0.08, 0.06, 0.06, 0.10, 0.25),
    *(0.65, 1.00, 0.85, 0.60, 0.50, 0.55),
    *(0.60, 0.42, 0.34, 0.34, 0.42, 0.60),
    *(0.85, 0.95, 0.85, 0.68, 0.45, 0.25),
)
"""Share of the busiest hour's draw, by hour of the local day."""

_MEAN_DRAW = sum(DRAW_BY_HOUR) / 24
_NOON, _LATITUDE = 12.25, radians(31.0)
DUSK, DAWN = 18.5, 6.0
"""Between these hours public lights burn, by their clocks."""


def draw(hour: float) -> float:
    """Return the share of the busiest hour's draw at an hour, on a straight line between hours."""
    return between_hours(DRAW_BY_HOUR, hour)


def draw_off_mean(hour: float) -> float:
    """Return by how many times the day's mean the draw is above it, -1 at no draw at all."""
    return draw(hour) / _MEAN_DRAW - 1


def load(hour: float) -> float:
    """Return what the common supply of flats takes at an hour, as a share of all that hangs on it."""
    lights = 1.0 if hour >= DUSK or hour < DAWN else 0.0
    return 0.3 + 0.35 * between_hours(BUSY_BY_HOUR, hour) + 0.2 * draw(hour) + 0.15 * lights


_MEAN_LOAD = sum(load(quarter / 4) for quarter in range(96)) / 96


def load_off_mean(hour: float) -> float:
    """Return by how many times the day's mean the load is above it."""
    return load(hour) / _MEAN_LOAD - 1


def daylight(hour: float) -> float:
    """Return the sine of the sun's elevation; 0 at night."""
    return max(0.0, cos(_LATITUDE) * cos((hour - _NOON) * pi / 12))
