"""Functions of passing time against slow oracles: woken when due, they are right at every moment."""

import itertools
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR, MINUTE, SECOND, Micros, from_iso
from gengfu.core.naming import Scalar
from rules.engine.verdict import Turn, Verdict
from rules.past.catalogue import FUNCTIONS
from rules.past.memory import NOT_DUE, Terms, Timed
from rules.past.ring import STEPS
from tests.fakes.rule_scene import Scene, equipment

SPAN = 60 * SECOND
START = from_iso("2026-03-28T22:50:00Z")
BERLIN = ZoneInfo("Europe/Berlin")
HEAD = "severity: low, kind: maintenance, priority: 5, title: {zh: 试, en: t}, source: U test"

Told = Sequence[tuple[Micros, bool | None]]
told = st.lists(
    st.tuples(st.integers(1, 80), st.sampled_from([True, True, False, None])),
    min_size=1,
    max_size=25,
)


def made(name: str, span: Micros = SPAN, zone: ZoneInfo = BERLIN) -> Timed:
    make = FUNCTIONS[name].make
    assert make is not None
    memory = make(Terms(span=span, zone=zone))
    assert isinstance(memory, Timed)
    return memory


def timed(steps: Sequence[tuple[int, bool | None]]) -> Told:
    times = itertools.accumulate(gap for gap, _ in steps)
    return [(START + at * SECOND, value) for at, (_, value) in zip(times, steps, strict=True)]


def wake(memory: Timed, until: Micros) -> list[tuple[Micros, Scalar]]:
    """Wake a memory whenever it is due; each wake must bring it forward."""
    found = []
    while NOT_DUE < memory.due <= until:
        due = memory.due
        found.append((due, memory.wake(due)))
        assert memory.due == NOT_DUE or memory.due > due
    return found


def play(memory: Timed, samples: Told, until: Micros) -> list[tuple[Micros, Scalar]]:
    """Return the memory's value after each sample and each wake, up to a time."""
    found: list[tuple[Micros, Scalar]] = []
    for at, value in samples:
        found += [*wake(memory, at - 1), (at, memory.update(at, [value]))]
    return [*found, *wake(memory, until)]


def truth_at(samples: Told, at: Micros) -> bool | None:
    return next((value for time, value in reversed(samples) if time <= at), None)


def true_seconds(samples: Told, start: Micros, end: Micros) -> float:
    ends = [at for at, _ in samples[1:]] + [max(end, samples[-1][0])]
    return sum(
        max(0, min(until, end) - max(at, start)) / SECOND
        for (at, value), until in zip(samples, ends, strict=True)
        if value is True
    )


@given(told)
def test_held_is_true_exactly_when_nothing_broke_it(steps: list[tuple[int, bool | None]]) -> None:
    """It turns true at the very moment when T is full, though nothing is said then."""
    samples = timed(steps)
    for at, found in play(made("held"), samples, samples[-1][0] + 5 * SPAN):
        if truth_at(samples, at) is not True:
            assert found is truth_at(samples, at)
            continue
        broken = [time for time, value in samples if time <= at and value is not True]
        since = min(t for t, v in samples if v and t > max(broken, default=0))
        assert found is (at - since >= SPAN)


def test_held_wakes_at_the_moment() -> None:
    """One sample, then silence: true a minute later, and not woken again."""
    memory = made("held")
    assert memory.update(START, [True]) is False
    assert wake(memory, START + HOUR) == [(START + SPAN, True)]


@given(told)
def test_no_data_is_true_when_nothing_was_known_for_so_long(
    steps: list[tuple[int, bool | None]],
) -> None:
    """A ``null`` is no data; before the first datum nothing is missed."""
    samples = timed(steps)
    for at, found in play(made("no_data"), samples, samples[-1][0] + 5 * SPAN):
        known = [time for time, value in samples if time <= at and value is not None]
        assert found is (at - known[-1] >= SPAN if known else None)


