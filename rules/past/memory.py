"""What every function of the past is: the little it remembers, how it is told, what it is called.

Each keeps a fixed number of figures for one equipment, whatever arrives. It is told samples in the
order of their time and knows no clock: one whose value changes by time alone says when it is due.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from gengfu.core.clock import Micros
from gengfu.core.expression import Signature
from gengfu.core.naming import Bilingual, Scalar

NOT_DUE: Micros = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For whom a function remembers."""

    span: Micros
    """The duration in the rule; 0 = it takes none."""
    zone: ZoneInfo
    """The equipment's local clock."""
    values: int = 1
    """How many values it is told at once."""


class Past:
    """One function's memory for one equipment."""

    __slots__ = ()
    KEPT: ClassVar[tuple[str, ...]] = ()
    """The attributes that are the memory: numbers, arrays of them, other memories, tuples of those."""

    def update(self, at: Micros, inputs: Sequence[Scalar]) -> Scalar:
        """Take a sample of the function's arguments (without durations); return its value.

        No inputs: an event happened.
        """
        raise NotImplementedError

    def save(self) -> list[float]:
        """Return everything remembered as numbers; always as many."""
        saved: list[float] = []
        for name in self.KEPT:
            match getattr(self, name):
                case Past() as inner:
                    saved += inner.save()
                case tuple() as several:
                    saved += (figure for inner in several for figure in inner.save())
                case array() as figures:
                    saved += figures
                case number:
                    saved.append(number)
        return saved

    def load(self, saved: Sequence[float]) -> None:
        """Take back what ``save`` gave."""
        rest = list(saved)

        def take(count: int) -> list[float]:
            taken = rest[:count]
            del rest[:count]
            return taken

        for name in self.KEPT:
            match getattr(self, name):
                case Past() as inner:
                    inner.load(take(len(inner.save())))
                case tuple() as several:
                    for inner in several:
                        inner.load(take(len(inner.save())))
                case array() as figures:
                    setattr(self, name, array("d", take(len(figures))))
                case _:
                    setattr(self, name, take(1)[0])


class Timed(Past):
    """A memory whose value changes by time alone. While the link is lost it is told so."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due = float(NOT_DUE)

    @property
    def due(self) -> Micros:
        """When it wants to be woken; NOT_DUE when nothing will change by itself."""
        return int(self._due)

    def wake(self, at: Micros) -> Scalar:
        """Return the value now that it was due and nothing else was said; due later, or not."""
        raise NotImplementedError

    def lose(self, at: Micros) -> Scalar:
        """Return the value now that nobody knows what the equipment does."""
        return self.update(at, (None,))


class Learner(Past):
    """A memory that learns what is normal, so that it must be told when what comes may be none."""

    __slots__ = ("in_doubt",)

    def __init__(self) -> None:
        self.in_doubt = False
        """A rule that looks at what it gives is on."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the past as rules see it."""

    name: str
    signature: Signature
    make: Callable[[Terms], Past] | None
    """None: the engine remembers it for all rules."""
    gives: Bilingual
    """What it gives, in the words of the documents."""
    timed: bool = False
    spans: int = 1
    learns: Micros = 0
    """What it says depends on so many of its durations, and so much more, before."""
