"""The engine's memory as a file, with the journal position that it covers.

A checkpoint only saves time: without one, or with one that is damaged or of another version, the
engine starts from the journal's beginning and says so. The file is complete or absent: it is
written aside, made durable, and renamed.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput
from gengfu.core.names import EquipmentName, PointName
from gengfu.core.naming import Scalar
from gengfu.durable import replace_file
from gengfu.ledger import snapshot
from gengfu.ledger.model import EquipmentClass
from rules.engine.assembly import assemble, reset_links, rewind_timers, use_rules
from rules.engine.frame import NEVER
from rules.engine.proofs import Halves
from rules.engine.state import State
from rules.engine.step import begin
from rules.engine.unit import Condition, Phase, Unit
from rules.language.reader import read_rules
from rules.linkage.run import Memory

_MAGIC = b"GFRULES\x03"
_HEAD = struct.Struct("<8sIQ")


class CheckpointError(Exception):
    """A file is no checkpoint that this version can use; the message says why."""


@dataclass(frozen=True, slots=True)
class _SavedCondition:
    rule: str
    part: str
    phase: int
    since: Micros
    due: Micros
    silent: bool
    times: list[Micros]
    raised: bool = False
    occurred: Micros = NEVER


@dataclass(frozen=True, slots=True)
class _SavedUnit:
    id: str
    at: Micros
    heard: Micros
    silent: bool
    values: dict[str, Scalar]
    """By point or by a function's key."""
    observed: dict[str, Micros]
    previous: dict[str, tuple[Scalar, Micros]]
    occurred: dict[str, Micros]
    pasts: dict[str, list[float]]
    conditions: list[_SavedCondition] = field(default_factory=list)
    lasted: Micros = NEVER
    known: dict[str, Scalar] = field(default_factory=dict)
    """By point whose changes are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    position: int
    now: Micros
    rate: float
    equipment: list[EquipmentName]
    points: list[PointName]
    files: dict[str, str]
    ledgers: dict[str, bytes]
    units: list[_SavedUnit]
    doubted: list[Micros]
    """By the silences' rows."""
    halves: Halves = field(default_factory=Halves)
    linkage: Memory = field(default_factory=Memory)


def encode(state: State) -> bytes:
    """Write a state with its checksum."""
    payload = msgspec.msgpack.encode(
        _Saved(
            position=state.position,
            now=state.now,
            rate=state.rate,
            equipment=state.names.equipment,
            points=state.names.points,
            files=dict(state.files),
            ledgers={site: snapshot.encode(ledger) for site, ledger in state.ledgers.items()},
            units=[_save(state, unit) for unit in state.roll],
            doubted=state.silences.doubted.tolist(),
            halves=state.halves,
            linkage=state.linkage,
        )
    )
    return _HEAD.pack(_MAGIC, zlib.crc32(payload), len(payload)) + payload


def decode(data: bytes, classes: Mapping[str, EquipmentClass]) -> State:
    """Read a state back.

    Raises:
        CheckpointError: when it is damaged, of another version, or its rules no longer fit.
    """
    if len(data) < _HEAD.size:
        raise CheckpointError("too short")
    magic, crc, length = _HEAD.unpack_from(data)
    payload = data[_HEAD.size :]
    if magic != _MAGIC:
        raise CheckpointError("no checkpoint of this version")
    if length != len(payload) or zlib.crc32(payload) != crc:
        raise CheckpointError("damaged: its checksum does not fit")
    try:
        saved = msgspec.msgpack.decode(payload, type=_Saved)
        return _restore(saved, classes)
    except (msgspec.DecodeError, BadInput, KeyError, ValueError) as exc:
        raise CheckpointError(f"does not fit this version: {exc}") from exc


def write(path: Path, state: State) -> None:
    """Replace the file with a state's, atomically and durably.

    Raises:
        OSError: when the folder does not take it; the file is then as before.
    """
    replace_file(path, encode(state))


def read(path: Path, classes: Mapping[str, EquipmentClass]) -> State | None:
    """Read a checkpoint file; None when there is none.

    Raises:
        CheckpointError: when it is there and cannot be used.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise CheckpointError(f"cannot be read: {exc}") from exc
    return decode(data, classes)


def _save(state: State, unit: Unit) -> _SavedUnit:
    plan = unit.plan
    names = plan.layout.names
    values = {name: unit.value(slot) for slot, name in enumerate(names)}
    values |= {past.key: value for past, value in zip(plan.pasts, unit.outputs, strict=True)}
    return _SavedUnit(
        id=unit.equipment.id,
        at=unit.at,
        heard=int(state.heard[unit.number]),
        silent=unit.silent,
        values={name: value for name, value in values.items() if value is not None},
        observed=dict(zip(names, unit.observed, strict=True)),
        previous={
            names[slot]: (unit.previous[slot], changed) for slot, changed in unit.changed.items()
        },
        occurred=unit.occurred,
        pasts={
            past.key: memory.save() for past, memory in zip(plan.pasts, unit.pasts, strict=True)
        },
        conditions=[
            _SavedCondition(
                plan.rules[index].rule.id,
                part,
                condition.phase,
                condition.since,
                condition.due,
                condition.silent,
                condition.times,
                condition.raised,
                condition.occurred,
            )
            for (index, part), condition in unit.conditions.items()
        ],
        lasted=unit.lasted,
        known={names[slot]: value for slot, value in unit.known.items()},
    )


def _restore(saved: _Saved, classes: Mapping[str, EquipmentClass]) -> State:
    state = begin(classes)
    state.position, state.now, state.rate = saved.position, saved.now, saved.rate
    state.names.extend((0, 0), saved.equipment, saved.points)
    state.files = saved.files
    state.ledgers = {site: snapshot.decode(ledger) for site, ledger in saved.ledgers.items()}
    use_rules(state, read_rules(saved.files, classes))
    assemble(state)
    by_id = {one.id: one for one in saved.units}
    if by_id.keys() != state.units.keys():
        raise ValueError("its equipment is not that of its ledgers")
    for unit in state.roll:
        _load(unit, by_id[unit.equipment.id])
    state.heard = np.array(
        [by_id[unit.equipment.id].heard for unit in state.roll] + [0], dtype=np.int64
    )
    reset_links(state)
    rewind_timers(state)
    state.silences.doubted[:] = saved.doubted
    state.halves, state.linkage = saved.halves, saved.linkage
    return state


def _load(unit: Unit, saved: _SavedUnit) -> None:
    slots = unit.plan.layout.slots
    if slots.keys() != saved.observed.keys():
        raise ValueError(f"the points of {saved.id} are not those of its class")
    unit.spoke, unit.silent, unit.occurred = saved.at, saved.silent, dict(saved.occurred)
    unit.lasted = saved.lasted
    for name, slot in slots.items():
        unit.put(slot, saved.values.get(name), saved.observed[name])
    unit.known |= {slots[name]: value for name, value in saved.known.items()}
    for name, (value, changed) in saved.previous.items():
        unit.previous[slots[name]], unit.changed[slots[name]] = value, changed
    for number, past in enumerate(unit.plan.pasts):
        unit.pasts[number].load(saved.pasts[past.key])
        unit.outputs[number] = saved.values.get(past.key)
    numbers = {one.rule.id: number for number, one in enumerate(unit.plan.rules)}
    for one in saved.conditions:
        unit.conditions[numbers[one.rule], one.part] = Condition(
            phase=Phase(one.phase),
            since=one.since,
            due=one.due,
            silent=one.silent,
            times=list(one.times),
            raised=one.raised,
            occurred=one.occurred,
        )
