"""The one deterministic step: live running, restart and back-test are this same function.

It reads no clock, opens nothing and knows no alert. A record's time is the journal's; what readings
and events carry is event time.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gengfu.core.batch import Event, Flag, ReadingBatch
from gengfu.core.clock import MINUTE, SECOND, SILENT_REAL, Micros
from gengfu.core.errors import BadInput
from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.naming import Scalar
from gengfu.core.record import Action, Body, LedgerChange, NewNames, RulesChange, Tick
from gengfu.ledger import snapshot
from gengfu.ledger.model import EquipmentClass
from rules.engine.assembly import reassemble, use_rules
from rules.engine.judge import DOUBT, Judge
from rules.engine.plan import OWN_SILENCE
from rules.engine.proofs import Occurrence
from rules.engine.proving import prove
from rules.engine.state import State, index_names
from rules.engine.unit import Unit
from rules.engine.verdict import Verdict
from rules.language.reader import read_rules
from rules.language.vocabulary import THE_PART
from rules.linkage.following import follow

MANY = 12
"""Fewer readings are quicker one by one."""
DEAF_AFTER: Micros = 10 * SECOND
"""No record for so long, though every second brings a tick: we were deaf (a restart)."""
DEAF_REAL: Micros = SILENT_REAL // 2
"""The same, at least, by the machine's clock when ours runs faster."""


def begin(classes: Mapping[str, EquipmentClass]) -> State:
    """Return the state before the first record."""
    state = State(classes=classes)
    use_rules(state, ())
    return state


def step(
    state: State, body: Body, *, position: int, now: Micros
) -> tuple[State, tuple[Verdict, ...]]:
    """Take one record; return the next state and the verdicts it brought, in their order.

    ``now`` is the record's ``written_at``. The given state is spent: go on with the returned one.
    The same records from the same state give the same verdicts.
    """
    before, now = state.now, max(now, state.now)
    _mind_gap(state, now)
    state.position, state.now = position, now
    judge = Judge(state, position, now)
    match body:
        case ReadingBatch():
            _take_readings(judge, body)
        case Tick():
            _take_rate(state, body.rate)
        case NewNames():
            _take_names(state, body)
        case LedgerChange():
            _take_ledger(judge, body)
        case RulesChange():
            _take_rules(judge, body)
        case Action():
            _take_action(judge, body)
        case _:
            _take_events(judge, body if isinstance(body, tuple) else ())
    if now // MINUTE != before // MINUTE:
        _run_schedules(judge)
    judge.run_timers()
    _run_silences(judge)
    follow(judge, body)
    return state, tuple(judge.verdicts)


def _mind_gap(state: State, now: Micros) -> None:
    """Count silences anew after our own deafness: who lost us needs time to find us again."""
    if state.now and is_deaf(state, now - state.now):
        state.heard[:] = now


def is_deaf(state: State, gap: Micros) -> bool:
    """Tell whether between two records so far apart we may not have been listening."""
    return gap > state.at_pace(DEAF_AFTER, real=DEAF_REAL)


def _take_rate(state: State, rate: float) -> None:
    if rate != state.rate:
        state.rate = rate
        state.silences.recount()


def _take_names(state: State, body: NewNames) -> None:
    """Learn names. Every segment of the journal begins with the whole table."""
    if body.start == (0, 0):
        state.names = Names()
    for index in range(len(state.names.equipment), body.start[0]):
        state.names.equipment_index(EquipmentName("", f"lost-{index}", ""))
    for index in range(len(state.names.points), body.start[1]):
        state.names.point_index(PointName("", f"lost-{index}", PointKind.ANALOG))
    state.names.extend(body.start, body.equipment, body.points)
    index_names(state)


def _take_ledger(judge: Judge, body: LedgerChange) -> None:
    ledger = snapshot.decode(body.document)
    if judge.state.ledgers.get(body.site) != ledger:
        judge.state.ledgers[body.site] = ledger
        reassemble(judge)


def _take_rules(judge: Judge, body: RulesChange) -> None:
    state = judge.state
    state.refused = ()
    if body.files == state.files:
        return
    try:
        rules = read_rules(body.files, state.classes)
    except BadInput as exc:
        state.refused = exc.faults
        return
    state.files = body.files
    use_rules(state, rules)
    reassemble(judge)


