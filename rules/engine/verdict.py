"""What the engine says: a rule's condition is on or off for a subject, since when and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Response, Severity


class Turn(StrEnum):
    """What changed."""

    ON = "on"
    """The condition has held long enough: an alert opens, or an open one is on again."""
    OCCURRED = "occurred"
    """The same again while on: counted on the open alert."""
    CHANGED = "changed"
    """Still on, for other children: title and children of the open alert are these now."""
    OFF = "off"
    """The clear condition held long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One change of one rule for one subject, complete enough that alerts need not ask back."""

    rule: str
    site: str
    subject: Subject
    turn: Turn
    position: int
    """The journal record that brought it about; (rule, subject, position) is its identity."""
    at: Micros
    """The journal's time."""
    since: Micros
    """Since when (event time) the condition has held, or held no more."""
    kind: Kind
    severity: Severity
    response: Response
    priority: int
    latched: bool
    title: Bilingual
    advice: tuple[Bilingual, ...] = ()
    values: Mapping[str, Scalar] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    late: bool = False
    """From late data: would have fired or cleared; never pages."""
