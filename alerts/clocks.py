"""Stage clocks: what happens next when people do nothing, and when. Pure; stored with the alert.

An alert has at most one next clock. Every open alert that nobody acknowledged has one (I3).
Rosters and escalation chains hang on here later: ``due_round`` says how far a chain has got.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeAlias

from alerts.model import Alert, Handling
from alerts.settings import Pace, StageClocks
from gengfu.core.clock import Micros
from gengfu.core.urgency import Response

Clocks: TypeAlias = Mapping[Response, StageClocks]
"""Of every response class."""


class Due(StrEnum):
    """Which clock runs: the word of ``due_what`` and of the timeline's ``timer`` line."""

    UNACKNOWLEDGED = "unacknowledged"
    NOT_ARRIVED = "not_arrived"
    SHELF_ENDS = "shelf_ends"


_ON_THE_WAY = (Handling.ACKNOWLEDGED, Handling.EN_ROUTE)


def running(alert: Alert, clocks: Clocks) -> Due | None:
    """Return the clock that has to run for an alert as it stands."""
    if not alert.open:
        return None
    if alert.shelved_until is not None:
        return Due.SHELF_ENDS
    if alert.untaken:
        return Due.UNACKNOWLEDGED
    if alert.handling in _ON_THE_WAY and clocks[alert.response].arrive is not None:
        return Due.NOT_ARRIVED
    return None


def wind(alert: Alert, now: Micros, clocks: Clocks) -> Alert:
    """Set an alert's next clock: leave the one that runs, start or stop one where it has to be."""
    due = running(alert, clocks)
    if due is None:
        return replace(alert, due_at=None, due_what=None, due_round=0)
    if due is Due.SHELF_ENDS:
        return replace(alert, due_at=alert.shelved_until, due_what=due, due_round=0)
    if alert.due_what == due and alert.due_at is not None:
        return alert
    span = _pace(alert, due, clocks).first
    # The way there has been running since people were called, whenever one took it.
    since_call = alert.called_at + span
    at = since_call if due is Due.NOT_ARRIVED and since_call > now else now + span
    return replace(alert, due_at=at, due_what=due, due_round=0)


def run_out(alert: Alert, now: Micros, clocks: Clocks) -> Alert:
    """Return an alert one version on after its clock ran out, with the next clock wound."""
    after = replace(alert, version=alert.version + 1)
    if alert.due_what == Due.SHELF_ENDS:
        return wind(replace(after, shelved_until=None, due_at=None), now, clocks)
    rounds = alert.due_round + 1
    pace = _pace(alert, Due(alert.due_what or Due.UNACKNOWLEDGED), clocks)
    return replace(after, due_at=now + pace.after(rounds), due_round=rounds)


def _pace(alert: Alert, due: Due, clocks: Clocks) -> Pace:
    its = clocks[alert.response]
    return its.arrive or its.take if due is Due.NOT_ARRIVED else its.take
