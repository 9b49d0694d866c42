"""The clocks of an alert's stages, and their pace."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.clocks import wind
from alerts.model import Handling
from alerts.opening import by_rule
from alerts.settings import Pace, usual_clocks
from alerts.whereabouts import Whereabouts
from gengfu.app.stage_clocks import stage_clocks
from gengfu.config import ResponseSettings, Settings
from gengfu.core.clock import HOUR, MINUTE, SECOND
from gengfu.core.urgency import Kind, Response, usual_response
from tests.fakes.alerts import FIRE, START


@given(rounds=st.integers(0, 10_000))
def test_a_pace_runs_away(rounds: int) -> None:
    """A pace lies between its first span and its longest, and never gets faster."""
    pace = Pace(MINUTE, HOUR)
    assert MINUTE <= pace.after(rounds) <= pace.after(rounds + 1) <= HOUR


@pytest.mark.parametrize("response", Response)
def test_a_taken_alert_waits_for_nobody(response: Response) -> None:
    """What asks for a walk has an arrival clock once it is taken, counted from its call."""
    taken = replace(
        by_rule(replace(FIRE, response=response), Whereabouts(), 0),
        handling=Handling.ACKNOWLEDGED,
    )
    arrive = usual_clocks()[response].arrive
    due = wind(taken, START + SECOND, usual_clocks()).due_at
    assert due == (None if arrive is None else START + arrive.first)


def test_a_contract_that_is_not_kept() -> None:
    """A contract's ten minutes replace the usual time; what it does not say stays as usual."""
    said = {Response.ORDINARY: ResponseSettings(arrive_s=600)}
    clocks = stage_clocks(Settings(responses=said))
    assert clocks[Response.ORDINARY].arrive == Pace(10 * MINUTE, 30 * MINUTE)
    assert clocks[Response.ORDINARY].take == usual_clocks()[Response.ORDINARY].take
    assert {**clocks, **usual_clocks()} == usual_clocks()


def test_life_safety_without_an_arrival() -> None:
    """By default every life-safety alert, and every latched one, has somebody's arrival watched."""
    for kind, latched in ((Kind.LIFE_SAFETY, False), (Kind.SECURITY, True), (Kind.SYSTEM, True)):
        for priority in range(1, 7):
            assert usual_clocks()[usual_response(kind, priority, latched=latched)].arrive


def test_a_late_taker_is_hurried_into_the_past() -> None:
    """The arrival clock runs from the call; taken too late, it still leaves time to walk."""
    fire = replace(by_rule(FIRE, Whereabouts(), 0), handling=Handling.ACKNOWLEDGED)
    soon = wind(fire, START + MINUTE, usual_clocks())
    assert soon.due_at == START + 3 * MINUTE
    again = wind(replace(fire, called_at=START + HOUR), START + HOUR + MINUTE, usual_clocks())
    assert again.due_at == START + HOUR + 3 * MINUTE
    late = wind(fire, START + HOUR, usual_clocks())
    assert late.due_at == START + HOUR + 3 * MINUTE
