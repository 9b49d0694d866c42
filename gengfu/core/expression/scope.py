"""What an expression may speak of: names, kinds, units and ranges, not where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from gengfu.core.names import PointKind


@dataclass(frozen=True, slots=True)
class PointType:
    """What a point is; ``words`` of an enum."""

    kind: PointKind
    words: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    """Outside [low, high] no value is plausible."""


class Within(Enum):
    """What is known of the values that a function of the past gives."""

    ANYTHING = auto()
    FIRST = auto()
    """They lie where those of its first argument lie, in the same unit."""
    POSITIVE = auto()
    """None is below 0."""
    SPAN = auto()
    """Seconds of its duration: from 0 to all of them."""
    DAY = auto()
    """Seconds of one day by the clock, which is 25 hours long once a year."""


class Parameter(Enum):
    """What a function of the past takes at one place."""

    VALUE = auto()
    """A number of the equipment."""
    CONDITION = auto()
    """Something true or false."""
    POINT = auto()
    """A point by its name."""
    OCCURRENCE = auto()
    """A point or an event type by its name."""
    HAPPENING = auto()
    """An event type by its name, or something that becomes true."""
    SPAN = auto()
    """A duration."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A function of the past: what it takes, and what it gives; without a word on it a number."""

    parameters: tuple[Parameter, ...]
    as_first: bool = False
    """It gives what its first argument is."""
    truth: bool = False
    """It gives true or false."""
    optional: int = 0
    """How many of the last parameters may be left out."""
    values: int = 1
    """How often the first parameter may stand there."""
    within: Within = Within.ANYTHING


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may speak of."""

    points: Mapping[str, PointType]
    events: frozenset[str] = frozenset()
    functions: Mapping[str, Signature] = field(default_factory=dict)
    attributes: Mapping[str, PointType] = field(default_factory=dict)
    """Those that are known; the ledger may have others, so only a slip of one of these is a flaw."""
    relations: frozenset[str] = frozenset()
    """By which other equipment is found for ``any all count share``; none: there is no other."""
    elsewhere: Mapping[str, "Scope"] = field(default_factory=dict)
    """What may be asked of equipment of other classes, by class."""
