"""The life-cycle table, row by row."""

from dataclasses import replace

import pytest

from alerts import lifecycle
from alerts.lifecycle import TABLE, Refusal
from alerts.model import Alert, Condition, FindingVerdict, Handling, Step
from alerts.opening import by_rule
from alerts.whereabouts import Whereabouts
from gengfu.core.clock import DAY, HOUR, SECOND
from gengfu.core.urgency import Kind, Severity
from rules.engine.verdict import Turn
from tests.fakes.alerts import FIRE, HELD_OPEN, START, asks

FIRE_ALERT = by_rule(FIRE, Whereabouts(), 0)
DOOR_ALERT = by_rule(HELD_OPEN, Whereabouts(), 0)
FLOOD_ALERT = replace(DOOR_ALERT, latched=True, kind=Kind.MAINTENANCE)
LATER = START + 10 * SECOND
GIVEN = asks(verdict=FindingVerdict.FALSE, note="why", assignee="guard-2", until=LATER + HOUR)
"""A request that has all that any step may need."""


def walk(alert: Alert, *steps: Step) -> Alert:
    for step in steps:
        after = lifecycle.step(alert, step, GIVEN, LATER)
        assert isinstance(after, Alert), f"{step} of {alert.handling}: {after}"
        alert = after
    return alert


WHOLE_WAY = (
    Step.RECEIVE,
    Step.ACKNOWLEDGE,
    Step.EN_ROUTE,
    Step.ARRIVE,
    Step.VERDICT,
    Step.RESET,
    Step.CLOSE,
)


def test_the_whole_way_is_blocked() -> None:
    """A fire alert goes every step from new to closed, and each is one version."""
    closed = walk(FIRE_ALERT, *WHOLE_WAY)
    assert closed.handling is Handling.CLOSED
    assert closed.version == 1 + len(WHOLE_WAY)
    assert closed.verdict is FindingVerdict.FALSE
    assert (closed.assignee, closed.arrived_at, closed.reset_at) == ("guard-1", LATER, LATER)


@pytest.mark.parametrize("handling", Handling)
@pytest.mark.parametrize("step", Step)
def test_a_pair_outside_the_table_is_taken(handling: Handling, step: Step) -> None:
    """What stands in the table leads where the table says; anything else is refused."""
    alert = replace(DOOR_ALERT, handling=handling, shelved_until=LATER + HOUR)
    after = lifecycle.step(alert, step, GIVEN, LATER)
    edge = TABLE.get((handling, step))
    if edge is None:
        assert after is Refusal.ILLEGAL_STEP
    else:
        assert isinstance(after, Alert)
        assert (after.handling, after.version) == (edge.to, alert.version + 1)


@pytest.mark.parametrize("alert", [FIRE_ALERT, FLOOD_ALERT], ids=["life-safety", "latched"])
@pytest.mark.parametrize("step", [Step.VERDICT, Step.CLOSE])
def test_life_safety_ends_in_the_office(alert: Alert, step: Step) -> None:
    """Before somebody is on site, neither a verdict nor a close is taken, whoever has it."""
    for way in ((), (Step.ACKNOWLEDGE,), (Step.ACKNOWLEDGE, Step.EN_ROUTE)):
        on_the_way = walk(alert, *way)
        assert lifecycle.step(on_the_way, step, GIVEN, LATER) is Refusal.NEEDS_PERSON_ON_SITE


def test_latched_closes_without_reset() -> None:
    """What is latched is closed only after its reset was recorded."""
    verified = walk(FIRE_ALERT, Step.ARRIVE, Step.VERDICT)
    assert lifecycle.step(verified, Step.CLOSE, GIVEN, LATER) is Refusal.NEEDS_RESET
    assert walk(verified, Step.RESET, Step.CLOSE).handling is Handling.CLOSED


@pytest.mark.parametrize("condition", Condition)
@pytest.mark.parametrize("turn", [Turn.ON, Turn.OCCURRED])
def test_a_trip_after_reset_calls_nobody(condition: Condition, turn: Turn) -> None:
    """A detector that trips again after its reset, cleared or not, is a new call: nobody has it.

    Nobody is on site, what it was is not known, and it has to be reset again.
    """
    was_reset = replace(
        walk(FIRE_ALERT, Step.ARRIVE, Step.VERDICT, Step.RESET), condition=condition
    )
    tripped = replace(FIRE, turn=turn, since=LATER + 1, at=LATER + 2)
    observed = lifecycle.observe(was_reset, tripped)
    assert observed is not None
    what, again = observed
    assert (what, again.handling, again.condition) == ("returned", Handling.NEW, Condition.ON)
    assert (again.acknowledged_at, again.arrived_at, again.assignee) == (None, None, None)
    assert (again.opened_at, again.called_at) == (FIRE_ALERT.opened_at, tripped.at)
    assert lifecycle.step(again, Step.CLOSE, GIVEN, LATER) is Refusal.NEEDS_PERSON_ON_SITE
    there = walk(again, Step.ARRIVE)
    assert lifecycle.step(there, Step.CLOSE, asks(), LATER) is Refusal.NEEDS_VERDICT
    assert lifecycle.step(there, Step.CLOSE, GIVEN, LATER) is Refusal.NEEDS_RESET


