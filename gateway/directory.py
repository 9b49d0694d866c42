"""From a topic to the equipment it speaks for and the points that equipment has.

A directory is built from the ledgers and never changes; a changed ledger makes a new one. The
indices are those of the journal's ``Names`` and stay what they were.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway import topics
from gateway.decoded import Rejected
from gateway.unmapped import nearest
from gengfu.core.batch import TopicKind
from gengfu.core.names import MAX_WHOLE, EquipmentName, Names, PointKind, PointName
from gengfu.core.record import RejectReason
from gengfu.ledger.model import EquipmentClass, PointDef, SiteLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where a point's values go, and which of them pass without a second look."""

    index: int
    name: str
    kind: PointKind
    plain: type | None
    """A value of exactly this type within [low, high] is taken as it is."""
    low: float
    high: float
    words: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """The equipment and kind that a topic stands for."""

    index: int
    site: str
    equipment: str
    equipment_class: str
    kind: TopicKind
    slots: Mapping[str, Slot]


_MOST_LOST = 500
_PLAIN: Mapping[PointKind, type] = {PointKind.ANALOG: float, PointKind.INTEGER: int}
_WIDEST: Mapping[PointKind, float] = {
    PointKind.ANALOG: sys.float_info.max,
    PointKind.INTEGER: MAX_WHOLE,
}


def slot_of(equipment_class: str, point: PointDef, names: Names) -> Slot:
    """Return a point's slot, giving it an index when it is new."""
    words = tuple(point.words)
    widest = _WIDEST.get(point.kind, sys.float_info.max)
    return Slot(
        index=names.point_index(PointName(equipment_class, point.name, point.kind, words)),
        name=point.name,
        kind=point.kind,
        plain=_PLAIN.get(point.kind),
        low=-widest,  # an implausible value is kept: what a device says is never thrown away
        high=widest,
        words={word: float(code) for code, word in enumerate(words)},
    )


@dataclass(frozen=True, slots=True)
class Directory:
    """All equipment by id, and the topics met so far."""

    root: str
    equipment: Mapping[str, EquipmentName]
    _indices: Mapping[str, int]
    _slots: Mapping[str, Mapping[str, Slot]]
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The event types that a class lists."""
    _met: dict[str, Target] = field(default_factory=dict)
    """Only topics of known equipment stand here, so the ledger bounds it."""
    _lost: dict[str, Rejected] = field(default_factory=dict)
    """Topics that lead nowhere, the first ``_MOST_LOST`` of them: looking for a near name is slow."""

    def find(self, topic: str) -> Target | Rejected:
        """Return whom a topic stands for, or why for nobody."""
        found = self._met.get(topic) or self._lost.get(topic)
        if found is None:
            found = self._look_up(topic)
            if isinstance(found, Rejected) and len(self._lost) < _MOST_LOST:
                self._lost[topic] = found
        return found

    def _look_up(self, topic: str) -> Target | Rejected:
        address = topics.parse(topic, self.root)
        if address is None:
            return Rejected(RejectReason.BAD_TOPIC, self._mend(topic))
        name = self.equipment.get(address.equipment)
        if name is None:
            return Rejected(RejectReason.UNKNOWN_DEVICE, self._stranger(address.equipment))
        if name.site != address.site:
            detail = f"{address.equipment!r} stands in site {name.site!r}, not {address.site!r}"
            return Rejected(RejectReason.WRONG_SITE, detail)
        target = self._met[topic] = Target(
            self._indices[address.equipment],
            address.site,
            address.equipment,
            name.equipment_class,
            address.kind,
            self._slots[name.equipment_class],
        )
        return target

    def _mend(self, topic: str) -> str:
        """Return what is wrong with a topic, and what was most likely meant."""
        levels = topic.removeprefix(self.root + "/").split("/")
        if topic.startswith(self.root + "/") and len(levels) == 4 and levels[2] == "up":
            kinds = [kind.value for kind in TopicKind]
            if levels[3] not in kinds:
                close = nearest(levels[3], kinds)
                meant = f"did you mean {close!r}?" if close else f"use {', '.join(kinds)}"
                return f"ends in {levels[3][:64]!r}: {meant}"
            return "an id in it is none: a-z, 0-9, _ and -, at most 64, a letter or digit first"
        return f"is not {self.root}/SITE/EQUIPMENT/up/…"

    def _stranger(self, equipment: str) -> str:
        close = nearest(equipment, list(self.equipment)) if len(self._lost) < _MOST_LOST else None
        meant = f"; did you mean {close!r}?" if close else ""
        return f"no {equipment!r} in the ledger{meant}"


def build_directory(
    ledgers: Iterable[SiteLedger],
    classes: Mapping[str, EquipmentClass],
    names: Names,
    root: str = topics.DEFAULT_ROOT,
) -> Directory:
    """Build the directory of some ledgers, giving new equipment and points their indices.

    Equipment of a class that does not exist is left out: the ledger's own check reports it, and
    its messages become dead letters that say so.
    """
    slots = {
        one.name: {point.name: slot_of(one.name, point, names) for point in one.points.values()}
        for one in classes.values()
    }
    equipment = {
        one.id: EquipmentName(ledger.site.id, one.id, one.equipment_class)
        for ledger in ledgers
        for one in ledger.equipment.values()
        if one.equipment_class in slots
    }
    indices = {id_: names.equipment_index(name) for id_, name in equipment.items()}
    types = {one.name: frozenset(one.events) for one in classes.values()}
    return Directory(root, equipment, indices, slots, types)