def _take_readings(judge: Judge, batch: ReadingBatch) -> None:
    state = judge.state
    if not len(batch) or not len(state.number_of):
        return
    numbers = state.number_of[batch.equipment]
    slots = state.slot_of[batch.point]
    heard = numbers[(batch.flags & Flag.RETAINED) == 0] if batch.flags.any() else numbers
    strangers = numbers.min() < 0
    if strangers:
        state.counts.unknown_equipment += int(np.count_nonzero(numbers < 0))
        heard = heard[heard >= 0]
    state.heard[heard] = judge.now
    rows: slice | NDArray[np.intp] = slice(None)
    if strangers or slots.min() < 0:
        rows = np.flatnonzero((numbers >= 0) & (slots >= 0))
        numbers, slots = numbers[rows], slots[rows]
    if len(numbers):
        _apply_rows(judge, batch, rows, numbers, slots)
    _wake(judge, heard)


def _apply_rows(
    judge: Judge,
    batch: ReadingBatch,
    rows: slice | NDArray[np.intp],
    numbers: NDArray[np.int32],
    slots: NDArray[np.int32],
) -> None:
    """Apply rows: what can move nothing many at once, and the others moment by moment."""
    state, points = judge.state, batch.point[rows]
    values = as_held(state, points, batch.value[rows])
    observed = np.minimum(batch.observed_at[rows], judge.now)
    left = np.arange(len(numbers))
    if len(numbers) >= MANY:
        left = state.image.take(state.roll, numbers, slots, observed, values)
    if len(left):
        left = left[np.lexsort((observed[left], numbers[left]))]
        columns = (numbers, observed, slots, points, values)
        told = zip(*(one[left].tolist() for one in columns), strict=True)
        _apply_moments(judge, batch.texts, told)


