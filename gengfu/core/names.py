"""Names and their indices. Rows on the way carry indices; the journal carries the names.

An index is assigned once and never reused. Every reader builds its own ``Names`` from the journal's
NAMES records, so a journal can be read without today's ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class PointKind(StrEnum):
    """What a point's value is; a class fixes it, and with it the field type in every store."""

    ANALOG = "analog"
    """A float, always."""
    INTEGER = "integer"
    """A whole number within ±2**53, so that a float64 holds it exactly."""
    BOOLEAN = "boolean"
    """0 or 1, stored as an integer: InfluxDB cannot average booleans."""
    ENUM = "enum"
    """One of the class's words; travels as its code, is stored as its text."""
    TEXT = "text"
    """Free text of at most 256 characters, such as a fault code."""


MAX_WHOLE = 2**53
MAX_TEXT = 256


@dataclass(frozen=True, slots=True)
class EquipmentName:
    """An equipment as rows refer to it. Another site or class makes another index."""

    site: str
    equipment: str
    equipment_class: str


@dataclass(frozen=True, slots=True)
class PointName:
    """A point as rows refer to it. Another kind or list of words makes another index."""

    equipment_class: str
    point: str
    kind: PointKind
    words: tuple[str, ...] = ()
    """The texts of an enum; a row's value is the position of its word here."""


@dataclass(slots=True)
class Names:
    """The append-only table of names. One writer (the gateway), any number of readers' copies."""

    equipment: list[EquipmentName] = field(default_factory=list)
    points: list[PointName] = field(default_factory=list)
    _equipment_index: dict[EquipmentName, int] = field(default_factory=dict)
    _point_index: dict[PointName, int] = field(default_factory=dict)

    def equipment_index(self, name: EquipmentName) -> int:
        """Return the index of an equipment, assigning the next one when it is new."""
        index = self._equipment_index.get(name)
        if index is None:
            index = self._equipment_index[name] = len(self.equipment)
            self.equipment.append(name)
        return index

    def point_index(self, name: PointName) -> int:
        """Return the index of a point, assigning the next one when it is new."""
        index = self._point_index.get(name)
        if index is None:
            index = self._point_index[name] = len(self.points)
            self.points.append(name)
        return index

    def size(self) -> tuple[int, int]:
        """Return how many equipment and point names there are."""
        return len(self.equipment), len(self.points)

    def extend(
        self,
        start: tuple[int, int],
        equipment: Sequence[EquipmentName],
        points: Sequence[PointName],
    ) -> None:
        """Apply a NAMES record; names already known are passed over, so a replay is harmless.

        Raises:
            ValueError: when names before ``start`` are missing here: the journal has a hole.
        """
        if start[0] > len(self.equipment) or start[1] > len(self.points):
            raise ValueError(f"names before {start} are missing; have {self.size()}")
        for name in equipment[len(self.equipment) - start[0] :]:
            self.equipment_index(name)
        for point in points[len(self.points) - start[1] :]:
            self.point_index(point)
