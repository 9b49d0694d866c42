"""All that the engine remembers. It belongs to one ``step`` after the other and to nobody else."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros, at_pace
from gengfu.core.errors import Fault
from gengfu.core.expression import parse
from gengfu.core.names import Names, PointKind, PointName
from gengfu.ledger.model import EquipmentClass, SiteLedger
from rules.engine.image import Image
from rules.engine.plan import Planner
from rules.engine.proofs import Halves
from rules.engine.silence import Silences
from rules.engine.unit import Unit
from rules.linkage.run import Memory

NOBODY = -1


@dataclass(slots=True)
class Counts:
    """What the engine passed over, for the metrics."""

    late_readings: int = 0
    """Older than the value already known."""
    unknown_equipment: int = 0
    """Rows of equipment that no ledger has."""


@dataclass(slots=True)
class State:
    """The engine's memory. ``step`` spends the one it is given and returns the next."""

    classes: Mapping[str, EquipmentClass]
    position: int = 0
    """Of the last record taken."""
    now: Micros = 0
    rate: float = 1.0
    """How fast the journal's clock runs, as the last tick said."""
    names: Names = field(default_factory=Names)
    files: Mapping[str, str] = field(default_factory=dict)
    """The rule files in force."""
    refused: tuple[Fault, ...] = ()
    """Why the newest rule files were not taken."""
    ledgers: dict[str, SiteLedger] = field(default_factory=dict)
    planners: dict[str, Planner] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    roll: list[Unit] = field(default_factory=list)
    """Units by their number."""
    scheduled: list[Unit] = field(default_factory=list)
    """Those of them with rules that look at some hours only."""
    timers: list[tuple[Micros, str, int, str]] = field(default_factory=list)
    """Heap of (due, equipment, rule's number or ~ that of a function of the past, part).

    Stale entries are passed over.
    """
    silences: Silences = field(default_factory=Silences)
    heard: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """Journal time of the last message, by unit number; the last element is nobody's."""
    watched: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, dtype=np.bool_))
    """Units of which something must be done as soon as they are heard again."""
    number_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Unit number by equipment index of ``names``; NOBODY = none."""
    slot_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Slot by point index of ``names``; NOBODY = no rule reads it."""
    foreign: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whether an enum's codes are not those of its slot, by point index of ``names``."""
    codes: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    """For those: the slot's code by theirs."""
    image: Image = field(default_factory=Image)
    halves: Halves = field(default_factory=Halves)
    """Events that are, or want, a second proof, as they came."""
    provable: frozenset[tuple[str, str]] = frozenset()
    """Which are, or want, one: their classes and types."""
    unproved: tuple[str, ...] = ()
    """The types of those that want one."""
    linkage: Memory = field(default_factory=Memory)
    linked: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whether a linkage line reads the equipment, by equipment index of ``names``."""
    linking: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whether a linkage line reads points of that name, by point index of ``names``."""
    counts: Counts = field(default_factory=Counts)

    def next_due(self) -> Micros | None:
        """Return when the next timer runs out; None when nothing waits for one.

        Timers of conditions that are over meanwhile are forgotten.
        """
        while self.timers:
            due, equipment, index, part = self.timers[0]
            unit = self.units.get(equipment)
            if unit is not None and (index < 0 or (index, part) in unit.conditions):
                return due
            heapq.heappop(self.timers)
        return None

    def at_pace(self, span: Micros, *, real: Micros) -> Micros:
        """Return a span, or ``real`` as it passes on the machine when our clock makes that longer."""
        return at_pace(span, real=real, rate=self.rate)


def index_names(state: State) -> None:
    """Work out which unit and slot each index of the names means."""
    state.number_of = np.array(
        [
            unit.number
            if (unit := state.units.get(name.equipment)) is not None
            and unit.site == name.site
            and unit.equipment.equipment_class == name.equipment_class
            else NOBODY
            for name in state.names.equipment
        ],
        dtype=np.int32,
    )
    _index_linkage(state)
    slots = [_slot(state, name) for name in state.names.points]
    state.slot_of = np.array([NOBODY if one is None else one for one in slots], dtype=np.int32)
    state.codes = {}
    for index, (name, slot) in enumerate(zip(state.names.points, slots, strict=True)):
        if slot is not None and name.kind is PointKind.ENUM:
            codes = state.planners[name.equipment_class].layout.codes(slot, name.words)
            if codes != list(range(len(codes))):
                state.codes[index] = np.array(codes)
    state.foreign = np.zeros(len(slots), dtype=np.bool_)
    state.foreign[list(state.codes)] = True


def _index_linkage(state: State) -> None:
    lines = [line for ledger in state.ledgers.values() for line in ledger.linkage]
    equipment = {id_ for line in lines for id_ in (line.where, *line.equipment)}
    texts = {text for line in lines for text in (line.signal, line.expectation) if text}
    points = {point for text in texts for point in parse(text).points}
    told = state.names
    state.linked = np.array([one.equipment in equipment for one in told.equipment], dtype=np.bool_)
    state.linking = np.array([one.point in points for one in told.points], dtype=np.bool_)


def _slot(state: State, name: PointName) -> int | None:
    planner = state.planners.get(name.equipment_class)
    return None if planner is None else planner.layout.slot_of(name)