def test_a_trip_before_the_reset_starts_anew() -> None:
    """Whoever stands there judging stays: what trips before the reset is counted only."""
    verified = walk(FIRE_ALERT, Step.ARRIVE, Step.VERDICT)
    observed = lifecycle.observe(verified, replace(FIRE, turn=Turn.OCCURRED))
    assert observed is not None
    what, after = observed
    assert (what, after) == ("occurred", replace(verified, occurrences=2, version=after.version))


def test_a_walk_is_asked_for_a_door() -> None:
    """What is neither life safety nor latched may be closed with a verdict from the desk."""
    closed = walk(DOOR_ALERT, Step.CLOSE)
    assert (closed.handling, closed.verdict) == (Handling.CLOSED, FindingVerdict.FALSE)
    assert lifecycle.step(DOOR_ALERT, Step.CLOSE, asks(), LATER) is Refusal.NEEDS_VERDICT


@pytest.mark.parametrize(
    ("alert", "until", "note", "refusal"),
    [
        (FIRE_ALERT, LATER + HOUR, "drill", Refusal.NEVER_SHELVED),
        (FLOOD_ALERT, LATER + HOUR, "drill", Refusal.NEVER_SHELVED),
        (DOOR_ALERT, LATER + HOUR, " ", Refusal.NEEDS_TEXT),
        (DOOR_ALERT, LATER, "repair", Refusal.BAD_END),
        (DOOR_ALERT, LATER + DAY + 1, "repair", Refusal.BAD_END),
    ],
)
def test_shelving_without_limits(alert: Alert, until: int, note: str, refusal: Refusal) -> None:
    """Shelving needs a reason and an end within the limit, and is never for life safety."""
    request = asks(until=until, note=note)
    assert lifecycle.step(alert, Step.SHELVE, request, LATER, shelve_at_most=DAY) is refusal


def test_the_rule_closes_what_people_took() -> None:
    """A cleared alert closes itself only when nobody took it and nobody has to go."""
    cleared = replace(DOOR_ALERT, condition=Condition.OFF)
    assert lifecycle.may_close_itself(cleared)
    for other in (
        DOOR_ALERT,
        replace(cleared, handling=Handling.ACKNOWLEDGED),
        replace(cleared, latched=True),
        replace(cleared, kind=Kind.LIFE_SAFETY),
        replace(cleared, shelved_until=LATER),
        replace(cleared, source="person"),
    ):
        assert not lifecycle.may_close_itself(other)
        with pytest.raises(ValueError, match="only a person"):
            lifecycle.close_itself(other, LATER)


def test_what_comes_back_is_lost_in_the_count() -> None:
    """Off and on again is counted, keeps people's handling, and the gravest severity stays."""
    taken = walk(DOOR_ALERT, Step.ACKNOWLEDGE)
    off = lifecycle.observe(taken, replace(HELD_OPEN, turn=Turn.OFF, since=LATER))
    assert off is not None
    on = lifecycle.observe(off[1], replace(HELD_OPEN, severity=Severity.HIGH, since=LATER + 1))
    assert on is not None
    what, after = on
    assert (what, after.condition, after.occurrences) == ("returned", Condition.ON, 2)
    assert (after.handling, after.severity) == (Handling.ACKNOWLEDGED, Severity.HIGH)
    again = lifecycle.observe(after, replace(HELD_OPEN, severity=Severity.LOW))
    assert again is not None
    assert (again[0], again[1].occurrences, again[1].severity) == ("occurred", 3, Severity.HIGH)


def test_off_twice_is_a_change() -> None:
    """Off while off changes nothing, so it makes no version."""
    off = replace(DOOR_ALERT, condition=Condition.OFF)
    assert lifecycle.observe(off, replace(HELD_OPEN, turn=Turn.OFF)) is None


def test_late_data_change_the_condition() -> None:
    """Late news leaves a line on an open alert and changes nothing else."""
    observed = lifecycle.observe(DOOR_ALERT, replace(HELD_OPEN, turn=Turn.OFF, late=True))
    assert observed == ("late", replace(DOOR_ALERT, version=2))
