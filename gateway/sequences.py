"""Sees what is missing, and what cannot be, in the sequences of devices that count (invariant I10).

Messages come out of order and late ones fill what was missing; only what stays missing is told. What
went missing while we were not running is not seen: a sequence begins with the first message heard.

A number that was used before, or a start that was over, with a *later* time of its own is nothing
that one device says: two speak under its name, or it began to count anew without saying so.
"""

from dataclasses import dataclass, field

from gengfu.core.batch import TopicKind
from gengfu.core.clock import Micros
from gengfu.core.identity import Counted

MOST_HOLES = 100
"""Of one sequence at a time; beyond that the oldest is told without waiting longer."""
FORMER_BOOTS = 4
"""So many starts of a device are remembered."""


@dataclass(frozen=True, slots=True)
class Gap:
    """So many messages of a device are missing."""

    equipment: str
    kind: TopicKind
    missing: int


@dataclass(frozen=True, slots=True)
class _Hole:
    """Numbers ``first`` to ``last`` were passed over at ``since``."""

    first: int
    last: int
    since: Micros

    def __len__(self) -> int:
        return self.last - self.first + 1

    def without(self, number: int) -> list["_Hole"]:
        parts = (
            _Hole(self.first, number - 1, self.since),
            _Hole(number + 1, self.last, self.since),
        )
        return [one for one in parts if len(one) > 0]


@dataclass(slots=True)
class _Stream:
    boot: str
    top: int
    told: Micros | None
    """The device's own time of the newest message, where it is believed."""
    holes: list[_Hole] = field(default_factory=list)
    given_up: int = 0
    """Missing for good, and not told yet."""
    former: tuple[str, ...] = ()
    """Its starts before this one, the latest last."""

    def take(self, number: int, at: Micros, told: Micros | None) -> bool:
        """Take a number that is not the next; tell whether it contradicts those before."""
        if number > self.top:
            self.holes.append(_Hole(self.top + 1, number - 1, at))
            self.top, self.told = number, told
            if len(self.holes) > MOST_HOLES:
                self.given_up += len(self.holes.pop(0))
            return False
        for index, hole in enumerate(self.holes):
            if hole.first <= number <= hole.last:
                self.holes[index : index + 1] = hole.without(number)
                return False
        return self.is_over(told)

    def is_over(self, told: Micros | None) -> bool:
        """Tell whether this was said later than all that is newer by its number or start."""
        return told is not None and self.told is not None and told > self.told

    def is_late(self, told: Micros | None) -> bool:
        """Tell whether this was said before the newest, so by an earlier start."""
        return told is not None and self.told is not None and told < self.told

    def remember(self, boot: str) -> None:
        """Note an earlier start."""
        self.former = (*(one for one in self.former if one != boot), boot)[-FORMER_BOOTS:]

    def follows(self, boot: str, number: int, at: Micros, told: Micros | None) -> "_Stream":
        """Return the sequence of another start; nothing of this one comes any more."""
        self.remember(self.boot)
        former = tuple(one for one in self.former if one != boot)
        return _Stream(boot, number, told, given_up=self.give_up(at), former=former)

    def give_up(self, until: Micros) -> int:
        """Return how many are missing since before ``until``, once."""
        old = [one for one in self.holes if one.since <= until]
        self.holes = [one for one in self.holes if one.since > until]
        missing, self.given_up = self.given_up + sum(map(len, old)), 0
        return missing


class Sequences:
    """The sequences of all devices; as many as the ledger has equipment, times the topic kinds."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, TopicKind], _Stream] = {}

    def note(self, counted: Counted, at: Micros, told: Micros | None = None) -> bool:
        """Take a message that came; also one that is a duplicate or was shed: it is not missing.

        ``told`` is the device's own time of it, where it is believed. Return whether the message
        contradicts what came before.
        """
        key = (counted.equipment, counted.kind)
        stream = self._streams.get(key)
        if stream is None:
            self._streams[key] = _Stream(counted.boot, counted.seq, told)
            return False
        if stream.boot != counted.boot:
            known = counted.boot in stream.former
            if stream.is_late(told) or (known and not stream.is_over(told)):
                stream.remember(counted.boot)
                return False
            self._streams[key] = stream.follows(counted.boot, counted.seq, at, told)
            return known
        if counted.seq == stream.top + 1:
            stream.top, stream.told = counted.seq, told
            return False
        return stream.take(counted.seq, at, told)

    def gaps(self, until: Micros) -> list[Gap]:
        """Return what is missing since before ``until``; each gap once."""
        found = [
            Gap(*key, stream.give_up(until))
            for key, stream in self._streams.items()
            if stream.holes or stream.given_up
        ]
        return [one for one in found if one.missing]
