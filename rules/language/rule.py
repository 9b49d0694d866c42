"""What a rule is, once it was read and checked. Frozen: an edited rule is another one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from gengfu.core.clock import MINUTE, Micros
from gengfu.core.expression import Expression, holds
from gengfu.core.expression.tree import Group
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.ledger.model import Equipment
from rules.language.schedule import During, PlaceClock

_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.]+)\}")


class Source(StrEnum):
    """Who brings an occurrence."""

    EVENT = "event"
    """The device."""
    ACTION = "action"
    """A person, recorded in the journal."""


class SubjectKind(StrEnum):
    """What an event rule's alerts are about."""

    EQUIPMENT = "equipment"
    PART = "part"
    """Each address of it apart."""


class Relation(StrEnum):
    """What joins equipment of one class: being in one place, under one parent, on one supply."""

    ZONE = "zone"
    FLOOR = "floor"
    UNIT = "unit"
    BUILDING = "building"
    SITE = "site"
    SIBLINGS = "siblings"
    """One equipment speaks for them: a switch's cameras."""
    SUPPLY = "supply"
    """One equipment feeds them, or the nearest place of theirs that is fed."""


Sign: TypeAlias = Literal["<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Limit:
    """What an event's figure must be: ``>= 3``."""

    sign: Sign
    figure: float

    def fits(self, value: Scalar) -> bool:
        """Tell whether a value keeps it; what is no figure does not."""
        if isinstance(value, str) or value is None:
            return False
        match self.sign:
            case "<":
                return value < self.figure
            case "<=":
                return value <= self.figure
            case ">":
                return value > self.figure
            case ">=":
                return value >= self.figure


UNSAID = "none"
"""Among an attribute's words: the event says nothing of it."""


class Told(StrEnum):
    """People's steps that rules are told of (``alerts.action_log``)."""

    VERDICT = "verdict"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Which events (or actions of people) are meant."""

    source: Source
    type: str
    attributes: Mapping[str, tuple[str | Limit, ...]] = field(default_factory=dict)
    """Attribute → any of these."""

    def matches(self, attributes: Mapping[str, Scalar]) -> bool:
        return all(
            any(_fits(attributes.get(name), one) for one in wanted)
            for name, wanted in self.attributes.items()
        )


def _fits(value: Scalar, wanted: str | Limit) -> bool:
    if isinstance(wanted, Limit):
        return wanted.fits(value)
    match value:
        case None:
            return wanted == UNSAID
        case bool():
            return wanted == ("true" if value else "false")
        case int() | float():
            return _figure(wanted) == value
    return value == wanted


def _figure(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


PLACES = (Relation.ZONE, Relation.FLOOR, Relation.UNIT, Relation.BUILDING, Relation.SITE)
"""The relations of nearness."""
LONGEST_PROOF: Micros = 5 * MINUTE
"""What is waited for: the engine remembers twice as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What another device nearby must tell as well, before or after, for an event to count.

    Alarm systems call it sequential confirmation (BS 8243).
    """

    equipment_class: str
    matcher: Matcher
    relation: Relation
    """How near: in the same zone, floor, unit or building, or at the same site."""
    within: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many occurrences within so long: events, or times that ``when`` became true."""

    times: int
    within: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How long it must hold, for the equipment that ``where`` is true for (None: all others)."""

    where: Expression | None = None
    span: Micros = 0


class Children(StrEnum):
    """Which other equipment an alert names, and speaks for while it is on."""

    NONE = "false"
    SPOKEN_FOR = "true"
    """What tells its news through this one."""
    FED = "fed"
    """What this one feeds: it is without supply while the rule is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a pack. What makes it on: ``when`` (held), ``event`` (counted), or silence."""

    id: str
    """``<pack>.<name>``."""
    equipment_class: str
    where: Expression | None = None
    """Over ``attr.*``: to which equipment it applies; must be true."""
    when: Expression | None = None
    """Beside ``event``: must be true when the event comes."""
    event: Matcher | None = None
    confirmed_by: Proof | None = None
    """Beside ``event``: without it the event is none."""
    count: Count | None = None
    during: During | None = None
    """When it looks at all (None: always); outside it is off."""
    hold: tuple[Hold, ...] = (Hold(),)
    """The first that fits an equipment's attributes."""
    no_data: Micros | None = None
    """On as well when the equipment was not heard for so long."""
    clear: Expression | None = None
    """None: off when ``when`` is known to be false."""
    clear_on: tuple[Matcher, ...] = ()
    clear_hold: Micros = 0
    """For an event rule without anything else that clears it: off after so long without another."""
    severity: Severity
    severities: tuple[tuple[During, Severity], ...] = ()
    """Instead of it in some hours: the first that fits."""
    kind: Kind
    priority: int
    response: Response
    """How soon somebody has to be there: which stage clocks its alerts run on."""
    latched: bool = False
    title: Bilingual
    advice: tuple[Bilingual, ...] = ()
    shown: Mapping[str, Expression] = field(default_factory=dict)
    """What names in titles and advice stand for that are no points: those of ``let``."""
    words: Mapping[str, Bilingual] = field(default_factory=dict)
    """How titles and advice say the words of an event's attributes."""
    subject: SubjectKind = SubjectKind.EQUIPMENT
    children: Children = Children.NONE
    supply: bool = False
    """It is about the equipment's own supply: with a dead feeder it is the feeder's alert."""
    per: Relation | None = None
    """Looks once for all that it joins, and its alert stands on the first of them by id."""
    source: str
    """Where the thresholds are from: ``S …`` (a standard) or ``U …`` (experience)."""

    def is_for(self, equipment: Equipment) -> bool:
        """Tell whether it looks at an equipment: its class, and what the ledger says of it."""
        if equipment.equipment_class != self.equipment_class:
            return False
        return self.where is None or holds(self.where, equipment.fact) is True

    def hold_for(self, equipment: Equipment) -> Micros:
        """Return how long it must hold there."""
        return next(
            hold.span
            for hold in self.hold
            if hold.where is None or holds(hold.where, equipment.fact) is True
        )

    def severity_at(self, at: Micros, clock: PlaceClock) -> Severity:
        """Return the severity of what begins at a moment, at the place of ``clock``."""
        fitting = (severity for during, severity in self.severities if during.holds(at, clock))
        return next(fitting, self.severity)

    @property
    def halves(self) -> tuple[tuple[str, str], ...]:
        """Return which events it wants together: their classes and types."""
        if self.event is None or self.confirmed_by is None:
            return ()
        proof = self.confirmed_by
        return (
            (self.equipment_class, self.event.type),
            (proof.equipment_class, proof.matcher.type),
        )

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(one for one in (self.when, self.clear) if one is not None)

    @property
    def asked_elsewhere(self) -> tuple[Group, ...]:
        """Return its conditions on equipment of named classes, those of what its texts show too."""
        every = (*self.expressions, *self.shown.values())
        return tuple(group for one in every for group in one.groups if group.of)

    @property
    def is_of_supply(self) -> bool:
        """Whether a dead feeder explains it: a lost link, a lost supply, what is fed in turn."""
        return self.supply or self.watches_link or self.children is Children.FED

    @property
    def watches_link(self) -> bool:
        """Whether it is about the link itself, and so holds while the link is lost."""
        return any("online" in one.points for one in self.expressions)


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names that a title or advice wants values for."""
    return tuple(_PLACEHOLDER.findall(text))


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """Put values into a title or advice."""
    return _PLACEHOLDER.sub(lambda match: value_of(match[1]), text)
