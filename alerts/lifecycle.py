"""The life of an alert: one table of (handling × step), and what rules may change beside it.

Pure: values in, values out, the time is an argument. It knows no database, no clock and no roles
(who may ask for a step is decided where people sign in). ``docs/alerts.md`` draws this table.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from alerts.model import FROM_PERSON, Alert, Condition, Handling, Step, StepRequest, What
from gengfu.core.clock import DAY, Micros
from gengfu.core.urgency import Severity
from rules.engine.verdict import Turn, Verdict


class Refusal(StrEnum):
    """Why a step was not taken; nothing changed. The same word in log, API, page and test."""

    ILLEGAL_STEP = "illegal_step"
    NEEDS_PERSON_ON_SITE = "needs_person_on_site"
    NEEDS_VERDICT = "needs_verdict"
    NEEDS_RESET = "needs_reset"
    NEVER_SHELVED = "never_shelved"
    NOT_SHELVED = "not_shelved"
    NEEDS_TEXT = "needs_text"
    NEEDS_ASSIGNEE = "needs_assignee"
    BAD_END = "bad_end"
    """A shelving must end in the future, within the longest span that is set."""
    KEY_REUSED = "key_reused"
    """This idempotency key has already stood for another request."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a step leads, and what it needs (the refusals that stand in its way)."""

    to: Handling
    needs: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    alert: Alert
    request: StepRequest
    now: Micros
    shelve_at_most: Micros


_MET: Mapping[Refusal, Callable[[_Case], bool]] = {
    Refusal.NEEDS_PERSON_ON_SITE: lambda case: not case.alert.on_site,
    Refusal.NEEDS_VERDICT: lambda case: (case.request.verdict or case.alert.verdict) is not None,
    Refusal.NEEDS_RESET: lambda case: not case.alert.latched or case.alert.reset_at is not None,
    Refusal.NEVER_SHELVED: lambda case: not case.alert.on_site,
    Refusal.NOT_SHELVED: lambda case: case.alert.shelved_until is not None,
    Refusal.NEEDS_TEXT: lambda case: bool(case.request.note.strip()),
    Refusal.NEEDS_ASSIGNEE: lambda case: bool(case.request.assignee),
    Refusal.BAD_END: lambda case: (
        case.request.until is not None
        and case.now < case.request.until <= case.now + case.shelve_at_most
    ),
}

UNTAKEN = (Handling.NEW, Handling.NOTIFIED, Handling.RECEIVED)
_ON_THE_WAY = (*UNTAKEN, Handling.ACKNOWLEDGED, Handling.EN_ROUTE)
_OPEN = (*_ON_THE_WAY, Handling.ARRIVED, Handling.VERIFIED)


def _edges(
    step: Step, sources: Iterable[Handling], to: Handling | None, *needs: Refusal
) -> dict[tuple[Handling, Step], Edge]:
    return {(source, step): Edge(to or source, needs) for source in sources}


TABLE: Mapping[tuple[Handling, Step], Edge] = {
    **_edges(Step.RECEIVE, (Handling.NEW, Handling.NOTIFIED), Handling.RECEIVED),
    **_edges(Step.ACKNOWLEDGE, UNTAKEN, Handling.ACKNOWLEDGED),
    # Who goes or stands there has taken it: no need to press every button in a stairwell.
    **_edges(Step.EN_ROUTE, (*UNTAKEN, Handling.ACKNOWLEDGED), Handling.EN_ROUTE),
    **_edges(Step.ARRIVE, _ON_THE_WAY, Handling.ARRIVED),
    # What is neither life safety nor latched may be judged and closed without a walk.
    **_edges(
        Step.VERDICT,
        _ON_THE_WAY,
        Handling.VERIFIED,
        Refusal.NEEDS_PERSON_ON_SITE,
        Refusal.NEEDS_VERDICT,
    ),
    **_edges(
        Step.CLOSE,
        _ON_THE_WAY,
        Handling.CLOSED,
        Refusal.NEEDS_PERSON_ON_SITE,
        Refusal.NEEDS_VERDICT,
    ),
    **_edges(
        Step.CLOSE,
        (Handling.ARRIVED,),
        Handling.CLOSED,
        Refusal.NEEDS_VERDICT,
        Refusal.NEEDS_RESET,
    ),
    # A verdict may be corrected until the alert is closed.
    **_edges(
        Step.VERDICT,
        (Handling.ARRIVED, Handling.VERIFIED),
        Handling.VERIFIED,
        Refusal.NEEDS_VERDICT,
    ),
    **_edges(Step.RESET, (Handling.VERIFIED,), Handling.VERIFIED),
    **_edges(Step.CLOSE, (Handling.VERIFIED,), Handling.CLOSED, Refusal.NEEDS_RESET),
    **_edges(Step.ASSIGN, _OPEN, None, Refusal.NEEDS_ASSIGNEE),
    **_edges(Step.SHELVE, _OPEN, None, Refusal.NEVER_SHELVED, Refusal.NEEDS_TEXT, Refusal.BAD_END),
    **_edges(Step.UNSHELVE, _OPEN, None, Refusal.NOT_SHELVED),
    **_edges(Step.COMMENT, Handling, None, Refusal.NEEDS_TEXT),
}
"""Every legal step. A pair that does not stand here is illegal and changes nothing."""


