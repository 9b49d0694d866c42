"""What expressions read: one equipment's values as far as rules need them, and how to read each."""

from array import array
from collections.abc import Callable, Mapping, MutableSequence

from gengfu.core.clock import SECOND, Micros
from gengfu.core.expression import Program
from gengfu.core.naming import Scalar
from rules.groups import Poll

NEVER: Micros = -(2**62)


class Frame:
    """One equipment's values by slot, and what is remembered of their changes."""

    __slots__ = (
        "at",
        "attributes",
        "changed",
        "observed",
        "occurred",
        "polls",
        "previous",
        "values",
    )

    def __init__(self, attributes: Mapping[str, Scalar], points: int, outputs: int) -> None:
        self.attributes = attributes
        self.values: list[Scalar] = [None] * (points + outputs)
        """By slot: points, then the outputs of functions of the past; None = unknown."""
        self.observed: MutableSequence[Micros] | memoryview = array("q", [NEVER] * points)
        """By slot: when it was observed last."""
        self.previous: dict[int, Scalar] = {}
        self.changed: dict[int, Micros] = {}
        self.occurred: dict[str, Micros] = {}
        self.polls: list[Poll | None] = []
        """By the plan's groups; None = nothing joins it to others."""
        self.at: Micros = NEVER
        """Event time: of the newest reading or event."""


def slot_value(slot: int) -> Program[Frame]:
    """Read what a slot holds."""
    return lambda frame: frame.values[slot]


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
