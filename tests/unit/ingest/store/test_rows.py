"""Columns made from records, against a slow reading of the same records value by value."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.names import Names, PointKind
from gengfu.core.naming import Scalar
from ingest.store.rows import RowCollector, StoreRows, winners
from tests.fakes.rows import POINTS, Row, batch_of, record_of

values: dict[PointKind, st.SearchStrategy[Scalar]] = {
    PointKind.ANALOG: st.floats(allow_nan=False, allow_infinity=False),
    PointKind.INTEGER: st.integers(-(2**53), 2**53),
    PointKind.BOOLEAN: st.booleans(),
    PointKind.ENUM: st.sampled_from(POINTS["mode"].words),
    PointKind.TEXT: st.text(max_size=5),
}
rows = st.one_of(
    [
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.just(name),
            st.integers(0, 5),
            st.one_of(st.none(), values[point.kind]),
        )
        for name, point in POINTS.items()
    ]
)


def told(columns: StoreRows) -> list[tuple[str, str, int, int, Scalar]]:
    """Read the columns back, one row at a time."""
    return [
        (
            columns.keys[series].equipment,
            columns.keys[series].point,
            at,
            position,
            columns.texts[text] if text >= 0 else value,
        )
        for series, at, position, value, text in zip(
            columns.series.tolist(),
            columns.observed_at.tolist(),
            columns.position.tolist(),
            columns.value.tolist(),
            columns.text.tolist(),
            strict=True,
        )
    ]


@given(writes=st.lists(st.lists(st.lists(rows, max_size=6), max_size=3), max_size=3))
def test_a_value_changes_owner_or_text(writes: Sequence[Sequence[Sequence[Row]]]) -> None:
    """Each value keeps its equipment, point, time and text, however names grow between records."""
    names = Names()
    collector = RowCollector(names)
    position = 0
    for records in writes:
        expected = []
        for record in records:
            position += 1
            collector.add(record_of(position, batch_of(names, record)))
            expected += [
                (equipment, point, at, position, value)
                for equipment, point, at, value in record
                if value is not None
            ]
        columns = collector.build()
        assert told(columns) == expected
        assert columns.items == sum(len(record) for record in records)
        assert len(collector) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12))
def test_the_first_of_equals_wins(pairs: list[tuple[int, int]]) -> None:
    """Of rows with equal keys the last one stays, and the rest is ordered by the keys."""
    keys = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    last = {pair: row for row, pair in enumerate(pairs)}
    assert winners(keys[:, 0], keys[:, 1]).tolist() == [last[pair] for pair in sorted(last)]
