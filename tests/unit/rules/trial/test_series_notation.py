"""The series notation: what each item means, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.naming import Scalar
from rules.trial.series import Said, read_series
from tests.fakes.rule_scene import CLASSES

FLOW = CLASSES["pump"].points["flow"]
RUN = CLASSES["pump"].points["run"]
DOOR = CLASSES["elevator"].points["door"]
CODE = CLASSES["elevator"].points["fault_code"]
GAP = object()


def said(text: str, point: object = FLOW) -> list[object]:
    return [GAP if one is None else one.value for one in read_series(text, point)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5", [5.0]),
        ("0x3", [0.0] * 4),
        ("5+1x3", [5.0, 6.0, 7.0, 8.0]),
        ("9-2x2", [9.0, 7.0, 5.0]),
        ("-1.5+0.5x2", [-1.5, -1.0, -0.5]),
        ("1 _ 2", [1.0, GAP, 2.0]),
        ("_x3 1", [GAP, GAP, GAP, 1.0]),
        ("1 stale", [1.0, None]),
        ("1 stalex2", [1.0, None, None, None]),
        ("3 x2", [3.0] * 3),
    ],
)
def test_numbers_are_said_as_promtool_says_them(text: str, values: list[object]) -> None:
    """``axN`` is N more of it, ``a+bxN`` counts up, ``_xN`` is N times nothing."""
    assert said(text) == values


def test_words_and_truths_repeat_in_the_same_way() -> None:
    """An enum's words, booleans (also 0 and 1) and texts take the same repeats."""
    assert said("open closedx2 _", DOOR) == ["open", "closed", "closed", "closed", GAP]
    assert said("false true x1 0 1", RUN) == [False, True, True, False, True]
    assert said("E41 E42x1", CODE) == ["E41", "E42", "E42"]


@pytest.mark.parametrize(
    ("text", "point", "message"),
    [
        ("five", FLOW, "no sample"),
        ("5+1", FLOW, "no sample"),
        ("ajar", DOOR, "none of closed, opening, open, closing"),
        ("yes", RUN, "neither true nor false"),
        ("", FLOW, "empty"),
        ("1x99999999", FLOW, "more than"),
        ("_x9999999999999", FLOW, "more than"),
    ],
)
def test_what_is_no_sample_is_said_so(text: str, point: object, message: str) -> None:
    """The error names the item and what may stand there."""
    with pytest.raises(ValueError, match=message):
        said(text, point)


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), min_size=1, max_size=30))
def test_what_is_written_is_what_is_read(values: list[int | None]) -> None:
    """Any list of numbers and gaps comes back as it was written."""
    text = " ".join("_" if one is None else str(one) for one in values)
    wanted: list[Said | None] = [None if one is None else Said(_scalar(one)) for one in values]
    assert list(read_series(text, FLOW)) == wanted


def _scalar(value: int) -> Scalar:
    return float(value)
