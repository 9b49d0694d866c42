"""The mapping as values: foreign devices, their fields, and what each becomes here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gengfu.core.batch import Lane
from gengfu.core.naming import Scalar

ONLINE = "online"
"""The point that says that an equipment is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPoint:
    """A field's values become readings of a point: ``value * scale + offset``, words by words."""

    point: str
    scale: float = 1.0
    offset: float = 0.0
    words: Mapping[str, str] = field(default_factory=dict)
    """The device's word (or number, as text) → ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToEvent:
    """A field's value becomes an event."""

    type: str
    when: frozenset[str]
    """The values that make one, as ``values.fold`` writes them; none = any that is not off."""
    every: bool | None
    """Each time it is told, or only when it becomes so; None = each time for an action only."""
    part: str | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """One field of a foreign device."""

    name: str
    equipment: str
    becomes: ToPoint | ToEvent
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMapping:
    """One foreign device."""

    format: str
    base: str
    device: str
    equipment: str
    fields: Mapping[str, FieldMapping]
    tells_online: bool = True
    """Its being there is its equipment's being online."""
    lane: Lane | None = None
    """None = alarm when an event or a vital point is among its fields, or it has none at all."""
    zone: str | None = None
    """Of times that name none; without it they are not believed and the time of receipt counts."""
    line: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Return by what it is known: no two devices of a mapping share it."""
        return (self.format, self.base, self.device)

    @property
    def speaks_for(self) -> tuple[str, ...]:
        """Return the equipment it speaks for, each once."""
        return tuple(dict.fromkeys([self.equipment, *(f.equipment for f in self.fields.values())]))

    @property
    def tells_in_fields(self) -> frozenset[str]:
        """Return the equipment of which a field of its own says whether it is there."""
        return frozenset(
            one.equipment
            for one in self.fields.values()
            if isinstance(one.becomes, ToPoint) and one.becomes.point == ONLINE
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignMapping:
    """Everything a mapping file says."""

    file: str = ""
    devices: tuple[DeviceMapping, ...] = ()
    host: str | None = None
    """As which Sparkplug host application we speak; None = as none."""


NOTHING = ForeignMapping()
