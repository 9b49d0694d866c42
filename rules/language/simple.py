"""The common rules without YAML: a form's answers become the text an engineer would have written.

Whatever comes out is read and checked like any other rule file. Only what a form can get wrong before
there is a text (an empty field, a duration nobody can read) is told by ``flaws``, field by field.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml

from gengfu.core.expression import ExpressionError, parse, parse_span
from gengfu.core.expression.tree import Binary, Not, OneOf
from gengfu.core.hours import DayKind, half_width, read_hours
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.marked import is_identifier
from rules.language.fields import MOST_COUNTED
from rules.language.schedule import GUARDED, UNGUARDED

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
    """Something of a point compares to a value."""
    SILENCE = "silence"
    """Nothing heard of the equipment for so long."""
    EVENT = "event"
    """An event of the class, so many times within so long."""


class Measure(StrEnum):
    """What of a point is compared."""

    VALUE = "value"
    AVERAGE = "average"
    """Over the window."""
    CHANGE = "change"
    """Against what it was a window ago."""
    NORMAL = "normal"
    """How many of its own spreads the window's mean is off what it learned of itself."""
    USUAL = "usual"
    """As a multiple of what is usual at this hour of the week."""
    RUNTIME = "runtime"
    """How long it was true today."""
    STARTS = "starts"
    """How often it became true in the window."""
    MISSING = "missing"
    """Nothing was told of this point for the window: nothing is compared."""


WINDOWED = frozenset(
    {Measure.AVERAGE, Measure.CHANGE, Measure.NORMAL, Measure.STARTS, Measure.MISSING}
)
"""What looks back over a window."""


class Comparison(StrEnum):
    """How a point is compared; the words of the language."""

    ABOVE = ">"
    BELOW = "<"
    IS = "=="
    IS_NOT = "!="


_BACK = {Comparison.ABOVE: Comparison.BELOW, Comparison.BELOW: Comparison.ABOVE}


class Times(StrEnum):
    """At which times a simple rule looks, beside its hours."""

    ALWAYS = ""
    GUARDED = GUARDED
    UNGUARDED = UNGUARDED
    WORKDAY = DayKind.WORKDAY
    RESTDAY = DayKind.RESTDAY
    HOLIDAY = DayKind.HOLIDAY


class Flaw(StrEnum):
    """What is wrong with one answer."""

    EMPTY = "empty"
    NO_LIMIT = "no_limit"
    NO_DURATION = "no_duration"
    NO_HOURS = "no_hours"
    NO_NAME = "no_name"
    NO_COUNT = "no_count"
    NO_END = "no_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleRule:
    """A form's answers. Durations are texts of the language (``60s``, ``3m``); empty = none."""

    equipment_class: str
    id: str
    trigger: Trigger
    point: str = ""
    is_text: bool = False
    """The point tells a text: what it is compared with is quoted."""
    measure: Measure = Measure.VALUE
    window: str = ""
    comparison: Comparison = Comparison.ABOVE
    value: str = ""
    only_while: str = ""
    """A point that must be true for it to count: a pump's ``run``."""
    hold: str = ""
    clear_value: str = ""
    """Empty: clear as soon as the comparison is false."""
    clear_hold: str = ""
    silence: str = ""
    event: str = ""
    times: int = 1
    within: str = ""
    quiet: str = ""
    """An event's alert ends after so long without another."""
    during: Times = Times.ALWAYS
    hours: str = ""
    """``22:00-06:00``; several separated by commas; empty = all day."""
    severity: Severity
    severity_guarded: Severity | None = None
    """In guarded hours instead of it."""
    kind: Kind
    response: Response | None = None
    """None: as usual for the kind."""
    title_zh: str = ""
    title_en: str = ""
    """In one language at least; the other then reads the same. So with the advice."""
    advice_zh: str = ""
    advice_en: str = ""
    source: str


