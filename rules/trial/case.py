"""What a rule test is, once it was read: an estate, what it says and when, which alerts must open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gengfu.core.clock import SECOND, Micros, from_iso
from gengfu.core.naming import Bilingual, Language, Scalar, Subject
from gengfu.ledger.model import Equipment, Place, PlaceKind, SpecialDays

BUILDING: Final = Place(
    id="b1", kind=PlaceKind.BUILDING, name=Bilingual(zh="1号楼", en="Building 1")
)
"""Where everything stands that is placed nowhere else."""
BEGINNING: Final[Micros] = from_iso("2026-01-01T00:00:00Z")
"""When a test begins that does not say: a Thursday, eight in the morning."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value that an equipment says; None = said to be missing."""

    equipment: str
    point: str
    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event of an equipment, or (``by_person``) an action of a person on it."""

    at: Micros
    """Of its arrival, from the test's beginning."""
    late: Micros = 0
    """How much earlier it happened."""
    equipment: str
    type: str
    part: str | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    by_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An alert that must open. Times from the test's beginning; None or empty = not looked at."""

    place: str
    """Its line in the file."""
    rule: str
    subject: Subject
    opened: Micros
    cleared: Micros | None = None
    """None = still on at the end."""
    since: Micros | None = None
    occurrences: int | None = None
    severity: str = ""
    title: Mapping[Language, str] = field(default_factory=dict)
    values: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test."""

    file: str
    place: str
    name: str
    rule: str
    """The rule it is about: no other is looked at. Empty: all are."""
    equipment: tuple[Equipment, ...]
    samples: Mapping[Micros, tuple[Sample, ...]]
    """By the time they are said, from the test's beginning."""
    happenings: tuple[Happening, ...] = ()
    begins: Micros = BEGINNING
    guarded: str = ""
    """The guarded time of everything in it."""
    special_days: tuple[SpecialDays, ...] = ()
    tick: Micros = SECOND
    until: Micros = 0
    alerts: tuple[Expected, ...] = ()
    places: Mapping[str, Place] = field(default_factory=lambda: {BUILDING.id: BUILDING})

    @property
    def where(self) -> str:
        """Return how a person finds it."""
        return f"{self.file}:{self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A file of tests. ``rules`` are rule files beside it; none = the rules in force."""

    file: str
    rules: tuple[str, ...]
    cases: tuple[Case, ...]
