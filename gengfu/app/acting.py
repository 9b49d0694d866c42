"""People of a scenario in a rehearsal: alerts by the very table, acted on as the story tells."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from alerts import lifecycle, opening
from alerts.action_log import action_of
from alerts.lifecycle import Refusal
from alerts.model import Alert, FindingVerdict, Step, StepRequest
from alerts.whereabouts import Directory
from gengfu.core.clock import Micros
from gengfu.core.naming import Subject
from gengfu.core.record import Action
from gengfu.ledger.model import SiteLedger
from rules.engine.verdict import Verdict
from simulators.scenario.model import Act, Expectation, Scenario

GUARD = "guard"

Key = tuple[str, Subject]


@dataclass(slots=True)
class _Case:
    """One alert, and the steps that were taken."""

    alert: Alert
    taken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class People:
    """Handles the alerts of one site. Build it with ``people_of``."""

    directory: Directory
    awaited: list[tuple[Micros, Expectation]]
    """Alerts that people will deal with, and since when they may open."""
    _open: dict[Key, _Case] = field(default_factory=dict)
    _due: list[tuple[Micros, int, _Case, Act]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _taken: dict[tuple[str, Subject, Micros], _Case] = field(default_factory=dict)

    def hear(self, verdicts: Iterable[Verdict]) -> None:
        """Let verdicts open and change alerts."""
        for one in verdicts:
            key = one.rule, one.subject
            case = self._open.get(key)
            if case is not None:
                observed = lifecycle.observe(case.alert, one)
                case.alert = observed[1] if observed is not None else case.alert
                if lifecycle.may_close_itself(case.alert):
                    case.alert = lifecycle.close_itself(case.alert, one.at)
                    del self._open[key]
            elif opening.opens(one):
                where = self.directory.of_subject(one.site, one.subject)
                self._begin(key, _Case(opening.by_rule(one, where, 0)))

    def _begin(self, key: Key, case: _Case) -> None:
        self._open[key] = case
        self._taken[*key, case.alert.opened_at] = case
        for number, (since, expected) in enumerate(self.awaited):
            if since <= case.alert.opened_at and expected.means(case.alert):
                del self.awaited[number]
                for act in expected.handled:
                    at = case.alert.opened_at + act.after
                    heapq.heappush(self._due, (at, next(self._order), case, act))
                return

    def act(self, now: Micros) -> Iterator[Action]:
        """Take the steps that are due; yield what rules are told of them."""
        while self._due and self._due[0][0] <= now:
            _, _, case, act = heapq.heappop(self._due)
            step = Step(act.doing)
            found = FindingVerdict(act.found) if act.found is not None else None
            request = StepRequest(actor=GUARD, idempotency_key=step, verdict=found)
            after = lifecycle.step(case.alert, step, request, now)
            if isinstance(after, Refusal):
                continue
            case.alert = after
            case.taken.add(act.doing)
            if not after.open:
                self._open.pop((after.rule, after.subject), None)
            told = action_of(after, opening.line_of_step(after, step, request, now))
            if told is not None:
                yield told

    def taken(self, rule: str, subject: Subject, at: Micros) -> frozenset[str]:
        """Return the steps taken about the alert that opened then."""
        case = self._taken.get((rule, subject, at))
        return frozenset(case.taken) if case is not None else frozenset()


def people_of(scenario: Scenario, ledger: SiteLedger, start: Micros) -> People:
    """Return the people of a scenario's site; its 00:00 is ``start``."""
    return People(Directory((ledger,)), awaited(scenario, start))


def awaited(scenario: Scenario, start: Micros) -> list[tuple[Micros, Expectation]]:
    """Return the alerts that people deal with, by when their faults begin."""
    return [
        (start + step.begins, one)
        for step in sorted(scenario.steps, key=lambda one: one.begins)
        for one in step.expects
        if one.handled
    ]
