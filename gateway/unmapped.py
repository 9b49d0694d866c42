"""What devices say that no class has a point for: counted and kept, so that it can be mapped."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.decoded import Decoded
from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar

MOST_POINTS = 1_000


@dataclass(slots=True, kw_only=True)
class Unmapped:
    """One point that a class lacks."""

    equipment_class: str
    point: str
    count: int = 0
    last_value: Scalar = None
    last_equipment: str = ""
    last_at: Micros = 0


@dataclass(slots=True)
class UnmappedPoints:
    """A bounded table by class and point; past its bound only ``overflow`` counts."""

    most: int = MOST_POINTS
    overflow: int = 0
    _points: dict[tuple[str, str], Unmapped] = field(default_factory=dict)

    def note(self, decoded: Decoded) -> None:
        """Count a message's unknown points."""
        for unknown in decoded.unknown:
            key = (decoded.equipment_class, unknown.point)
            found = self._points.get(key)
            if found is None:
                if len(self._points) >= self.most:
                    self.overflow += unknown.count
                    continue
                found = self._points[key] = Unmapped(equipment_class=key[0], point=key[1])
            found.count += unknown.count
            found.last_value = unknown.value
            found.last_equipment = decoded.equipment or ""
            found.last_at = decoded.received_at

    def all(self) -> Iterable[Unmapped]:
        """Return what is not mapped, the most frequent first."""
        return sorted(self._points.values(), key=lambda one: -one.count)
