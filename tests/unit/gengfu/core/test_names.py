"""Names and indices: a reader that starts anywhere ends with the writer's table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.names import EquipmentName, Names, PointKind, PointName

_equipment = st.builds(EquipmentName, st.just("s"), st.sampled_from("abcdef"), st.just("c"))
_points = st.builds(PointName, st.just("c"), st.sampled_from("uvwxyz"), st.just(PointKind.ANALOG))


@given(st.lists(_equipment), st.lists(_points), st.integers(0, 6), st.integers(1, 3))
def test_readers_follow_the_writer(
    equipment: list[EquipmentName], points: list[PointName], cut: int, times: int
) -> None:
    """Applying the writer's increments, in order and any number of times, gives its table."""
    writer, reader = Names(), Names()
    increments = []
    for batch in (equipment[:cut], equipment[cut:]):
        start = writer.size()
        for name in batch:
            writer.equipment_index(name)
        for point in points[: len(batch)]:
            writer.point_index(point)
        increments.append((start, writer.equipment[start[0] :], writer.points[start[1] :]))
    for _ in range(times):
        for start, new_equipment, new_points in increments:
            reader.extend(start, new_equipment, new_points)
    assert (reader.equipment, reader.points) == (writer.equipment, writer.points)


def test_a_hole_is_noticed() -> None:
    """Names whose predecessors are missing are refused: the journal has a hole."""
    with pytest.raises(ValueError, match="missing"):
        Names().extend((1, 0), (), ())
