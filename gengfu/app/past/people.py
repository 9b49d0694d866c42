"""What people did about an alert of the past: who took it when, what he found, when it was over.

Pure: chance and times come in. A guard goes and looks, an engineer takes work orders in the day, and
what is only to be read closes by itself. Response times are those of a watch that works (U), a few of
them too long.
"""

from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from alerts.model import Alert, FindingVerdict, Step
from gengfu.core.clock import DAY, HOUR, SECOND, Micros, wall
from gengfu.people.roles import Role
from simulators.scenario.score import Need, need_of

_FIRE = 1
_SLOW = 0.06
"""The share of alerts that lie for a while before anybody takes them."""


@dataclass(frozen=True, slots=True)
class Act:
    """One step of one person at one time."""

    at: Micros
    who: Role
    step: Step
    verdict: FindingVerdict | None = None


def handling_of(
    alert: Alert, *, found: FindingVerdict, over: Micros, zone: ZoneInfo, rng: Random
) -> tuple[Act, ...]:
    """Return what people do about a new alert, in order of time.

    ``found`` is what the person on the spot says it was, ``over`` when it is mended.
    """
    need = need_of(alert.kind, alert.severity, latched=alert.latched)
    if need is Need.LOOK:
        return ()
    if need is Need.ORDER:
        return _by_order(alert, found, over, zone, rng)
    taken = alert.opened_at + _span(rng, 15, 60 if alert.priority == _FIRE else 150)
    if rng.random() < _SLOW:
        taken += _span(rng, 180, 900)
    way = (60, 140) if alert.priority == _FIRE else (120, 480)
    there = taken + _span(rng, *way)
    judged = there + _span(rng, 60, 300)
    done = max(judged, over) + _span(rng, 90, 600)
    guard = Role.GUARD
    steps = [
        Act(taken, guard, Step.ACKNOWLEDGE),
        Act(there, guard, Step.ARRIVE),
        Act(judged, guard, Step.VERDICT, found),
    ]
    if alert.latched:
        steps.append(Act(done - SECOND, guard, Step.RESET))
    return (*steps, Act(done, guard, Step.CLOSE))


def _by_order(
    alert: Alert, found: FindingVerdict, over: Micros, zone: ZoneInfo, rng: Random
) -> tuple[Act, ...]:
    taken = at_work(alert.opened_at, zone) + _span(rng, 120, 2400)
    judged = taken + _span(rng, 600, 3600)
    done = max(judged, over) + _span(rng, 300, 1800)
    engineer = Role.ENGINEER
    return (
        Act(taken, engineer, Step.ACKNOWLEDGE),
        Act(judged, engineer, Step.VERDICT, found),
        Act(done, engineer, Step.CLOSE),
    )


_BEGIN, _END = 8, 18


def at_work(at: Micros, zone: ZoneInfo) -> Micros:
    """Return when the engineers are there next: now between eight and six, else at eight."""
    since = wall(at, zone) % DAY
    if since < _BEGIN * HOUR:
        return at + _BEGIN * HOUR - since
    if since >= _END * HOUR:
        return at + (24 + _BEGIN) * HOUR - since
    return at


def _span(rng: Random, least: int, most: int) -> Micros:
    return round(rng.uniform(least, most) * SECOND)
