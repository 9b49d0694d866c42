"""Readings that can move nothing: put down a batch, or many records, at once, with nothing else changed."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.batch import BatchBuilder
from gengfu.core.clock import SECOND
from gengfu.core.names import EquipmentName, PointKind, PointName
from gengfu.core.record import Body, NewNames
from rules.engine import checkpoint, skim
from rules.engine import step as engine
from rules.engine.skim import Told, steps
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from tests.fakes.rule_scene import CLASSES, SITE, Scene, brief, equipment

PUMPS = [equipment(f"pump-{n}", "pump", role="supply") for n in range(6)]
HEAD = "severity: low, kind: maintenance, priority: 5, source: U test"
RULES = f"""
pack: t
rules:
  - {{id: hot, for: pump, when: bearing_temp > 95, hold: 60s, clear: bearing_temp < 88, clear_hold: 2m,
     title: {{zh: "热 {{bearing_temp}} {{frequency}}", en: "hot {{bearing_temp}} {{frequency}}"}}, {HEAD}}}
  - {{id: night, for: pump, when: bearing_temp > 92, during: 22:00-06:00, title: {{zh: 夜, en: "night {{bearing_temp}}"}}, {HEAD}}}
  - {{id: long, for: pump, when: "held(run, 50s)", title: {{zh: 久, en: "long {{bearing_temp}}"}}, {HEAD}}}
  - {{id: lost, for: pump, when: not online, hold: 20s, no_data: 90s, title: {{zh: 失联, en: "lost at {{bearing_temp}}"}}, {HEAD}}}
