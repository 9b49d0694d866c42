"""A tank that pumps draw from: no more leaves it than is in it.

Pumps draw air when the water has fallen to their suction's mouth, 0.1 m above the bottom (U); swirls
that draw air before that (GB 50015 asks for 0.3 m above the mouth) are left out.
"""

from dataclasses import dataclass

MOUTH = 0.1
_LITRES_A_MINUTE = 60_000.0
"""Seconds a minute and litres a cubic metre: L/min = m³/s of this."""


@dataclass(slots=True)
class Tank:
    """Water of so much area (m²), up to a level and at most to the brim (m above the bottom)."""

    area: float
    brim: float
    level: float

    def reach(self, seconds: float, supplied: float) -> float:
        """Return what pumps can draw for so long, L/min, while so much flows in (net, L/min)."""
        over = (self.level - MOUTH) * self.area * _LITRES_A_MINUTE / seconds
        return max(0.0, over + supplied)

    def change(self, seconds: float, net: float) -> None:
        """Let water in (net > 0, L/min) or out for so long; what is above the brim runs over."""
        level = self.level + net * seconds / _LITRES_A_MINUTE / self.area
        self.level = min(max(level, 0.0), self.brim)
