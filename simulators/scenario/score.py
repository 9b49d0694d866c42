"""Holds the alerts of a system against a scenario's truth. Pure: no clock, no system, no file.

An expectation takes the first alert of its rule about its subject that opened since the fault began
and that no other expectation took. What nobody took is a false alarm, unless ``also`` has room for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gengfu.core.clock import Micros
from gengfu.core.urgency import Kind, Severity
from simulators.scenario.model import Also, Doing, Expectation, Scenario, Step


class Result(StrEnum):
    """What became of an expectation."""

    DETECTED = "detected"
    LATE = "late"
    MISSED = "missed"
    UNHANDLED = "unhandled"
    """Noticed in time, but a step of people that the scenario tells was not taken."""


class Need(StrEnum):
    """What handling an alert would have taken of people, by its kind and severity."""

    ON_SITE = "on_site"
    """Somebody goes, says what it was, and only then it is reset and closed."""
    WALK = "walk"
    """A guard goes and looks."""
    ORDER = "order"
    """A work order in the day."""
    LOOK = "look"
    """It is read in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One alert as a score needs it. Times are the system's."""

    rule: str
    equipment: str
    part: str | None
    at: Micros
    kind: Kind
    severity: Severity
    latched: bool
    taken: frozenset[str] = frozenset()
    """The steps that people took."""

    @property
    def need(self) -> Need:
        """Return what it would have taken of people."""
        return need_of(self.kind, self.severity, latched=self.latched)


def need_of(kind: Kind, severity: Severity, *, latched: bool) -> Need:
    """Return what handling an alert takes of people."""
    if latched or kind is Kind.LIFE_SAFETY:
        return Need.ON_SITE
    if severity is Severity.LOW:
        return Need.LOOK
    urgent = severity in {Severity.CRITICAL, Severity.HIGH}
    return Need.WALK if urgent or kind is Kind.SECURITY else Need.ORDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one expectation. ``delay`` counts from the fault's beginning; None = missed."""

    step: Step
    expected: Expectation
    result: Result
    delay: Micros | None = None
    alert: Opened | None = None
    refused: tuple[Doing, ...] = ()
    """The steps that people were to take and that were not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a system did in one scenario."""

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    also: tuple[Opened, ...]
    """Alerts that were true but not asked for."""
    false_alarms: tuple[Opened, ...]

    @property
    def passed(self) -> bool:
        """Tell whether everything was noticed in time and nothing else was said."""
        noticed = all(one.result is Result.DETECTED for one in self.outcomes)
        return noticed and not self.false_alarms

    def count(self, result: Result) -> int:
        return sum(one.result is result for one in self.outcomes)

    def needs(self, need: Need) -> int:
        """Return how many alerts would have taken this of people, the false ones included."""
        expected = [one.alert for one in self.outcomes if one.alert is not None]
        return sum(one.need is need for one in (*expected, *self.also, *self.false_alarms))


def score(
    scenario: Scenario, alerts: Iterable[Opened], *, start: Micros, grain: Micros = 0
) -> Score:
    """Return what became of every expectation of a scenario that began at ``start``.

    ``grain`` is how exactly the system's clock tells when something happened: with a racing clock
    one real second is many. It is allowed on both sides of a limit, and told as part of the delay.
    What opens before the story begins, while its equipment is silent and the system may be on watch
    already, is left out, and so is what opens when it is over and all is silent for good.
    """
    begins, over = start - grain, start + scenario.length + grain
    told = [one for one in alerts if begins <= one.at <= over]
    left = sorted(told, key=lambda one: (one.at, one.rule, one.equipment, one.part or ""))
    outcomes: list[Outcome] = []
    for step in sorted(scenario.steps, key=lambda one: one.begins):
        for expected in step.expects:
            found = first_of(left, expected, since=start + step.begins - grain)
            if found is not None:
                left.remove(found)
            outcomes.append(_outcome(step, expected, found, start=start, grain=grain))
    true_too, false_alarms = _parted(left, scenario.also)
    return Score(
        scenario=scenario,
        outcomes=tuple(outcomes),
        also=true_too,
        false_alarms=false_alarms,
    )


def first_of(alerts: Iterable[Opened], expected: Expectation, *, since: Micros) -> Opened | None:
    """Return the first alert that may be the expected one."""
    return next((one for one in alerts if expected.means(one) and one.at >= since), None)


def _parted(
    left: Iterable[Opened], also: Iterable[Also]
) -> tuple[tuple[Opened, ...], tuple[Opened, ...]]:
    """Return what is true too and what is false: each true one takes a place of its own.

    Places that name their equipment are taken first.
    """
    places = [one for one in also for _ in range(one.times)]
    places.sort(key=lambda one: one.equipment is None)
    true, false = [], []
    for alert in left:
        place = next((one for one in places if one.means(alert)), None)
        if place is None:
            false.append(alert)
        else:
            places.remove(place)
            true.append(alert)
    return tuple(true), tuple(false)


def _outcome(
    step: Step, expected: Expectation, found: Opened | None, *, start: Micros, grain: Micros
) -> Outcome:
    if found is None:
        return Outcome(step=step, expected=expected, result=Result.MISSED)
    delay = max(0, found.at - start - step.begins)
    result = Result.DETECTED if delay <= expected.within + grain else Result.LATE
    refused = tuple(act.doing for act in expected.handled if act.doing not in found.taken)
    if result is Result.DETECTED and refused:
        result = Result.UNHANDLED
    return Outcome(
        step=step, expected=expected, result=result, delay=delay, alert=found, refused=refused
    )
