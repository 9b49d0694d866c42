"""What the way to the broker does to messages: cut, buffered, lossy, with a wrong clock, replayed, forged.

It knows who speaks for whom, and nothing of machines: those go on living while nobody hears them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from gengfu.core.batch import TopicKind
from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Scalar
from gengfu.ledger.model import SiteLedger
from simulators.device import Injection, Said, Sample
from simulators.estate.report import Message

OFFLINE = "offline"
"""Cut off, with all that it speaks for: what happens meanwhile is never told."""
SILENT = "silent"
"""Nothing is heard of it, nor of those it speaks for, and nobody says so: an empty battery, a program
that hangs on a line that holds."""
BUFFERING = "buffering"
"""Cut off as well, but what happens is kept and told in order when the way is back."""
LOSSY = "lossy"
"""A ``share`` of messages does not arrive (0.3): its own, or those of the devices that it speaks for."""
CLOCK_WRONG = "clock_wrong"
"""The device's own times are ``seconds`` off (400): ahead, or behind when negative. They drift by
``ppm`` from there (0): a quartz without its time server by some 40, a cheap oscillator by 1,000."""
REPLAYED = "replayed"
"""Somebody who listened publishes once more what it sent last."""

SPOOFED = "spoofed"
"""Somebody else publishes under its name too: again and again what it said when that began."""

LINK_FAULTS = frozenset({OFFLINE, SILENT, BUFFERING, LOSSY, CLOCK_WRONG, REPLAYED, SPOOFED})
"""What can happen to the link of every equipment."""

_LOST, _BUFFERED = "children_lost", "buffered"
"""What a gateway counts: whom it does not hear, and the messages that it keeps."""
CUT = frozenset({OFFLINE, SILENT, BUFFERING})
_LOST_SHARE = 0.3
_CLOCK_SECONDS = 400.0
_FORGED_EVERY = 91 * SECOND


@dataclass(slots=True)
class _Forger:
    """Somebody who says the same messages under an equipment's name, ``due`` next."""

    says: tuple[Message, ...]
    due: Micros


@dataclass(slots=True)
class Links:
    """The ways of one site's equipment; all of them whole at first."""

    ledger: SiteLedger
    rng: Random
    _faults: dict[tuple[str, str], Injection] = field(default_factory=dict)
    """By equipment and fault."""
    _since: dict[tuple[str, str], Micros] = field(default_factory=dict)
    """When each began."""
    _kept: dict[str, list[Message]] = field(default_factory=dict)
    """What a buffering device has not told yet."""
    _cut_by: Mapping[str, str] = field(default_factory=dict)
    """Equipment that is not heard → who is cut off."""
    _missed: Mapping[str, set[str]] = field(default_factory=dict)
    """Equipment → whom it speaks for and does not hear itself."""
    _forgers: dict[str, _Forger] = field(default_factory=dict)

    def begin(self, injection: Injection, at: Micros) -> None:
        self._faults[injection.equipment, injection.fault] = injection
        self._since[injection.equipment, injection.fault] = at
        self._look()

    def end(self, injection: Injection) -> None:
        self._faults.pop((injection.equipment, injection.fault), None)
        if injection.fault == SPOOFED:
            self._forgers.pop(injection.equipment, None)
        self._look()

    def forge(self, equipment: str, says: Iterable[Message], at: Micros) -> None:
        """Let somebody say these messages under an equipment's name until the fault ends."""
        self._forgers[equipment] = _Forger(tuple(says), at)

    def forged(self, until: Micros) -> Iterator[Message]:
        """Yield what is said under others' names until then."""
        for forger in self._forgers.values():
            while forger.due <= until:
                yield from (replace(one, at=forger.due, forged=True) for one in forger.says)
                forger.due += _FORGED_EVERY

    def is_heard(self, equipment: str) -> bool:
        return equipment not in self._cut_by

    def counted(self, said: Said) -> Said:
        """Return what is said; a gateway's readings with how many devices it does not hear itself."""
        if not isinstance(said, Sample) or _LOST not in said.points:
            return said
        lost = len(self._missed.get(said.equipment, ()))
        return replace(said, points={**said.points, _LOST: lost})

    def concerned(self, equipment: str) -> tuple[str, ...]:
        """Return an equipment and all it speaks for."""
        return (equipment, *self.ledger.children_of(equipment))

    def carry(self, message: Message) -> Iterator[Message]:
        """Yield what arrives of a message, if anything does."""
        if message.kind is not TopicKind.STATUS:
            message = self._worn(message)
        cut = self._cut_by.get(message.equipment)
        if cut is None:
            yield message
        elif (cut, BUFFERING) in self._faults and not message.lost:
            self._kept.setdefault(cut, []).append(message)

    def release(self, equipment: str) -> Iterator[Message]:
        """Yield what was kept while an equipment was cut off, in order of time.

        Where it counts what it keeps, it says of each moment how much that was.
        """
        kept = sorted(self._kept.pop(equipment, []), key=lambda one: one.at)
        for before, one in enumerate(kept):
            if one.equipment == equipment and _BUFFERED in one.points:
                yield replace(one, points={**one.points, _BUFFERED: before})
            else:
                yield one

    def _worn(self, message: Message) -> Message:
        if not self._faults:
            return message
        lossy = self._lossy(message.equipment)
        if lossy and self.rng.random() < _number(lossy.settings.get("share"), _LOST_SHARE):
            message = replace(message, lost=True)
        wrong = self._faults.get((message.equipment, CLOCK_WRONG))
        if wrong is not None:
            passed = message.at - self._since[message.equipment, CLOCK_WRONG]
            off = _number(wrong.settings.get("seconds"), _CLOCK_SECONDS) * SECOND
            off += _number(wrong.settings.get("ppm"), 0.0) * passed / 1e6
            message = replace(message, at=message.at + round(off))
        return message

    def _lossy(self, equipment: str) -> Injection | None:
        """Return what loses messages: its own link, or the radio side of who speaks for it."""
        parent = self.ledger.equipment[equipment].parent
        if parent is not None and (parent, LOSSY) in self._faults:
            return self._faults[parent, LOSSY]
        own = self._faults.get((equipment, LOSSY))
        return None if own is None or self.ledger.children_of(equipment) else own

    def _look(self) -> None:
        cut = [equipment for equipment, fault in self._faults if fault in CUT]
        self._cut_by = {one: root for root in cut for one in self.concerned(root)}
        missed: dict[str, set[str]] = {}
        for root in cut:
            above = self.ledger.equipment.get(self.ledger.equipment[root].parent or "")
            while above is not None:
                missed.setdefault(above.id, set()).update(self.concerned(root))
                above = self.ledger.equipment.get(above.parent or "")
        self._missed = missed


def _number(value: Scalar, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
