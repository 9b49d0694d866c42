"""Recorded CSVs: understood by themselves, refused whole, published bit-equal."""

import json
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.app.estate import as_intake_takes
from gengfu.core.clock import HOUR, SECOND, from_iso
from gengfu.core.errors import BadInput
from gengfu.core.said import Said
from simulators.recording.moments import LATEST, read_time
from simulators.recording.replay import encode, shifted
from simulators.recording.rows import Meant, Recording, Row, read_recording
from tests.unit.simulators.stage import CLASSES

SKAB = Path(__file__).parents[4] / "shared" / "data" / "skab" / "valve1-0.csv"
START = from_iso("2020-03-09T10:14:33Z")


def read(folder: Path, text: str, zone: str | None = None, **points: str) -> Recording:
    path = folder / "recording.csv"
    path.write_text(text, encoding="utf-8")
    return read_recording(path, points or {"a": "x"}, zone=ZoneInfo(zone) if zone else None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("column", ["datetime", "Timestamp", "when", "时间"])
def test_a_csv_needs_options(tmp_path: Path, delimiter: str, column: str) -> None:
    """Delimiter and time column are found out, whatever they are called."""
    text = f"a{delimiter}{column}\n1.50{delimiter}2020-03-09 10:14:33\n"
    recording = read(tmp_path, text)
    assert recording.rows == (Row(at=START, values=("1.50",)),)


@pytest.mark.parametrize(
    ("cell", "zone", "at"),
    [
        ("2020-03-09 10:14:33", None, START),
        ("2020-03-09T10:14:33Z", None, START),
        ("2020-03-09T18:14:33+08:00", None, START),
        ("2020-03-09 18:14:33", "Asia/Shanghai", START),
        ("2020-03-09 10:14:33.000001", None, START + 1),
        ("1583748873", None, START),
        ("1583748873000", None, START),
        ("1583748873000001", None, START + 1),
        ("1583748873000001000", None, START + 1),
        ("1583748873.25", None, START + SECOND // 4),
        ("0.5", None, SECOND // 2),
        ("2020/3/9 10:14:33", None, START),
        ("2020/3/9 18:14", "Asia/Shanghai", START - 33 * SECOND),
        ("2020.03.09 9:14:33", None, START - HOUR),
        ("2020年3月9日 10:14:33", None, START),
        ("20200309101433", None, START),
        ("20200309181433", "Asia/Shanghai", START),
        ("20200309", "Asia/Shanghai", from_iso("2020-03-09T00:00:00+08:00")),
    ],
)
def test_a_time_is_misread(tmp_path: Path, cell: str, zone: str | None, at: int) -> None:
    """Times come as ISO 8601, as Excel writes them, as local time with a zone, or as a count."""
    assert read(tmp_path, f"time,a\n{cell},1\n", zone).rows[0].at == at


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1e300", "does not lie between 1970 and 2100"),
        ("1e99999999999999999999", "does not lie between 1970 and 2100"),
        ("-5", "does not lie between 1970 and 2100"),
        ("0001-01-01T00:00:00+14:00", "does not lie between 1970 and 2100"),
        ("9999-12-31T23:59:59-14:00", "does not lie between 1970 and 2100"),
        ("99999999999", "does not lie between 1970 and 2100"),
        ("2020-02-30", "is no time"),
        ("10:14:33", "is no time"),
        ("03/09/2020 10:14:33 AM", "is no time"),
    ],
)
def test_a_time_that_cannot_be_is_waited_for(tmp_path: Path, cell: str, why: str) -> None:
    """A time that is none, or of an impossible year, is told with its line, column and mend."""
    with pytest.raises(BadInput) as refused:
        read(tmp_path, f"time,a\n{cell},1\n")
    (fault,) = refused.value.faults
    assert (fault.place, str(fault.message)) == ("2", f"column 'time': {cell!r} {why}")
    assert "YYYY-MM-DD" in fault.mend


@given(st.text(max_size=25) | st.from_regex(r"[-0-9e./: T]{1,25}", fullmatch=True))
def test_a_cell_crashes_the_reader_of_times(cell: str) -> None:
    """Whatever stands in a cell is a time of our days, or a reason why not."""
    at = read_time(cell, ZoneInfo("Asia/Shanghai"))
    assert isinstance(at, Said) or 0 <= at < LATEST


@pytest.mark.parametrize(
    "text",
    [
        "date,time,a\n2020-03-09,10:14:33,1\n",
        "Time,a,Date\n10:14:33,1,2020-03-09\n",
        "时间,日期,a\n10:14:33,2020/3/9,1\n",
        "fecha,hora,a\n2020-03-09,10:14:33,1\n",
        "date,time,a\n20200309,101433,1\n",
        "date,time,a\n2020-03-09,2020-03-09 10:14:33,1\n",
        "date,time,a\n2020-03-09,1583748873,1\n",
        "date,ts,a\n2020-03-09,1583748873000,1\n",
    ],
)
def test_the_time_of_the_day_is_lost(tmp_path: Path, text: str) -> None:
    """A date and a time of the day in two columns are one time; a whole one beside a date is taken."""
    assert read(tmp_path, text).rows == (Row(at=START, values=("1",)),)


def test_a_day_alone_passes_for_its_midnight(tmp_path: Path) -> None:
    """A row without its time of the day is told: the rows around it have one."""
    with pytest.raises(BadInput, match=":3: column 'date': "):
        read(tmp_path, "date,time,a\n2020-03-09,10:14:33,1\n2020-03-09,,2\n")


def as_class_has_it(class_: str, *points: str) -> dict[str, Meant]:
    known = CLASSES[class_].points
    return {one: as_intake_takes(known[one]) for one in points}


@pytest.mark.parametrize(
    ("point", "cell", "told"),
    [
        ("current", '"1,25"', "'1,25' is no number (write 1.25)"),
        ("current", "yes", "'yes' is no number (write a number such as 1234.5)"),
        ("current", "true", "'true' is no number (write a number such as 1234.5)"),
        ("run", "yes", "'yes' is neither true nor false (write true, false, 1 or 0)"),
        ("run", "2", "'2' is neither true nor false (write true, false, 1 or 0)"),
        ("starts", "1.5", "'1.5' is no whole number (write a number such as 1234)"),
        ("mode", "aut", "'aut' is none of "),
    ],
)
def test_what_the_intake_refuses_is_sent(tmp_path: Path, point: str, cell: str, told: str) -> None:
    """A value that its point does not take is told with line, column and mend; nothing is sent."""
    path = tmp_path / "recording.csv"
    path.write_text(f"time,a\n1583748873,{cell}\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_recording(path, {"a": point}, meant=as_class_has_it("pump", point))
    assert f"{path}:2: column 'a': {told}" in str(refused.value)


@pytest.mark.parametrize(
    ("point", "cell", "value"),
    [
        ("current", "1.250", "1.250"),
        ("current", "", "null"),
        ("run", "1", "1"),
        ("run", "TRUE", "true"),
        ("starts", "3.0", "3.0"),
        ("mode", "auto", '"auto"'),
    ],
)
def test_what_the_intake_takes_is_refused(
    tmp_path: Path, point: str, cell: str, value: str
) -> None:
    """What the point takes is sent as it was written."""
    path = tmp_path / "recording.csv"
    path.write_text(f"time,a\n1583748873,{cell}\n", encoding="utf-8")
    recording = read_recording(path, {"a": point}, meant=as_class_has_it("pump", point))
    assert recording.rows[0].values == (value,)


def test_a_long_recording_fills_the_terminal(tmp_path: Path) -> None:
    """Of a column that is wrong in every line the first hundred are told, and how many there are."""
    rows = "".join(f"{1583748873 + n},1e999\n" for n in range(5000))
    with pytest.raises(BadInput) as refused:
        read(tmp_path, "time,a\n" + rows)
    assert len(refused.value.faults) == 101
    assert "5000 mistakes; these are the first 100" in str(refused.value)


@pytest.mark.parametrize(
    "text", ['time,a\n1583748873,"1\n1583748874,2\n', "time,a,a\n1583748873,1,2\n"]
)
def test_rows_vanish_in_a_cell(tmp_path: Path, text: str) -> None:
    """A quote that is never closed, and two columns of one name, are mistakes, not fewer rows."""
    with pytest.raises(BadInput):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.10", "0.10"),
        ("1e-5", "1e-5"),
        ("-0", "-0"),
        (".5", "0.5"),
        ("+3", "3.0"),
        ("", "null"),
        ("True", "true"),
        ("closed", '"closed"'),
        ('say ""hi""', '"say \\"hi\\""'),
        ("1_000", '"1_000"'),
        ("x\u2028y", '"x\\u2028y"'),
        ('two ""lines""\nof one', '"two \\"lines\\"\\nof one"'),
    ],
)
def test_a_cell_changes_its_value(tmp_path: Path, cell: str, value: str) -> None:
    """A number keeps its digits where JSON allows; words, truth and nothing become JSON."""
    quoted = f'"{cell}"' if '"' in cell else cell
    assert read(tmp_path, f"time,a,b\n1583748873,{quoted},1\n").rows[0].values == (value,)