def _taken(alert: Alert, case: _Case) -> Alert:
    return replace(
        alert,
        assignee=alert.assignee or case.request.actor,
        acknowledged_at=alert.acknowledged_at or case.now,
    )


def _arrived(alert: Alert, case: _Case) -> Alert:
    return replace(_taken(alert, case), arrived_at=case.now)


def _judged(alert: Alert, case: _Case) -> Alert:
    return replace(
        _taken(alert, case),
        verdict=case.request.verdict or alert.verdict,
        cause=case.request.cause or alert.cause,
    )


_EFFECTS: Mapping[Step, Callable[[Alert, _Case], Alert]] = {
    Step.RECEIVE: lambda alert, _case: alert,
    Step.ACKNOWLEDGE: _taken,
    Step.EN_ROUTE: _taken,
    Step.ARRIVE: _arrived,
    Step.VERDICT: _judged,
    Step.RESET: lambda alert, case: replace(alert, reset_at=case.now),
    Step.CLOSE: lambda alert, case: replace(
        _judged(alert, case), closed_at=case.now, shelved_until=None
    ),
    Step.COMMENT: lambda alert, _case: alert,
    Step.ASSIGN: lambda alert, case: replace(alert, assignee=case.request.assignee),
    Step.SHELVE: lambda alert, case: replace(alert, shelved_until=case.request.until),
    Step.UNSHELVE: lambda alert, _case: replace(alert, shelved_until=None),
}


def step(
    alert: Alert, what: Step, request: StepRequest, now: Micros, *, shelve_at_most: Micros = DAY
) -> Alert | Refusal:
    """Take a person's step: return the alert one version on, or why it was refused."""
    edge = TABLE.get((alert.handling, what))
    if edge is None:
        return Refusal.ILLEGAL_STEP
    case = _Case(alert, request, now, shelve_at_most)
    for need in edge.needs:
        if not _MET[need](case):
            return need
    after = _EFFECTS[what](alert, case)
    return replace(after, handling=edge.to, version=alert.version + 1)


def remark(alert: Alert) -> Alert:
    """Return an alert one version on, for a line in its timeline that changes nothing else."""
    return replace(alert, version=alert.version + 1)


def notify(alert: Alert) -> Alert:
    """Note that a first notification reached somebody.

    Raises:
        ValueError: when the alert is no longer new.
    """
    if alert.handling is not Handling.NEW:
        raise ValueError(f"alert {alert.id} is {alert.handling}, not new")
    return replace(alert, handling=Handling.NOTIFIED, version=alert.version + 1)


_GRAVEST_FIRST = tuple(Severity)


def observe(alert: Alert, verdict: Verdict) -> tuple[What, Alert] | None:
    """Let the rule change an open alert's condition; None when there is nothing to change.

    Handling is people's: it stays, but for what trips again after its reset (``_called_again``).
    """
    if verdict.late:
        return What.LATE, remark(alert)
    if verdict.turn is Turn.OFF:
        return _clear(alert, verdict)
    if verdict.turn is Turn.CHANGED:
        return What.CHANGED, replace(
            alert, title=verdict.title, children=verdict.children, version=alert.version + 1
        )
    was_reset = alert.reset_at is not None
    returned = was_reset or alert.condition is Condition.OFF
    after = replace(
        _called_again(alert, verdict.at) if was_reset else alert,
        condition=Condition.ON,
        condition_since=verdict.since if returned else alert.condition_since,
        cleared_at=None,
        occurrences=alert.occurrences + 1,
        severity=min(alert.severity, verdict.severity, key=_GRAVEST_FIRST.index),
        children=verdict.children or alert.children,
        version=alert.version + 1,
    )
    return (What.RETURNED if returned else What.OCCURRED), after


def _called_again(alert: Alert, at: Micros) -> Alert:
    """Return an alert whose call was over with its reset as a new call, that nobody has taken.

    What was found the first time says nothing of this one; the timeline keeps it.
    """
    return replace(
        alert,
        handling=Handling.NEW,
        called_at=at,
        assignee=None,
        acknowledged_at=None,
        arrived_at=None,
        verdict=None,
        cause=None,
        reset_at=None,
    )


def _clear(alert: Alert, verdict: Verdict) -> tuple[What, Alert] | None:
    if alert.condition is Condition.OFF:
        return None
    return What.CLEARED, replace(
        alert,
        condition=Condition.OFF,
        condition_since=verdict.since,
        cleared_at=verdict.at,
        version=alert.version + 1,
    )


def may_close_itself(alert: Alert) -> bool:
    """Tell whether the rule that opened an alert closes it: cleared, untaken, no person needed.

    A shelved one waits for its shelving to end: otherwise what chatters would open anew.
    """
    return (
        alert.condition is Condition.OFF
        and alert.untaken
        and not alert.on_site
        and alert.source != FROM_PERSON
        and alert.shelved_until is None
    )


def close_itself(alert: Alert, now: Micros) -> Alert:
    """Close an alert for its rule.

    Raises:
        ValueError: when only a person may close it.
    """
    if not may_close_itself(alert):
        raise ValueError(f"only a person may close alert {alert.id}")
    return replace(alert, handling=Handling.CLOSED, closed_at=now, version=alert.version + 1)
