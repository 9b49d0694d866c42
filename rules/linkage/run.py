"""What linkage remembers: signals not yet reset, what equipment last said, and the runs.

All of it is plain data, so that the checkpoint keeps it as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeAlias

from gengfu.core.clock import Micros
from gengfu.core.naming import Scalar, Subject
from gengfu.ledger.model import Cause, LinkageLine

CONFIRMED: Final = "fire_panel.confirmed"
"""The rule that says: a fire is confirmed."""
MISSING: Final = "linkage.response_missing"
"""The rule that says: something did not answer its cause."""
RUNS_KEPT = 64
"""Ended runs that are remembered, the newest."""


class Stage(StrEnum):
    """How far one expected response is."""

    WAITING = "waiting"
    ALREADY = "already"
    """It was so before the cause: no failure, and no proof that it would have acted."""
    MET = "met"
    LATE = "late"
    """It responded, after its time."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    """Its time is over and its equipment said nothing, or is silent."""

    @property
    def is_owed(self) -> bool:
        return self in {Stage.MISSING, Stage.UNKNOWN}


class RunKind(StrEnum):
    """Whether it was meant."""

    REAL = "real"
    DRILL = "drill"
    """A person's verdict on one of its signals was: test."""


@dataclass(slots=True)
class Awaited:
    """One line of a run."""

    line: LinkageLine
    due: Micros
    """Journal time."""
    stage: Stage = Stage.WAITING
    at: Micros | None = None
    """Event time of the response."""
    before: bool = False
    """It was so when the cause came; its stage says it too, but for runs that older versions kept."""

    def __post_init__(self) -> None:
        if self.before and self.stage is Stage.MET:
            self.stage = Stage.ALREADY

    def respond(self, at: Micros, began: Micros) -> None:
        """Take it as so from ``at`` on, of a cause that began then."""
        self.at, self.before = at, at < began
        in_time = Stage.ALREADY if self.before else Stage.MET
        self.stage = in_time if at <= self.due else Stage.LATE

    def took(self, began: Micros) -> Micros | None:
        """Return how long after the cause it was so, 0 when it was before; None = never."""
        return None if self.at is None else max(0, self.at - began)


@dataclass(slots=True)
class Run:
    """One cause and everything that must follow; kept with a copy of its lines."""

    id: str
    """The journal position of the cause, and its number there."""
    site: str
    cause: Cause
    origin: str
    """The equipment that told of the cause."""
    where: str
    """A confirmed fire: its compartment. Else the signal."""
    began: Micros
    lines: list[Awaited]
    part: str | None = None
    """A confirmed fire: the address whose signal, or whose verdict, confirmed it."""
    signals: dict[str, Micros] = field(default_factory=dict)
    """A confirmed fire: when each address of the compartment first spoke (event time)."""
    kind: RunKind = RunKind.REAL
    ended: Micros | None = None
    changed: int = 0
    """The journal position of the last change."""

    @property
    def subject(self) -> Subject:
        """What an alert about this run speaks of."""
        return Subject(self.origin, self.part)


Owed: TypeAlias = Mapping[tuple[str, Subject], tuple[Awaited, ...]]
"""What is missing, or not known, by site and subject of the run."""


@dataclass(slots=True)
class Fire:
    """Signals of one compartment since the last reset."""

    site: str
    addresses: dict[str, Micros] = field(default_factory=dict)
    confirmed_by: str | None = None
    """The address whose signal, or whose verdict, confirmed it."""
    newest: dict[str, Micros] = field(default_factory=dict)
    """By address: when it signalled last."""


@dataclass(slots=True)
class Memory:
    """Everything that linkage remembers."""

    fires: dict[str, dict[str, Fire]] = field(default_factory=dict)
    """By panel and compartment."""
    values: dict[str, dict[str, tuple[Scalar, Micros]]] = field(default_factory=dict)
    """By equipment and point: the newest value, and its event time."""
    runs: list[Run] = field(default_factory=list)

    def open_runs(self) -> Iterator[Run]:
        """Yield the runs that no reset has ended."""
        return (run for run in self.runs if run.ended is None)

    def forget_old(self) -> None:
        """Let the oldest ended runs go."""
        ended = [run for run in self.runs if run.ended is not None]
        for old in ended[: max(0, len(ended) - RUNS_KEPT)]:
            self.runs.remove(old)

    def changed_at(self, position: int) -> tuple[Run, ...]:
        """Return the runs that the record at ``position`` changed."""
        return tuple(run for run in self.runs if run.changed == position)

    def owed(self) -> Owed:
        """Return what open runs still owe; a copy, as it stands now."""
        found: dict[tuple[str, Subject], tuple[Awaited, ...]] = {}
        for run in self.open_runs():
            here = tuple(replace(one) for one in run.lines if one.stage.is_owed)
            if here:
                key = run.site, run.subject
                found[key] = found.get(key, ()) + here
        return found
