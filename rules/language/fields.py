"""Reads single fields of a rule: each returns what it means, or notes a fault and returns a stand-in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import yaml

from gengfu.core.expression import Expression, Scope, check, nearest, parse_span
from gengfu.core.expression.tree import Binary, Literal
from gengfu.core.hours import DayKind, Schedule, read_days, read_hours, read_weekdays
from gengfu.core.naming import Bilingual
from gengfu.core.said import Misread, said
from gengfu.core.urgency import Kind, Response, Severity, usual_response
from gengfu.ledger.model import EquipmentClass
from gengfu.marked import Page
from rules.language.rule import (
    LONGEST_PROOF,
    PLACES,
    UNSAID,
    Count,
    Limit,
    Matcher,
    Proof,
    Relation,
    Sign,
    Source,
    Told,
)
from rules.language.schedule import ALWAYS, GUARDED, UNGUARDED, During
from rules.language.spoken import HOURS, SEVERITIES, nearest_class

MOST_COUNTED = 100
_DURING = {
    "hours": "[22:00-06:00, 12:00-13:00]",
    "weekdays": "[sat, sun]",
    "days": "[restday]",
    "guarded": "true",
}
_LIMIT = re.compile(r"(<=|<|>=|>)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_SOURCE = re.compile(r"[SU](?=$|[ ,:，：])")
_LIKE_LIMIT = re.compile("[-+~!<>=≥≤≠＜＞＝～]")
"""So begins what was meant as one."""
_PROOF = said("such as {{for: camera, event: person, in: zone, within: 10s}}")
_LIFE_SAVING = (Response.IMMEDIATE, Response.RESCUE, Response.URGENT)


def read_matchers(
    page: Page, node: yaml.Node | None, equipment_class: EquipmentClass | None
) -> tuple[Matcher, ...]:
    """Read what ends a rule: one occurrence or several."""
    if node is None:
        return ()
    nodes = page.items(node) if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(read_matcher(page, one, equipment_class) for one in nodes)


def read_matcher(page: Page, node: yaml.Node, equipment_class: EquipmentClass | None) -> Matcher:
    """Read ``{event: TYPE, attribute: WORD}`` or ``{action: NAME}``."""
    entries = page.entries(node)
    if "action" in entries:
        for name in entries.keys() - {"action"}:
            message = said("an action has no attribute {!r}", name)
            page.fault(entries[name], message, said("write: {{action: NAME}}"))
        return Matcher(source=Source.ACTION, type=page.choice(entries["action"], Told, Told.RESET))
    return _read_event(page, node, entries, equipment_class)


def _read_event(
    page: Page,
    node: yaml.Node,
    entries: dict[str, yaml.Node],
    equipment_class: EquipmentClass | None,
) -> Matcher:
    kind = page.text(entries.pop("event", None))
    if equipment_class is None:
        return Matcher(source=Source.EVENT, type=kind)
    event = equipment_class.events.get(kind)
    if event is None:
        mend = nearest(kind, equipment_class.events) or said(
            "write: {{event: TYPE}} or {{action: NAME}}"
        )
        page.fault(node, said("no event {!r} in class {}", kind, equipment_class.name), mend)
        return Matcher(source=Source.EVENT, type=kind)
    attributes = {name: _words(page, name, one, event.attributes) for name, one in entries.items()}
    return Matcher(source=Source.EVENT, type=kind, attributes=attributes)


def _words(
    page: Page, name: str, node: yaml.Node, attributes: Mapping[str, tuple[str, ...]]
) -> tuple[str | Limit, ...]:
    texts = _several(page, node)
    if name not in attributes:
        page.fault(node, said("the event has no attribute {!r}", name), nearest(name, attributes))
        return texts
    for text in texts:
        if attributes[name] and text not in {*attributes[name], UNSAID}:
            mend = nearest(text, attributes[name]) or said(
                "one of: {}", ", ".join(attributes[name])
            )
            page.fault(node, said("no word {!r} here", text), mend)
        elif _limit(text) is None and _LIKE_LIMIT.match(text):
            page.fault(node, said("{!r} is no limit", text), said("such as: {!r}", ">= 3"))
    return tuple(_limit(text) or text for text in texts)


def _limit(text: str) -> Limit | None:
    """Read ``>= 3``; None for a word."""
    found = _LIMIT.fullmatch(text)
    return Limit(cast("Sign", found[1]), float(found[2])) if found else None


def read_proof(
    page: Page, node: yaml.Node | None, classes: Mapping[str, EquipmentClass]
) -> Proof | None:
    """Read ``{for: CLASS, event: TYPE, attribute: WORD, in: zone, within: 10s}``."""
    if node is None:
        return None
    entries = page.entries(node)
    missing = {"for", "event", "in", "within"} - entries.keys()
    if missing:
        page.fault(node, said("lacks {}", ", ".join(sorted(missing))), _PROOF)
        return None
    name, near, span = (entries.pop(key) for key in ("for", "in", "within"))
    class_, relation = page.text(name), page.choice(near, Relation, Relation.ZONE)
    within = page.duration(span)
    if class_ not in classes:
        page.fault(name, said("no class {!r}", class_), nearest_class(class_, classes))
    if relation not in PLACES:
        page.fault(near, said("nearness is that of places"), said("one of: {}", ", ".join(PLACES)))
    if within > LONGEST_PROOF:
        page.fault(span, said("a proof comes within 5 minutes"), said("such as within: 10s"))
    matcher = _read_event(page, node, entries, classes.get(class_))
    return Proof(equipment_class=class_, matcher=matcher, relation=relation, within=within)


def read_count(page: Page, node: yaml.Node | None) -> Count | None:
    """Read ``5 within 2m``."""
    if node is None:
        return None
    times, _, span = page.text(node).partition(" within ")
    try:
        count = Count(times=int(times), within=parse_span(span))
    except ValueError:
        page.fault(node, said("is no count"), said("write: 5 within 2m"))
        return None
    if not 1 <= count.times <= MOST_COUNTED:
        page.fault(node, said("counts 1 to {} times", MOST_COUNTED))
    if count.within <= 0:
        page.fault(node, said("the duration is zero"))
    return count


def read_during(page: Page, node: yaml.Node | None) -> During | None:
    """Read ``22:00-06:00``, ``guarded``, ``workday``, or ``{hours, weekdays, days, guarded}``."""
    if node is None:
        return None
    if isinstance(node, yaml.SequenceNode):
        mend = said("write: {{hours: {}}}", _DURING["hours"])
        page.fault(node, said("a list stands under hours, weekdays or days"), mend)
        return None
    if not isinstance(node, yaml.MappingNode):
        return _one_during(page, node)
    found = page.fields(node, required=(), optional=("hours", "weekdays", "days", "guarded"))
    guarded = page.boolean(found["guarded"]) if "guarded" in found else None
    schedule = ALWAYS
    for name, one in found.items():
        try:
            schedule = _narrowed(schedule, name, _several(page, one))
        except Misread as exc:
            page.fault(one, exc.said, said("such as {}: {}", name, _DURING[name]))
    return During(schedule=schedule, guarded=guarded)


def _one_during(page: Page, node: yaml.Node) -> During | None:
    text = page.text(node)
    if text in {GUARDED, UNGUARDED}:
        return During(guarded=text == GUARDED)
    words = [GUARDED, UNGUARDED, *(kind.value for kind in DayKind)]
    try:
        return During(schedule=_narrowed(ALWAYS, "days" if text in words else "hours", (text,)))
    except Misread as exc:
        mend = nearest(HOURS.get(text, text), words) or said(
            "write 22:00-06:00, or one of: {}", ", ".join(words)
        )
        page.fault(node, exc.said, mend)
        return None


def _narrowed(schedule: Schedule, by: str, words: Sequence[str]) -> Schedule:
    """Return a schedule with one key of ``during`` taken in.

    Raises:
        Misread: the words are no such thing.
    """
    match by:
        case "hours":
            if not words:
                raise Misread(said("has no hours"))
            return replace(schedule, hours=tuple(map(read_hours, words)))
        case "weekdays":
            return replace(schedule, weekdays=read_weekdays(words))
        case "days":
            return replace(schedule, days=read_days(words))
    return schedule


def _several(page: Page, node: yaml.Node) -> tuple[str, ...]:
    return page.texts(node) if isinstance(node, yaml.SequenceNode) else (page.text(node),)


def read_severity(
    page: Page, node: yaml.Node | None
) -> tuple[Severity, tuple[tuple[During, Severity], ...]]:
    """Read one severity, or a list by the hours in which an alert opens."""
    if not isinstance(node, yaml.SequenceNode):
        return page.choice(node, Severity, Severity.LOW, spoken=SEVERITIES), ()
    timed: list[tuple[During, Severity]] = []
    others: list[Severity] = []
    for one in page.items(node):
        fields = page.fields(one, required=("is",), optional=("during",))
        severity = page.choice(fields.get("is"), Severity, Severity.LOW, spoken=SEVERITIES)
        during = read_during(page, fields.get("during"))
        if others:
            page.fault(
                one, said("no hours are left for it"), said("the one without 'during' comes last")
            )
        if during is not None:
            timed.append((during, severity))
        elif "during" not in fields:
            others.append(severity)
    if not others:
        page.fault(node, said("the last of 'severity' is for all other hours: it has no 'during'"))
    return (others or [Severity.LOW])[0], tuple(timed)


def read_priority(page: Page, node: yaml.Node | None) -> int:
    """Read 1 to 6."""
    text = page.text(node)
    if text in {"1", "2", "3", "4", "5", "6"}:
        return int(text)
    if node is not None:
        page.fault(node, said("{!r} is no priority", text), said("1 fire … 6 the rest"))
    return 6


def read_response(
    page: Page, node: yaml.Node | None, kind: Kind, priority: int, *, latched: bool
) -> Response:
    """Read how soon somebody has to be there; what is not said follows from the rest."""
    usual = usual_response(kind, priority, latched=latched)
    if node is None:
        return usual
    response = page.choice(node, Response, usual)
    if kind is Kind.LIFE_SAFETY and response not in _LIFE_SAVING:
        page.fault(
            node, said("life safety does not wait"), said("one of: {}", ", ".join(_LIFE_SAVING))
        )
    return response


def read_source(page: Page, node: yaml.Node | None) -> str:
    """Read whose figures a rule has."""
    text = page.text(node)
    if node is not None and not _SOURCE.match(text):
        mend = said("begin with S (a standard's) or U (from experience)")
        page.fault(node, said("does not say whose figure it is"), mend)
    return text


def read_runbook(page: Page, node: yaml.Node | None) -> tuple[Bilingual, ...]:
    """Read where it is written what to do; return the advice that says so."""
    if node is None:
        return ()
    link = page.text(node)
    if not link.startswith(("https://", "http://")) or any(one.isspace() for one in link):
        page.fault(node, said("is no link"), said("such as https://wiki.example.org/pump"))
    return (Bilingual(zh=f"处置手册：{link}", en=f"Runbook: {link}"),)


def read_hysteresis(
    page: Page, node: yaml.Node, when: Expression | None, scope: Scope | None
) -> Expression | None:
    """Return what ends a rule whose ``when`` is a single limit: the limit, so much moved away."""
    clear = _moved_away(page.number(node) or 0.0, when)
    if clear is None:
        if when is not None:
            mend = said("such as: when: bearing_temp > 95, hysteresis: 7")
            page.fault(node, said("wants a number above 0, and a single limit in when"), mend)
        return None
    for flaw in check(clear, scope) if scope is not None else ():
        message = said("it would be over at {}: {}", clear.text, flaw.message)
        page.fault(node, message, flaw.suggestion)
    return clear


def _moved_away(size: float, when: Expression | None) -> Expression | None:
    match when.root if when is not None and size > 0 else None:
        case Binary(column, ">" | ">=", left, right):
            limit = Binary(column, "-", right, Literal(column, size))
            return Expression.of(Binary(column, "<", left, limit))
        case Binary(column, "<" | "<=", left, right):
            limit = Binary(column, "+", right, Literal(column, size))
            return Expression.of(Binary(column, ">", left, limit))
    return None
