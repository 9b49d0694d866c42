"""Decides what a rule's condition is: off, pending, on, clearing; and says so when it turns.

One ``Judge`` works for one record. Event time is what readings and events carry; ``now`` is the
journal's time. Unknown is never true: it neither begins, nor holds, nor clears anything.
"""

import heapq
from bisect import insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.expression import truth
from gengfu.core.naming import Scalar
from gengfu.core.urgency import Kind
from rules.engine import supply
from rules.engine.frame import NEVER
from rules.engine.plan import OWN_SILENCE, CompiledRule
from rules.engine.proofs import Occurrence
from rules.engine.state import State
from rules.engine.unit import Condition, Phase, Spot, Unit
from rules.engine.verdict import Turn, Verdict
from rules.engine.wording import say
from rules.language.rule import Children, Count, SubjectKind
from rules.past.memory import NOT_DUE, Timed

LATENESS: Micros = 2 * MINUTE
"""A device's time is taken for holding up to so far back; what is older counts from its receipt."""
LATE_EVENT: Micros = 5 * MINUTE
"""An older event is history: it is told, but pages nobody (life safety always pages)."""
UNDER_WAY: Micros = 10 * SECOND
"""How long, by the machine's clock, anything may be under way; it tells when ours runs faster."""
LANES_APART: Micros = SECOND
"""How far apart, by the machine's clock, may arrive what happened together."""
DOUBT: Micros = 5 * SECOND
"""How often a silence is looked at again while its cause is not clear."""


