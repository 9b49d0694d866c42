"""The common rules without YAML: a form's answers become the text an engineer would have written.

Whatever comes out is read and checked like any other rule file; nothing here is checked twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml

from gengfu.core.urgency import Kind, Severity

PACK = "own"
_PRIORITY: Mapping[Kind, int] = {
    Kind.LIFE_SAFETY: 2,
    Kind.SECURITY: 3,
    Kind.MAINTENANCE: 4,
    Kind.SYSTEM: 6,
}


class Trigger(StrEnum):
    """What a simple rule waits for."""

    POINT = "point"
    """A point compares to a value for so long."""
    SILENCE = "silence"
    """Nothing heard for so long."""
    EVENT = "event"
    """An event of the class, so many times within so long."""


class Comparison(StrEnum):
    """How a point is compared; the words of the language."""

    ABOVE = ">"
    BELOW = "<"
    IS = "=="
    IS_NOT = "!="


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleRule:
    """A form's answers. Durations are texts of the language (``60s``, ``3m``); empty = none."""

    equipment_class: str
    id: str
    trigger: Trigger
    point: str = ""
    comparison: Comparison = Comparison.ABOVE
    value: str = ""
    clear_value: str = ""
    """Empty: clear as soon as the comparison is false."""
    hold: str = ""
    silence: str = ""
    event: str = ""
    times: int = 1
    within: str = ""
    quiet: str = ""
    """An event's alert ends after so long without another."""
    severity: Severity
    kind: Kind
    title_zh: str
    title_en: str
    advice_zh: str = ""
    advice_en: str = ""
    source: str


def write(simple: SimpleRule) -> str:
    """Write a simple rule as a rule file; what is left out or wrong shows when it is read."""
    rule: dict[str, object] = {"id": simple.id, "for": simple.equipment_class, **_cause(simple)}
    rule |= {
        "severity": simple.severity.value,
        "kind": simple.kind.value,
        "priority": _PRIORITY[simple.kind],
        "title": {"zh": simple.title_zh, "en": simple.title_en},
    }
    if simple.advice_zh or simple.advice_en:
        rule["advice"] = [{"zh": simple.advice_zh, "en": simple.advice_en}]
    rule["source"] = simple.source
    return yaml.safe_dump(
        {"pack": PACK, "rules": [rule]}, sort_keys=False, allow_unicode=True, width=100
    )


def _cause(simple: SimpleRule) -> Mapping[str, object]:
    match simple.trigger:
        case Trigger.POINT:
            return _by_point(simple)
        case Trigger.SILENCE:
            return {"no_data": simple.silence}
        case Trigger.EVENT:
            counted = {"count": f"{simple.times} within {simple.within}"}
            return {
                "event": {"event": simple.event},
                **(counted if simple.times > 1 else {}),
                "clear_hold": simple.quiet,
            }


def _by_point(simple: SimpleRule) -> Mapping[str, object]:
    cause: dict[str, object] = {"when": _compare(simple.point, simple.comparison, simple.value)}
    if simple.hold:
        cause["hold"] = simple.hold
    back = {Comparison.ABOVE: Comparison.BELOW, Comparison.BELOW: Comparison.ABOVE}
    if simple.clear_value and simple.comparison in back:
        cause["clear"] = _compare(simple.point, back[simple.comparison], simple.clear_value)
    return cause


def _compare(point: str, comparison: Comparison, value: str) -> str:
    """Write a comparison; a contact's is the bare point, or its negation."""
    if value in {"true", "false"} and comparison in {Comparison.IS, Comparison.IS_NOT}:
        wanted = (value == "true") == (comparison is Comparison.IS)
        return point if wanted else f"not {point}"
    return f"{point} {comparison} {value}"
