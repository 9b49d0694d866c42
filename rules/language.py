"""Reads rule files: YAML → ``Rule``, or every mistake at once and nothing changed.

A file is a pack: ``pack: NAME`` and ``rules: [...]``. What a rule may say stands in ``_OPTIONS`` and
in docs/rules.md.
"""

from collections.abc import Callable, Mapping

import yaml

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import Expression, Scope, nearest, parse_span
from gengfu.core.expression.parser import RESERVED
from gengfu.core.expression.tree import walk
from gengfu.core.naming import Bilingual, is_slug
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import EquipmentClass
from gengfu.marked import Page
from rules.rule import (
    Children,
    Count,
    Hold,
    Matcher,
    Relation,
    Rule,
    Source,
    SubjectKind,
    placeholders,
)
from rules.schedule import Schedule, read_hours, read_weekdays
from rules.vocabulary import ATTRIBUTES, class_scope, fillable

_REQUIRED = ("id", "for", "severity", "kind", "priority", "title", "source")
_OPTIONS = (
    "where",
    "let",
    "when",
    "event",
    "count",
    "during",
    "hold",
    "no_data",
    "clear",
    "clear_hold",
    "latched",
    "advice",
    "words",
    "group",
    "subject",
    "children",
    "supply",
    "per",
)
FIELDS = (*_REQUIRED, *_OPTIONS)
"""All that a rule may say."""
MOST_COUNTED = 100
MOST_NODES = 2000
"""Of one expression, with what its names stand for."""


def read_rules(files: Mapping[str, str], classes: Mapping[str, EquipmentClass]) -> tuple[Rule, ...]:
    """Read rule files (name → YAML text) against the classes they are for.

    Raises:
        BadInput: with every mistake of every file: its line, what is wrong, how to mend it.
    """
    faults: list[Fault] = []
    rules: dict[str, Rule] = {}
    for file, text in files.items():
        _read_pack(Page(file, faults), text, classes, rules)
    if faults:
        raise BadInput(faults)
    return tuple(rules.values())


def _read_pack(
    page: Page, text: str, classes: Mapping[str, EquipmentClass], rules: dict[str, Rule]
) -> None:
    root = page.root(text)
    if root is None:
        return
    found = page.fields(root, required=("pack", "rules"))
    pack = page.text(found.get("pack"))
    if "pack" in found and not is_slug(pack):
        page.fault(found["pack"], f"{pack!r} is no pack's name", "use a-z, 0-9, - and _")
    for node in page.items(found.get("rules")):
        rule = _RuleReader(page, node, classes).read(pack)
        if rule.id in rules:
            page.fault(node, f"rule {rule.id!r} stands somewhere else already")
        rules[rule.id] = rule


