"""Rule files for editors: a JSON schema that completes fields, classes and words while one types.

It knows how a file is built; what an expression means only ``gengfu rules check`` knows.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from gengfu.core.expression.parser import BUILT_IN, GROUPS
from gengfu.core.hours import WEEKDAYS, DayKind
from gengfu.core.urgency import Kind, Response, Severity
from rules.language.rule import PLACES, Children, Relation, SubjectKind, Told
from rules.language.schedule import GUARDED, UNGUARDED
from rules.past.catalogue import FUNCTIONS

Json: TypeAlias = "str | bool | int | Sequence[Json] | Mapping[str, Json]"
Schema: TypeAlias = Mapping[str, Json]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SPAN: Schema = {"type": "string", "pattern": r"^(?=.*[1-9])\d+(\.\d+)?(ms|s|m|h|d)$"}
_TEXT: Schema = {"type": "string"}
_TRUTH: Schema = {"type": "boolean"}
_TIME = "([01]?[0-9]|2[0-4])[:：][0-5][0-9]"
_HOURS: Schema = {"type": "string", "pattern": rf"^{_TIME}\s*[-－～~–—]\s*{_TIME}$"}


def schema(classes: Collection[str]) -> Schema:
    """Return the schema of a rule file for these classes of equipment."""
    rule = {
        **_record(_fields(classes), required=("id", "for", *_ALWAYS)),
        "anyOf": [{"required": [one]} for one in ("when", "event", "no_data")],
    }
    pack = _record(
        {"pack": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}, "rules": _list(rule)},
        required=("pack", "rules"),
    )
    return {"$schema": DIALECT, "title": "Gengfu rules", **pack}


_ALWAYS = ("severity", "kind", "priority", "title", "source")


def _fields(classes: Collection[str]) -> Mapping[str, Schema]:
    return {
        "id": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
        "for": {"enum": sorted(classes), "description": "the class of equipment"},
        "where": _expression("over attr.NAME alone: to which equipment it applies"),
        "let": {"type": "object", "additionalProperties": _value("a named part")},
        "when": _expression("what must be true"),
        "event": _occurrence("event", _TEXT),
        "confirmed_by": _proof(classes),
        "count": {"type": "string", "pattern": r"^([1-9]\d?|100)\s+within\s+\S+$"},
        "during": _during(),
        "hold": {"anyOf": [_SPAN, _some(_record({"where": _TEXT, "for": _SPAN}, ("for",)))]},
        "no_data": _SPAN,
        "hysteresis": {"type": "number", "exclusiveMinimum": 0},
        "clear": _clear(),
        "clear_hold": _SPAN,
        "severity": _severity(),
        "kind": _words(Kind),
        "priority": {"type": "integer", "minimum": 1, "maximum": 6},
        "latched": _TRUTH,
        "response": _words(Response),
        "title": _bilingual(),
        "advice": _list(_bilingual()),
        "runbook": {"type": "string", "pattern": r"^https?://\S+$"},
        "words": {"type": "object", "additionalProperties": _bilingual()},
        "subject": _words(SubjectKind),
        "children": {"enum": [True, False, Children.FED.value]},
        "supply": _TRUTH,
        "per": _words(Relation),
        "source": {"type": "string", "pattern": "^[SU]($|[ ,:，：])"},
    }


def _record(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _some(of: Schema) -> Schema:
    return {"type": "array", "items": of, "minItems": 1}


def _words(words: type[StrEnum]) -> Schema:
    return {"enum": [one.value for one in words]}


def _bilingual() -> Schema:
    text: Schema = {"type": "string", "pattern": r"\S"}
    return _record({"zh": text, "en": text}, ("zh", "en"))


def _occurrence(what: str, name: Schema) -> Schema:
    return {"type": "object", "properties": {what: name}, "required": [what]}


def _clear() -> Schema:
    ends: Sequence[Schema] = (
        _occurrence("event", _TEXT),
        _record({"action": _words(Told)}, ("action",)),
    )
    expression = _expression("what must be true for it to be over")
    return {"anyOf": [expression, *ends, _list({"anyOf": ends})]}


def _severity() -> Schema:
    by_hours = _record({"during": _during(), "is": _words(Severity)}, ("is",))
    return {"anyOf": [_words(Severity), _some(by_hours)]}


def _proof(classes: Collection[str]) -> Schema:
    return {
        "type": "object",
        "properties": {
            "for": {"enum": sorted(classes)},
            "event": _TEXT,
            "in": {"enum": [one.value for one in PLACES]},
            "within": _SPAN,
        },
        "required": ["for", "event", "in", "within"],
        "description": "what another device nearby must tell as well, before or after",
    }


def _during() -> Schema:
    hours: Schema = {"anyOf": [_HOURS, _list(_HOURS)]}
    kinds = _words(DayKind)
    weekdays: Schema = {"enum": list(WEEKDAYS)}
    whole = _record(
        {
            "hours": hours,
            "weekdays": {"anyOf": [weekdays, _list(weekdays)]},
            "days": {"anyOf": [kinds, _list(kinds)]},
            "guarded": _TRUTH,
        },
        required=(),
    )
    return {"anyOf": [_HOURS, {"enum": [GUARDED, UNGUARDED, *DayKind]}, whole]}


def _expression(what: str) -> Schema:
    known = ", ".join(sorted({*BUILT_IN, *GROUPS, *FUNCTIONS}))
    return {"type": ["string", "boolean"], "description": f"{what}; functions: {known}"}


def _value(what: str) -> Schema:
    return {**_expression(what), "type": ["string", "boolean", "number"]}