def flaws(simple: SimpleRule) -> Mapping[str, Flaw]:
    """Return what is wrong with the answers, by field; an empty one counts only where it is needed."""
    found = {name: Flaw.EMPTY for name in _needed(simple) if not getattr(simple, name).strip()}
    if simple.id and not is_identifier(simple.id):
        found["id"] = Flaw.NO_NAME
    for name in _durations(simple):
        if getattr(simple, name) and not _is(parse_span, getattr(simple, name)):
            found[name] = Flaw.NO_DURATION
    if simple.trigger is Trigger.POINT:
        found |= _no_limits(simple)
    if simple.trigger is Trigger.EVENT and not 1 <= simple.times <= MOST_COUNTED:
        found["times"] = Flaw.NO_COUNT
    hours = half_width(simple.hours).split(",")
    if simple.hours and not all(_is(read_hours, one) for one in hours):
        found["hours"] = Flaw.NO_HOURS
    return found


def _durations(simple: SimpleRule) -> Iterator[str]:
    """Yield the durations that are asked for; what a form hides may be left from another choice."""
    match simple.trigger:
        case Trigger.POINT:
            yield from ("hold", "clear_hold", *(("window",) if simple.measure in WINDOWED else ()))
        case Trigger.SILENCE:
            yield "silence"
        case Trigger.EVENT:
            yield from ("quiet", *(("within",) if simple.times > 1 else ()))


def _hours(simple: SimpleRule) -> list[str]:
    return [one.strip() for one in half_width(simple.hours).split(",") if one.strip()]


def _needed(simple: SimpleRule) -> Iterator[str]:
    yield "id"
    if not simple.title_en.strip():
        yield "title_zh"
    match simple.trigger:
        case Trigger.POINT:
            yield "point"
            if simple.measure is not Measure.MISSING:
                yield "value"
            if simple.measure in WINDOWED:
                yield "window"
        case Trigger.SILENCE:
            yield "silence"
        case Trigger.EVENT:
            yield from ("event", "quiet", *(("within",) if simple.times > 1 else ()))


def _no_limits(simple: SimpleRule) -> Mapping[str, Flaw]:
    """Return the limits that cannot be compared with: a run time wants a duration."""
    if simple.measure is Measure.MISSING:
        return {}
    runtime = simple.measure is Measure.RUNTIME
    read, flaw = (parse_span, Flaw.NO_DURATION) if runtime else (_read_limit, Flaw.NO_LIMIT)
    found = {
        name: flaw
        for name in ("value", "clear_value")
        if not simple.is_text
        and getattr(simple, name).strip()
        and not _is(read, getattr(simple, name))
    }
    if simple.clear_value.strip() and simple.comparison not in _BACK:
        found["clear_value"] = Flaw.NO_END
    return found


def _read_limit(text: str) -> None:
    """Read what can stand on the right of a comparison.

    Raises:
        ValueError: it is a condition of its own.
        ExpressionError: it is nothing at all.
    """
    match parse(text).root:
        case Not() | OneOf():
            raise ValueError(text)
        case Binary(_, sign) if sign not in {"+", "-", "*", "/"}:
            raise ValueError(text)


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (ValueError, ExpressionError):
        return False
    return True


def write(simple: SimpleRule) -> str:
    """Write a simple rule as a rule file; what is left out or wrong shows when it is read."""
    rule: dict[str, object] = {"id": simple.id, "for": simple.equipment_class, **_cause(simple)}
    rule |= _during(simple)
    rule |= {
        "severity": _severity(simple),
        "kind": simple.kind.value,
        "priority": _PRIORITY[simple.kind],
        **({"response": simple.response.value} if simple.response else {}),
        "title": _in_both(simple.title_zh, simple.title_en),
    }
    if simple.advice_zh or simple.advice_en:
        rule["advice"] = [_in_both(simple.advice_zh, simple.advice_en)]
    rule["source"] = simple.source
    return yaml.safe_dump(
        {"pack": PACK, "rules": [rule]}, sort_keys=False, allow_unicode=True, width=100
    )


def _in_both(zh: str, en: str) -> Mapping[str, str]:
    return {"zh": zh if zh.strip() else en, "en": en if en.strip() else zh}


