"""The expression language: three-valued, bounded, and clear about mistakes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import DAY, SECOND
from gengfu.core.expression import (
    ExpressionError,
    Parameter,
    PointType,
    Scope,
    Signature,
    check,
    evaluate,
    holds,
    parse,
    parse_span,
)
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar

TRUTH = (True, False, None)
SCOPE = Scope(
    points={
        "run": PointType(PointKind.BOOLEAN),
        "current": PointType(PointKind.ANALOG),
        "floor": PointType(PointKind.INTEGER),
        "fault_code": PointType(PointKind.TEXT),
        "door": PointType(PointKind.ENUM, ("closed", "open")),
    },
    events=frozenset({"granted"}),
    functions={
        "avg": Signature((Parameter.VALUE, Parameter.SPAN)),
        "since": Signature((Parameter.OCCURRENCE,)),
        "previous": Signature((Parameter.POINT,), as_first=True),
    },
)


def value(text: str, **values: Scalar) -> Scalar:
    return evaluate(parse(text), values.get)


@pytest.mark.parametrize("a", TRUTH)
@pytest.mark.parametrize("b", TRUTH)
def test_truth_tables_are_kleenes(a: bool | None, b: bool | None) -> None:
    """And is the least, or the greatest, in the order false < unknown < true."""
    rank = {False: 0, None: 1, True: 2}
    assert rank[holds(parse("a and b"), {"a": a, "b": b}.get)] == min(rank[a], rank[b])
    assert rank[holds(parse("a or b"), {"a": a, "b": b}.get)] == max(rank[a], rank[b])
    assert rank[holds(parse("not a"), {"a": a}.get)] == 2 - rank[a]


@pytest.mark.parametrize(
    ("text", "values", "wanted"),
    [
        ("not open_ or shut", {"open_": 0.0}, True),
        ("mode == normal", {"mode": "normal"}, True),
        ("mode == normal", {}, None),
        ("mode != normal", {"mode": "parked"}, True),
        ("mode in (normal, attendant)", {"mode": "attendant"}, True),
        ("mode not in (normal, attendant)", {"mode": "attendant"}, False),
        ("mode not in (normal)", {}, None),
        ("code == 'E-12'", {"code": "E-12"}, True),
        ("abs(speed) > 0.05", {"speed": -1.0}, True),
        ("1 + 2 * 3 == 7", {}, True),
        ("-2 * -2 - 1 == 3", {}, True),
        ("(a - b) - c == a - b - c", {"a": 5.0, "b": 3.0, "c": 1.0}, True),
        ("not a == b and c", {"a": "x", "c": True}, True),
        ("a / b > 1", {"a": 1.0, "b": 0.0}, None),
        ("a * a > 1", {"a": 1e300}, None),
        ("a > 1", {"a": float("nan")}, None),
        ("a > 1", {"a": "text"}, None),
        ("min(a, b) < 2", {"a": 1.0, "b": 9.0}, True),
        ("min(a, b) < 2", {"a": 1.0}, None),
        ("known(a)", {}, False),
        ("known(a > 1)", {"a": 0.0}, True),
        ("maybe(occupied)", {}, True),
        ("maybe(occupied)", {"occupied": 0.0}, False),
        ("surely(occupied)", {}, False),
        ("surely(occupied)", {"occupied": True}, True),
        ("surely(not occupied)", {}, False),
        ("current < 0.6 * attr.rated", {"current": 2.0, "attr.rated": 4.0}, True),
        ("avg(current, 60s) > 1.5m", {"avg(current, 60000ms)": 91.0}, True),
    ],
)
def test_values(text: str, values: dict[str, Scalar], wanted: bool | None) -> None:
    """Each expression has the value that its reading suggests, unknown staying unknown."""
    assert holds(parse(text), values.get) is wanted


NAMES = ("a", "b", "c")
conditions = st.recursive(
    st.sampled_from([*NAMES, "true", "false"]),
    lambda inner: st.one_of(
        st.builds("(not {})".format, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=12,
)
partial_values = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TRUTH))


@given(conditions, partial_values, st.tuples(*[st.booleans()] * len(NAMES)))
def test_unknown_never_decides(
    text: str, values: dict[str, bool | None], completion: tuple[bool, ...]
) -> None:
    """What is true or false with something unknown stays so whatever the unknown turns out to be."""
    before = holds(parse(text), values.get)
    whole = {
        name: completion[index] if values.get(name) is None else values[name]
        for index, name in enumerate(NAMES)
    }
    assert before is None or holds(parse(text), whole.get) is before


@given(conditions, conditions, partial_values)
def test_de_morgan(left: str, right: str, values: dict[str, bool | None]) -> None:
    """Negating a junction is the other junction of the negations."""
    read: Callable[[str], Scalar] = values.get
    assert holds(parse(f"not ({left} and {right})"), read) is holds(
        parse(f"not ({left}) or not ({right})"), read
    )


@given(conditions)
def test_the_canonical_text_means_the_same_tree(text: str) -> None:
    """An expression that was written out parses to the same tree."""
    root = parse(text).root
    assert str(parse(str(root)).root) == str(root)


@given(st.text(alphabet="abc()<>=!+-*/., '\"01.5smhd andornotinkwe_", max_size=80))
def test_any_text_parses_or_says_where_it_does_not(text: str) -> None:
    """No text whatever raises anything but an error with a column inside it."""
    try:
        expression = parse(text)
    except ExpressionError as exc:
        column = exc.flaw.column
    else:
        evaluate(expression, lambda _name: 1.0)
        column = 1
    assert 1 <= column <= len(text) + 1


def test_the_longest_chain_still_evaluates() -> None:
    """An expression of the greatest allowed size does not exhaust the stack."""
    expression = parse("1" + "+1" * 149)
    assert evaluate(expression, lambda _name: None) == 150.0
    assert len(str(expression.root)) > 300


def test_names_of_names_exhaust_the_stack() -> None:
    """What names stand for is bounded too: no tree is deeper than whoever walks it can go."""
    chain = parse("1" + "+1" * 100)
    with pytest.raises(ExpressionError, match="nested deeper than 150"):
        parse("x" + "+1" * 60).named({"x": chain.root})


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("", 1, "expected a value"),
        ("a = 1", 3, "=="),
        ("a and", 6, "the end"),
        ("a < b < c", 7, "a < b and b < c"),
        ("(a", 3, "')'"),
        ("a b", 3, "did not expect"),
        ("a > 60%", 7, "0.6"),
        ("a in ()", 3, "list of words"),
        ("attr.5", 6, "an attribute's name"),
        ("and a", 1, "expected a value"),
        ("(" * 60 + "a" + ")" * 60, 41, "nested deeper"),
        ("not " * 5000 + "a", 2000, "longer than"),
        ("1" + "+1" * 500, 301, "more than 300"),
    ],
)
def test_a_syntax_error_points_at_its_column(text: str, column: int, hint: str) -> None:
    """The column is that of the token that cannot stand there."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.flaw.column == column
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("run and door == open", []),
        ("not run or current > 1 and floor >= 2", []),
        ("attr.role == pit", []),
        ("avg(current, 10m) > 3 and since(granted) < 5s and since(door) < 5s", []),
        ("previous(door) == closed", []),
        ("curent > 1", ["column 1: no point 'curent' (did you mean 'current'?)"]),
        ("door == opn", ["column 9: no word 'opn' here (did you mean 'open'?)"]),
        ("previous(door) == shut", ["column 19: no word 'shut' here (one of: closed, open)"]),
        ("door in (open, ajar)", ["column 16: no word 'ajar' here (one of: closed, open)"]),
        ("current", ["column 1: is a number, expected true or false (compare it with something)"]),
        ("run > 1", ["column 1: is true or false, expected a number"]),
        ("current == open", ["column 12: the word 'open' beside a number"]),
        ("fault_code == 5", ["column 15: compares a text with a number"]),
        ("awg(current, 10m) > 1", ["column 1: no function 'awg' (did you mean 'avg'?)"]),
        ("avg(current) > 1", ["column 1: avg takes (value, duration)"]),
        ("avg(door, 10m) > 1", ["column 5: is a text, expected a number"]),
        ("avg(current, 10) > 1", ["column 14: expected a duration (such as 30s or 10m)"]),
        ("avg(current, 0s) > 1", ["column 14: the duration is zero (such as 30s or 10m)"]),
        ("avg(since(door), 10s) > 1", []),
        ("abs(current, floor) > 1", ["column 1: abs takes 1"]),
        (
            "rum and open == door",
            [
                "column 1: no point 'rum' (did you mean 'run'?)",
                "column 9: no point 'open'",
            ],
        ),
    ],
)
def test_the_checker_finds_every_mistake_at_once(text: str, flaws: list[str]) -> None:
    """Unknown names, words and kinds are all told, with a suggestion where one is near."""
    assert [str(flaw) for flaw in check(parse(text), SCOPE)] == flaws


