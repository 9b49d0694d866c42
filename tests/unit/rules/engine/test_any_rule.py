"""Whatever rule is accepted: judging by it neither fails nor depends on a restart."""

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gengfu.core.errors import BadInput
from gengfu.core.names import PointKind
from rules.engine import checkpoint
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.language.reader import read_rules
from tests.fakes.rule_scene import CLASSES, Scene, equipment

POINTS = CLASSES["pump"].points
FIGURES = [one.name for one in POINTS.values() if one.kind is PointKind.ANALOG]
TRUTHS = ["online", *(one.name for one in POINTS.values() if one.kind is PointKind.BOOLEAN)]

spans = st.sampled_from(["1s", "10s", "5m", "1h", "30d"])
relations = st.sampled_from(["zone", "building", "site", "siblings"])
numbers = st.sampled_from([*FIGURES, "0", "0.5", "80", "1e300", "attr.rated_current", "attr.zz"])
truths = st.sampled_from([*TRUTHS, "mode == auto"])


def _number(
    number: st.SearchStrategy[str], truth: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    given = {"a": number, "b": number, "c": truth, "t": spans, "r": relations}
    forms = (
        "({a} + {b})",
        "({a} / {b})",
        "max({a}, {b})",
        "avg({a}, {t})",
        "std({a}, {t})",
        "ewma({a}, {t})",
        "rate({a}, {t})",
        "previous(current)",
        "since(current)",
        "time_in({c}, {t})",
        "runtime({c})",
        "count({c}, {t})",
        "count({c}, {r})",
        "usual({a})",
        "baseline({a}, {c})",
        "zscore({a}, {t}, {c})",
        "cusum({a}, {t}, {c})",
        "reaches({a}, {b}, {t}, {c})",
    )
    return st.builds(lambda form, **parts: form.format(**parts), st.sampled_from(forms), **given)


def _truth(number: st.SearchStrategy[str], truth: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    given = {"a": number, "b": number, "c": truth, "d": truth, "t": spans, "r": relations}
    forms = (
        "({a} > {b})",
        "({a} <= {b})",
        "({c} and {d})",
        "(not {c} or {d})",
        "maybe({c})",
        "held({c}, {t})",
        "no_data(current, {t})",
        "any({c}, {r})",
    )
    return st.builds(lambda form, **parts: form.format(**parts), st.sampled_from(forms), **given)


def _deeper(levels: int) -> st.SearchStrategy[str]:
    number, truth = numbers, truths
    for _ in range(levels):
        number, truth = number | _number(number, truth), truth | _truth(number, truth)
    return _truth(number, truth)


conditions = _deeper(2)
endings = st.sampled_from(
    [
        "hold: 10s",
        "clear_hold: 10s",
        "count: 2 within 5m\n    clear_hold: 10s",
        "during: 22:00-06:00",
    ]
)
values = st.sampled_from([0.0, 1.0, -5.0, 80.0, 1e18, None])


def rule(when: str, ending: str) -> dict[str, str]:
    text = f"""
pack: t
rules:
  - id: it
    for: pump
    when: "{when}"
    {ending}
    severity: low
    kind: maintenance
    priority: 5
    title: {{zh: 试, en: it}}
    source: U test
"""
    return {"t.yaml": text}


@settings(max_examples=40, deadline=None)
@given(
    when=conditions,
    ending=endings,
    told=st.lists(st.tuples(st.sampled_from("pq"), values, values, st.booleans()), max_size=12),
    restart=st.integers(1, 400),
)
@example(when="count(run, 1h) > usual(count(run, 1h))", ending="hold: 10s", told=[], restart=5)
def test_an_accepted_rule_fails(
    when: str,
    ending: str,
    told: list[tuple[str, float | None, float | None, bool]],
    restart: int,
) -> None:
    """Equipment that speaks, is silent or never spoke is judged to the end, wherever a restart was."""
    files = rule(when, ending)
    try:
        read_rules(files, CLASSES)
    except BadInput:
        assume(False)
    scene = Scene([equipment("p", "pump", rated_current=10.0), equipment("q", "pump", "p")], files)
    for who, current, temperature, run in told:
        scene.says(who, current=current, bearing_temp=temperature, run=run)
        scene.wait(3)
    scene.use(*scene.every, equipment("never", "pump"))
    scene.tick(400)
    scene.wait(5)
    state = begin(CLASSES)
    verdicts: list[Verdict] = []
    for record in scene.records:
        state, found = step(state, record.body(), position=record.position, now=record.written_at)
        verdicts += found
        if record.position == restart:
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
    assert verdicts == scene.run()
