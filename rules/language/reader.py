"""Reads rule files: YAML → ``Rule``, or every mistake at once and nothing changed.

A file is a pack: ``pack: NAME`` and ``rules: [...]``. What a rule may say stands in ``_OPTIONS`` and
in docs/rules.md.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import yaml

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import Expression, Scope
from gengfu.core.expression.parser import RESERVED
from gengfu.core.expression.sense import flapping
from gengfu.core.expression.tree import size
from gengfu.core.naming import Bilingual, is_slug
from gengfu.core.said import said
from gengfu.core.urgency import Kind
from gengfu.ledger.model import EquipmentClass
from gengfu.marked import Page, is_identifier
from rules.language.contradictions import CONTRADICTIONS
from rules.language.fields import (
    read_count,
    read_during,
    read_hysteresis,
    read_matcher,
    read_matchers,
    read_priority,
    read_proof,
    read_response,
    read_runbook,
    read_severity,
    read_source,
)
from rules.language.moments import stale
from rules.language.rule import (
    Children,
    Hold,
    Matcher,
    Relation,
    Rule,
    SubjectKind,
    placeholders,
)
from rules.language.spoken import KINDS, nearest_class
from rules.language.texts import check_texts
from rules.language.vocabulary import Vocabulary, facts_alone

_REQUIRED = ("id", "for", "severity", "kind", "priority", "title", "source")
_OPTIONS = (
    "where",
    "let",
    "when",
    "event",
    "confirmed_by",
    "count",
    "during",
    "hold",
    "no_data",
    "hysteresis",
    "clear",
    "clear_hold",
    "latched",
    "response",
    "advice",
    "runbook",
    "words",
    "subject",
    "children",
    "supply",
    "per",
)
FIELDS = (*_REQUIRED, *_OPTIONS)
"""All that a rule may say."""
MOST_NODES = 2000
"""Of one expression, with what its names stand for."""


class _Read(NamedTuple):
    files: Mapping[str, str]
    classes: Mapping[str, EquipmentClass]
    rules: tuple[Rule, ...]


_recent: deque[_Read] = deque(maxlen=4)


def read_rules(files: Mapping[str, str], classes: Mapping[str, EquipmentClass]) -> tuple[Rule, ...]:
    """Read rule files (name → YAML text) against the classes they are for.

    What was read last is kept: a process that starts reads the same files several times, a test of
    rules once for each of its cases.

    Raises:
        BadInput: with every mistake of every file: its line, what is wrong, how to mend it.
    """
    for known in tuple(_recent):
        # In the order too: of two rules with one name the later is the mistake.
        if list(known.files.items()) == list(files.items()) and known.classes == classes:
            return known.rules
    rules = _read_files(files, classes)
    _recent.append(_Read(dict(files), dict(classes), rules))
    return rules


def _read_files(
    files: Mapping[str, str], classes: Mapping[str, EquipmentClass]
) -> tuple[Rule, ...]:
    faults: list[Fault] = []
    rules: dict[str, _Placed] = {}
    vocabulary = Vocabulary.of(classes)
    for file, text in files.items():
        _read_pack(Page(file, faults), text, vocabulary, rules)
    if faults:
        raise BadInput(faults)
    return tuple(one.rule for one in rules.values())


class _Placed(NamedTuple):
    rule: Rule
    place: str


def _read_pack(page: Page, text: str, vocabulary: Vocabulary, rules: dict[str, _Placed]) -> None:
    root = page.root(text)
    if root is None:
        return
    if "pack" not in (keys := page.entries(root)) and "tests" in keys:
        page.fault(root, said("is a file of rule tests, not of rules"), said("gengfu rules test"))
        return
    found = page.fields(root, required=("pack", "rules"))
    pack = page.text(found.get("pack"))
    if "pack" in found and not is_slug(pack):
        page.fault(
            found["pack"], said("{!r} is no pack's name", pack), said("use a-z, 0-9, - and _")
        )
    for node in page.items(found.get("rules")):
        rule = _RuleReader(page, node, vocabulary).read(pack)
        if rule.id in rules:
            place = rules[rule.id].place
            page.fault(node, said("rule {!r} stands in {} already", rule.id, place))
        rules[rule.id] = _Placed(rule, f"{page.file}:{node.start_mark.line + 1}")


class _RuleReader:
    """Reads one rule; every mistake becomes a fault of the page."""

    def __init__(self, page: Page, node: yaml.Node, vocabulary: Vocabulary) -> None:
        self._page = page
        self._node = node
        self._classes = vocabulary.classes
        self._scopes = vocabulary.scopes
        self._fields = page.fields(node, required=_REQUIRED, optional=_OPTIONS)
        self._names: dict[str, Expression] = {}
        """What ``when`` and ``clear`` may say instead of an expression."""

    def read(self, pack: str) -> Rule:
        """Return the rule; what is wrong with it stands in the page's faults."""
        wanted = self._page.text(self._fields.get("for"))
        equipment_class = self._classes.get(wanted)
        if equipment_class is None and "for" in self._fields:
            mend = nearest_class(wanted, self._classes)
            self._page.fault(self._fields["for"], said("no class {!r}", wanted), mend)
        rule = self._rule(pack, equipment_class)
        texts = {
            name for text in (rule.title, *rule.advice) for name in placeholders(text.zh + text.en)
        }
        shown = {name: one for name, one in self._names.items() if name in texts}
        rule = replace(rule, shown=shown)
        if equipment_class is not None:
            check_texts(self._page, self._node, rule, equipment_class, self._names)
            self._check_looks(rule, self._scopes[equipment_class.name])
        self._check_whole()
        if rule.per is not None:
            self._check_per(rule, rule.per)
        if rule.during is not None and rule.kind is Kind.LIFE_SAFETY:
            self._page.fault(
                self._fields["during"], said("life safety has no hours"), said("leave it out")
            )
        return rule

    @property
    def _facts(self) -> Scope:
        """What ``where`` may speak of."""
        return facts_alone(self._scopes.get(self._page.text(self._fields.get("for"))))

    def _rule(self, pack: str, equipment_class: EquipmentClass | None) -> Rule:
        """Read all fields; without a class what they name is not looked up."""
        page, fields = self._page, self._fields
        scope = self._scopes.get(equipment_class.name) if equipment_class else None
        scope = self._name(scope)
        when = self._expression("when", fields.get("when"), scope)
        severity, severities = read_severity(page, fields.get("severity"))
        kind = page.choice(fields.get("kind"), Kind, Kind.SYSTEM, spoken=KINDS)
        priority, latched = read_priority(page, fields.get("priority")), self._is("latched")
        name = page.identifier(fields.get("id"), said("the rule"))
        return Rule(
            id=f"{pack}.{name}",
            equipment_class=equipment_class.name if equipment_class else "",
            where=self._expression("where", fields.get("where"), self._facts),
            when=when,
            event=self._event(equipment_class),
            confirmed_by=read_proof(page, fields.get("confirmed_by"), self._classes),
            count=read_count(page, fields.get("count")),
            during=read_during(page, fields.get("during")),
            hold=self._holds(),
            no_data=self._span("no_data"),
            clear=self._clear(when, scope),
            clear_on=self._clear_on(equipment_class),
            clear_hold=self._span("clear_hold") or 0,
            severity=severity,
            severities=severities,
            kind=kind,
            priority=priority,
            response=read_response(page, fields.get("response"), kind, priority, latched=latched),
            latched=latched,
            title=page.bilingual(fields.get("title")),
            advice=self._advice(),
            words=self._spoken(),
            subject=page.choice(fields.get("subject"), SubjectKind, SubjectKind.EQUIPMENT),
            children=page.choice(fields.get("children"), Children, Children.NONE),
            supply=self._is("supply"),
            per=page.choice(fields["per"], Relation, Relation.SITE) if "per" in fields else None,
            source=read_source(page, fields.get("source")),
        )

    def _event(self, equipment_class: EquipmentClass | None) -> Matcher | None:
        node = self._fields.get("event")
        return None if node is None else read_matcher(self._page, node, equipment_class)

    def _advice(self) -> tuple[Bilingual, ...]:
        page, fields = self._page, self._fields
        steps = map(page.bilingual, page.items(fields.get("advice")))
        return (*steps, *read_runbook(page, fields.get("runbook")))

    def _is(self, name: str) -> bool:
        return self._page.boolean(self._fields.get(name))

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
            where = self._expression("where", found.get("where"), self._facts)
            holds.append(Hold(where=where, span=self._page.duration(found.get("for"))))
        if not holds or holds[-1].where is not None:
            self._page.fault(node, said("the last of 'hold' is for all others: it has no 'where'"))
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
        short = size(found.root) <= MOST_NODES
        if not short:
            self._page.fault(node, said("{} is too long with all that its names stand for", what))
        return short

    def _clear(self, when: Expression | None, scope: Scope | None) -> Expression | None:
        """Read what ends it: an expression, or the limit of ``when`` less the hysteresis."""
        given, node = self._fields.get("hysteresis"), self._fields.get("clear")
        if given is not None:
            return read_hysteresis(self._page, given, when, scope)
        if not isinstance(node, yaml.ScalarNode):
            return None
        if not self._fields.keys() & {"when", "event"}:
            message = said("an expression in clear goes with when or event")
            self._page.fault(node, message, said("silence ends by itself: leave it out"))
        clear = self._expression("clear", node, scope)
        if clear is None or when is None or scope is None:
            return clear
        flaw = flapping(when, clear, scope)
        if flaw is not None:
            self._page.fault(node, flaw.told("clear"), flaw.suggestion)
        return clear

    def _clear_on(self, equipment_class: EquipmentClass | None) -> tuple[Matcher, ...]:
        node = self._fields.get("clear")
        if isinstance(node, yaml.ScalarNode):
            return ()
        return read_matchers(self._page, node, equipment_class)

    def _name(self, scope: Scope | None) -> Scope | None:
        """Read what ``let`` names; return the scope, or None when its names mean nothing."""
        node = self._fields.get("let")
        entries = self._page.entries(node) if node is not None else {}
        before = len(self._page.faults)
        for name, one in entries.items():
            if not is_identifier(name):
                message = said("{!r} is no name", name)
                self._page.fault(one, message, said("use a-z, 0-9 and _, a letter first"))
            elif scope is not None and name in {*_spoken_for(scope), *RESERVED}:
                self._page.fault(
                    one, said("{!r} means something already", name), said("take another name")
                )
            what = f"let {name}"
            found = self._page.expression(one, scope, what, names=self._names, condition=False)
            if found is not None and self._is_short(one, found, what):
                self._names[name] = found
        return scope if len(self._page.faults) == before else None

    def _spoken(self) -> Mapping[str, Bilingual]:
        node = self._fields.get("words")
        entries = self._page.entries(node) if node is not None else {}
        return {word: self._page.bilingual(one) for word, one in entries.items()}

    def _check_looks(self, rule: Rule, scope: Scope) -> None:
        """Note what a rule asks at moments when it can only be false."""
        read = {name for one in rule.expressions for name in one.points}
        for flaw in stale(rule) if read <= scope.points.keys() | scope.events else ():
            self._page.fault(self._fields["when"], flaw.told("when"), flaw.suggestion)

    def _check_per(self, rule: Rule, per: Relation) -> None:
        """Note what one alert for many cannot speak of: the values of a single one."""
        node = self._fields["per"]
        for one in rule.expressions:
            asked = {(group.relation, group.of) for group in one.groups}
            if asked != {(per.value, "")} or one.alone:
                mend = said("such as: count(fault, {}) >= 3", per.value)
                self._page.fault(
                    node,
                    said("one alert for all reads its own groups of that relation alone"),
                    mend,
                )

    def _check_whole(self) -> None:
        """Note what no single field can know."""
        given = frozenset(self._fields)
        for wrong, message, mend in CONTRADICTIONS:
            if wrong(given):
                self._page.fault(self._node, message, mend)


def _spoken_for(scope: Scope) -> frozenset[str]:
    """Return the words that mean something in expressions already."""
    words = {word for point in scope.points.values() for word in point.words}
    return frozenset({*scope.points, *scope.events, *words})
