"""The words of an alert. The same words stand in the database, the API, the pages and the tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Response, Severity


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


UNTAKEN = frozenset({Handling.NEW, Handling.NOTIFIED, Handling.RECEIVED})
"""Nobody has said yet that he takes it."""


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


class What(StrEnum):
    """What a rule or the system wrote into a timeline; a person's lines bear the ``Step``."""

    OPENED = "opened"
    OCCURRED = "occurred"
    CHANGED = "changed"
    """Other equipment is concerned now: more of it, or less."""
    RETURNED = "returned"
    CLEARED = "cleared"
    CLOSED = "closed"
    """By the rule that opened it, because it cleared before anybody took it."""
    LATE = "late"
    """Late data say so; nothing changed and nobody was called."""
    NOTIFIED = "notified"
    GAVE_UP = "gave_up"
    """A notification was given up by policy."""
    TIMER = "timer"
    """A clock ran out."""


RULE_ACTOR = "rule"
SYSTEM_ACTOR = "system"
FROM_RULE = "rule"
FROM_PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """Who asks for a step, and what the step needs."""

    actor: str
    """An account's id."""
    idempotency_key: str
    """The same key of the same person again is the same request, however often it is sent."""
    at: Micros | None = None
    """When it was done, by the person's own phone; kept beside our own time, never instead of it."""
    verdict: FindingVerdict | None = None
    cause: str | None = None
    note: str = ""
    """A comment's text, a shelving's reason, or a remark on any other step."""
    assignee: str | None = None
    until: Micros | None = None
    """When a shelving ends."""
    evidence: str | None = None
    """What proves that a person is on site: the code of a tag that was read there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A person's own report: a phoned alarm, something seen. An equipment or a place, or both."""

    actor: str
    idempotency_key: str
    site: str
    kind: Kind
    text: str
    at: Micros | None = None
    equipment: str | None = None
    part: str | None = None
    place: str | None = None
    """A place's id in the ledger."""
    severity: Severity | None = None
    """None = as the kind usually is."""
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as it stands. Times in µs; ``version`` grows by exactly one with every change."""

    id: str
    rule: str
    """``report`` when a person opened it."""
    source: str
    """``rule`` or ``person``."""
    site: str
    subject: Subject
    """Its equipment is empty when a person reported a place: see ``equipment``."""
    equipment_class: str | None
    building: str | None
    zone: str | None
    place: Bilingual
    """As a guard is told it: 3号楼 B1 水泵房."""
    kind: Kind
    priority: int
    """1 fire, 2 entrapment and emergency calls, 3 intrusion, 4 fault, 5 maintenance, 6 the rest."""
    severity: Severity
    response: Response
    """Which stage clocks it runs on."""
    condition: Condition
    handling: Handling
    latched: bool
    """Only someone on site ends it."""
    shelved_until: Micros | None
    verdict: FindingVerdict | None
    cause: str | None
    opened_at: Micros
    called_at: Micros
    """When people were called: at its opening, or when it tripped again after its reset."""
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
    """Equipment that is unknown because of it, or that it is about."""
    assignee: str | None = None
    due_at: Micros | None = None
    """When the next clock runs out."""
    due_what: str | None = None
    """What happens then (a timer's name)."""
    due_round: int = 0
    """How often that clock has run out already."""
    name: Bilingual | None = None
    """What the subject is called: 1号梯, or a detector's name."""
    acknowledged_at: Micros | None = None
    arrived_at: Micros | None = None
    """When a person was on site; taken back when it trips again after its reset."""
    reset_at: Micros | None = None
    """When a person said that the device was reset; taken back when it trips again."""
    version: int = 1

    @property
    def equipment(self) -> str | None:
        return self.subject.equipment or None

    @property
    def part(self) -> str | None:
        return self.subject.part

    @property
    def open(self) -> bool:
        return self.handling is not Handling.CLOSED

    @property
    def on_site(self) -> bool:
        """Only a person on site may end it: life safety, or latched."""
        return self.kind is Kind.LIFE_SAFETY or self.latched

    @property
    def untaken(self) -> bool:
        """Nobody has said yet that he takes it."""
        return self.handling in UNTAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an alert's timeline; insert-only."""

    alert: str
    version: int
    at: Micros
    actor: str
    """An account's id, or ``rule`` / ``system``."""
    what: str
    """The word of a ``Step`` or of a ``What``."""
    note: str = ""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