_FIELD = re.compile(r"(?:  |- )(?P<field>\w+):")
_TONGUE = re.compile(r"  (?:  |- )(?P<tongue>zh|en):")
_ANSWER: Mapping[str, str] = {
    "id": "id",
    "when": "value",
    "hold": "hold",
    "clear": "clear_value",
    "clear_hold": "clear_hold",
    "no_data": "silence",
    "event": "event",
    "count": "times",
    "during": "hours",
    "severity": "severity",
    "kind": "kind",
    "response": "response",
    "source": "figures",
}


def answer_at(text: str, line: int) -> str | None:
    """Return the answer that a line (from 1) of what ``write`` wrote comes from; None when from none."""
    tongue = ""
    for above in reversed(text.splitlines()[:line]):
        if not tongue and (said := _TONGUE.match(above)):
            tongue = said["tongue"]
        if field := _FIELD.match(above):
            name = field["field"]
            return f"{name}_{tongue}" if name in {"title", "advice"} else _ANSWER.get(name)
    return None


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
    looked_at = _looked_at(simple)
    when = (
        looked_at
        if simple.measure is Measure.MISSING
        else _compare(looked_at, simple.comparison, _value(simple))
    )
    # What is learned while a condition holds is known only then: it need not be said twice.
    beside = simple.only_while if simple.measure is not Measure.NORMAL else ""
    cause: dict[str, object] = {"when": f"{beside} and {when}" if beside else when}
    if simple.hold:
        cause["hold"] = simple.hold
    if simple.clear_value and simple.comparison in _BACK and simple.measure is not Measure.MISSING:
        clear = _compare(looked_at, _BACK[simple.comparison], simple.clear_value)
        cause["clear"] = f"{clear} or not {simple.only_while}" if simple.only_while else clear
    if simple.clear_hold:
        cause["clear_hold"] = simple.clear_hold
    return cause


def _looked_at(simple: SimpleRule) -> str:
    point, window = simple.point, simple.window
    match simple.measure:
        case Measure.VALUE:
            return point
        case Measure.AVERAGE:
            return f"avg({point}, {window})"
        case Measure.CHANGE:
            return f"change({point}, {window})"
        case Measure.NORMAL:
            terms = (point, window, *((simple.only_while,) if simple.only_while else ()))
            return f"zscore({', '.join(terms)})"
        case Measure.USUAL:
            return f"{point} / usual({point})"
        case Measure.RUNTIME:
            return f"runtime({point})"
        case Measure.STARTS:
            return f"count({point}, {window})"
        case Measure.MISSING:
            return f"no_data({point}, {window})"


def _value(simple: SimpleRule) -> str:
    """Return the limit; a text in quotes, however it was given."""
    if not simple.is_text:
        return simple.value
    bare = simple.value.strip().strip("'\"“”‘’")
    return f'"{bare}"' if "'" in bare else f"'{bare}'"


def _compare(looked_at: str, comparison: Comparison, value: str) -> str:
    """Write a comparison; a contact's is the bare point, or its negation."""
    if value in {"true", "false"} and comparison in {Comparison.IS, Comparison.IS_NOT}:
        wanted = (value == "true") == (comparison is Comparison.IS)
        return looked_at if wanted else f"not {looked_at}"
    return f"{looked_at} {comparison} {value}"


def _during(simple: SimpleRule) -> Mapping[str, object]:
    """Return when it looks, in the shortest form that says it."""
    hours = _hours(simple)
    if not hours and simple.during is Times.ALWAYS:
        return {}
    if not hours:
        return {"during": simple.during.value}
    if simple.during is Times.ALWAYS and len(hours) == 1:
        return {"during": hours[0]}
    return {"during": {"hours": hours, **_day(simple.during)}}


def _day(times: Times) -> Mapping[str, object]:
    match times:
        case Times.ALWAYS:
            return {}
        case Times.GUARDED | Times.UNGUARDED:
            return {"guarded": times is Times.GUARDED}
        case _:
            return {"days": [times.value]}


def _severity(simple: SimpleRule) -> object:
    if simple.severity_guarded in {None, simple.severity}:
        return simple.severity.value
    return [{"during": GUARDED, "is": str(simple.severity_guarded)}, {"is": simple.severity.value}]
