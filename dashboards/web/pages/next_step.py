"""Which step an alert asks for next, and which others fit: read from the alerts' own table."""

from collections.abc import Iterable

from alerts.lifecycle import TABLE
from alerts.model import Alert, Condition, Handling, Step
from gengfu.core.urgency import Severity
from rules.linkage.run import CONFIRMED

_NEXT = {
    Handling.NEW: Step.ACKNOWLEDGE,
    Handling.NOTIFIED: Step.ACKNOWLEDGE,
    Handling.RECEIVED: Step.ACKNOWLEDGE,
    Handling.ACKNOWLEDGED: Step.EN_ROUTE,
    Handling.EN_ROUTE: Step.ARRIVE,
    Handling.ARRIVED: Step.VERDICT,
    Handling.VERIFIED: Step.CLOSE,
}
_WALK = frozenset({Step.RECEIVE, Step.ACKNOWLEDGE, Step.EN_ROUTE, Step.ARRIVE})
_GRAVEST_FIRST = tuple(Severity)


def next_step(alert: Alert) -> Step | None:
    """Return the one step that brings an alert on; None when it is closed."""
    if alert.handling is Handling.VERIFIED and alert.latched and alert.reset_at is None:
        return Step.RESET
    return _NEXT.get(alert.handling)


def other_steps(alert: Alert) -> tuple[Step, ...]:
    """Return the other steps that fit, without those that only shorten the walk."""
    first = next_step(alert)
    return tuple(
        step
        for step in Step
        if (alert.handling, step) in TABLE
        and step is not first
        and step not in _WALK
        and _makes_sense(alert, step)
    )


def _makes_sense(alert: Alert, step: Step) -> bool:
    if step is Step.SHELVE:
        return not alert.on_site and alert.shelved_until is None
    if step is Step.UNSHELVE:
        return alert.shelved_until is not None
    if step is Step.VERDICT:
        return not alert.on_site or alert.handling is Handling.VERIFIED
    if step is Step.CLOSE:
        return alert.handling is Handling.VERIFIED and not alert.latched
    return step is not Step.RESET


def worst_first(alerts: Iterable[Alert], who: str) -> list[Alert]:
    """Order open alerts for one person: the gravest, then one's own, then what nobody has, then what goes on.

    A confirmed fire goes before everything unless somebody else has it: also before the single
    signal that one is walking to, for now it is 119 and the fire plan.
    """
    return sorted(
        alerts,
        key=lambda alert: (
            alert.shelved_until is not None,
            _GRAVEST_FIRST.index(alert.severity),
            not (alert.rule == CONFIRMED and (alert.untaken or alert.assignee == who)),
            alert.assignee != who,
            not alert.untaken,
            alert.condition is Condition.OFF,
            alert.priority,
            alert.opened_at,
        ),
    )
