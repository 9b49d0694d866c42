"""Alerts and verdicts for tests, and the alerts' ports made by hand."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import TypedDict, Unpack

from alerts.channels.port import Delivered, Delivery, Failed
from alerts.model import Alert, Condition, FindingVerdict, Handling, StepRequest
from gengfu.core.clock import MINUTE, SECOND, Micros
from gengfu.core.identity import Identified
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.record import Action
from gengfu.core.urgency import Kind, Response, Severity
from rules.engine.verdict import Turn, Verdict

START: Micros = 1_763_600_000 * SECOND
FIRE = Verdict(
    rule="fire_panel.first_signal",
    site="yunhe",
    subject=Subject("fire-panel-1", "1-001"),
    turn=Turn.ON,
    position=1,
    at=START,
    since=START,
    kind=Kind.LIFE_SAFETY,
    severity=Severity.CRITICAL,
    response=Response.IMMEDIATE,
    priority=1,
    latched=True,
    title=Bilingual("首警", "First fire signal"),
    advice=(Bilingual("到现场核实", "Go and look"),),
    values={"signal": "smoke"},
)
HELD_OPEN = replace(
    FIRE,
    rule="door.held_open",
    subject=Subject("door-b1-u1-main"),
    kind=Kind.SECURITY,
    severity=Severity.MEDIUM,
    response=Response.PROMPT,
    priority=4,
    latched=False,
    title=Bilingual("门超时未关", "Door held open"),
    advice=(),
    values={"contact": True},
)


class _Wishes(TypedDict, total=False):
    verdict: FindingVerdict
    cause: str
    note: str
    assignee: str
    until: Micros
    at: Micros
    evidence: str


_numbers = count(1)


def asks(actor: str = "guard-1", key: str = "", **wishes: Unpack[_Wishes]) -> StepRequest:
    """Return a request; without a key of its own it is a new one every time."""
    return StepRequest(actor=actor, idempotency_key=key or f"key-{next(_numbers)}", **wishes)


class FakeChannel:
    """Keeps what was sent; fails while it is told to."""

    def __init__(self, name: str = "fake") -> None:
        self._name = name
        self.sent: list[Delivery] = []
        self.fails = False
        self.on_send: Callable[[Delivery], None] = lambda _delivery: None

    @property
    def name(self) -> str:
        """Return the channel's name."""
        return self._name

    async def send(self, delivery: Delivery, *, now: Micros) -> Delivered | Failed:
        """Keep the delivery, or fail."""
        self.on_send(delivery)
        if self.fails:
            return Failed("told to fail")
        self.sent.append(delivery)
        return Delivered()


class FakeActionLog:
    """Keeps actions, each identity once, as the journal does."""

    def __init__(self) -> None:
        self.actions: dict[Identified, Action] = {}
        self.appended = 0

    async def append(self, action: Action, identity: Identified) -> None:
        """Keep an action unless it is known."""
        self.appended += 1
        self.actions.setdefault(identity, action)


ENTRAPPED = (
    Bilingual("用五方对讲与轿厢通话，安抚乘客", "Talk to the car by intercom and calm people"),
    Bilingual("不要扒门，等维保到场", "Do not force the doors; wait for the contractor"),
)


def sample_alert(alert_id: str = "a-1", *, opened_at: Micros = 0, **changes: object) -> Alert:
    """Return a suspected entrapment that nobody has taken yet, with some fields changed."""
    alert = Alert(
        id=alert_id,
        rule="elevator.suspected_entrapment",
        source="rule",
        site="yunhe",
        subject=Subject("lift-b1-u1-left"),
        equipment_class="elevator",
        building="b1",
        zone=None,
        place=Bilingual("1号楼 1单元", "Building 1 Unit 1"),
        kind=Kind.LIFE_SAFETY,
        priority=2,
        severity=Severity.CRITICAL,
        response=Response.RESCUE,
        condition=Condition.ON,
        handling=Handling.NEW,
        latched=True,
        shelved_until=None,
        verdict=None,
        cause=None,
        opened_at=opened_at,
        called_at=opened_at,
        condition_since=opened_at,
        cleared_at=None,
        closed_at=None,
        occurrences=1,
        title=Bilingual("疑似困人：停在 7 层附近", "Suspected entrapment near floor 7"),
        advice=ENTRAPPED,
        values={"door_zone": False, "speed": 0.0, "mode": "normal"},
        name=Bilingual("1号楼1单元左梯", "Lift 1-1 left"),
        due_at=opened_at + MINUTE,
        due_what="unacknowledged",
    )
    return replace(alert, **changes)  # type: ignore[arg-type]
