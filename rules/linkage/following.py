"""Follows causes and responses record by record; called once at the end of each step.

It keeps the values it needs by itself: a line may read points that no rule reads.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from gengfu.core.batch import Event, Flag, ReadingBatch
from gengfu.core.clock import Micros
from gengfu.core.expression import Program, bind, parse, truth
from gengfu.core.names import PointKind, PointName
from gengfu.core.naming import Scalar
from gengfu.core.record import Action, Body, LedgerChange
from gengfu.ledger.model import Cause, LinkageLine, Needs
from rules.engine.judge import Judge
from rules.engine.unit import Unit
from rules.linkage import telling
from rules.linkage.run import Awaited, Fire, Memory, Run, RunKind, Stage

PANEL = "fire_panel"
Known: TypeAlias = Mapping[str, tuple[Scalar, Micros]]
"""What is known of one equipment, by point: the newest value, and its event time."""


@lru_cache(maxsize=4096)
def _program(text: str) -> Program[Known]:
    def value(point: str) -> Program[Known]:
        return lambda known: known[point][0] if point in known else None

    return bind(parse(text), value)


def follow(judge: Judge, body: Body) -> None:
    """Take a record: begin, further and end runs, and say what turned."""
    memory = judge.state.linkage
    memory.forget_old()
    owed = memory.owed()
    match body:
        case ReadingBatch():
            _take_readings(judge, body)
        case Action():
            _take_action(judge, body)
        case LedgerChange():
            _forget_gone(judge)
            _look(judge, judge.now)  # what a new line is about may be so already
        case tuple():
            _take_events(judge, body)
    for run in memory.open_runs():
        for one in run.lines:
            if one.stage is Stage.WAITING and one.due < judge.now:
                one.stage = Stage.MISSING if _state(judge, one.line) is False else Stage.UNKNOWN
                run.changed = judge.position
    telling.tell_owed(judge, owed, memory.owed())


def _take_readings(judge: Judge, batch: ReadingBatch) -> None:
    state = judge.state
    if not len(batch) or not state.linked.any():
        return
    rows = np.flatnonzero(state.linked[batch.equipment] & state.linking[batch.point])
    if not len(rows):
        return
    rows = rows[(batch.flags[rows] & Flag.RETAINED) == 0]
    rows = rows[np.argsort(batch.observed_at[rows], kind="stable")]
    moment, news = None, any(state.linkage.open_runs())
    for row in rows.tolist():
        at = min(int(batch.observed_at[row]), judge.now)
        if moment is not None and at != moment and news:
            _look(judge, moment)
            news = any(state.linkage.open_runs())
        moment = at
        point = state.names.points[batch.point[row]]
        values = state.linkage.values.setdefault(
            state.names.equipment[batch.equipment[row]].equipment, {}
        )
        before = values.get(point.point)
        if before is None or before[1] <= at:
            value = _meaning(point, float(batch.value[row]), batch.texts)
            news |= before is None or before[0] != value
            values[point.point] = (value, at)
    if moment is not None and news:
        _look(judge, moment)


def _meaning(point: PointName, value: float, texts: Sequence[str]) -> Scalar:
    """Return what a row's value means; None = unknown."""
    if math.isnan(value):
        return None
    match point.kind:
        case PointKind.ANALOG | PointKind.INTEGER:
            return value
        case PointKind.BOOLEAN:
            return value != 0
        case PointKind.ENUM:
            return point.words[int(value)]
        case PointKind.TEXT:
            return texts[int(value)]


def _look(judge: Judge, at: Micros) -> None:
    """See what values of one moment bring: responses of open runs, then switches."""
    for run in judge.state.linkage.open_runs():
        for one in run.lines:
            if one.at is None and _state(judge, one.line):
                one.respond(at, run.began)
                run.changed = judge.position
    for site, ledger in judge.state.ledgers.items():
        switches = [line for line in ledger.linkage if line.cause is not Cause.CONFIRMED_FIRE]
        for cause, origin, signal in dict.fromkeys(
            (line.cause, line.where, line.signal) for line in switches
        ):
            _look_at_switch(judge, site, (cause, origin, signal))


def _look_at_switch(judge: Judge, site: str, switch: tuple[Cause, str, str]) -> None:
    cause, origin, signal = switch
    memory = judge.state.linkage
    run = next(
        (
            one
            for one in memory.open_runs()
            if (one.site, one.cause, one.origin, one.where) == (site, *switch)
        ),
        None,
    )
    on = _holds(judge, origin, signal)
    if on and run is None:
        lines = [
            line
            for line in judge.state.ledgers[site].linkage
            if (line.cause, line.where, line.signal) == switch
        ]
        _begin(judge, site, cause, origin, signal, lines)
    elif on is False and run is not None and all(one.at is not None for one in run.lines):
        _end(judge, run)


def _holds(judge: Judge, equipment: str, text: str) -> bool | None:
    return truth(_program(text)(judge.state.linkage.values.get(equipment, {})))


def _state(judge: Judge, line: LinkageLine) -> bool | None:
    """Tell whether a line is fulfilled; None = not known, also of equipment not heard."""
    found: list[bool | None] = []
    for id_ in line.equipment:
        unit = judge.state.units.get(id_)
        deaf = unit is None or unit.down or unit.cut
        found.append(None if deaf else _holds(judge, id_, line.expectation))
    decisive = line.needs is Needs.ANY
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _begin(
    judge: Judge, site: str, cause: Cause, origin: str, where: str, lines: Sequence[LinkageLine]
) -> Run | None:
    if not lines:
        return None
    runs = judge.state.linkage.runs
    here = sum(one.id.startswith(f"{judge.position}-") for one in runs)
    awaited = [Awaited(line, judge.now + line.within) for line in lines]
    for one in awaited:
        if _state(judge, one.line):
            one.stage, one.at, one.before = Stage.ALREADY, judge.now, True
    run = Run(f"{judge.position}-{here + 1}", site, cause, origin, where, judge.now, awaited)
    run.changed = judge.position
    runs.append(run)
    return run


