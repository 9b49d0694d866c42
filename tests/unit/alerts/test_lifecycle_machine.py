"""The life cycle under any order of verdicts, people and time."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts import lifecycle
from alerts.clocks import run_out, wind
from alerts.lifecycle import TABLE, Refusal
from alerts.model import Alert, Condition, FindingVerdict, Handling, Step, What
from alerts.opening import by_rule
from alerts.settings import usual_clocks
from alerts.whereabouts import Whereabouts
from gengfu.core.clock import HOUR, MINUTE, SECOND, Micros
from gengfu.core.urgency import Kind
from rules.engine.verdict import Turn
from tests.fakes.alerts import FIRE, START, asks

CLOCKS = usual_clocks()


class LifeOfAnAlert(RuleBasedStateMachine):
    """One alert and everything that may happen to it."""

    @initialize(kind=st.sampled_from(Kind), latched=st.booleans(), priority=st.integers(1, 6))
    def open(self, kind: Kind, latched: bool, priority: int) -> None:
        self.now: Micros = START
        self.news = replace(FIRE, kind=kind, latched=latched, priority=priority)
        self.alert = wind(by_rule(self.news, Whereabouts(), 0), self.now, CLOCKS)
        self.steps: list[Step] = []
        self.closed_by: str | None = None

    def become(self, after: Alert) -> None:
        assert after.version == self.alert.version + 1
        self.alert = wind(after, self.now, CLOCKS)
        if self.alert.open and lifecycle.may_close_itself(self.alert):
            closed = lifecycle.close_itself(self.alert, self.now)
            assert closed.version == self.alert.version + 1
            self.alert, self.closed_by = wind(closed, self.now, CLOCKS), "rule"

    @rule(span=st.integers(1, 2 * HOUR))
    def wait(self, span: Micros) -> None:
        self.now += span

    @precondition(lambda self: self.alert.open)
    @rule(turn=st.sampled_from(Turn), late=st.booleans())
    def observe(self, turn: Turn, late: bool) -> None:
        before = self.alert
        news = replace(self.news, turn=turn, late=late, at=self.now, since=self.now - SECOND)
        observed = lifecycle.observe(self.alert, news)
        if observed is None:
            return
        what, after = observed
        trips = turn in (Turn.ON, Turn.OCCURRED) and not late
        if trips and before.reset_at is not None:
            assert (what, after.handling) == (What.RETURNED, Handling.NEW)
            self.steps.clear()
        else:
            assert after.handling is before.handling
        self.become(after)

    @precondition(lambda self: self.alert.handling is Handling.NEW)
    @rule()
    def notify(self) -> None:
        self.become(lifecycle.notify(self.alert))

    @precondition(lambda self: (self.alert.due_at or self.now + 1) <= self.now)
    @rule()
    def clock(self) -> None:
        self.become(run_out(self.alert, self.now, CLOCKS))

    @rule(
        step=st.sampled_from(Step),
        verdict=st.none() | st.sampled_from(FindingVerdict),
        note=st.sampled_from(["", "why"]),
        span=st.integers(-HOUR, 48 * HOUR),
    )
    def act(self, step: Step, verdict: FindingVerdict | None, note: str, span: Micros) -> None:
        request = replace(
            asks(note=note, assignee="guard-2", until=self.now + span), verdict=verdict
        )
        before = self.alert
        after = lifecycle.step(before, step, request, self.now)
        if isinstance(after, Refusal):
            assert self.alert == before
            return
        assert after.handling is TABLE[before.handling, step].to
        assert after.condition is before.condition
        self.steps.append(step)
        if after.handling is Handling.CLOSED and before.open:
            self.closed_by = "person"
        self.become(after)

    @invariant()
    def no_life_safety_alert_ends_without_a_person_on_site(self) -> None:
        """I9."""
        if self.alert.open:
            return
        assert self.closed_by is not None
        if self.alert.on_site:
            assert self.closed_by == "person"
            assert self.alert.arrived_at is not None
            assert self.alert.verdict is not None
            assert Step.ARRIVE in self.steps
        if self.alert.latched:
            assert self.alert.reset_at is not None
        if self.closed_by == "rule":
            assert self.alert.condition is Condition.OFF
            assert Step.ACKNOWLEDGE not in self.steps

    @invariant()
    def every_untaken_alert_has_a_clock(self) -> None:
        """I3."""
        if self.alert.open and self.alert.untaken:
            assert self.alert.due_at is not None
        if not self.alert.open:
            assert (self.alert.due_at, self.alert.due_what) == (None, None)

    @invariant()
    def no_clock_runs_out_too_late(self) -> None:
        """The next clock of life safety is never further away than its longest pace."""
        if self.alert.due_at is not None and self.alert.kind is Kind.LIFE_SAFETY:
            assert self.alert.due_at <= self.now + 30 * MINUTE

    @invariant()
    def life_safety_is_never_shelved(self) -> None:
        if self.alert.on_site:
            assert self.alert.shelved_until is None


LifeOfAnAlert.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLifeOfAnAlert = LifeOfAnAlert.TestCase