class _RuleReader:
    """Reads one rule; every mistake becomes a fault of the page."""

    def __init__(self, page: Page, node: yaml.Node, classes: Mapping[str, EquipmentClass]) -> None:
        self._page = page
        self._node = node
        self._classes = classes
        self._fields = page.fields(node, required=_REQUIRED, optional=_OPTIONS)
        self._names: dict[str, Expression] = {}
        """What ``when`` and ``clear`` may say instead of an expression."""

    def read(self, pack: str) -> Rule:
        """Return the rule; what is wrong with it stands in the page's faults."""
        wanted = self._page.text(self._fields.get("for"))
        equipment_class = self._classes.get(wanted)
        if equipment_class is None and "for" in self._fields:
            mend = nearest(wanted, self._classes)
            self._page.fault(self._fields["for"], f"no class {wanted!r}", mend)
        rule = self._rule(pack, equipment_class)
        if equipment_class is not None:
            self._check_texts(rule, equipment_class)
        self._check_whole()
        if rule.per is not None:
            self._check_per(rule, rule.per)
        if rule.during is not None and rule.kind is Kind.LIFE_SAFETY:
            self._page.fault(self._fields["during"], "life safety has no hours", "leave it out")
        return rule

    def _rule(self, pack: str, equipment_class: EquipmentClass | None) -> Rule:
        """Read all fields; without a class what they name is not looked up."""
        page, fields = self._page, self._fields
        scope = class_scope(equipment_class) if equipment_class else None
        scope = self._name(scope)
        clear = fields.get("clear")
        by_expression = isinstance(clear, yaml.ScalarNode)
        return Rule(
            id=f"{pack}.{page.identifier(fields.get('id'), 'the rule')}",
            equipment_class=equipment_class.name if equipment_class else "",
            where=self._expression("where", fields.get("where"), ATTRIBUTES),
            when=self._expression("when", fields.get("when"), scope),
            event=self._matcher(fields["event"], equipment_class) if "event" in fields else None,
            count=self._count(),
            during=self._during(),
            hold=self._holds(),
            no_data=self._span("no_data"),
            clear=self._expression("clear", clear, scope) if by_expression else None,
            clear_on=() if by_expression else self._matchers(clear, equipment_class),
            clear_hold=self._span("clear_hold") or 0,
            severity=page.choice(fields.get("severity"), Severity, Severity.LOW),
            kind=page.choice(fields.get("kind"), Kind, Kind.SYSTEM),
            priority=self._priority(),
            latched=page.boolean(fields.get("latched")),
            title=page.bilingual(fields.get("title")),
            advice=tuple(page.bilingual(one) for one in page.items(fields.get("advice"))),
            words=self._spoken(),
            group=page.text(fields.get("group")),
            subject=page.choice(fields.get("subject"), SubjectKind, SubjectKind.EQUIPMENT),
            children=page.choice(fields.get("children"), Children, Children.NONE),
            supply=page.boolean(fields.get("supply")),
            per=page.choice(fields["per"], Relation, Relation.SITE) if "per" in fields else None,
            source=self._source(),
        )

    def _span(self, name: str) -> Micros | None:
        node = self._fields.get(name)
        return self._page.duration(node) if node is not None else None

    def _holds(self) -> tuple[Hold, ...]:
        node = self._fields.get("hold")
        if not isinstance(node, yaml.SequenceNode):
            return (Hold(span=self._span("hold") or 0),)
        holds: list[Hold] = []
        for one in self._page.items(node):
            found = self._page.fields(one, required=("for",), optional=("where",))
            where = self._expression("where", found.get("where"), ATTRIBUTES)
            holds.append(Hold(where=where, span=self._page.duration(found.get("for"))))
        if not holds or holds[-1].where is not None:
            self._page.fault(node, "the last of 'hold' is for all others: it has no 'where'")
        return tuple(holds)

    def _expression(
        self, name: str, node: yaml.Node | None, scope: Scope | None
    ) -> Expression | None:
        if node is None:
            return None
        names = self._names if name in {"when", "clear"} else {}
        found = self._page.expression(node, scope, name, names=names)
        return found if found is not None and self._is_short(node, found, name) else None

    def _is_short(self, node: yaml.Node, found: Expression, what: str) -> bool:
        short = len(walk(found.root)) <= MOST_NODES
        if not short:
            self._page.fault(node, f"{what} is too long with all that its names stand for")
        return short

    def _name(self, scope: Scope | None) -> Scope | None:
        """Read what ``let`` names; return the scope, or None when its names mean nothing."""
        node = self._fields.get("let")
        entries = self._page.entries(node) if node is not None else {}
        before = len(self._page.faults)
        for name, one in entries.items():
            if scope is not None and name in {*scope.points, *scope.events, *RESERVED}:
                self._page.fault(one, f"{name!r} means something already", "take another name")
            what = f"let {name}"
            found = self._page.expression(one, scope, what, names=self._names, condition=False)
            if found is not None and self._is_short(one, found, what):
                self._names[name] = found
        return scope if len(self._page.faults) == before else None

    def _matchers(
        self, node: yaml.Node | None, equipment_class: EquipmentClass | None
    ) -> tuple[Matcher, ...]:
        if node is None:
            return ()
        nodes = self._page.items(node) if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(self._matcher(one, equipment_class) for one in nodes)

    def _matcher(self, node: yaml.Node, equipment_class: EquipmentClass | None) -> Matcher:
        entries = self._page.entries(node)
        if "action" in entries:
            return Matcher(source=Source.ACTION, type=self._page.text(entries["action"]))
        kind = self._page.text(entries.pop("event", None))
        if equipment_class is None:
            return Matcher(source=Source.EVENT, type=kind)
        event = equipment_class.events.get(kind)
        if event is None:
            mend = nearest(kind, equipment_class.events) or "write: {event: TYPE} or {action: NAME}"
            self._page.fault(node, f"no event {kind!r} in class {equipment_class.name}", mend)
            return Matcher(source=Source.EVENT, type=kind)
        attributes = {
            name: self._words(name, one, event.attributes) for name, one in entries.items()
        }
        return Matcher(source=Source.EVENT, type=kind, attributes=attributes)

    def _words(
        self, name: str, node: yaml.Node, attributes: Mapping[str, tuple[str, ...]]
    ) -> tuple[str, ...]:
        page = self._page
        texts = page.texts(node) if isinstance(node, yaml.SequenceNode) else (page.text(node),)
        if name not in attributes:
            page.fault(node, f"the event has no attribute {name!r}", nearest(name, attributes))
            return texts
        for text in texts:
            if attributes[name] and text not in attributes[name]:
                mend = nearest(text, attributes[name]) or f"one of: {', '.join(attributes[name])}"
                page.fault(node, f"no word {text!r} here", mend)
        return texts

    def _count(self) -> Count | None:
        node = self._fields.get("count")
        if node is None:
            return None
        times, _, span = self._page.text(node).partition(" within ")
        try:
            count = Count(times=int(times), within=parse_span(span))
        except ValueError:
            self._page.fault(node, "is no count", "write: 5 within 2m")
            return None
        if not 1 <= count.times <= MOST_COUNTED:
            self._page.fault(node, f"counts 1 to {MOST_COUNTED} times")
        return count

    def _during(self) -> Schedule | None:
        node = self._fields.get("during")
        if node is None:
            return None
        page = self._page
        whole = isinstance(node, yaml.MappingNode)
        found = page.fields(node, required=(), optional=("hours", "weekdays")) if whole else {}
        hours, days = found.get("hours") if whole else node, found.get("weekdays")
        try:
            given = (
                page.texts(hours) if isinstance(hours, yaml.SequenceNode) else (page.text(hours),)
            )
            return Schedule(
                hours=tuple(map(read_hours, given)) if hours else Schedule().hours,
                weekdays=read_weekdays(page.texts(days)) if days else Schedule().weekdays,
            )
        except ValueError as exc:
            mend = "write 22:00-06:00, or {hours: [22:00-06:00], weekdays: [sat, sun]}"
            page.fault(node, str(exc), mend)
            return None

    def _priority(self) -> int:
        text = self._page.text(self._fields.get("priority"))
        if text in {"1", "2", "3", "4", "5", "6"}:
            return int(text)
        if "priority" in self._fields:
            self._page.fault(self._fields["priority"], "is no priority", "1 fire … 6 the rest")
        return 6

    def _source(self) -> str:
        text = self._page.text(self._fields.get("source"))
        if "source" in self._fields and text[:2].strip(" ,:") not in {"S", "U"}:
            mend = "begin with S (a standard's) or U (from experience)"
            self._page.fault(self._fields["source"], "says not whose figure it is", mend)
        return text

    def _spoken(self) -> Mapping[str, Bilingual]:
        node = self._fields.get("words")
        entries = self._page.entries(node) if node is not None else {}
        return {word: self._page.bilingual(one) for word, one in entries.items()}

    def _check_texts(self, rule: Rule, equipment_class: EquipmentClass) -> None:
        known = fillable(equipment_class)
        for text in (rule.title, *rule.advice):
            self._check_placeholders(text, known)

    def _check_placeholders(self, text: Bilingual, known: frozenset[str]) -> None:
        for name in (*placeholders(text.zh), *placeholders(text.en)):
            if name not in known:
                node = self._fields.get("title", self._node)
                self._page.fault(node, f"no value {{{name}}}", nearest(name, known))

    def _check_per(self, rule: Rule, per: Relation) -> None:
        """Note what one alert for many cannot speak of: the values of a single one."""
        node = self._fields["per"]
        for one in rule.expressions:
            if {group.relation for group in one.groups} != {per.value} or one.alone:
                mend = f"such as: count(fault, {per.value}) >= 3"
                self._page.fault(
                    node, "one alert for all reads groups of that relation alone", mend
                )

    def _check_whole(self) -> None:
        """Note what no single field can know."""
        given = frozenset(self._fields)
        for wrong, message, mend in _CONTRADICTIONS:
            if wrong(given):
                self._page.fault(self._node, message, mend)


