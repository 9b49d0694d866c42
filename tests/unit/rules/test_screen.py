"""The way in columns and the plain way: the same truth, the same verdicts, the same state."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.batch import BatchBuilder, Flag
from gengfu.core.clock import SECOND
from gengfu.core.expression import holds, parse
from gengfu.core.expression.columns import MODERATE, column, moderate
from gengfu.core.names import EquipmentName, PointName
from rules import checkpoint, screen
from rules.engine import begin, step
from rules.packs import shipped
from rules.selection import only
from rules.state import State
from rules.verdict import Verdict
from tests.fakes.rule_scene import CLASSES, SITE, START, Scene, equipment

FIGURES = st.one_of(
    st.integers(-100, 100).map(float), st.floats(-MODERATE, MODERATE, allow_nan=False)
)
NUMBERS = st.recursive(
    st.one_of(st.just("x"), st.integers(0, 100).map(str), st.just("5s")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda one: f"({' '.join(one)})"),
        inner.map(lambda one: f"abs({one})"),
        inner.map(lambda one: f"(-{one})"),
    ),
    max_leaves=5,
)
TESTS = st.recursive(
    st.tuples(NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS).map(" ".join),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda o: f"({' '.join(o)})"),
        inner.map(lambda one: f"(not ({one}))"),
    ),
    max_leaves=3,
)


@settings(deadline=None)
@given(TESTS, st.lists(FIGURES, min_size=1, max_size=8))
def test_a_column_says_what_each_value_says(text: str, values: list[float]) -> None:
    """For any expression that has a column form, and any moderate values."""
    expression = parse(text)
    form = column(expression)
    if form is None:
        return
    found = form(np.array(values))
    plain = [holds(expression, lambda _name, value=value: value) for value in values]  # type: ignore[misc]
    assert found.tolist() == [one is True for one in plain]


@pytest.mark.parametrize(
    "text", ["x / 2 > 1", "x > y", "maybe(x > 1)", "known(x)", "avg(x, 5m) > 1", "1 > 0", "x > 1e9"]
)
def test_what_has_no_column_form_goes_the_plain_way(text: str) -> None:
    """Division, several points, words about unknown, windows and giants are left alone."""
    assert column(parse(text)) is None


def test_what_is_not_moderate_is_not_judged_in_columns() -> None:
    """Missing values and giants go the plain way."""
    values = np.array([np.nan, np.inf, -np.inf, 2 * MODERATE, MODERATE, 0.0])
    assert moderate(values).tolist() == [False, False, False, False, True, True]


PACK = {"pump.yaml": shipped()["pump.yaml"]}
PUMPS = [equipment(f"pump-{n}", "pump", role="supply") for n in range(6)]
POINTS = ("bearing_temp", "current", "pressure_out", "starts", "run")
ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(POINTS),
        st.sampled_from([0.0, 1.0, 70.0, 90.0, 96.0, 99.0, 2e6, float("nan")]),
        st.sampled_from([0, 0, 0, 1, 5, 400]),
    ),
    min_size=30,
    max_size=60,
)


def told(
    batches: Sequence[Sequence[tuple[int, str, float, int]]],
    files: Mapping[str, str] = PACK,
) -> tuple[State, list[Verdict]]:
    """Say batches of rows 40 s apart: late ones, repeated ones, several of one moment."""
    scene = Scene(PUMPS, files)
    for rows in batches:
        batch = BatchBuilder()
        for number, name, value, ago in rows:
            point = CLASSES["pump"].points[name]
            missing = value != value  # noqa: PLR0124 – NaN
            batch.add(
                scene.names.equipment_index(EquipmentName(SITE, f"pump-{number}", "pump")),
                scene.names.point_index(PointName("pump", name, point.kind, ())),
                scene.now - ago * SECOND,
                scene.now,
                min(value, 1.0) if name == "run" else value,
                Flag.NULL if missing else Flag.NONE,
            )
        scene.write(batch.build())
        for _ in range(8):
            scene.tick(5)
    state, found = begin(CLASSES), list[Verdict]()
    for one in scene.records:
        state, verdicts = step(state, one.body(), position=one.position, now=one.written_at)
        found.extend(verdicts)
    assert state.now >= START
    return state, found


@settings(deadline=None, max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=5))
def test_both_ways_end_in_the_same_state(
    batches: list[list[tuple[int, str, float, int]]],
) -> None:
    """Verdicts, memory and counts are equal, whatever arrives in one batch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "MANY", 1)
        patch.setattr(screen, "SHARE", 0)
        state, found = told(batches)
        patch.setattr(screen, "MANY", 10**9)
        plain_state, plain = told(batches)
    assert found == plain
    assert checkpoint.encode(state) == checkpoint.encode(plain_state)
    assert state.counts == plain_state.counts


def test_ordinary_values_go_in_columns_and_hot_ones_do_not() -> None:
    """The screen is really used: of ordinary values it leaves nothing to the plain way."""
    files = only(shipped(), {"pump.bearing_hot"})
    state, _ = told([[(n % 6, "bearing_temp", 70.0, 0) for n in range(30)]], files)
    slot = state.planners["pump"].layout.slots["bearing_temp"]
    numbers = np.zeros(30, dtype=np.int32)
    slots = np.full(30, slot, dtype=np.int32)
    values = np.where(np.arange(30) % 3 == 0, 96.0, 70.0)
    found = screen.quiet_rows(state, numbers, slots, values)
    assert found.tolist() == (values < 95).tolist()
