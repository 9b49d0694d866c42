"""How an alert begins: from a rule's verdict, or from a person's report. Pure."""

import base64
import hashlib

from alerts.model import (
    FROM_PERSON,
    FROM_RULE,
    RULE_ACTOR,
    Alert,
    Condition,
    Entry,
    Handling,
    Report,
    Step,
    StepRequest,
    What,
)
from alerts.whereabouts import Whereabouts
from gengfu.core.clock import Micros
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Severity, usual_response
from rules.engine.verdict import Turn, Verdict

REPORT_RULE = "report"
"""What stands for the rule where a person opened the alert."""

_SEVERITY_OF = {Kind.LIFE_SAFETY: Severity.CRITICAL, Kind.SECURITY: Severity.HIGH}
_PRIORITY_OF = {Kind.LIFE_SAFETY: 1, Kind.SECURITY: 3, Kind.MAINTENANCE: 4, Kind.SYSTEM: 6}


def _id_from(*identity: str) -> str:
    """Return 16 letters and digits that follow from what opened an alert."""
    digest = hashlib.blake2b("\x00".join(identity).encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()


def opens(verdict: Verdict) -> bool:
    """Tell whether a verdict without an open alert opens one.

    What is only late news of the past opens none, unless lives depend on it (docs/promises.md, P14).
    """
    return verdict.turn is not Turn.OFF and not (
        verdict.late and verdict.kind is not Kind.LIFE_SAFETY
    )


def by_rule(verdict: Verdict, where: Whereabouts, nth: int) -> Alert:
    """Return the alert that a verdict opens, the ``nth`` (from 0) of its journal record."""
    subject = verdict.subject
    identity = (verdict.rule, subject.equipment, subject.part or "", str(verdict.position))
    return Alert(
        id=_id_from(*identity, *((str(nth),) if nth else ())),
        rule=verdict.rule,
        source=FROM_RULE,
        site=verdict.site,
        subject=subject,
        equipment_class=where.equipment_class,
        building=where.building,
        zone=where.zone,
        place=where.place,
        name=where.name,
        kind=verdict.kind,
        priority=verdict.priority,
        severity=verdict.severity,
        response=verdict.response,
        condition=Condition.ON,
        handling=Handling.NEW,
        latched=verdict.latched,
        shelved_until=None,
        verdict=None,
        cause=None,
        opened_at=verdict.at,
        called_at=verdict.at,
        condition_since=verdict.since,
        cleared_at=None,
        closed_at=None,
        occurrences=1,
        title=verdict.title,
        advice=verdict.advice,
        values=verdict.values,
        children=verdict.children,
    )


def by_person(report: Report, where: Whereabouts, now: Micros) -> Alert:
    """Return the alert that a person's report opens."""
    text = report.text.strip()
    priority = report.priority or _PRIORITY_OF[report.kind]
    severity = report.severity or _SEVERITY_OF.get(report.kind, Severity.MEDIUM)
    return Alert(
        id=_id_from(REPORT_RULE, report.actor, report.idempotency_key),
        rule=REPORT_RULE,
        source=FROM_PERSON,
        site=report.site,
        subject=Subject(report.equipment or "", report.part),
        equipment_class=where.equipment_class,
        building=where.building,
        zone=where.zone,
        place=where.place,
        name=where.name,
        kind=report.kind,
        priority=priority,
        severity=severity,
        response=usual_response(report.kind, priority, latched=False),
        condition=Condition.ON,
        handling=Handling.NEW,
        latched=False,
        shelved_until=None,
        verdict=None,
        cause=None,
        opened_at=now,
        called_at=now,
        condition_since=now,
        cleared_at=None,
        closed_at=None,
        occurrences=1,
        title=Bilingual(text, text),
        advice=(),
        values={},
    )


def line_of_verdict(alert: Alert, what: What, verdict: Verdict) -> Entry:
    """Return the timeline's line for what a rule changed."""
    return Entry(
        alert=alert.id,
        version=alert.version,
        at=verdict.at,
        actor=RULE_ACTOR,
        what=what.value,
        attributes={**verdict.values, "position": verdict.position},
    )


def line_of_step(alert: Alert, step: Step, request: StepRequest, now: Micros) -> Entry:
    """Return the timeline's line for a person's step."""
    said: dict[str, Scalar] = {"said_at": request.at}
    if step in {Step.VERDICT, Step.CLOSE}:
        said["verdict"] = request.verdict.value if request.verdict else None
        said["cause"] = request.cause
    elif step is Step.ASSIGN:
        said["assignee"] = request.assignee
    elif step is Step.SHELVE:
        said["until"] = request.until
    elif step is Step.ARRIVE:
        said["evidence"] = request.evidence
    return Entry(
        alert=alert.id,
        version=alert.version,
        at=now,
        actor=request.actor,
        what=step.value,
        note=request.note,
        attributes={name: value for name, value in said.items() if value is not None},
    )


def line_of_report(alert: Alert, report: Report, now: Micros) -> Entry:
    """Return the timeline's first line of a person's report."""
    return Entry(
        alert=alert.id,
        version=alert.version,
        at=now,
        actor=report.actor,
        what=What.OPENED.value,
        note=report.text,
        attributes={} if report.at is None else {"said_at": report.at},
    )
