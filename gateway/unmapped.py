"""What devices say under names that their class does not have: counted, so that it can be mended.

A point that no class has is kept aside; an event of a type that no class lists is journaled, but no
rule looks at it. Both are most often a mistyped name or a class that lacks something.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

import msgspec

from gateway.decoded import Decoded
from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar
from gengfu.durable import replace_file
from gengfu.ledger.model import EquipmentClass

MOST = 1_000
MOST_OF_ONE = 50
"""Names of one equipment: a device that invents names may not drive out the others."""
_SHOWN_VALUE = 128


class Said(StrEnum):
    """As what a name was told."""

    POINT = "point"
    EVENT = "event"


@dataclass(slots=True, kw_only=True)
class Unmapped:
    """One name that a class lacks, of one equipment; "" = a foreign device that is not mapped."""

    equipment: str
    equipment_class: str
    said: Said
    name: str
    count: int = 0
    last_value: Scalar = None
    first_at: Micros = 0
    last_at: Micros = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is kept: the names, and how many items had no place among them."""

    names: tuple[Unmapped, ...] = ()
    overflow: int = 0


@dataclass(slots=True)
class UnmappedNames:
    """A bounded table; past its bounds only ``overflow`` counts."""

    most: int = MOST
    most_of_one: int = MOST_OF_ONE
    overflow: int = 0
    is_changed: bool = False
    _names: dict[tuple[str, Said, str], Unmapped] = field(default_factory=dict)
    _of_one: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Listed) -> "UnmappedNames":
        """Go on with what an earlier run kept."""
        table = cls(overflow=kept.overflow)
        for one in kept.names:
            table._names[one.equipment, one.said, one.name] = one
            table._of_one[one.equipment] = table._of_one.get(one.equipment, 0) + 1
        return table

    def note(self, decoded: Decoded, types: Mapping[str, frozenset[str]]) -> None:
        """Count a message's unknown points, and its events that ``types`` (by class) lacks."""
        for unknown in decoded.unknown:
            self._count(decoded, Said.POINT, unknown.point, unknown.count, unknown.value)
        if decoded.events:
            listed = types.get(decoded.equipment_class, frozenset())
            for heard in decoded.events:
                name = heard.event.type.strip().lower()
                if name not in listed:
                    self._count(decoded, Said.EVENT, name[:64], 1, heard.event.part)

    def _count(self, decoded: Decoded, said: Said, name: str, count: int, value: Scalar) -> None:
        self.is_changed = True
        equipment = decoded.equipment or ""
        found = self._names.get((equipment, said, name))
        if found is None:
            of_one = self._of_one.get(equipment, 0)
            if len(self._names) >= self.most or of_one >= self.most_of_one:
                self.overflow += count
                return
            self._of_one[equipment] = of_one + 1
            found = self._names[equipment, said, name] = Unmapped(
                equipment=equipment,
                equipment_class=decoded.equipment_class,
                said=said,
                name=name,
                first_at=decoded.received_at,
            )
        found.count += count
        found.last_value = value[:_SHOWN_VALUE] if isinstance(value, str) else value
        found.last_at = decoded.received_at

    def listed(self) -> Listed:
        """Return what is kept, the most frequent first."""
        every = sorted(self._names.values(), key=lambda one: -one.count)
        return Listed(names=tuple(every), overflow=self.overflow)

    def forget_known(
        self, points: Mapping[str, Iterable[str]], types: Mapping[str, frozenset[str]]
    ) -> None:
        """Drop what classes have by now: their points and event types, by class."""
        known = {
            **{(name, Said.POINT): frozenset(own) for name, own in points.items()},
            **{(name, Said.EVENT): own for name, own in types.items()},
        }
        for key, one in list(self._names.items()):
            if one.name in known.get((one.equipment_class, one.said), ()):
                del self._names[key]
                self._of_one[one.equipment] -= 1
                self.is_changed = True


@dataclass(frozen=True, slots=True)
class UnmappedFile:
    """Where it stands for others to read. Only a help for people: the last seconds may be missing."""

    path: Path | None
    """None = it is not kept."""

    def write(self, kept: Listed) -> None:
        """Replace the file.

        Raises:
            OSError: the disk refuses.
        """
        if self.path is not None:
            replace_file(self.path, msgspec.json.encode(kept))

    def read(self) -> Listed:
        """Return what is kept; nothing when there is no file, or none of ours."""
        if self.path is None:
            return Listed()
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Listed)
        except (OSError, msgspec.DecodeError):
            return Listed()


def meant_by(one: Unmapped, klass: EquipmentClass | None) -> str | None:
    """Return which name of its class was likely meant."""
    if klass is None:
        return None
    return nearest(one.name, tuple(klass.points if one.said is Said.POINT else klass.events))


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that a told one most likely means; None when none is near."""
    plain = _plain(name)
    by_plain = {_plain(one): one for one in known}
    close = get_close_matches(plain, list(by_plain), n=1, cutoff=0.7)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    """Return a name as all spellings of it are: ``pressureOut``, ``Pressure-Out``, ``pressure_out``."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