def test_faults_are_told_one_by_one(tmp_path: Path) -> None:
    """All bad cells are told at once, with row and column, counting blank lines."""
    text = "time,a\n2020-03-09 10:00:00,1\n\nyesterday,2\n2020-03-09 10:00:02,1e999\n2020-03-09 09:00:00,3\n2020-03-09 10:00:04\n"
    with pytest.raises(BadInput) as refused:
        read(tmp_path, text)
    assert [(fault.place, fault.message.split()[-1]) for fault in refused.value.faults] == [
        ("4", "time"),
        ("5", "finite"),
        ("6", "above"),
        ("7", "short"),
    ]


def test_a_mapping_s_faults_are_told_one_by_one(tmp_path: Path) -> None:
    """Wrong columns come with a suggestion, and a point mapped twice is a fault."""
    with pytest.raises(BadInput) as refused:
        read(tmp_path, "time,Current\n2020-03-09 10:00:00,1\n", Curent="x", Current="x")
    assert "did you mean 'Current'?" in str(refused.value)
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize("text", ["", "time,a\n", "a,b\n1,2\n"])
def test_no_recording_at_all(tmp_path: Path, text: str) -> None:
    """An empty file, one without rows, one without times: one clear fault."""
    with pytest.raises(BadInput) as refused:
        read(tmp_path, text)
    assert len(refused.value.faults) == 1


