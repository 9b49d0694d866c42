"""The words of an alert. The same words stand in the database, the API, the pages and the tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Severity


class Condition(StrEnum):
    """Whether what the rule looks for is so now. People cannot set it."""

    ON = "on"
    OFF = "off"


class Handling(StrEnum):
    """How far people are. The system sets only ``new`` and ``notified``."""

    NEW = "new"
    NOTIFIED = "notified"
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    VERIFIED = "verified"
    CLOSED = "closed"


class FindingVerdict(StrEnum):
    """What it was, said by a person: 属实、故障属实、误报、测试、误操作、未见异常、自行恢复."""

    REAL = "real"
    FAULT = "fault"
    FALSE = "false"
    TEST = "test"
    MISUSE = "misuse"
    NOTHING_FOUND = "nothing_found"
    RESTORED_ITSELF = "restored_itself"


class Step(StrEnum):
    """What a person can do with an alert; the last part of the HTTP route."""

    RECEIVE = "receive"
    ACKNOWLEDGE = "acknowledge"
    EN_ROUTE = "en-route"
    ARRIVE = "arrive"
    VERDICT = "verdict"
    RESET = "reset"
    CLOSE = "close"
    COMMENT = "comment"
    ASSIGN = "assign"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as it stands. Times in µs; ``version`` grows by exactly one with every change."""

    id: str
    rule: str
    source: str
    """``rule`` or ``person``."""
    site: str
    subject: Subject
    equipment_class: str | None
    building: str | None
    zone: str | None
    place: Bilingual
    """As a guard is told it: 3号楼 B1 水泵房."""
    kind: Kind
    priority: int
    """1 fire, 2 entrapment and emergency calls, 3 intrusion, 4 fault, 5 maintenance, 6 the rest."""
    severity: Severity
    condition: Condition
    handling: Handling
    latched: bool
    """Only someone on site ends it."""
    shelved_until: Micros | None
    verdict: FindingVerdict | None
    cause: str | None
    opened_at: Micros
    condition_since: Micros
    cleared_at: Micros | None
    closed_at: Micros | None
    occurrences: int
    title: Bilingual
    advice: tuple[Bilingual, ...]
    """Numbered steps."""
    values: Mapping[str, Scalar]
    """What caused it: point → value when it opened."""
    children: tuple[str, ...] = ()
    """Equipment that is unknown because of it."""
    assignee: str | None = None
    due_at: Micros | None = None
    """When the next clock runs out."""
    due_what: str | None = None
    """What happens then (a timer's name)."""
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an alert's timeline; insert-only."""

    alert: str
    version: int
    at: Micros
    actor: str
    """An account's id, or ``rule`` / ``system``."""
    what: str
    """A ``Step``, or opened, occurred, cleared, returned, notified, timer."""
    note: str = ""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
