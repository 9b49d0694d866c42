"""Sees what is missing in the sequences of devices that count their messages (invariant I10).

Messages come out of order and late ones fill what was missing; only what stays missing is told. What
went missing while we were not running is not seen: a sequence begins with the first message heard.
"""

from dataclasses import dataclass, field

from gengfu.core.batch import TopicKind
from gengfu.core.clock import Micros
from gengfu.core.identity import Counted

MOST_HOLES = 100
"""Of one sequence at a time; beyond that the oldest is told without waiting longer."""


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
    holes: list[_Hole] = field(default_factory=list)
    given_up: int = 0
    """Missing for good, and not told yet."""

    def take(self, number: int, at: Micros) -> None:
        if number > self.top:
            self.holes.append(_Hole(self.top + 1, number - 1, at))
            self.top = number
            if len(self.holes) > MOST_HOLES:
                self.given_up += len(self.holes.pop(0))
            return
        for index, hole in enumerate(self.holes):
            if hole.first <= number <= hole.last:
                self.holes[index : index + 1] = hole.without(number)
                return

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

    def note(self, counted: Counted, at: Micros) -> None:
        """Take a message that came; also one that is a duplicate or was shed: it is not missing."""
        key = (counted.equipment, counted.kind)
        stream = self._streams.get(key)
        if stream is None:
            self._streams[key] = _Stream(counted.boot, counted.seq)
        elif stream.boot != counted.boot:
            lost = stream.give_up(at)  # a device that began anew sends nothing of before
            self._streams[key] = _Stream(counted.boot, counted.seq, given_up=lost)
        elif counted.seq == stream.top + 1:
            stream.top = counted.seq
        else:
            stream.take(counted.seq, at)

    def gaps(self, until: Micros) -> list[Gap]:
        """Return what is missing since before ``until``; each gap once."""
        found = [Gap(*key, stream.give_up(until)) for key, stream in self._streams.items()]
        return [one for one in found if one.missing]