def test_equal_windows_have_equal_keys() -> None:
    """The same function of the past written twice is one state."""
    expression = parse("avg( current,1m ) > avg(current, 60s) * 0.5")
    assert [window.key for window in expression.windows] == ["avg(current, 60000ms)"]


@pytest.mark.parametrize(
    ("text", "wanted"), [("500ms", SECOND // 2), ("60s", 60 * SECOND), ("1.5h", 5400 * SECOND)]
)
def test_spans(text: str, wanted: int) -> None:
    """A duration is exact in microseconds."""
    assert parse_span(text) == wanted


def test_a_span_of_centuries_is_watched() -> None:
    """Ten years are the longest: what is added to a time of today is a time."""
    assert parse_span("3660d") == 3660 * DAY
    with pytest.raises(ValueError, match="longer than ten years"):
        parse_span("3660.1d")


@pytest.mark.parametrize("text", ["", "5", "5 weeks", "-5s", "5s5s"])
def test_a_wrong_span_is_refused(text: str) -> None:
    """What names no unit is no duration."""
    with pytest.raises(ValueError, match="no duration"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("current ＞ 8", "column 9: '＞' means nothing here (half-width: >)"),
        ("max(current，5) > 8", "column 12: '，' means nothing here (half-width: ,)"),
        ("current > ８", "column 11: '８' means nothing here (half-width: 8)"),
        ("current ＝ 8", "column 9: '＝' means nothing here (compare with ==)"),
        ("current ≥ 8", "column 9: '≥' means nothing here (write: >=)"),
        ("code == “E41”", "column 9: '“' means nothing here (half-width: ')"),
        ("run\u3000and fault", r"column 4: '\u3000' means nothing here (write a half-width space)"),
        ("run 且 fault", "column 5: '且' means nothing here (write: and)"),
        ("run 或者 fault", "column 5: '或者' means nothing here (write: or)"),
        ("run AND fault", "column 5: did not expect 'AND' here (write: and)"),
        ("Not run", "column 1: 'Not' means nothing here (write: not)"),
        ("run == True", "column 8: 'True' means nothing here (write: true)"),
        ("avg(current, 5min) > 8", "column 14: '5min' means nothing here (write: 5m)"),
        ("held(run, 1m30s)", "column 11: '1m30s' means nothing here (write: 90s)"),
        ("held(run, 5分钟)", "column 11: '5分钟' means nothing here (write: 5m)"),
        ("高温 > 8", "column 1: '高温' means nothing here (names are of a-z, 0-9 and _; a text stands in quotes)"),
    ],
)  # fmt: skip
def test_what_a_chinese_keyboard_types_is_told_with_its_mend(text: str, flaw: str) -> None:
    """Full-width signs, words for and/or, durations of other units: the message says what to write."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value) == flaw
