"""Alerts and timeline lines as table rows, both ways: the only place that knows their columns."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from alerts.model import Alert, Condition, Entry, FindingVerdict, Handling
from gengfu.core.naming import Bilingual, Scalar, Subject
from gengfu.core.urgency import Kind, Response, Severity

_encode = msgspec.json.Encoder().encode
_bilinguals = msgspec.json.Decoder(tuple[Bilingual, ...])
_scalars = msgspec.json.Decoder(dict[str, Scalar])
_texts = msgspec.json.Decoder(tuple[str, ...])

_AS_IS = (
    "id",
    "rule",
    "source",
    "site",
    "equipment_class",
    "building",
    "zone",
    "priority",
    "latched",
    "shelved_until",
    "cause",
    "opened_at",
    "called_at",
    "condition_since",
    "cleared_at",
    "acknowledged_at",
    "arrived_at",
    "reset_at",
    "closed_at",
    "occurrences",
    "assignee",
    "due_at",
    "due_what",
    "due_round",
    "version",
)
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def urgency(alert: Alert) -> int:
    """Return the rank in every queue, 0 first: critical before high, then fire before the rest."""
    return _RANK[alert.severity] * 10 + alert.priority


def text_of(value: object) -> str:
    """Write a structured value as JSON text."""
    return _encode(value).decode()


def alert_row(alert: Alert) -> dict[str, Any]:
    """Return an alert's columns."""
    row = {column: getattr(alert, column) for column in _AS_IS}
    return row | {
        "equipment": alert.subject.equipment,
        "part": alert.subject.part or "",
        "place_zh": alert.place.zh,
        "place_en": alert.place.en,
        "name_zh": alert.name.zh if alert.name else None,
        "name_en": alert.name.en if alert.name else None,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "response": alert.response.value,
        "urgency": urgency(alert),
        "condition": alert.condition.value,
        "handling": alert.handling.value,
        "verdict": alert.verdict.value if alert.verdict else None,
        "title_zh": alert.title.zh,
        "title_en": alert.title.en,
        "advice": text_of(alert.advice),
        "values": text_of(alert.values),
        "children": text_of(alert.children),
    }


def alert_of(row: RowMapping | Mapping[str, Any]) -> Alert:
    """Read an alert from its columns."""
    return Alert(
        **{column: row[column] for column in _AS_IS},
        subject=Subject(row["equipment"], row["part"] or None),
        place=Bilingual(row["place_zh"], row["place_en"]),
        name=Bilingual(row["name_zh"], row["name_en"]) if row["name_zh"] else None,
        kind=Kind(row["kind"]),
        severity=Severity(row["severity"]),
        response=Response(row["response"]),
        condition=Condition(row["condition"]),
        handling=Handling(row["handling"]),
        verdict=FindingVerdict(row["verdict"]) if row["verdict"] else None,
        title=Bilingual(row["title_zh"], row["title_en"]),
        advice=_bilinguals.decode(row["advice"]),
        values=_scalars.decode(row["values"]),
        children=_texts.decode(row["children"]),
    )


def entry_row(entry: Entry) -> dict[str, Any]:
    """Return a timeline line's columns."""
    return {
        "alert": entry.alert,
        "version": entry.version,
        "at": entry.at,
        "actor": entry.actor,
        "what": entry.what,
        "note": entry.note,
        "attributes": text_of(entry.attributes),
    }


def entry_of(row: RowMapping | Mapping[str, Any]) -> Entry:
    """Read a timeline line from its columns."""
    return Entry(
        alert=row["alert"],
        version=row["version"],
        at=row["at"],
        actor=row["actor"],
        what=row["what"],
        note=row["note"],
        attributes=_scalars.decode(row["attributes"]),
    )