_CONTRADICTIONS: tuple[tuple[Callable[[frozenset[str]], object], str, str], ...] = (
    (
        lambda given: not given & {"when", "event", "no_data"},
        "nothing makes it on",
        "give it when, event or no_data",
    ),
    (
        lambda given: "event" in given and given & {"hold", "no_data"},
        "an event is an instant: it takes no hold and no no_data",
        "",
    ),
    (
        lambda given: "event" in given and not given & {"clear", "clear_hold"},
        "nothing makes it off",
        "give it clear or clear_hold",
    ),
    (
        lambda given: "event" not in given and "subject" in given,
        "subject goes with an event",
        "",
    ),
    (
        lambda given: "count" in given and not given & {"event", "when"},
        "nothing is counted",
        "give it event, or when",
    ),
    (
        lambda given: "count" in given and given & {"hold", "no_data"},
        "what is counted is an instant: it takes no hold and no no_data",
        "",
    ),
    (
        lambda given: {"count", "when"} <= given and not given & {"event", "clear", "clear_hold"},
        "nothing makes it off",
        "give it clear or clear_hold",
    ),
    (
        lambda given: {"during", "no_data"} <= given,
        "silence has no hours: what is missed at night is missed in the morning",
        "leave out during, or no_data",
    ),
    (
        lambda given: "per" in given and ("when" not in given or given & {"event", "no_data"}),
        "one alert for several goes by what they say: it takes when, and no event or no_data",
        "",
    ),
    (
        lambda given: "hold" in given and "when" not in given,
        "hold goes with when",
        "",
    ),
)
