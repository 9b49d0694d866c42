"""Whatever happens: blind to order and repetition, the same after any restart."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.record import Record
from rules.engine import checkpoint
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Turn, Verdict
from tests.fakes.rule_kinds import ESTATE, RULES, scene
from tests.fakes.rule_scene import CLASSES, Scene, brief

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.sampled_from([0.25, 1.0, 5.0, 12.0, 45.0])),
        st.tuples(st.just("temp"), st.sampled_from([50.0, 65.0, 75.0, 85.0, None])),
        st.tuples(st.just("speed"), st.floats(-10, 10)),
        st.tuples(st.just("door"), st.sampled_from(["open", "closed", "opening"])),
        st.tuples(st.just("zone"), st.sampled_from([True, False])),
        st.tuples(st.just("occupied"), st.sampled_from([True, False, None])),
        st.tuples(st.just("flag"), st.sampled_from([True, False, None])),
        st.tuples(st.just("late"), st.sampled_from([3.0, 40.0, 400.0])),
        st.tuples(st.just("contact"), st.sampled_from(["open", "closed"])),
        st.tuples(st.just("online"), st.sampled_from([True, False])),
        st.tuples(st.just("fire"), st.sampled_from(["1", "2"])),
        st.tuples(st.just("fault"), st.sampled_from(["1", "2"])),
        st.tuples(st.just("reset"), st.sampled_from(["1", None])),
        st.tuples(
            st.just("rules"), st.sampled_from([RULES, RULES.replace("hold: 5s", "hold: 6s")])
        ),
        st.tuples(st.just("ledger"), st.sampled_from([ESTATE, ESTATE[:3], ESTATE[1:]])),
    ),
    max_size=40,
)
POINT_OF = {
    "temp": "motor_temp",
    "speed": "speed",
    "door": "door",
    "zone": "door_zone",
    "flag": "fault",
}


def play(one: Scene, what: str, value: object) -> None:
    match what:
        case "tick":
            one.tick(value)  # type: ignore[arg-type]
        case "temp" | "speed" | "door" | "zone" | "occupied" | "flag":
            one.says("lift", {POINT_OF.get(what, what): value})  # type: ignore[dict-item]
        case "late":
            one.says("lift", motor_temp=90.0, ago=value)  # type: ignore[arg-type]
        case "contact":
            one.says("door", contact=value)  # type: ignore[arg-type]
        case "online":
            one.says("ctl", online=value)  # type: ignore[arg-type]
        case "fire" | "fault":
            one.event("panel", what, value)  # type: ignore[arg-type]
        case "reset":
            one.act("panel", "reset", value)  # type: ignore[arg-type]
        case "rules":
            one.use_rules({"t.yaml": value})  # type: ignore[dict-item]
        case "ledger":
            one.use(*value)  # type: ignore[misc]


def recorded(story: list[tuple[str, object]]) -> list[Record]:
    one = scene()
    for what, value in story:
        play(one, what, value)
    one.wait(3)
    return one.records


def judge(state: State, records: list[Record]) -> tuple[State, list[Verdict]]:
    found: list[Verdict] = []
    for record in records:
        state, verdicts = step(
            state, record.body(), position=record.position, now=record.written_at
        )
        found.extend(verdicts)
    return state, found


@settings(max_examples=120, deadline=None)
@given(happenings, st.integers(0, 60))
def test_a_restart_anywhere_changes_no_verdict(story: list[tuple[str, object]], cut: int) -> None:
    """A checkpoint after any record and a replay of the rest is the straight run, to the byte."""
    records = recorded(story)
    straight, wanted = judge(begin(CLASSES), records)
    state, before = judge(begin(CLASSES), records[:cut])
    resumed, after = judge(checkpoint.decode(checkpoint.encode(state), CLASSES), records[cut:])
    assert before + after == wanted
    assert checkpoint.encode(resumed) == checkpoint.encode(straight)


@settings(max_examples=60, deadline=None)
@given(happenings)
def test_verdicts_tell_a_story_that_makes_sense(story: list[tuple[str, object]]) -> None:
    """For each rule and subject: on, perhaps again, then off; never off what is not on."""
    _, found = judge(begin(CLASSES), recorded(story))
    by_subject = sorted(found, key=lambda one: (one.rule, str(one.subject)))
    for _, group in itertools.groupby(by_subject, key=lambda one: (one.rule, str(one.subject))):
        on = False
        for one in group:
            assert on == (one.turn is not Turn.ON)
            assert one.since <= one.at
            on = one.turn is not Turn.OFF


@settings(max_examples=60, deadline=None)
@given(happenings)
def test_a_reading_told_twice_changes_nothing(story: list[tuple[str, object]]) -> None:
    """Every record of readings twice in a row gives the same verdicts."""
    once, twice = scene(), scene()
    for what, value in story:
        play(once, what, value)
        play(twice, what, value)
        if what in {
            "temp",
            "speed",
            "door",
            "zone",
            "occupied",
            "flag",
            "late",
            "contact",
            "online",
        }:
            play(twice, what, value)
    _, wanted = judge(begin(CLASSES), once.records)
    _, found = judge(begin(CLASSES), twice.records)
    assert [(brief(v), v.since, v.at) for v in found] == [(brief(v), v.since, v.at) for v in wanted]


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(8)), st.lists(st.floats(50, 90), min_size=8, max_size=8))
def test_the_order_of_late_readings_does_not_change_what_is_current(
    order: list[int], values: list[float]
) -> None:
    """However readings arrive, the newest is the current one."""
    one = scene()
    one.tick(20)
    for n in order:
        one.says("lift", motor_temp=values[n], ago=10 - n)
    state, _ = one.judged()
    assert state.units["lift"].value_of("motor_temp") == values[7]