def test_a_lost_link_misses_no_data() -> None:
    """While the link is lost it is unknown, and afterwards the waiting begins anew."""
    memory = made("no_data")
    memory.update(START, [5.0])
    assert memory.lose(START + SPAN // 2) is None
    assert memory.due == NOT_DUE
    assert memory.update(START + 5 * SPAN, [5.0]) is False
    assert wake(memory, START + 10 * SPAN) == [(START + 6 * SPAN, True)]


@given(told)
def test_time_in_is_the_sum_of_the_window(steps: list[tuple[int, bool | None]]) -> None:
    """All seconds since the step that was T ago, at most T; exact but for that oldest step."""
    samples, width = timed(steps), SPAN // STEPS
    for at, found in play(made("time_in"), samples, samples[-1][0] + 5 * SPAN):
        oldest = (at // width - STEPS) * width
        wanted = true_seconds(samples, oldest, at)
        assert found == pytest.approx(min(wanted, SPAN / SECOND), abs=1e-6)


def test_time_in_ends_at_nothing_and_sleeps() -> None:
    """A minute after it was true for the last time the sum is zero and nothing is due."""
    memory = made("time_in")
    memory.update(START, [True])
    memory.update(START + 10 * SECOND, [False])
    found = wake(memory, START + HOUR)
    assert found[-1][1] == 0.0
    assert found[-1][0] <= START + 10 * SECOND + SPAN + SPAN // STEPS
    assert memory.due == NOT_DUE


@given(told)
def test_count_counts_what_became_true(steps: list[tuple[int, bool | None]]) -> None:
    """False to true counts, unknown in between neither adds nor hides one."""
    samples, width = timed(steps), SPAN // STEPS
    known = [(START, False), *((at, value) for at, value in samples if value is not None)]
    rises = [at for (_, was), (at, value) in itertools.pairwise(known) if value and not was]
    for at, found in play(made("count"), samples, samples[-1][0] + 5 * SPAN):
        oldest = (at // width - STEPS) * width
        assert found == len([time for time in rises if oldest <= time <= at])


def test_runtime_begins_at_the_sites_midnight() -> None:
    """Ten minutes before midnight until ten after: ten minutes of today, though nobody spoke then."""
    memory = made("runtime")
    memory.update(START, [True])
    found = dict(wake(memory, START + 20 * MINUTE))
    assert found[START + 10 * MINUTE] == 0.0
    assert found[START + 20 * MINUTE] == 600.0
    assert memory.update(START + 30 * MINUTE, [False]) == 1200.0
    assert wake(memory, START + 2 * DAY)[0][1] == 0.0
    assert memory.due == NOT_DUE


def test_a_day_with_a_change_of_the_clock_has_23_hours() -> None:
    """On 29 March 2026 in Berlin a machine that never stops runs 23 hours."""
    memory = made("runtime")
    memory.update(START, [True])
    midnight = START + 10 * MINUTE
    found = wake(memory, midnight + 23 * HOUR)
    assert found[-1] == (midnight + 23 * HOUR, 0.0)
    assert found[-2][1] == pytest.approx(23 * 3600, abs=60)


@pytest.mark.parametrize("name", sorted(n for n, f in FUNCTIONS.items() if f.timed))
@settings(max_examples=30)
@given(told, told)
def test_what_was_saved_goes_on_the_same(
    name: str, before: list[tuple[int, bool | None]], after: list[tuple[int, bool | None]]
) -> None:
    """Saving and loading between any samples changes no value, no wake, and never grows."""
    samples = timed([*before, *after])
    straight, resumed = made(name), made(name)
    size = len(straight.save())
    play(straight, samples[: len(before)], samples[len(before) - 1][0])
    resumed.load(straight.save())
    until = samples[-1][0] + 3 * SPAN
    rest = samples[len(before) :]
    assert play(straight, rest, until) == play(resumed, rest, until)
    assert len(resumed.save()) == size


# --- in the engine ------------------------------------------------------------------------------
def scene(when: str, *more: str, **fields: str) -> Scene:
    extra = "".join(f", {name}: {value}" for name, value in fields.items())
    rule = f'{{id: it, for: elevator, when: "{when}"{extra}, {HEAD}}}'
    return Scene(
        [equipment("lift", "elevator"), equipment("lift-2", "elevator")],
        {"t.yaml": f"pack: t\nrules: [{', '.join([rule, *more])}]"},
    )


def turns(found: Sequence[Verdict], start: Micros) -> list[tuple[Turn, float]]:
    return [(one.turn, (one.since - start) / SECOND) for one in found]


def flag_then_wait(one: Scene) -> None:
    one.says("lift", fault=True)
    one.wait(65)


CASES: list[tuple[str, Callable[[Scene], None], list[tuple[Turn, float]]]] = [
    ("held(fault, 10s)", flag_then_wait, [(Turn.ON, 10)]),
    ("fault and not held(fault, 10s)", flag_then_wait, [(Turn.ON, 0), (Turn.OFF, 10)]),
    ("time_in(fault, 30s) >= 10", flag_then_wait, [(Turn.ON, 10)]),
    ("runtime(fault) >= 55", flag_then_wait, [(Turn.ON, 60)]),
    ("no_data(fault, 20s)", flag_then_wait, [(Turn.ON, 20)]),
    ("held(held(fault, 10s), 5s)", flag_then_wait, [(Turn.ON, 15)]),
]


@pytest.mark.parametrize(("when", "happens", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_time_alone_turns_a_rule(
    when: str, happens: Callable[[Scene], None], wanted: list[tuple[Turn, float]]
) -> None:
    """Nothing is said any more, and the rule turns when it must, since the moment when it was so."""
    one = scene(when)
    one.tick()
    start = one.now
    happens(one)
    found = turns(one.run(), start)
    assert [turn for turn, _ in found] == [turn for turn, _ in wanted]
    assert [since for _, since in found] == pytest.approx([since for _, since in wanted], abs=4)


def test_an_event_is_counted_and_forgotten() -> None:
    """Three faults within 30 s, part by part or not, then none for half a minute."""
    rule = '{id: it, for: fire_panel, when: "count(fault, 30s) >= 3", ' + HEAD + "}"
    one = Scene([equipment("panel", "fire_panel")], {"t.yaml": f"pack: t\nrules: [{rule}]"})
    one.tick()
    for part in ("1", "2", "3"):
        one.event("panel", "fault", part)
        one.tick(5)
    one.wait(60)
    assert [v.turn for v in one.run()] == [Turn.ON, Turn.OFF]


def test_a_lost_link_ends_what_was_held() -> None:
    """Offline breaks it; back online the time begins anew. Life safety goes on with what it knew."""
    safety = HEAD.replace("kind: maintenance", "kind: life_safety")
    one = scene(
        "held(fault, 20s)", f'{{id: safe, for: elevator, when: "held(fault, 20s)", {safety}}}'
    )
    one.tick()
    start = one.now
    one.says("lift", fault=True)
    one.wait(10)
    one.says("lift", online=False)
    one.wait(30)
    one.says("lift", online=True)
    one.wait(30)
    since = {v.rule: (v.since - start) / SECOND for v in one.run()}
    assert since == {"t.safe": 20, "t.it": 60}


def test_a_function_of_the_past_may_stand_in_another_and_in_a_group() -> None:
    """Both lifts hot on a 15 s mean for 10 s: one says so by itself, the other by the group."""
    one = scene("count(held(avg(motor_temp, 15s) > 60, 10s), site) >= 2")
    one.tick()
    start = one.now
    for _ in range(40):
        one.says("lift", motor_temp=70.0)
        one.says("lift-2", motor_temp=70.0)
        one.tick()
    found = one.run()
    assert sorted(str(v.subject) for v in found) == ["lift", "lift-2"]
    assert all(24 <= (v.since - start) / SECOND <= 27 for v in found)


def test_samples_that_came_late_are_held_from_their_arrival() -> None:
    """What is told minutes late has not been held for minutes: nobody is paged for the past."""
    one = scene("held(fault, 60s)")
    one.tick(600)
    start = one.now
    one.says("lift", fault=True, ago=500)
    one.wait(30)
    assert one.run() == []
    one.wait(31)
    assert turns(one.run(), start) == [(Turn.ON, 60)]