@dataclass(slots=True)
class Judge:
    """Evaluates rules for one record and collects the verdicts in their order."""

    state: State
    position: int
    now: Micros
    verdicts: list[Verdict] = field(default_factory=list)
    _patience: Micros = field(init=False)

    def __post_init__(self) -> None:
        self._patience = self.state.at_pace(LATENESS, real=UNDER_WAY)

    def since(self, observed: Micros) -> Micros:
        """Return from when on something observed counts as held."""
        return observed if self.now - observed <= self._patience else self.now

    def evaluate(self, unit: Unit, index: int, since: Micros) -> None:
        """Look at one rule again after something it reads changed."""
        compiled = unit.plan.rules[index]
        rule, when = compiled.rule, compiled.when
        if rule.event is not None:
            self._clear_events(unit, index, compiled, since)
            return
        if when is None or (rule.per and not unit.leads(index)):
            return
        frozen = self._is_frozen(unit, compiled)
        outside = rule.during is not None and not self._is_time(unit, compiled)
        value = None if frozen else not outside and truth(when(unit))
        if rule.count is not None:
            self._count_rises(unit, index, compiled, value, since)
            return
        condition = unit.conditions.get((index, "")) if unit.conditions else None
        if condition is None:
            if value is True:
                self._begin(unit, index, compiled, since)
        elif condition.phase is Phase.PENDING:
            if value is not True:
                del unit.conditions[index, ""]
        elif not frozen and not condition.silent:
            clear = outside or self._is_clear(unit, compiled, value)
            self._clear(unit, (index, ""), condition, clear=clear, since=since)

    def evaluate_all(self, unit: Unit) -> None:
        """Look at every rule of a unit again."""
        self.recount(unit, self.now)
        for index in range(len(unit.plan.rules)):
            self.evaluate(unit, index, self.now)

    def recount(self, unit: Unit, since: Micros) -> None:
        """Let a unit vote in its groups; look again at the rules that count a changed vote."""
        for group in unit.plan.ballots:
            poll = unit.polls[group]
            if poll is None or not poll.vote(unit.number, unit.vote(group)):
                continue
            for number, index in poll.lookers:
                member = self.state.roll[number]
                self.advance(member, since)
                self.evaluate(member, index, since)

    def advance(self, unit: Unit, until: Micros) -> None:
        """Let everything of a unit elapse that was due before something new is taken."""
        while (unit.conditions or unit.queued) and (first := unit.first_due(until)):
            self._fall_due(unit, *first)

    def run_timers(self) -> None:
        """Let everything elapse that is due by now."""
        timers, units = self.state.timers, self.state.units
        while timers and timers[0][0] <= self.now:
            due, equipment, index, part = heapq.heappop(timers)
            unit = units.get(equipment)
            if unit is None:
                continue
            self._fall_due(unit, due, index, part)
            condition = unit.conditions.get((index, part))
            if condition is not None and condition.queued == due:
                condition.queued = NOT_DUE
                self._schedule(unit, (index, part), condition, condition.due)
            if index < 0 and unit.queued.get(~index) == due:
                del unit.queued[~index]
                self._await(unit, ~index)

    def remember(self, unit: Unit, pasts: Collection[int], since: Micros) -> set[int]:
        """Let functions of the past take what is new, as a plan lists them; return whose rules changed."""
        rules = set[int]()
        if not pasts:
            return rules
        plan, at = unit.plan, unit.at
        feeds: dict[str, list[Scalar]] = {}
        for past in sorted(pasts):
            compiled = plan.pasts[past]
            if at == NEVER and not compiled.timed:
                continue  # its time is that of what is said, and nothing was
            inputs = feeds.get(compiled.feed)
            if inputs is None:
                inputs = feeds[compiled.feed] = [one(unit) for one in compiled.inputs]
            if unit.sample(past, inputs, at, since):
                rules.update(plan.rules_of_slot[compiled.output])
            if compiled.timed:
                self._await(unit, past)
        return rules

    def relink(self, unit: Unit) -> None:
        """Look at everything of a unit again after its link, or its parent's, was lost or found."""
        self.remember(unit, unit.plan.linked, self.now)
        self.evaluate_all(unit)

    def occur(self, unit: Unit, index: int, one: Occurrence) -> None:
        """Take an occurrence that an event rule is about."""
        compiled = unit.plan.rules[index]
        rule = compiled.rule
        assert rule.event is not None
        if not rule.event.matches(one.facts):
            return
        if compiled.when is not None and truth(compiled.when(unit)) is not True:
            return
        if not self._is_time(unit, compiled, one.at):
            return
        spot = (index, (one.part or "") if rule.subject is SubjectKind.PART else "")
        if self.is_history(one.at) and rule.kind is not Kind.LIFE_SAFETY:
            if rule.count is None:
                self._say(unit, spot, Turn.ON, one.at, facts=one.facts, late=True)
            return
        self._take_occurrence(unit, spot, one.at, one.facts)
        condition = unit.conditions[spot]
        condition.occurred = max(condition.occurred, one.at)

    def _take_occurrence(
        self, unit: Unit, spot: Spot, observed: Micros, facts: Mapping[str, Scalar] | None = None
    ) -> None:
        """Count an occurrence, and say so when there are enough; restart the quiet that ends it."""
        compiled = unit.plan.rules[spot[0]]
        rule = compiled.rule
        condition = unit.conditions.get(spot)
        turn = Turn.OCCURRED if condition is not None and condition.is_on else Turn.ON
        if condition is None:
            condition = unit.conditions[spot] = Condition(Phase.COUNTING, observed)
            self.state.image.stir(unit)
        if (
            turn is Turn.ON
            and rule.count is not None
            and not _count(condition, observed, rule.count)
        ):
            self._schedule(unit, spot, condition, condition.times[-1] + rule.count.within)
            return
        # One that is told late brings the end no nearer, and is on for as long as any other.
        so_far = condition.due if turn is Turn.OCCURRED else NOT_DUE
        begins = self.now if so_far == NOT_DUE and self.is_history(observed) else observed
        ends = NOT_DUE if rule.clear_on or compiled.clear else begins + rule.clear_hold
        condition.phase, condition.times = Phase.ON, []
        self._schedule(unit, spot, condition, max(so_far, ends))
        self._say(unit, spot, turn, observed, facts=facts)

    def _count_rises(
        self, unit: Unit, index: int, compiled: CompiledRule, value: bool | None, since: Micros
    ) -> None:
        """Count how often the expression became true. Unknown is neither a rise nor a fall."""
        spot = (index, "")
        condition = unit.conditions.get(spot)
        if value is True and (condition is None or not condition.raised):
            self._take_occurrence(unit, spot, since)
            unit.conditions[spot].raised = True
        elif value is False and condition is not None and condition.raised:
            condition.raised = False
            if condition.phase is Phase.COUNTING and condition.due == NOT_DUE:
                del unit.conditions[spot]
        self._clear_events(unit, index, compiled, since)

    def is_history(self, observed: Micros) -> bool:
        return self.now - observed > self.state.at_pace(LATE_EVENT, real=UNDER_WAY)

    def turn_off(self, unit: Unit, spot: Spot, since: Micros) -> None:
        """End a condition that is on."""
        condition = unit.conditions.pop(spot)
        if condition.raised:
            unit.conditions[spot] = Condition(Phase.COUNTING, since, raised=True)
        if condition.is_on:
            self._say(unit, spot, Turn.OFF, since)

    def silence(self, unit: Unit, index: int) -> None:
        """Turn a rule on because nothing was heard for long enough."""
        condition = unit.conditions.get((index, ""))
        if condition is None:
            condition = unit.conditions[index, ""] = Condition(Phase.COUNTING, self.now)
            self.state.image.stir(unit)
        was_on = condition.is_on
        condition.phase, condition.due, condition.silent = Phase.ON, NOT_DUE, True
        if not was_on:
            self._say(unit, (index, ""), Turn.ON, int(self.state.heard[unit.number]))

    def end_silence(self, unit: Unit, index: int) -> None:
        """Let a rule that silence had turned on judge by its expression again."""
        condition = unit.conditions[index, ""]
        condition.silent = False
        compiled = unit.plan.rules[index]
        value = truth(compiled.when(unit)) if compiled.when else False
        self._clear(unit, (index, ""), condition, clear=value is not True, since=self.now)

    def in_doubt(self, unit: Unit, index: int) -> bool:
        """Tell whether a silence may be that of whoever speaks for the unit."""
        if index == OWN_SILENCE or unit.plan.rules[index].rule.kind is Kind.LIFE_SAFETY:
            return False
        heard, parent = self.state.heard, unit.parent
        if unit.cut or unit.unfed:
            return True
        return parent is not None and bool(heard[parent.number] <= heard[unit.number])

    def _is_frozen(self, unit: Unit, compiled: CompiledRule) -> bool:
        """Tell whether the unit's values say nothing now. Life safety is judged by the last ones."""
        if not (unit.cut or unit.down or unit.unfed):
            return False
        if compiled.rule.kind is Kind.LIFE_SAFETY or compiled.rule.per is not None:
            return False  # who is lost has an unknown vote; the others go on
        if unit.unfed and compiled.rule.is_of_supply:
            return True
        return unit.cut or (unit.down and not compiled.rule.watches_link)

    def _is_time(self, unit: Unit, compiled: CompiledRule, at: Micros | None = None) -> bool:
        """Tell whether a rule looks now (or did at ``at``), by the clock of the unit's place."""
        during = compiled.rule.during
        if during is None:
            return True
        return during.holds(self.now if at is None else at, unit.clock)

    def _begin(self, unit: Unit, index: int, compiled: CompiledRule, since: Micros) -> None:
        spot = (index, "")
        self.state.image.stir(unit)
        if compiled.hold:
            condition = unit.conditions[spot] = Condition(Phase.PENDING, since)
            hold = self.state.at_pace(compiled.hold, real=LANES_APART)
            self._schedule(unit, spot, condition, since + hold)
        else:
            unit.conditions[spot] = Condition(Phase.ON, since)
            self._say(unit, spot, Turn.ON, since)

    def _is_clear(self, unit: Unit, compiled: CompiledRule, value: bool | None) -> bool:
        if compiled.clear is not None:
            return truth(compiled.clear(unit)) is True
        return value is False

    def _clear(
        self, unit: Unit, spot: Spot, condition: Condition, *, clear: bool, since: Micros
    ) -> None:
        hold = unit.plan.rules[spot[0]].rule.clear_hold
        if not clear:
            if condition.phase is Phase.CLEARING:
                condition.phase, condition.due = Phase.ON, NOT_DUE
        elif not hold:
            self.turn_off(unit, spot, since)
        elif condition.phase is Phase.ON:
            condition.phase, condition.since = Phase.CLEARING, since
            self._schedule(unit, spot, condition, since + hold)

    def _clear_events(self, unit: Unit, index: int, compiled: CompiledRule, since: Micros) -> None:
        if compiled.clear is None or not unit.conditions:
            return
        clear = truth(compiled.clear(unit)) is True
        for spot in sorted(spot for spot in unit.conditions if spot[0] == index):
            if unit.conditions[spot].is_on:
                self._clear(unit, spot, unit.conditions[spot], clear=clear, since=since)

    def _fall_due(self, unit: Unit, due: Micros, index: int, part: str) -> None:
        """Let one thing elapse, or one function of the past look again, unless it is due no more."""
        if index >= 0:
            condition = unit.conditions.get((index, part))
            if condition is not None and condition.due == due:
                self._elapse(unit, (index, part), condition)
        elif (due, ~index) in unit.wakes():
            output = unit.plan.pasts[~index].output
            rules = set(unit.plan.rules_of_slot[output]) if unit.wake(~index) else set[int]()
            self._await(unit, ~index)
            rules |= self.remember(unit, unit.plan.pasts_of_slot[output], due)
            if unit.plan.ballots:
                self.recount(unit, due)
            for rule in sorted(rules):
                self.evaluate(unit, rule, due)

    def _await(self, unit: Unit, past: int) -> None:
        """Have a timer look at a function of the past when it is due; one timer is enough."""
        memory = unit.pasts[past]
        if not isinstance(memory, Timed) or memory.due == NOT_DUE:
            return
        self.state.image.stir(unit)
        if past not in unit.queued or memory.due < unit.queued[past]:
            unit.queued[past] = memory.due
            heapq.heappush(self.state.timers, (memory.due, unit.equipment.id, ~past, ""))

    def _elapse(self, unit: Unit, spot: Spot, condition: Condition) -> None:
        match condition.phase:
            case Phase.PENDING:
                condition.phase, condition.due = Phase.ON, NOT_DUE
                self._say(unit, spot, Turn.ON, condition.since)
            case Phase.CLEARING:
                self.turn_off(unit, spot, condition.since)
            case Phase.ON:
                self.turn_off(unit, spot, condition.due)
            case Phase.COUNTING if condition.raised:
                condition.times, condition.due = [], NOT_DUE
            case Phase.COUNTING:
                del unit.conditions[spot]

    def _schedule(self, unit: Unit, spot: Spot, condition: Condition, due: Micros) -> None:
        """Have a timer look at it when it is due; one timer is enough."""
        condition.due = due
        if due != NOT_DUE and not NOT_DUE < condition.queued <= due:
            condition.queued = due
            heapq.heappush(self.state.timers, (due, unit.equipment.id, *spot))

    def _say(
        self,
        unit: Unit,
        spot: Spot,
        turn: Turn,
        since: Micros,
        *,
        facts: Mapping[str, Scalar] | None = None,
        late: bool = False,
    ) -> None:
        index, part = spot
        self.verdicts.append(
            say(
                unit,
                unit.plan.rules[index],
                turn,
                position=self.position,
                at=self.now,
                since=since,
                part=part,
                facts=facts,
                late=late,
            )
        )
        if turn is not Turn.OCCURRED and unit.plan.rules[index].rule.children is Children.FED:
            self._resupply(unit)

    def _resupply(self, feeder: Unit) -> None:
        """Follow a feeder that died or came back: what it feeds is judged without its supply."""
        for unit in feeder.fed:
            if unit.unfed == supply.is_without(unit):
                continue
            unit.unfed = not unit.unfed
            if not unit.unfed:
                self.state.heard[unit.number] = self.now
            self.evaluate_all(unit)
            self._resupply(unit)


def _count(condition: Condition, observed: Micros, count: Count) -> bool:
    """Take an occurrence into the window; tell whether they are enough."""
    insort(condition.times, observed)
    newest = condition.times[-1]
    condition.times = [at for at in condition.times if newest - at <= count.within]
    del condition.times[: -count.times]
    return len(condition.times) >= count.times
