"""What stands where, and who speaks for whom.

Words as in Project Haystack and Brick: a site holds places (building → unit → floor → zone);
equipment stands in a place; a *parent* speaks for its children; a feeder *feeds* what hangs on it.
Values here cannot exist invalid by themselves; what must hold between them (a parent exists, no
circle) is checked where a ledger is put together: ``gengfu.ledger.check``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from gengfu.core.clock import Micros
from gengfu.core.hours import Calendar, DayKind
from gengfu.core.names import PointKind
from gengfu.core.naming import Bilingual, Scalar


class PlaceKind(StrEnum):
    """The levels of the place tree below a site."""

    BUILDING = "building"
    UNIT = "unit"
    FLOOR = "floor"
    ZONE = "zone"


class ZoneKind(StrEnum):
    """What a zone is for."""

    AREA = "area"
    FIRE_COMPARTMENT = "fire_compartment"
    """防火分区"""
    ARMED_AREA = "armed_area"
    """防区"""


class Criticality(StrEnum):
    """How much depends on an equipment: 关键, 重要, 一般."""

    KEY = "key"
    IMPORTANT = "important"
    GENERAL = "general"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A property under one management: its own partition, rosters and reports."""

    id: str
    name: Bilingual
    time_zone: str = "Asia/Shanghai"
    guarded: str = ""
    """As of a place; it holds where no place says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A building, unit, floor or zone. ``parent`` None = directly below the site."""

    id: str
    kind: PlaceKind
    name: Bilingual
    """As said there, without the places above it: 3号楼, B1, 水泵房."""
    parent: str | None = None
    zone_kind: ZoneKind | None = None
    level: int | None = None
    """A floor's number for sorting; below ground is negative."""
    guarded: str = ""
    """Its guarded time (布防时段), as ``hours.read_timetable`` reads it; empty = as the place above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An address below an equipment (a detector, an input, a leaf, a channel): a row of a 点位表."""

    address: str
    type: str
    name: Bilingual
    place: str | None = None
    """Where to send a person; None = where the equipment stands."""
    compartment: str | None = None
    """The fire compartment (a place id) it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """One piece of equipment. ``id`` is unique across all sites and is its MQTT identity."""

    id: str
    equipment_class: str
    name: Bilingual
    place: str
    parent: str | None = None
    """Who speaks for it: its silence makes this one unknown."""
    feeds: tuple[str, ...] = ()
    """What it supplies or serves: ids of equipment or places."""
    criticality: Criticality | None = None
    """None = as the class says."""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    """Facts that rules may read: rated_current, role, exit_request_wired …"""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """By address."""

    def fact(self, name: str) -> Scalar:
        """Return an attribute by its name in expressions (``attr.NAME``); None = it has none."""
        return self.attributes.get(name.removeprefix("attr."))


class Cause(StrEnum):
    """What must have happened. One detector alone is no cause: it may be steam."""

    CONFIRMED_FIRE = "confirmed_fire"
    """Two independent signals in one compartment, or a person's verdict (GB 50116 §4.1.6)."""
    WATER = "water_switch"
    """A pressure or flow switch: it alone starts a fire pump (GB 50974 §11.0.4)."""
    GAS = "gas_alarm"
    """A gas detector's alarm."""


