"""Names that no class has: bounded, kept over a restart, forgotten when they are known."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decoded import Decoded, UnknownPoint
from gateway.unmapped import Listed, UnmappedFile, UnmappedNames, nearest


def said(equipment: str, *points: str, at: int = 1) -> Decoded:
    unknown = tuple(UnknownPoint(point, 1.5) for point in points)
    return Decoded(
        site="s", equipment=equipment, equipment_class="pump", received_at=at, unknown=unknown
    )


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.text(max_size=3)), max_size=60))
def test_a_device_that_invents_names_drives_out_others(told: list[tuple[str, str]]) -> None:
    """Never more than the bounds, for one or for all; every item is counted once."""
    table = UnmappedNames(most=8, most_of_one=3)
    for equipment, point in told:
        table.note(said(equipment, point), {})
    kept = table.listed()
    assert len(kept.names) <= 8
    assert all(sum(one.equipment == who for one in kept.names) <= 3 for who in "abcde")
    assert sum(one.count for one in kept.names) + kept.overflow == len(told)


def test_a_restart_forgets_what_was_told(tmp_path: Path) -> None:
    """A new run goes on counting; a file that is none of ours is an empty table."""
    path = tmp_path / "unmapped.json"
    file = UnmappedFile(path)
    assert file.read() == Listed()
    table = UnmappedNames()
    table.note(said("a", "x", at=7), {})
    file.write(table.listed())
    again = UnmappedNames.of(file.read())
    again.note(said("a", "x", at=9), {})
    (one,) = again.listed().names
    assert (one.count, one.first_at, one.last_at) == (2, 7, 9)
    path.write_bytes(b"{")
    assert file.read() == Listed()


def test_a_name_that_is_known_by_now_is_still_shown() -> None:
    """What a mended class has is dropped, and makes room again."""
    table = UnmappedNames(most_of_one=2)
    table.note(said("a", "x", "y", "z"), {})
    table.forget_known({"pump": ["x"]}, {"pump": frozenset({"y"})})
    table.note(said("a", "z"), {})
    assert {one.name for one in table.listed().names} == {"y", "z"}


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("pressureOut", "pressure_out"),
        ("Pressure-Out", "pressure_out"),
        ("presure_out", "pressure_out"),
        ("curent", "current"),
        ("电流", None),
        ("", None),
    ],
)
def test_a_near_name_is_not_found(told: str, meant: str | None) -> None:
    """Another spelling or a letter too few finds the point; what is far from all finds none."""
    assert nearest(told, ["pressure_out", "current", "run"]) == meant
