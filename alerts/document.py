"""An alert as outsiders see it: the JSON of the API and of webhooks (docs/alerts.md)."""

from collections.abc import Sequence

import msgspec
from typing_extensions import TypedDict

from alerts.model import Alert, Entry
from gengfu.core.clock import Micros, to_iso
from gengfu.core.naming import Bilingual, Scalar


class Texts(TypedDict):
    """One text in both languages."""

    zh: str
    en: str


class AlertTimes(TypedDict):
    """When what happened to an alert, and when its next clock runs out: ISO 8601 in UTC."""

    shelved_until: str | None
    opened_at: str
    called_at: str
    condition_since: str
    cleared_at: str | None
    acknowledged_at: str | None
    arrived_at: str | None
    reset_at: str | None
    closed_at: str | None
    due_at: str | None


class AlertDocument(AlertTimes):
    """The public shape of an alert."""

    id: str
    rule: str
    source: str
    site: str
    equipment: str | None
    part: str | None
    equipment_class: str | None
    name: Texts | None
    building: str | None
    zone: str | None
    place: Texts
    kind: str
    priority: int
    severity: str
    response: str
    condition: str
    handling: str
    latched: bool
    verdict: str | None
    cause: str | None
    occurrences: int
    title: Texts
    advice: list[Texts]
    values: dict[str, Scalar]
    children: list[str]
    assignee: str | None
    due_what: str | None
    version: int


class EntryDocument(TypedDict):
    """The public shape of a timeline's line."""

    version: int
    at: str
    actor: str
    what: str
    note: str
    attributes: dict[str, Scalar]


class AlertHistory(AlertDocument):
    """An alert with what happened to it, oldest first."""

    timeline: list[EntryDocument]


def _time(at: Micros | None) -> str | None:
    return None if at is None else to_iso(at)


def _texts(text: Bilingual) -> Texts:
    return {"zh": text.zh, "en": text.en}


def _times(alert: Alert) -> AlertTimes:
    return {
        "shelved_until": _time(alert.shelved_until),
        "opened_at": to_iso(alert.opened_at),
        "called_at": to_iso(alert.called_at),
        "condition_since": to_iso(alert.condition_since),
        "cleared_at": _time(alert.cleared_at),
        "acknowledged_at": _time(alert.acknowledged_at),
        "arrived_at": _time(alert.arrived_at),
        "reset_at": _time(alert.reset_at),
        "closed_at": _time(alert.closed_at),
        "due_at": _time(alert.due_at),
    }


def alert_document(alert: Alert) -> AlertDocument:
    """Return an alert's public shape."""
    return {
        **_times(alert),
        "id": alert.id,
        "rule": alert.rule,
        "source": alert.source,
        "site": alert.site,
        "equipment": alert.equipment,
        "part": alert.part,
        "equipment_class": alert.equipment_class,
        "name": _texts(alert.name) if alert.name else None,
        "building": alert.building,
        "zone": alert.zone,
        "place": _texts(alert.place),
        "kind": alert.kind.value,
        "priority": alert.priority,
        "severity": alert.severity.value,
        "response": alert.response.value,
        "condition": alert.condition.value,
        "handling": alert.handling.value,
        "latched": alert.latched,
        "verdict": alert.verdict.value if alert.verdict else None,
        "cause": alert.cause,
        "occurrences": alert.occurrences,
        "title": _texts(alert.title),
        "advice": [_texts(one) for one in alert.advice],
        "values": dict(alert.values),
        "children": list(alert.children),
        "assignee": alert.assignee,
        "due_what": alert.due_what,
        "version": alert.version,
    }


def entry_document(entry: Entry) -> EntryDocument:
    """Return a timeline line's public shape."""
    return {
        "version": entry.version,
        "at": to_iso(entry.at),
        "actor": entry.actor,
        "what": entry.what,
        "note": entry.note,
        "attributes": dict(entry.attributes),
    }


def alert_history(alert: Alert, timeline: Sequence[Entry]) -> AlertHistory:
    """Return an alert's public shape with its timeline."""
    return {**alert_document(alert), "timeline": [entry_document(entry) for entry in timeline]}


def notification_body(alert: Alert, entry: Entry, delivery_id: str) -> bytes:
    """Return the bytes of a notification: what happened, and the alert as it then stood."""
    return msgspec.json.encode(
        {
            "id": delivery_id,
            "what": entry.what,
            "at": to_iso(entry.at),
            "actor": entry.actor,
            "alert": alert_document(alert),
        }
    )
