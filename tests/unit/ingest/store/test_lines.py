"""The line protocol that we write, read by a reader that was not written from it."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.batch import Event
from gengfu.core.names import PointKind
from ingest.store.lines import MAX_TIME, LineEncoder, Unwritable, measurement_line
from ingest.store.port import Measurement
from ingest.store.rows import Series, StoreEvent, StoreRows
from tests.fakes.line_protocol import Point, parse
from tests.fakes.rows import rows_of

names = st.text(max_size=12)
finite = st.floats(allow_nan=False, allow_infinity=False)
times = st.integers(min_value=-MAX_TIME, max_value=MAX_TIME)


def rows_with(series: Series, at: int, value: float = 0.0, text: str | None = None) -> StoreRows:
    """Return one row that no gateway had to accept."""
    return StoreRows(
        keys=(series,),
        series=np.array([0], dtype=np.int32),
        observed_at=np.array([at], dtype=np.int64),
        position=np.array([1], dtype=np.int64),
        value=np.array([value if text is None else np.nan]),
        text=np.array([-1 if text is None else 0], dtype=np.int32),
        texts=() if text is None else (text,),
    )


def encoded(rows: StoreRows) -> list[Point]:
    return parse("\n".join(map(str, LineEncoder().encode(rows).lines)))


@given(site=names, equipment=names, kind=names, point=names, text=st.text(), at=times)
def test_a_name_or_text_breaks_out_of_its_place(
    site: str, equipment: str, kind: str, point: str, text: str, at: int
) -> None:
    """Whatever names and texts hold, a line is one point with exactly them, or is refused whole."""
    series = Series(
        site=site, equipment=equipment, equipment_class=kind, point=point, kind=PointKind.TEXT
    )
    result = LineEncoder().encode(rows_with(series, at, text=text))
    points = parse("\n".join(map(str, result.lines)))
    assert len(points) + len(result.faults) == 1
    for one in points:
        assert one == Point(
            kind, (("equipment", equipment), ("site", site)), ((point, text),), at * 1000
        )


@given(value=finite, at=times)
def test_a_float_changes_or_becomes_an_integer(value: float, at: int) -> None:
    """A float is written as a float that reads back bit for bit, whole numbers too."""
    series = Series(site="s", equipment="e", equipment_class="c", point="p", kind=PointKind.ANALOG)
    ((_, read),) = encoded(rows_with(series, at, value))[0].fields
    assert isinstance(read, float)
    assert struct.pack("<d", read) == struct.pack("<d", value)


@pytest.mark.parametrize("kind", [PointKind.INTEGER, PointKind.BOOLEAN])
@given(value=st.integers(min_value=-(2**53), max_value=2**53))
def test_a_whole_number_becomes_a_float(kind: PointKind, value: int) -> None:
    """Integers and booleans are written as integers."""
    series = Series(site="s", equipment="e", equipment_class="c", point="p", kind=kind)
    point = encoded(rows_with(series, 0, float(value)))[0]
    assert point.fields == (("p", value),)
    assert isinstance(point.fields[0][1], int)


@pytest.mark.parametrize("at", [MAX_TIME + 1, -MAX_TIME - 1, 2**63 - 1])
def test_a_time_that_influxdb_refuses_is_sent(at: int) -> None:
    """A time beyond int64 nanoseconds is quarantined here."""
    series = Series(site="s", equipment="e", equipment_class="c", point="p", kind=PointKind.ANALOG)
    result = LineEncoder().encode(rows_with(series, at))
    assert (result.lines, len(result.faults)) == ([], 1)


def test_one_moment_takes_several_lines() -> None:
    """Values of one equipment and time are one line; a superseded one is counted."""
    result = LineEncoder().encode(
        rows_of(
            [("a", "flow", 1, 1.0), ("b", "flow", 1, 3.0), ("a", "mode", 1, "off")],
            [("a", "flow", 1, 2.0), ("a", "flow", 2, 4.0)],
        )
    )
    assert sorted(map(str, result.lines)) == [
        'pump,equipment=a,site=yunhe flow=2.0,mode="off" 1000',
        "pump,equipment=a,site=yunhe flow=4.0 2000",
        "pump,equipment=b,site=yunhe flow=3.0 1000",
    ]
    assert result.superseded == 1


def test_events_of_one_instant_overwrite_each_other() -> None:
    """A thousand detectors of one panel may trip in one microsecond and are all kept."""
    event = Event(equipment=0, type="fire", part="2-17", id="e1", observed_at=5, received_at=5)
    events = tuple(
        StoreEvent(position, item, "s", "panel", "fire_panel", event)
        for position in range(20)
        for item in range(50)
    )
    empty = rows_of()
    rows = StoreRows(
        keys=empty.keys,
        series=empty.series,
        observed_at=empty.observed_at,
        position=empty.position,
        value=empty.value,
        text=empty.text,
        events=events,
    )
    points = encoded(rows)
    assert len({(point.tags, point.time) for point in points}) == len(events)
    assert {(point.time or 0) // 1000 for point in points} == {5}


@pytest.mark.parametrize(
    "measurement",
    [
        Measurement(name="availability", tags={"by": "a\nb"}, fields={"ratio": 1.0}, at=0),
        Measurement(name="availability", tags={}, fields={"ratio": float("nan")}, at=0),
        Measurement(name="#", tags={}, fields={"ratio": 1.0}, at=0),
        Measurement(name="availability", tags={}, fields={"ratio": 1.0}, at=MAX_TIME + 1),
    ],
)
def test_a_figure_breaks_the_line(measurement: Measurement) -> None:
    """A derived figure that cannot be written safely is refused."""
    with pytest.raises(Unwritable):
        measurement_line(measurement)


def test_a_figure_changes_its_type() -> None:
    """Whole floats stay floats, counts are integers, None and empty tags are left out."""
    line = measurement_line(
        Measurement(
            name="availability",
            tags={"by": "class", "zone": ""},
            fields={"ratio": 1.0, "failures": 2, "open": True, "state": "fault", "mtbf_s": None},
            at=7,
        )
    )
    assert str(line) == 'availability,by=class ratio=1.0,failures=2i,open=1i,state="fault" 7000'
