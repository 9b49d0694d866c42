"""What one batch of readings says, equipment by equipment: columns become values for people."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dashboards.estate.point_value import Current, believed
from dashboards.estate.remembered import Remembered
from dashboards.estate.timeline import Sample
from gengfu.core.batch import Flag, ReadingBatch
from gengfu.core.clock import Micros
from gengfu.core.names import Names, PointKind, PointName
from gengfu.core.naming import Scalar

RETAINED = Flag.RETAINED.value
"""As a plain number: a flag's own ``&`` takes longer than all the rest of a sample."""


@dataclass(slots=True)
class Said:
    """The values of one equipment in one batch, as samples for its timeline."""

    memory: Remembered
    samples: list[Sample] = field(default_factory=list)
    received_at: Micros = 0

    def take(self, point: str, told: Current) -> None:
        """Take one value: the newest is kept, and what the state follows from becomes a sample."""
        self.memory.told(point, told)
        self.received_at = max(self.received_at, told.received_at)
        at, heard = believed(told), not told.flags & RETAINED
        if point in self.memory.timeline.rule.points:
            self.samples.append(Sample(at, point, told.value, heard))
        elif heard and not (self.samples and self.samples[-1].at == at):
            self.samples.append(Sample(at))


def by_equipment(
    batch: ReadingBatch, names: Names, find: Callable[[int], Remembered | None]
) -> Iterable[Said]:
    """Sort a batch's rows by equipment; ``find`` gives the equipment of an index, if it counts."""
    found: dict[int, Said | None] = {}
    columns = (
        batch.equipment.tolist(),
        batch.point.tolist(),
        batch.observed_at.tolist(),
        batch.received_at.tolist(),
        batch.value.tolist(),
        batch.flags.tolist(),
    )
    for equipment, point, observed_at, received_at, value, flags in zip(*columns, strict=True):
        if equipment not in found:
            memory = find(equipment)
            found[equipment] = Said(memory) if memory else None
        said = found[equipment]
        if said is not None:
            name = names.points[point]
            told = Current(
                value=read_value(name, value, batch.texts),
                observed_at=observed_at,
                received_at=received_at,
                flags=flags,
            )
            said.take(name.point, told)
    return [said for said in found.values() if said is not None]


def read_value(name: PointName, value: float, texts: tuple[str, ...]) -> Scalar:
    """Return a row's value as its point means it; None when missing or not among the words."""
    if not math.isfinite(value):
        return None
    match name.kind:
        case PointKind.ANALOG:
            return value
        case PointKind.INTEGER:
            return int(value)
        case PointKind.BOOLEAN:
            return value != 0
    words = name.words if name.kind is PointKind.ENUM else texts
    return words[int(value)] if 0 <= value < len(words) else None