def test_repeated_times_are_hidden(tmp_path: Path) -> None:
    """Rows that bear the time of the row above are counted: stores keep the later one."""
    text = "time,a\n1583748873,1\n1583748873,2\n1583748874,3\n"
    assert read(tmp_path, text).repeated == 1


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FLOATS, min_size=1, max_size=20))
def test_a_value_is_not_bit_equal(values: list[float]) -> None:
    """What is published reads back as exactly the number that was written."""
    rows = [Row(at=START + i * SECOND, values=(repr(value),)) for i, value in enumerate(values)]
    body = json.loads(encode(rows, ["x"], seq=1, boot="r1"))
    assert [float(value).hex() for value in body["points"]["x"]] == [v.hex() for v in values]
    assert body["ts"] == [row.at // 1000 for row in rows]


def test_microseconds_are_lost() -> None:
    """A time finer than a millisecond is written as ISO 8601."""
    body = json.loads(encode([Row(at=START + 1, values=("1",))], ["x"], seq=1, boot="r1"))
    assert from_iso(body["ts"][0]) == START + 1


@given(st.floats(0.5, 500.0))
def test_a_sped_up_recording_lies_in_the_future(speed: float) -> None:
    """Shifted rows begin now, keep their order, and end when the last one is published."""
    rows = [Row(at=START + i * SECOND, values=("1",)) for i in range(100)]
    moved = shifted(rows, to=START + HOUR, speed=speed)
    assert moved[0].at == START + HOUR
    assert moved[-1].at <= START + HOUR + 99 * SECOND / speed + 1
    assert all(a.at <= b.at for a, b in pairwise(moved))


@pytest.mark.skipif(not SKAB.exists(), reason="shared/data is not here")
def test_a_real_recording_is_refused() -> None:
    """SKAB's pump loop reads as it is: 1,147 rows at 1 Hz of eight sensors."""
    mapping = {"Pressure": "pressure_out", "Volume Flow RateRMS": "flow", "Current": "current"}
    recording = read_recording(SKAB, mapping)
    assert len(recording.rows) == 1147
    assert recording.rows[0] == Row(at=START, values=("0.054711", "32.0", "1.3302"))
