"""Names in the journal: what an append must add, and how a reader gets them back.

The first NAMES record of every segment holds all names, so any segment can be read by itself. A
name that was lost with a damaged record is stood in for, so that indices keep their meaning.
"""

from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.record import NewNames

LOST = "lost"
"""The site and class of an equipment, and the class of a point, whose name was lost."""


def grown(names: Names, written: tuple[int, int]) -> NewNames | None:
    """Return the names that are not yet written; None when all are."""
    size = names.size()
    if size == written:
        return None
    return NewNames(
        written,
        tuple(names.equipment[written[0] : size[0]]),
        tuple(names.points[written[1] : size[1]]),
    )


def learn(names: Names, new: NewNames) -> None:
    """Apply a NAMES record; names missing before it get stand-ins."""
    for index in range(len(names.equipment), new.start[0]):
        names.equipment_index(EquipmentName(LOST, f"{LOST}-{index}", LOST))
    for index in range(len(names.points), new.start[1]):
        names.point_index(PointName(LOST, f"{LOST}-{index}", PointKind.ANALOG))
    names.extend(new.start, new.equipment, new.points)


def has_stand_ins(names: Names) -> bool:
    """Tell whether some names were lost: then a complete NAMES record should replace the table."""
    return any(one.site == LOST for one in names.equipment) or any(
        one.equipment_class == LOST for one in names.points
    )
