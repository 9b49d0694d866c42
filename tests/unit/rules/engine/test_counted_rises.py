"""``when`` with ``count``: how often something became true within a time."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import SECOND
from gengfu.core.errors import BadInput
from rules.engine import checkpoint
from rules.engine.step import begin, step
from rules.engine.verdict import Turn, Verdict
from rules.language.reader import read_rules
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment

RULE = """
pack: mine
rules:
  - id: flapping
    for: door
    when: tamper
    count: 3 within 60s
    clear_hold: 2m
    severity: low
    kind: maintenance
    priority: 5
    title: {zh: 抖动, en: flaps}
    source: "U"
"""
WITHIN, QUIET = 60, 120


def scene(said: Sequence[tuple[int, bool | None]]) -> Scene:
    """Say a value after so many seconds each; then wait long."""
    made = Scene([equipment("door", "door")], {"mine.yaml": RULE})
    for seconds, value in said:
        made.wait(seconds)
        made.says("door", tamper=value)
    made.wait(QUIET + 10)
    return made


def turns(said: Sequence[tuple[int, bool | None]]) -> list[tuple[str, int]]:
    return [(one.turn.value, (one.since - START) // SECOND) for one in scene(said).run()]


def expected(said: Sequence[tuple[int, bool | None]]) -> list[tuple[str, int]]:
    """Count the rises by hand: what a person would do with pencil and paper."""
    found: list[tuple[str, int]] = []
    now, raised, times, ends = 0, False, list[int](), 0
    for seconds, value in [*said, (QUIET + 10, None)]:
        now += seconds
        if ends and ends <= now:
            found.append((Turn.OFF.value, ends))
            ends = 0
        if value is True and not raised:
            raised = True
            times = [at for at in times if now - at <= WITHIN] + [now]
            if ends or len(times) >= 3:
                found.append(((Turn.OCCURRED if ends else Turn.ON).value, now))
                ends, times = now + QUIET, []
        elif value is False:
            raised = False
    return found


def test_three_rises_within_the_time_open_it_and_quiet_ends_it() -> None:
    """Two are not enough, a fourth is counted, and then it must be quiet for the whole time."""
    up_down: list[tuple[int, bool | None]] = [(10, True), (5, False)]
    assert turns(up_down * 2) == []
    assert turns(up_down * 3) == [("on", 40), ("off", 160)]
    assert turns(up_down * 4) == [("on", 40), ("occurred", 55), ("off", 175)]


def test_what_stays_true_does_not_rise_again() -> None:
    """Neither said again, nor unknown in between, nor after its end."""
    rising: list[tuple[int, bool | None]] = [
        (5, True),
        (5, False),
        (5, True),
        (5, False),
        (5, True),
    ]
    still: list[tuple[int, bool | None]] = [(5, None), (5, True), (130, True), (5, True)]
    assert turns([*rising, *still]) == [("on", 25), ("off", 145)]


SAID = st.lists(st.tuples(st.integers(1, 50), st.sampled_from([True, False, None])), max_size=25)


@settings(deadline=None, max_examples=60)
@given(SAID)
def test_any_sequence_is_counted_as_by_hand(said: list[tuple[int, bool | None]]) -> None:
    """Rises, repeats, gaps and unknowns against a count with pencil and paper."""
    assert turns(said) == expected(said)


@settings(deadline=None, max_examples=20)
@given(SAID, st.data())
def test_a_checkpoint_anywhere_changes_nothing(
    said: list[tuple[int, bool | None]], data: st.DataObject
) -> None:
    """What is true now and was counted is remembered over a restart."""
    made = scene(said)
    cut = data.draw(st.integers(0, len(made.records)))
    state, found = begin(CLASSES), list[Verdict]()
    for number, one in enumerate(made.records):
        if number == cut:
            state = checkpoint.decode(checkpoint.encode(state), CLASSES)
        state, verdicts = step(state, one.body(), position=one.position, now=one.written_at)
        found.extend(verdicts)
    assert found == made.run()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (RULE.replace("    clear_hold: 2m\n", ""), "nothing makes it off"),
        (RULE.replace("    clear_hold: 2m\n", "    clear_hold: 2m\n    hold: 5s\n"), "no hold"),
        (RULE.replace("when: tamper", "no_data: 5m"), "nothing is counted"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: str, message: str) -> None:
    """A count needs something to count and something that ends it."""
    with pytest.raises(BadInput, match=message):
        read_rules({"mine.yaml": wrong}, CLASSES)
