"""What expressions read: one equipment's values as far as rules need them, and how to read each.

Values are numbers as a batch of readings has them: a boolean 0 or 1, an enum's word its code. They are
read as what they mean; a free text stands beside them.
"""

import math
from array import array
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import TypeAlias

from gengfu.core.clock import SECOND, Micros
from gengfu.core.expression import Program
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from rules.engine.groups import Poll

NEVER: Micros = -(2**62)

Numbers: TypeAlias = "MutableSequence[float] | memoryview[float]"
Times: TypeAlias = "MutableSequence[Micros] | memoryview[int]"


class Frame:
    """One equipment's values by slot, and what is remembered of their changes."""

    __slots__ = (
        "attributes",
        "changed",
        "known",
        "numbers",
        "observed",
        "occurred",
        "outputs",
        "polls",
        "previous",
        "spoke",
        "texts",
    )

    def __init__(self, attributes: Mapping[str, Scalar], points: int, outputs: int) -> None:
        self.attributes = attributes
        self.numbers: Numbers = array("d", [math.nan] * points)
        """By slot; NaN = unknown."""
        self.observed: Times = array("q", [NEVER] * points)
        """By slot: when it was observed last."""
        self.texts: dict[int, str] = {}
        """By slot: what points of free text say; their number stays NaN."""
        self.outputs: list[Scalar] = [None] * outputs
        """What functions of the past give."""
        self.known: dict[int, Scalar] = {}
        """By slot whose changes are remembered: its newest value that was not unknown."""
        self.previous: dict[int, Scalar] = {}
        self.changed: dict[int, Micros] = {}
        self.occurred: dict[str, Micros] = {}
        self.polls: list[Poll | None] = []
        """By the plan's groups; None = nothing joins it to others."""
        self.spoke: Micros = NEVER
        """Event time of the newest event, and of readings that no rule reads any more."""

    @property
    def at(self) -> Micros:
        """Event time: of the newest reading or event."""
        return max(self.spoke, *self.observed)


def slot_value(slot: int, kind: PointKind, words: Sequence[str]) -> Program[Frame]:
    """Read what a slot holds; ``words`` of an enum by their codes."""

    def number(frame: Frame) -> Scalar:
        value = frame.numbers[slot]
        return value if value == value else None  # noqa: PLR0124 – NaN alone is not itself

    def boolean(frame: Frame) -> Scalar:
        value = frame.numbers[slot]
        return value != 0 if value == value else None  # noqa: PLR0124 – as above

    def word(frame: Frame) -> Scalar:
        value = frame.numbers[slot]
        return words[int(value)] if value == value else None  # noqa: PLR0124 – as above

    match kind:
        case PointKind.BOOLEAN:
            return boolean
        case PointKind.ENUM:
            return word
        case PointKind.TEXT:
            return lambda frame: frame.texts.get(slot)
    return number


def output(number: int) -> Program[Frame]:
    """Read what a function of the past gives."""
    return lambda frame: frame.outputs[number]


def attribute(name: str) -> Program[Frame]:
    """Read a fact of the ledger."""
    return lambda frame: frame.attributes.get(name)


def previous(slot: int) -> Program[Frame]:
    """Read what a slot held before its last change."""
    return lambda frame: frame.previous.get(slot)


def since_change(slot: int) -> Program[Frame]:
    """Read for how many seconds a slot has been as it is."""

    def seconds(frame: Frame) -> Scalar:
        changed = frame.changed.get(slot)
        return None if changed is None else (frame.at - changed) / SECOND

    return seconds


def since_event(name: str) -> Program[Frame]:
    """Read how many seconds ago an event happened."""

    def seconds(frame: Frame) -> Scalar:
        occurred = frame.occurred.get(name)
        return None if occurred is None else (frame.at - occurred) / SECOND

    return seconds


def tallied(number: int, function: str, read: Callable[[Poll, str], Scalar]) -> Program[Frame]:
    """Read what a group's poll says."""

    def value(frame: Frame) -> Scalar:
        poll = frame.polls[number]
        return None if poll is None else read(poll, function)

    return value