"""
CHANGED = RULES.replace("> 95", "> 93")
CALM = st.sampled_from([50.0, 70.0, 90.0])
CALM_FOR_ALL = st.tuples(
    st.just("all"), st.lists(CALM, min_size=6, max_size=6), st.sampled_from([0, 0, 0, 3, 200])
)
HOT = st.tuples(st.just("one"), st.integers(0, 1), st.sampled_from([97.0, 97.0, 94.0, 40.0, None]))
WAIT = st.tuples(st.just("wait"), st.sampled_from([5, 65, 130]))
STORY = st.lists(
    st.one_of(
        CALM_FOR_ALL,
        CALM_FOR_ALL,
        CALM_FOR_ALL,
        HOT,
        HOT,
        WAIT,
        st.one_of(
            st.tuples(st.just("twice"), CALM, CALM),
            st.tuples(st.just("run"), st.integers(0, 1), st.booleans()),
            st.tuples(st.just("online"), st.integers(0, 1), st.booleans()),
            st.tuples(st.just("evening")),
            st.tuples(st.just("rules"), st.sampled_from([RULES, CHANGED])),
            st.tuples(st.just("fewer")),
        ),
    ),
    min_size=4,
    max_size=16,
)


def everyone(one: Scene, values: Sequence[float], ago: int) -> None:
    at = one.now - ago * SECOND
    rows = [(f"pump-{n}", at, {"bearing_temp": value}) for n, value in enumerate(values)]
    one.write(one.batch(rows))


def twice(one: Scene, value: float, other: float) -> None:
    one.write(one.batch([("pump-0", one.now, {"bearing_temp": v}) for v in (value, other)]))


TELL: dict[str, Callable[..., object]] = {
    "all": everyone,
    "one": lambda one, who, value: one.says(f"pump-{who}", bearing_temp=value),
    "twice": twice,
    "run": lambda one, who, value: one.says(f"pump-{who}", run=value),
    "online": lambda one, who, value: one.says(f"pump-{who}", online=value),
    "wait": lambda one, seconds: [one.tick(5) for _ in range(seconds // 5)],
    "evening": lambda one: one.tick(7 * 3600),
    "rules": lambda one, text: one.use_rules({"t.yaml": text}),
    "fewer": lambda one: one.use(*PUMPS[:4]),
}


def told(story: Sequence[tuple[object, ...]]) -> Scene:
    one = Scene(PUMPS, {"t.yaml": RULES})
    for what, *given_ in story:
        TELL[str(what)](one, *given_)
        one.tick()
    return one


def judged(one: Scene, cut: int = -1) -> tuple[State, list[Verdict]]:
    state, found = begin(CLASSES), list[Verdict]()
    for number, record in enumerate(one.records):
        if number == cut:
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
        state, verdicts = step(
            state, record.body(), position=record.position, now=record.written_at
        )
        found.extend(verdicts)
    return state, found


@settings(deadline=None, max_examples=60)
@given(STORY, st.integers(5, 60))
def test_what_is_only_put_down_ends_in_the_same_state(
    story: list[tuple[object, ...]], cut: int
) -> None:
    """Verdicts with their texts, memory and counts are those of the plain way; a restart too."""
    one = told(story)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "MANY", 10**9)
        plain_state, plain = judged(one)
        patch.setattr(engine, "MANY", 2)
        state, found = judged(one)
        _, resumed = judged(one, cut)
    assert found == plain
    assert resumed == plain
    assert checkpoint.encode(state) == checkpoint.encode(plain_state)
    assert state.counts == plain_state.counts


@settings(deadline=None, max_examples=60)
@given(STORY, STORY, st.sampled_from([1, 3, 8]))
def test_skimmed_records_end_where_single_steps_end(
    story: list[tuple[object, ...]], more: list[tuple[object, ...]], few: int
) -> None:
    """Calm stretches taken at once, with late readings, silence, timers and changes between them."""
    one = told([*story, *more])
    wanted_state, wanted = judged(one)
    records = [Told(record.body(), record.position, record.written_at) for record in one.records]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(skim, "FEW", few)
        state, found = steps(begin(CLASSES), records)
    assert found == wanted
    assert checkpoint.encode(state) == checkpoint.encode(wanted_state)
    assert state.counts == wanted_state.counts


def test_a_calm_hour_is_skimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way is really gone: of an hour of ordinary values few records are single steps."""
    one = Scene(PUMPS, {"t.yaml": RULES})
    for _ in range(360):
        everyone(one, [50.0, 70.0, 90.0, 50.0, 70.0, 90.0], 0)
        one.tick(10)
    single: list[int] = []

    def counted(state: State, body: Body, *, position: int, now: int) -> object:
        single.append(position)
        return step(state, body, position=position, now=now)

    monkeypatch.setattr(skim, "step", counted)
    steps(
        begin(CLASSES), [Told(each.body(), each.position, each.written_at) for each in one.records]
    )
    assert len(single) < len(one.records) / 5


@pytest.mark.parametrize("many", [1, 10**9])
def test_words_of_another_edition_mean_the_same(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class's words in another order, and one that it no longer has: it is the word that counts."""
    monkeypatch.setattr(engine, "MANY", many)
    rule = f"""
pack: t
rules:
  - {{id: serviced, for: elevator, when: mode == inspection, title: {{zh: "{{mode}}", en: "{{mode}}"}}, {HEAD}}}
  - {{id: odd, for: elevator, when: mode != normal, title: {{zh: "{{mode}}", en: "now {{mode}}"}}, {HEAD}}}
"""
    one = Scene([equipment("lift", "elevator")], {"t.yaml": rule})
    words = ("dismantled", *reversed(tuple(CLASSES["elevator"].points["mode"].words)))
    point = one.names.point_index(PointName("elevator", "mode", PointKind.ENUM, words))
    one.write(NewNames((1, point), (), (one.names.points[point],)))
    lift = one.names.equipment_index(EquipmentName(SITE, "lift", "elevator"))
    for word in ("inspection", "normal", "dismantled"):
        batch = BatchBuilder()
        batch.add(lift, point, one.now, one.now, float(words.index(word)))
        one.write(batch.build())
        one.tick()
    assert [brief(verdict) for verdict in one.run()] == [
        "t.serviced on lift",
        "t.odd on lift",
        "t.serviced off lift",
        "t.odd off lift",
        "t.odd on lift",
    ]
    assert one.run()[-1].title.en == "now dismantled"
