"""What a simulated device says, and what may be done to it.

Models are pure: time is an argument, chance comes from a seed, and nothing here knows MQTT. A model
says more than it would send; ``simulators.estate.report`` decides what is worth a message.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from gengfu.core.clock import DAY, HOUR, Micros, wall
from gengfu.core.naming import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """All points of an equipment at one moment, unrounded; a point without a sensor is absent."""

    equipment: str
    at: Micros
    points: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened once, at the equipment or at one address below it."""

    equipment: str
    at: Micros
    type: str
    part: str | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The equipment came on line or was lost: what ``up/status`` or the last will says."""

    equipment: str
    at: Micros
    online: bool


Said: TypeAlias = Sample | Happening | Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """One fault put into one equipment (or part) for a while."""

    equipment: str
    fault: str
    part: str | None = None
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    """What else the fault needs to know: {occupied: true}."""
    over: Micros = 0
    """How long wear takes until it is whole, from its beginning; 0 = it is whole at once."""

    def severity(self, since: Micros, at: Micros) -> float:
        """Return how far it has come at a time, 0 to 1, on a straight line, when it began ``since``.

        What a share of wear does to a machine is the matter of its model.
        """
        return min(1.0, (at - since) / self.over) if self.over else 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """A fault begins (``on``) or ends."""

    at: Micros
    injection: Injection
    on: bool


class Model(Protocol):
    """One machine, or a set of machines that hang together."""

    @property
    def equipment(self) -> tuple[str, ...]:
        """Return the ids that it speaks as."""

    @property
    def wakes(self) -> Micros:
        """Return when it next lives through something: until then it has nothing to say."""

    def advance(self, until: Micros) -> Iterator[Said]:
        """Live until ``until`` (never backwards) and yield what was said, in order of time.

        How the way is cut into calls changes nothing.
        """

    def begin(self, injection: Injection) -> None:
        """Let a fault in at the time lived so far."""

    def end(self, injection: Injection) -> None:
        """Take a fault away at the time lived so far."""


def chance(seed: int, equipment: str) -> Random:
    """Return the source of chance of one equipment; others may come and go without changing it."""
    return Random(f"{seed}/{equipment}")


def local_hour(at: Micros, zone: ZoneInfo) -> float:
    """Return the hour of the local day, 0 ≤ h < 24."""
    return wall(at, zone) % DAY / HOUR


class Machine(ABC):
    """A machine whose life is a generator that yields the times it wants to wake at.

    A life reads as the story of the machine (go there, open, wait, close); the caller decides how
    far it is told. A fault that begins or ends wakes it early, so a story that waits for a time
    waits by ``until``.
    """

    def __init__(self, id_: str, start: Micros) -> None:
        self.id = id_
        self.now = start
        self.faults: dict[str, Injection] = {}
        self._since: dict[str, Micros] = {}
        self._said: list[Said] = []
        self._wake = start
        self._life: Iterator[Micros] | None = None

    @abstractmethod
    def story(self) -> Iterator[Micros]:
        """Live for ever; each wish to wake lies after ``now``."""

    @property
    def equipment(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def wakes(self) -> Micros:
        return self._wake

    def advance(self, until: Micros) -> Iterator[Said]:
        life = self._life = self._life or self.story()
        while self._wake <= until:
            self.now = max(self.now, self._wake)
            wish = next(life)
            self._wake = wish if wish > self.now else self.now + 1
            yield from self._said
            self._said.clear()
        self.now = max(self.now, until)

    def begin(self, injection: Injection) -> None:
        self.faults[injection.fault] = injection
        self._since[injection.fault] = self.now
        self.nudge()

    def end(self, injection: Injection) -> None:
        self.faults.pop(injection.fault, None)
        self.nudge()

    def severity(self, fault: str) -> float:
        """Return how far a fault has come, 0 (there is none) to 1 (whole)."""
        if fault not in self.faults:
            return 0.0
        return self.faults[fault].severity(self._since[fault], self.now)

    def nudge(self) -> None:
        """Wake as soon as life goes on."""
        if self._life is not None:
            self._wake = self.now

    def until(self, at: Micros) -> Iterator[Micros]:
        """Wait for a time, however often one is woken before."""
        while self.now < at:
            yield at

    def say(self, points: Mapping[str, Scalar], equipment: str | None = None) -> None:
        """Tell the points as they are now."""
        self._said.append(Sample(equipment=equipment or self.id, at=self.now, points=points))

    def be_heard(self, *, online: bool) -> None:
        """Go out, or come back, with all that it speaks for."""
        self._said.append(Presence(equipment=self.id, at=self.now, online=online))

    def tell(self, type_: str, part: str | None = None, **attributes: Scalar) -> None:
        """Tell an event."""
        self._said.append(
            Happening(equipment=self.id, at=self.now, type=type_, part=part, attributes=attributes)
        )
