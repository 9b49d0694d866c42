"""Puts units together from ledgers and rules, and carries over what the old ones remember.

Editing one rule, or one attribute of one equipment, leaves every other condition as it is.
"""

import heapq
from collections.abc import Iterator

import numpy as np

from gengfu.ledger.model import Equipment
from rules.engine import supply
from rules.engine.groups import Poll, anchors
from rules.engine.image import Image
from rules.engine.judge import Judge
from rules.engine.plan import Planner, layout
from rules.engine.silence import Silences
from rules.engine.state import State, index_names
from rules.engine.unit import Condition, Spot, Unit
from rules.engine.verdict import Turn
from rules.engine.wording import say
from rules.language.rule import Rule
from rules.language.schedule import clocks_of
from rules.past.memory import NOT_DUE


def use_rules(state: State, rules: tuple[Rule, ...]) -> None:
    """Make these the rules in force; ``reassemble`` must follow."""
    questions = [(rule, group) for rule in rules for group in rule.asked_elsewhere]
    state.planners = {}
    for name, equipment_class in state.classes.items():
        chosen = tuple(rule for rule in rules if rule.equipment_class == name)
        asked = tuple(one for one in questions if one[1].of == name)
        state.planners[name] = Planner(layout(equipment_class, chosen, asked), chosen, asked)
    wanting = [rule for rule in rules if rule.halves]
    state.provable = frozenset(half for rule in wanting for half in rule.halves)
    state.unproved = tuple(sorted({type_ for rule in wanting for _, type_ in rule.halves[:1]}))


def reassemble(judge: Judge) -> None:
    """Build the units anew after ledgers or rules changed, and judge those that changed."""
    state, old_units = judge.state, judge.state.units
    heard = {unit.equipment.id: int(state.heard[unit.number]) for unit in state.roll}
    assemble(state)
    state.heard = np.array(
        [heard.get(unit.equipment.id, judge.now) for unit in state.roll] + [0], dtype=np.int64
    )
    changed: list[Unit] = []
    fresh: dict[int, list[int]] = {}
    """By unit's number: functions of time that begin now, with what is known."""
    for unit in state.roll:
        old = old_units.pop(unit.equipment.id, None)
        if old is None or old.equipment.equipment_class != unit.equipment.equipment_class:
            if old is not None:
                _farewell(judge, old, list(old.conditions.items()))
            changed.append(unit)
            continue
        _farewell(judge, old, unit.transplant(old))
        if old.plan is not unit.plan or old.equipment.attributes != unit.equipment.attributes:
            changed.append(unit)  # a limit may be an attribute
            known = {past.key for past in old.plan.pasts}
            fresh[unit.number] = [n for n in unit.plan.timed if unit.plan.pasts[n].key not in known]
    for old in old_units.values():
        _farewell(judge, old, list(old.conditions.items()))
    reset_links(state)
    _farewell_leaders(judge)
    rewind_timers(state)
    for unit in changed:
        judge.remember(unit, fresh.get(unit.number, ()), judge.now)
        judge.evaluate_all(unit)
    for unit in state.roll:
        for index in sorted({one for every in unit.plan.rules_of_group for one in every}):
            judge.evaluate(unit, index, judge.now)


def assemble(state: State) -> None:
    """Make a blank unit for every equipment of every ledger, with its parent and children."""
    state.roll, state.units = [], {}
    clocks = {site: clocks_of(ledger) for site, ledger in state.ledgers.items()}
    for site, equipment in _equipment(state):
        planner = state.planners[equipment.equipment_class]
        plan = planner.plan_for(equipment)
        bands = planner.bands_for(equipment, plan)
        clock = clocks[site](equipment.place)
        unit = Unit(equipment, site, clock, plan, bands, len(state.roll))
        state.roll.append(unit)
        state.units[equipment.id] = unit
    state.image = Image.of(state.roll)
    state.scheduled = [unit for unit in state.roll if unit.plan.scheduled]
    for unit in state.roll:
        unit.parent = state.units.get(unit.equipment.parent or "")
        if unit.parent is not None:
            unit.parent.children.append(unit)
    supply.connect(state.units, state.ledgers)
    index_names(state)


