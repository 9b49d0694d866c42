"""Ranges and the index of what was told."""

import tempfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.identity import Identity
from ingest.journal.identities import IdentityIndex, Ranges, Told, encode
from tests.unit.ingest.journal.folder import counted, identified

SPANS = st.lists(st.tuples(st.integers(-20, 60), st.integers(0, 8)), max_size=30)


@given(SPANS)
def test_ranges_are_a_set_of_numbers(spans: list[tuple[int, int]]) -> None:
    """The same numbers as a set, sorted, disjoint, and no two neighbours."""
    ranges, numbers = Ranges(), set[int]()
    for low, length in spans:
        ranges.add(low, low + length)
        numbers.update(range(low, low + length + 1))
    assert {n for n in range(-30, 80) if n in ranges} == numbers
    pairs = list(ranges)
    assert all(low <= high for low, high in pairs)
    assert all(left[1] + 1 < right[0] for left, right in pairwise(pairs))


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.builds(counted, st.integers(0, 30)) | st.builds(identified, st.integers(0, 9))),
        max_size=6,
    )
)
def test_merging_twice_changes_nothing(segments: list[list[Identity]]) -> None:
    """Sealing may be done again after a crash: what is known is the same."""
    universe: list[Identity] = [*map(counted, range(31)), *map(identified, range(10))]
    with (
        tempfile.TemporaryDirectory() as scratch,
        closing(IdentityIndex(Path(scratch) / "identity.db")) as index,
    ):
        for turn in range(2):
            for first, identities in enumerate(segments, 1):
                told = Told()
                told.include(encode(identities))
                index.restore(first, told)
                if turn == 0:
                    assert index.known(identities) == set(identities)
                index.merge(first, told)
            assert index.known(universe) == {one for each in segments for one in each}
            assert index.merged_until() == len(segments)
        assert index.check() == ""
