"""All that the engine remembers. It belongs to one ``step`` after the other and to nobody else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gengfu.core.clock import Micros
from gengfu.core.errors import Fault
from gengfu.core.names import Names, PointKind
from gengfu.ledger.model import EquipmentClass, SiteLedger
from rules.linkage.run import Memory
from rules.plan import Planner
from rules.rest import Rest
from rules.unit import Unit

NOBODY = -1


Screen: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
"""Values (n,) of one slot → for which of them no rule of a plan is true."""


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
    minute: int = 0
    """Of the time, in which hours were looked at last."""
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
    silences: list[tuple[Micros, str, int]] = field(default_factory=list)
    """Heap of (due, equipment, rule's number or OWN_SILENCE)."""
    heard: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    """Journal time of the last message, by unit number; the last element is nobody's."""
    watched: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, dtype=np.bool_))
    """Units of which something must be done as soon as they are heard again."""
    number_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Unit number by equipment index of ``names``; NOBODY = none."""
    slot_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Slot by point index of ``names``; NOBODY = no rule reads it."""
    numeric: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whether a value is its own number, by point index of ``names``."""
    plan_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Which of ``screens`` a unit has, by its number."""
    screens: list[tuple[Screen | None, ...]] = field(default_factory=list)
    """Of each plan in use, by slot."""
    widest: int = 1
    """Most slots that any plan has."""
    rest: Rest = field(default_factory=Rest)
    linkage: Memory = field(default_factory=Memory)
    linked: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Whether a linkage line reads the equipment, by equipment index of ``names``."""
    counts: Counts = field(default_factory=Counts)

    def settle(self) -> None:
        """Let units take over the readings that moved no rule: before anything looks at them."""
        self.rest.settle(self.roll)

    def at_pace(self, span: Micros, *, real: Micros) -> Micros:
        """Return a span, or ``real`` as it passes on the machine when our clock makes that longer."""
        return max(span, round(real * self.rate)) if self.rate > 1 else span


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
    read = {
        id_
        for ledger in state.ledgers.values()
        for line in ledger.linkage
        for id_ in (line.where, *line.equipment)
    }
    state.linked = np.array(
        [one.equipment in read for one in state.names.equipment], dtype=np.bool_
    )
    numbers = (PointKind.ANALOG, PointKind.INTEGER)
    state.numeric = np.array([one.kind in numbers for one in state.names.points], dtype=np.bool_)
    state.slot_of = np.array(
        [
            planner.layout.slots.get(name.point, NOBODY)
            if (planner := state.planners.get(name.equipment_class)) is not None
            else NOBODY
            for name in state.names.points
        ],
        dtype=np.int32,
    )
