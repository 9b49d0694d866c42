"""Bands: what lies within moves no rule; and the way by bands ends where the plain way does."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gengfu.core.batch import BatchBuilder, Flag
from gengfu.core.clock import SECOND
from gengfu.core.expression import holds, parse
from gengfu.core.names import EquipmentName, PointName
from gengfu.core.naming import Scalar
from rules.engine import checkpoint
from rules.engine import step as engine
from rules.engine.band import NONE, Band, band
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.language.selection import only
from rules.packs import shipped
from tests.fakes.rule_scene import CLASSES, SITE, START, Scene, equipment

FACTS = {"attr.set": 0.4, "attr.high": 90.0}
INF = math.inf


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x > 90", Band(-INF, 90.0)),
        ("90 < x", Band(-INF, 90.0)),
        ("x >= 90", Band(-INF, math.nextafter(90.0, 0))),
        ("x < 5", Band(5.0, INF)),
        ("x != 3", Band(3.0, 3.0)),
        ("not (x >= 5)", Band(5.0, INF)),
        ("x > 90 or x < 10", Band(10.0, 90.0)),
        ("x > 80 and x < 100", Band(-INF, 80.0)),
        ("y and x < 5", Band(5.0, INF)),
        ("y or x < 5", Band(5.0, INF)),
        ("(x > 90 or y) and x < 50", Band(50.0, INF)),
        ("(x > 90 or y) and (x < 50 or z)", Band(50.0, 90.0)),
        ("x - attr.set > 0.1", Band(-INF, 0.5)),
        ("2 * (attr.high - x) < 20", Band(-INF, 80.0)),
        ("abs(x) > 30", Band(-30.0, 30.0)),
        ("x > attr.not_told", Band(-INF, INF)),
    ],
)
def test_the_band_is_as_wide_as_it_may_be(text: str, expected: Band) -> None:
    """Limits of all forms that rules have; what an unknown fact is compared with decides nothing."""
    assert band(parse(text), "x", FACTS.get) == expected


@pytest.mark.parametrize(
    "text", ["x == 3", "x > y", "x / y > 1", "maybe(x > 1)", "known(x)", "x in (1, 2)", "x"]
)
def test_where_nothing_is_sure_there_is_no_band(text: str) -> None:
    """What may be true for any value is always asked."""
    assert band(parse(text), "x", FACTS.get) is NONE


SMALL = st.integers(-5, 5).map(float)
FIGURES = st.one_of(SMALL, SMALL, st.floats(-1e3, 1e3), st.floats(allow_nan=False))
KNOWN = st.one_of(st.none(), SMALL, FIGURES)
CONSTANTS = st.one_of(
    st.integers(-9, 9).map(lambda one: f"({one})" if one < 0 else str(one)),
    st.floats(0.001, 1e3).map(lambda one: f"{one:f}"),
    st.sampled_from(["attr.set", "attr.high", "attr.not_told", "5s"]),
)
SIDES = st.recursive(
    st.sampled_from(["x", "x", "y"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), CONSTANTS).map(lambda o: f"({' '.join(o)})"),
        st.tuples(CONSTANTS, st.sampled_from("+-*/"), inner).map(lambda o: f"({' '.join(o)})"),
        inner.map(lambda one: f"abs({one})"),
        inner.map(lambda one: f"(-{one})"),
    ),
    max_leaves=4,
)
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
PLAIN = st.sampled_from(["x > 3", "x < (-2)", "x >= 0", "x != 1", "y > 0", "y < 0", "y == 1"])
TESTS = st.recursive(
    st.one_of(
        PLAIN,
        PLAIN,
        st.tuples(SIDES, SIGNS, CONSTANTS).map(" ".join),
        st.tuples(CONSTANTS, SIGNS, SIDES).map(" ".join),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda o: f"({' '.join(o)})"),
        inner.map(lambda one: f"(not ({one}))"),
    ),
    max_leaves=4,
)


def told(x: Scalar, y: Scalar) -> Callable[[str], Scalar]:
    return lambda name: {"x": x, "y": y}.get(name, FACTS.get(name))


@settings(deadline=None, max_examples=300)
@given(TESTS, KNOWN, KNOWN, FIGURES)
def test_no_value_of_its_band_makes_an_expression_true(
    text: str, before: Scalar, other: Scalar, after: float
) -> None:
    """Whatever was known before: an expression that was not true is not true then."""
    expression = parse(text)
    found = band(expression, "x", FACTS.get) if "x" in expression.points else NONE
    edges = [one for one in (found.low, found.high) if math.isfinite(one)]
    assume(after in found or edges)
    if holds(expression, told(before, other)) is not True:
        for value in [one for one in (after, *edges) if one in found]:
            assert holds(expression, told(value, other)) is not True


LEAVES = ("x > 3", "x <= 0", "y > 0", "y < 0")
WORDS = ("and", "or")


def test_every_way_to_join_three_comparisons() -> None:
    """All trees of three of four comparisons over all that may have been known, none left out."""
    trees = [
        f"{outer}(({one} {first} {two}) {second} {three})"
        for outer in ("", "not ")
        for first, second in product(WORDS, WORDS)
        for one, two, three in product(LEAVES, LEAVES, LEAVES)
    ]
    for text in trees:
        expression = parse(text)
        within = [x for x in (-1.0, 1.0, 4.0) if x in band(expression, "x", FACTS.get)]
        for before, other in product((None, -1.0, 1.0, 4.0), (None, -1.0, 1.0)):
            if within and holds(expression, told(before, other)) is not True:
                assert not any(holds(expression, told(x, other)) is True for x in within), text


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


def judged(
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
        patch.setattr(engine, "MANY", 1)
        state, found = judged(batches)
        patch.setattr(engine, "MANY", 10**9)
        plain_state, plain = judged(batches)
    assert found == plain
    assert checkpoint.encode(state) == checkpoint.encode(plain_state)
    assert state.counts == plain_state.counts


def test_hot_values_are_looked_at_and_ordinary_ones_are_not() -> None:
    """The bands are really used: one hot pump costs its neighbours nothing."""
    state, _ = judged([], only(shipped(), {"pump.bearing_hot"}))
    slot = state.planners["pump"].layout.slots["bearing_temp"]
    state.image.busy[:] = False
    left = state.image.take(
        state.roll,
        np.arange(6, dtype=np.int32),
        np.full(6, slot, dtype=np.int32),
        np.full(6, state.now),
        np.array([70.0, 70.0, 96.0, 70.0, np.nan, 70.0]),
    )
    assert left.tolist() == [2, 4]
    assert [unit.value_of("bearing_temp") for unit in state.roll] == [70, 70, None, 70, None, 70]