def reset_links(state: State) -> None:
    """Work out which units are down and cut, who belongs together, and of which news is waited for."""
    for unit in state.roll:
        unit.down = unit.silent or unit.offline
    for unit in state.roll:
        parent, unit.cut = unit.parent, False
        while parent is not None and not unit.cut:
            unit.cut, parent = parent.down, parent.parent
    supply.reset(state.units)
    _join(state)
    state.watched = np.array(
        [unit.silent or any(one.silent for one in unit.conditions.values()) for unit in state.roll]
        + [False],
        dtype=np.bool_,
    )


def _join(state: State) -> None:
    """Bring those together that rules count together, and count their votes."""
    find = {site: anchors(ledger) for site, ledger in state.ledgers.items()}
    joined: dict[tuple[str, str, str, str], list[tuple[Unit, int]]] = {}
    for unit in state.roll:
        for number, group in enumerate(unit.plan.groups):
            anchor = find[unit.site](unit.equipment, group.relation)
            unit.polls[number] = None
            if anchor is not None:
                key = (group.of, unit.site, anchor, group.key)
                joined.setdefault(key, []).append((unit, number))
    for there in joined.values():
        there.sort(key=lambda one: one[0].equipment.id)
        members = [(unit, number) for unit, number in there if number in unit.plan.ballots]
        if not members:
            continue
        first, _ = members[0]
        poll = Poll(
            tuple(unit.number for unit, _ in members),
            tuple(
                (unit.number, index)
                for unit, number in there
                for index in unit.plan.rules_of_group[number]
                if unit is first or unit.plan.rules[index].rule.per is None
            ),
        )
        for unit, number in there:
            unit.polls[number] = poll
        for unit, number in members:
            poll.vote(unit.number, unit.vote(number))


def _farewell_leaders(judge: Judge) -> None:
    """Turn off what is on by a rule that now looks at another equipment of its group."""
    for unit in judge.state.roll:
        left = [
            (spot, condition)
            for spot, condition in unit.conditions.items()
            if unit.plan.rules[spot[0]].rule.per and not unit.leads(spot[0])
        ]
        _farewell(judge, unit, left)
        for spot, _ in left:
            del unit.conditions[spot]


def rewind_timers(state: State) -> None:
    """Schedule everything that the units' conditions, memories and links wait for."""
    for unit in state.roll:
        unit.queued = {past: due for due, past in unit.wakes()}
        for condition in unit.conditions.values():
            condition.queued = condition.due
    state.timers = [
        (condition.due, unit.equipment.id, *spot)
        for unit in state.roll
        for spot, condition in unit.conditions.items()
        if condition.due != NOT_DUE
    ] + [
        (due, unit.equipment.id, ~past, "")
        for unit in state.roll
        for past, due in unit.queued.items()
    ]
    heapq.heapify(state.timers)
    state.silences = Silences.of(state.roll)
    state.image.look_again(state.roll)


def _equipment(state: State) -> Iterator[tuple[str, Equipment]]:
    for site, ledger in state.ledgers.items():
        for equipment in ledger.equipment.values():
            if equipment.equipment_class in state.planners:
                yield site, equipment


def _farewell(judge: Judge, unit: Unit, left: list[tuple[Spot, Condition]]) -> None:
    """Turn off what is on by a rule, or for an equipment, that is no more."""
    for (index, part), condition in left:
        if condition.is_on:
            judge.verdicts.append(
                say(
                    unit,
                    unit.plan.rules[index],
                    Turn.OFF,
                    position=judge.position,
                    at=judge.now,
                    since=judge.now,
                    part=part,
                )
            )
