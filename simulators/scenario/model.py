"""What a scenario is: a story of faults, and the truth about it that a score is held against."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from gengfu.core.clock import HOUR, Micros
from gengfu.core.naming import Bilingual
from gengfu.ledger.model import SiteLedger
from simulators.device import Injection

TEN_O_CLOCK: Micros = 10 * HOUR


class Doing(StrEnum):
    """What people do about an alert: the words of its steps."""

    ACKNOWLEDGE = "acknowledge"
    EN_ROUTE = "en-route"
    ARRIVE = "arrive"
    VERDICT = "verdict"
    RESET = "reset"
    CLOSE = "close"


class Found(StrEnum):
    """What a person says it was: the words of an alert's verdict."""

    REAL = "real"
    FAULT = "fault"
    FALSE = "false"
    TEST = "test"
    MISUSE = "misuse"
    NOTHING_FOUND = "nothing_found"
    RESTORED_ITSELF = "restored_itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A step that a person takes so long ``after`` the alert opened; ``found`` belongs to a verdict."""

    doing: Doing
    after: Micros
    found: Found | None = None


class Named(Protocol):
    """What tells alerts apart: an alert of a running system, of a rehearsal, of a score."""

    @property
    def rule(self) -> str: ...

    @property
    def equipment(self) -> str | None: ...

    @property
    def part(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """An alert of ``rule`` about ``equipment`` that ought to open ``within`` so long after the fault."""

    rule: str
    within: Micros
    equipment: str
    part: str | None = None
    """None = whichever part of it."""
    handled: tuple[Act, ...] = ()
    """What people do about it, in order of time; every step ought to be taken."""

    def means(self, alert: Named) -> bool:
        """Tell whether an alert is of this rule, about this equipment, and about this part if it matters."""
        same = (alert.rule, alert.equipment) == (self.rule, self.equipment)
        return same and self.part in {None, alert.part}

    @property
    def over(self) -> Micros:
        """Return when at the latest all is done about it, from the fault on."""
        return self.within + max((act.after for act in self.handled), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """Alerts that are true too, but not asked for: up to ``times`` of ``rule``."""

    rule: str
    equipment: str | None = None
    """None = about whatever."""
    times: int = 1

    def means(self, alert: Named) -> bool:
        """Tell whether an alert is of this rule, and about this equipment if it matters."""
        return alert.rule == self.rule and self.equipment in {None, alert.equipment}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault of the script; times from the scenario's start. ``ends`` None = it stays."""

    begins: Micros
    ends: Micros | None
    injection: Injection
    expects: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallThing:
    """A fault of an ordinary day and how long it lasts."""

    injection: Injection
    lasts: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """One of ``choices`` every so often, ± ``jitter``."""

    every: Micros
    jitter: Micros
    choices: tuple[SmallThing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story with its truth written down.

    With a ``cast`` it brings its own equipment, on a site of its own, and can be played beside
    others in one system; without one it is played by the equipment of a ledger.
    """

    name: str
    title: Bilingual
    truth: Bilingual | None = None
    """What really happens, in a sentence or two."""
    begins: Micros = TEN_O_CLOCK
    """The local time of day at which it is told."""
    cast: SiteLedger | None = None
    steps: tuple[Step, ...] = ()
    also: tuple[Also, ...] = ()
    """What may come besides; one more than that is a false alarm."""
    lasts: Micros = 0
    """It is watched at least so long: for alerts that must not come."""
    afterwards: Afterwards | None = None

    @property
    def length(self) -> Micros:
        """Return when the script is over, from the scenario's start, waits for its alerts included."""
        ends = [step.ends or step.begins for step in self.steps]
        waits = [step.begins + one.over for step in self.steps for one in step.expects]
        return max([self.lasts, *ends, *waits])

    def of(self, ledger: SiteLedger) -> "Scenario":
        """Return the part of the story that happens at one site."""
        steps = tuple(one for one in self.steps if one.injection.equipment in ledger.equipment)
        small = self.afterwards and tuple(
            one for one in self.afterwards.choices if one.injection.equipment in ledger.equipment
        )
        afterwards = replace(self.afterwards, choices=small) if self.afterwards and small else None
        return replace(self, steps=steps, afterwards=afterwards)

    def stages(self, ledgers: Sequence[SiteLedger]) -> tuple[SiteLedger, ...]:
        """Return the sites where it is played: its own, or those of a ledger."""
        return (self.cast,) if self.cast is not None else tuple(ledgers)