def as_held(
    state: State, points: NDArray[np.int32], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return values with an enum's codes as its slot has them."""
    if not state.codes or not (foreign := state.foreign[points]).any():
        return values
    held = values.copy()
    for row in np.flatnonzero(foreign & ~np.isnan(values)).tolist():
        held[row] = state.codes[int(points[row])][int(values[row])]
    return held


def _apply_moments(
    judge: Judge, texts: Sequence[str], told: Iterable[tuple[int, Micros, int, int, float]]
) -> None:
    """Apply readings moment by moment: what one unit observed at one time is taken together."""
    samples: list[tuple[int, float | str]] = []
    moment: tuple[int, Micros] | None = None
    units, kinds = judge.state.roll, judge.state.names.points
    for number, at, slot, point, value in told:
        if moment != (number, at):
            if samples and moment is not None:
                _apply(judge, units[moment[0]], moment[1], samples)
                samples = []
            moment = (number, at)
        is_text = texts and kinds[point].kind is PointKind.TEXT and not math.isnan(value)
        samples.append((slot, texts[int(value)] if is_text else value))
    if samples and moment is not None:
        _apply(judge, units[moment[0]], moment[1], samples)


def _apply(
    judge: Judge, unit: Unit, at: Micros, samples: Sequence[tuple[int, float | str]]
) -> None:
    since = judge.since(at)
    judge.advance(unit, since)
    plan = unit.plan
    rules, pasts = set[int](), set[int]()
    for slot, value in samples:
        changed = unit.take(slot, at, value)
        if changed is None:
            judge.state.counts.late_readings += at < unit.observed[slot]
            continue
        pasts.update(plan.pasts_of_slot[slot])
        if changed and unit.can_move(slot, value):
            rules.update(plan.rules_of_slot[slot])
    if pasts:
        rules |= judge.remember(unit, pasts, since)
    if plan.ballots:
        judge.recount(unit, since)
    for index in sorted(rules):
        judge.evaluate(unit, index, since)
    if unit.down != (unit.silent or unit.offline):
        _relink(judge, unit)


def _relink(judge: Judge, unit: Unit) -> None:
    """Follow a change of a unit's own link: its rules, and all that it speaks for."""
    unit.down = unit.silent or unit.offline
    judge.relink(unit)
    for child in unit.children:
        _recut(judge, child, cut=unit.down or unit.cut)


def _recut(judge: Judge, unit: Unit, *, cut: bool) -> None:
    if unit.cut == cut:
        return
    unit.cut = cut
    if not cut:
        judge.state.heard[unit.number] = judge.now
    judge.relink(unit)
    for child in unit.children:
        _recut(judge, child, cut=unit.down or cut)


def _wake(judge: Judge, heard: NDArray[np.int32]) -> None:
    """Do what was waiting for equipment to be heard again."""
    waiting = heard[judge.state.watched[heard]]
    if not len(waiting):
        return
    for number in np.unique(waiting).tolist():
        unit = judge.state.roll[number]
        judge.state.watched[number] = False
        for index in [one for one in unit.plan.silences if unit.is_silent(one)]:
            if index == OWN_SILENCE:
                unit.silent = False
                _relink(judge, unit)
            else:
                judge.end_silence(unit, index)
        judge.state.silences.hear(unit, judge.now)


def _run_schedules(judge: Judge) -> None:
    """Look again, once a minute, at what looks at some hours only."""
    for unit in judge.state.scheduled:
        for index in unit.plan.scheduled:
            judge.evaluate(unit, index, judge.now)


def _run_silences(judge: Judge) -> None:
    state, now = judge.state, judge.now

    def pace(span: Micros) -> Micros:
        return state.at_pace(span, real=SILENT_REAL)

    for one in state.silences.due(now, state.heard, pace):
        unit = state.roll[one.unit]
        if int(state.heard[unit.number]) + pace(unit.plan.silences[one.rule]) > now:
            state.silences.recount()  # what came before in this list made it heard
        elif judge.in_doubt(unit, one.rule):
            state.silences.doubt(one.row, now + DOUBT)
        else:
            state.silences.notice(one.row)
            state.watched[unit.number] = True
            if one.rule == OWN_SILENCE:
                unit.silent = True
                _relink(judge, unit)
            else:
                judge.silence(unit, one.rule)


def _take_events(judge: Judge, events: Sequence[object]) -> None:
    state = judge.state
    for event in events:
        if not isinstance(event, Event):
            continue
        number = int(state.number_of[event.equipment]) if len(state.number_of) else -1
        if number < 0:
            state.counts.unknown_equipment += 1
        elif not event.is_retained:
            unit = state.roll[number]
            state.heard[number] = judge.now
            _take_event(judge, unit, event)
            if state.watched[number]:
                _wake(judge, np.array([number], dtype=np.int32))


def _take_event(judge: Judge, unit: Unit, event: Event) -> None:
    at = min(event.observed_at, judge.now)
    plan, since = unit.plan, judge.since(at)
    judge.advance(unit, since)
    unit.spoke = max(unit.spoke, at)
    type_ = event.type.strip().lower()  # classes know small letters only; "Fire" is a fire
    unit.occurred[type_] = max(unit.occurred.get(type_, at), at)
    if clearing := plan.by_clearing_event.get(type_):
        _clear_by(judge, unit, clearing, type_, _facts(event), at)
    counted = plan.pasts_of_event.get(type_, ())
    if counted and judge.is_history(at):
        counted = tuple(past for past in counted if plan.pasts[past].steady)
    rules = judge.remember(unit, counted, since) if counted else set[int]()
    if plan.ballots:
        judge.recount(unit, since)
    is_provable = (unit.equipment.equipment_class, type_) in judge.state.provable
    if is_provable or type_ in plan.by_event:
        _occur(judge, unit, event, type_, at, is_provable=is_provable)
    for index in sorted(rules.union(plan.by_awaited.get(type_, ()))):
        judge.evaluate(unit, index, since)


def _occur(
    judge: Judge, unit: Unit, event: Event, type_: str, at: Micros, *, is_provable: bool
) -> None:
    """Let the rules that are about an event take it, alone or with its second proof."""
    one = Occurrence(
        site=unit.site,
        equipment=unit.equipment.id,
        part=event.part,
        type=type_,
        at=at,
        came=judge.now,
        facts=_facts(event),
    )
    for index in unit.plan.by_event.get(type_, ()):
        if unit.plan.rules[index].rule.confirmed_by is None:
            judge.occur(unit, index, one)
    if is_provable:
        prove(judge, one)


def _facts(one: Event | Action) -> dict[str, Scalar]:
    return {**one.attributes, THE_PART: one.part}


def _take_action(judge: Judge, action: Action) -> None:
    unit = judge.state.units.get(action.equipment)
    if unit is not None and unit.site == action.site:
        clearing = unit.plan.by_clearing_action.get(action.name, ())
        _clear_by(judge, unit, clearing, action.name, _facts(action), judge.now)


def _clear_by(
    judge: Judge,
    unit: Unit,
    clearing: Sequence[int],
    type_: str,
    facts: Mapping[str, Scalar],
    at: Micros,
) -> None:
    """Turn off what this occurrence clears: on its part, or everywhere when it names none.

    One that is told late ends nothing that came after it: the reset was of another fire.
    """
    part = facts[THE_PART]
    for index in clearing:
        matchers = unit.plan.rules[index].rule.clear_on
        if not any(one.type == type_ and one.matches(facts) for one in matchers):
            continue
        for spot in sorted(spot for spot in unit.conditions if spot[0] == index):
            is_meant = part is None or spot[1] in {part, ""}
            if is_meant and unit.conditions[spot].occurred <= at:
                judge.turn_off(unit, spot, judge.now)