def _end(judge: Judge, run: Run) -> None:
    run.ended, run.changed = judge.now, judge.position


def _take_events(judge: Judge, events: Sequence[object]) -> None:
    state = judge.state
    names = state.names.equipment
    for event in events if len(state.number_of) else ():
        if not isinstance(event, Event) or event.is_retained:
            continue
        if names[event.equipment].equipment_class != PANEL:
            continue
        number = int(state.number_of[event.equipment])
        if number < 0:
            continue
        unit, type_ = state.roll[number], event.type.strip().lower()
        if type_ == "fire" and event.part:
            _signal(judge, unit, event.part, min(event.observed_at, judge.now))
        elif type_ == "reset":
            _reset(judge, unit, event.part, min(event.observed_at, judge.now))


def _take_action(judge: Judge, action: Action) -> None:
    unit = judge.state.units.get(action.equipment)
    if unit is None or unit.site != action.site or unit.equipment.equipment_class != PANEL:
        return
    if action.name == "reset":
        _reset(judge, unit, action.part, judge.now)
    fires = judge.state.linkage.fires.get(unit.equipment.id, {})
    for compartment, fire in fires.items():
        if action.part not in fire.addresses:
            continue
        if action.attributes.get("verdict") == "real":
            _confirm(judge, unit, compartment, fire, str(action.part))
    _name_kind(judge, action)


def _name_kind(judge: Judge, action: Action) -> None:
    """Call the newest run of a signal a drill, or take that back; it may be over already."""
    verdict = action.attributes.get("verdict")
    kind = {"test": RunKind.DRILL, "real": RunKind.REAL}.get(str(verdict))
    for run in reversed(judge.state.linkage.runs):
        if run.origin == action.equipment and action.part in run.signals:
            if kind is not None and run.kind is not kind:
                run.kind, run.changed = kind, judge.position
            return


def _signal(judge: Judge, unit: Unit, address: str, at: Micros) -> None:
    """Count a signal. Where no compartment is known it stands alone: two are not one fire."""
    part = unit.equipment.parts.get(address)
    known = part.compartment if part else None
    fires = judge.state.linkage.fires.setdefault(unit.equipment.id, {})
    fire = fires.setdefault(known or f"?{address}", Fire(unit.site))
    fire.newest[address] = max(at, fire.newest.get(address, at))
    if address in fire.addresses:
        return
    fire.addresses[address] = at
    for run in _runs_of(judge.state.linkage, unit.equipment.id, known or f"?{address}"):
        run.signals[address], run.changed = at, judge.position
    if known and len(fire.addresses) > 1:
        _confirm(judge, unit, known, fire, address)


def _confirm(judge: Judge, unit: Unit, compartment: str, fire: Fire, address: str) -> None:
    if fire.confirmed_by is not None:
        return
    fire.confirmed_by = address
    ledger = judge.state.ledgers[unit.site]
    part = unit.equipment.parts.get(address)
    place = (part and (part.compartment or part.place)) or unit.equipment.place
    telling.tell_fire(judge, unit, address, tuple(fire.addresses))
    around = {one.id for one in ledger.way_to(place)}
    lines = [
        line
        for line in ledger.linkage
        if line.cause is Cause.CONFIRMED_FIRE and line.where in around
    ]
    run = _begin(judge, unit.site, Cause.CONFIRMED_FIRE, unit.equipment.id, compartment, lines)
    if run is not None:
        run.part, run.signals = address, dict(fire.addresses)


def _reset(judge: Judge, unit: Unit, address: str | None, at: Micros) -> None:
    """Forget signals that were before; a compartment without any is no longer on fire: its run is over."""
    panel = unit.equipment.id
    for compartment, fire in list(judge.state.linkage.fires.get(panel, {}).items()):
        meant = fire.addresses.keys() if address is None else fire.addresses.keys() & {address}
        for one in [one for one in meant if fire.newest.get(one, at) <= at]:
            del fire.addresses[one]
        if not fire.addresses:
            _put_out(judge, panel, compartment)


def _put_out(judge: Judge, panel: str, compartment: str) -> None:
    memory = judge.state.linkage
    fire = memory.fires[panel].pop(compartment)
    if fire.confirmed_by is not None:
        telling.tell_fire_over(judge, fire.site, panel, fire.confirmed_by)
    for run in _runs_of(memory, panel, compartment):
        _end(judge, run)


def _forget_gone(judge: Judge) -> None:
    """End what was begun by equipment that the ledger no longer has: it will never say more."""
    memory, units = judge.state.linkage, judge.state.units
    for panel in sorted(memory.fires.keys() - units.keys()):
        for compartment in list(memory.fires[panel]):
            _put_out(judge, panel, compartment)
        del memory.fires[panel]
    for run in [one for one in memory.open_runs() if one.origin not in units]:
        _end(judge, run)


def _runs_of(memory: Memory, panel: str, compartment: str) -> list[Run]:
    return [
        run
        for run in memory.open_runs()
        if (run.origin, run.where) == (panel, compartment) and run.cause is Cause.CONFIRMED_FIRE
    ]
