"""What is well formed and cannot be meant is told; what can be is left alone."""

from bisect import bisect
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.expression import PointType, Scope, Signature, check, holds, parse
from gengfu.core.expression.scope import Parameter, Within
from gengfu.core.expression.sense import flapping
from gengfu.core.names import PointKind

_X = Signature((Parameter.VALUE, Parameter.SPAN), within=Within.FIRST)
SCOPE = Scope(
    points={
        "temp": PointType(PointKind.ANALOG, unit="°C", low=-20, high=150),
        "pressure": PointType(PointKind.ANALOG, unit="MPa", low=-0.1, high=10),
        "target": PointType(PointKind.ANALOG, unit="MPa", low=0, high=10),
        "free": PointType(PointKind.ANALOG),
        "mode": PointType(PointKind.ENUM, ("auto", "manual", "off")),
        "run": PointType(PointKind.BOOLEAN),
    },
    attributes={
        "limit": PointType(PointKind.ANALOG, unit="kPa"),
        "role": PointType(PointKind.ENUM, ("fire", "supply")),
    },
    functions={
        "avg": _X,
        "time_in": Signature((Parameter.CONDITION, Parameter.SPAN), within=Within.POSITIVE),
    },
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pressure < 350", "always true: pressure lies between -0.1 and 10 MPa (is it the unit?)"),
        ("pressure > 350", "never true: pressure lies between -0.1 and 10 MPa"),
        ("350 > pressure", "always true"),
        ("avg(temp, 5m) >= 1000", "never true: temp lies between -20 and 150 °C"),
        ("temp - 200 > 0", "never true"),
        ("abs(temp) > 150", "never true"),
        ("time_in(run, 1h) < 0", "never true"),
        ("pressure < temp", "pressure is in MPa, temp in °C (bring them to one unit)"),
        ("pressure > attr.limit", "pressure is in MPa, attr.limit in kPa"),
        ("attr.role > 3", "is a text, expected a number"),
        ("attr.rolle == fire", "no attribute 'rolle' (did you mean 'role'?)"),
        ("pressure + temp > 3", "pressure is in MPa, temp in °C"),
        ("mode == auto and mode == off", "never true together"),
        ("mode == auto and run and mode in (manual, off)", "never true together"),
        ("mode != auto or mode != off", "one of both is always true"),
        ("mode == auto or mode == manual or mode == off", "one of both is always true"),
        ("temp > 80 and temp < 60", "never true together"),
        ("temp > 80 and run and temp <= 80", "never true together"),
        ("temp > 60 or temp < 80", "one of both is always true"),
        ("run and not run", "never true together"),
        ("free > 3 and not (free > 1)", "never true together"),
    ],
)
def test_what_cannot_be_meant_is_told_once(text: str, told: str) -> None:
    """Wrong units, and tests that exclude each other or leave nothing out."""
    found = check(parse(text), SCOPE)
    assert len(found) == 1, found
    assert told in str(found[0])


@pytest.mark.parametrize(
    "text",
    [
        "pressure < target - 0.05",
        "pressure < 0.5 * avg(target, 1h)",
        "temp > 95 or temp < -10",
        "temp > 60 and temp < 80",
        "mode == auto or mode == manual",
        "mode != auto and mode != off",
        "free < 1e9",
        "temp / pressure > 500",
        "pressure <= 9 and pressure >= 9",
        "temp > 80 and avg(temp, 5m) < 60",
    ],
)
def test_what_can_be_meant_is_left_alone(text: str) -> None:
    """Two points of one unit, bands, quotients, what has no range."""
    assert check(parse(text), SCOPE) == []


TESTS = st.one_of(
    st.builds("temp {} {}".format, st.sampled_from(["<", "<=", ">", ">="]), st.integers(-40, 170)),
    st.builds(
        "mode {} {}".format,
        st.sampled_from(["==", "!="]),
        st.sampled_from(SCOPE.points["mode"].words),
    ),
    st.sampled_from(["run", "not run", "mode in (auto, off)"]),
)
WORLD = st.fixed_dictionaries(
    {
        "temp": st.integers(-20, 150).map(float),
        "mode": st.sampled_from(SCOPE.points["mode"].words),
        "run": st.booleans(),
    }
)


@given(
    st.lists(TESTS, min_size=2, max_size=4),
    st.sampled_from([" and ", " or "]),
    st.lists(WORLD, min_size=1, max_size=20),
)
def test_what_is_told_is_so(tests: list[str], join: str, worlds: list[dict[str, object]]) -> None:
    """Whatever is called never or always true is so in every plausible world."""
    expression = parse(join.join(tests))
    starts = list(accumulate((len(one) + len(join) for one in tests), initial=1))[:-1]
    for flaw in check(expression, SCOPE):
        whole = "together" in flaw.message or "one of both" in flaw.message
        part = parse(tests[bisect(starts, flaw.column) - 1])
        for world in worlds:
            found = holds(expression if whole else part, lambda name, world=world: world[name])  # type: ignore[misc]
            assert found is ("always" in flaw.message)


@pytest.mark.parametrize(
    ("when", "clear", "part"),
    [
        ("temp > 95", "temp < 88", ""),
        ("temp > 95", "temp < 99", "(temp < 99.0)"),
        ("temp > 95", "temp <= 95", ""),
        ("temp >= 95", "temp <= 95", "(temp <= 95.0)"),
        ("mode == auto", "mode != auto", ""),
        ("temp > 95", "pressure < 1", ""),
        ("temp > 95 and run", "temp < 99", "(temp < 99.0)"),
        ("temp > 95 and run", "temp < 88 or not run", ""),
        ("temp > 95 and run", "not run or temp < 99", "(temp < 99.0)"),
        ("temp > 95 and run", "maybe(temp < 99)", "(temp < 99.0)"),
        ("temp > 95 or run and mode == auto", "mode in (auto, off)", "(mode in (auto, off))"),
        ("temp > 20 and temp < 95", "temp > 99", ""),
        ("run and held(run, 5m)", "held(run, 5m)", "held(run, 300000ms)"),
        ("run or temp > 95", "run or temp > 95", "run"),
    ],
)
def test_a_clear_that_is_true_while_when_is_is_told(when: str, clear: str, part: str) -> None:
    """What all tests of a branch leave of a thing must not meet what any part of the end wants."""
    flaw = flapping(parse(when), parse(clear), SCOPE)
    assert (flaw is not None) == bool(part)
    if flaw is not None:
        assert part in flaw.message or f"maybe({part})" in flaw.message
        assert flaw.suggestion == "move clear away"