class Needs(StrEnum):
    """How many of several must respond."""

    ALL = "all"
    ANY = "any"
    """Duty and standby: one of them is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkageLine:
    """A row of a cause-and-effect table (联动表): after this, that equipment does so in this time."""

    cause: Cause
    where: str
    """A place that holds the compartment of a confirmed fire; else the equipment that signals."""
    signal: str = ""
    """An expression over the points of that equipment; empty for a confirmed fire."""
    equipment: tuple[str, ...]
    needs: Needs = Needs.ALL
    expectation: str
    """An expression over the points of each of ``equipment``."""
    within: Micros
    source: str = ""
    """The fire plan, a standard, or experience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDays:
    """Days of a site that are not what their weekdays say, as the yearly notice has them."""

    first: date
    last: date
    day: DayKind
    """``HOLIDAY``, or ``WORKDAY`` for a weekend that is worked in exchange (调休)."""
    name: str = ""

    def dates(self) -> Iterator[date]:
        """Yield every day of it."""
        return (self.first + timedelta(n) for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLedger:
    """Everything of one site; ``places`` and ``equipment`` by id, in the order of the import."""

    site: Site
    places: Mapping[str, Place]
    equipment: Mapping[str, Equipment]
    linkage: tuple[LinkageLine, ...] = ()
    special_days: tuple[SpecialDays, ...] = ()

    def way_to(self, place: str) -> tuple[Place, ...]:
        """Return the places from the building down to ``place`` (zone last)."""
        way: list[Place] = []
        step = self.places.get(place)
        while step is not None:
            way.append(step)
            step = self.places.get(step.parent) if step.parent else None
        return tuple(reversed(way))

    def place_name(self, place: str) -> Bilingual:
        """Return a place as a guard is told it: 3号楼 B1 水泵房."""
        way = self.way_to(place)
        return Bilingual(
            zh=" ".join(step.name.zh for step in way), en=" ".join(step.name.en for step in way)
        )

    def guarded_at(self, place: str) -> str:
        """Return the guarded time of a place: its own, or that of the nearest around it."""
        said = (step.guarded for step in reversed(self.way_to(place)) if step.guarded)
        return next(said, self.site.guarded)

    def calendar(self) -> Calendar:
        """Return the dates that are not what their weekdays say."""
        return {day: one.day for one in self.special_days for day in one.dates()}

    def building_of(self, place: str) -> str | None:
        """Return the id of the building that a place is in."""
        way = self.way_to(place)
        return way[0].id if way and way[0].kind is PlaceKind.BUILDING else None

    def children_of(self, equipment: str) -> tuple[str, ...]:
        """Return the ids of those that an equipment speaks for, directly or through others."""
        found: list[str] = []
        waiting = [equipment]
        while waiting:
            parent = waiting.pop()
            direct = [one.id for one in self.equipment.values() if one.parent == parent]
            found.extend(direct)
            waiting.extend(direct)
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointDef:
    """A point of a class. ``unit`` in UCUM or Haystack spelling; empty for none."""

    name: str
    kind: PointKind
    title: Bilingual
    unit: str = ""
    words: Mapping[str, Bilingual] = field(default_factory=dict)
    """An enum's texts in the order of their codes."""
    tags: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    """Outside [low, high] a value is not plausible. It is kept all the same."""
    digits: int = 0
    """How many decimals the sensor really has, for display."""
    optional: bool = False
    """Often not fitted; then it is unknown, never false."""
    vital: bool = False
    """Life safety depends on it: it should come by ``up/vital``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDef:
    """An event type of a class, with its attributes' kinds."""

    type: str
    title: Bilingual
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute → its words; () = free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateClause:
    """``state`` holds when ``when`` (an expression over the class's points) is true."""

    state: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDef:
    """A fact that the ledger may tell of equipment of a class (``attr.NAME``), and rules may read."""

    name: str
    kind: PointKind
    title: Bilingual
    unit: str = ""
    words: Mapping[str, Bilingual] = field(default_factory=dict)
    """Of an enum: the usual ones; a site may have words of its own."""

    def takes(self, value: Scalar) -> bool:
        """Tell whether a value is of its kind; a missing one always is."""
        match self.kind:
            case PointKind.BOOLEAN:
                return value is None or isinstance(value, bool)
            case PointKind.ENUM | PointKind.TEXT:
                return value is None or isinstance(value, str)
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentClass:
    """A class of equipment as data: one YAML file in ``gengfu/ledger/classes``."""

    name: str
    title: Bilingual
    brick: str
    tags: tuple[str, ...]
    icon: str
    criticality: Criticality
    availability_target: float
    """Share of required time, 0…1."""
    silent_after: Micros
    """Without any message for so long the equipment is unknown."""
    points: Mapping[str, PointDef]
    events: Mapping[str, EventDef]
    attributes: Mapping[str, AttributeDef] = field(default_factory=dict)
    """Those that are known; an equipment may have others of its own."""
    operating_state: tuple[StateClause, ...]
    """The first clause that is true wins; none true = unknown."""
    packs: tuple[str, ...]
    """Rule packs that apply by default."""
    life_safety: bool = False
