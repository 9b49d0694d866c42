"""Compiles rules for the equipment of one class: which values to keep, what to evaluate when.

A value lives in a slot; the same point has the same slot for all equipment of a class. Equipment
to which the same rules apply shares one ``Plan``.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gengfu.core.clock import SECOND, Micros
from gengfu.core.expression import Expression, Program, bind, holds, truth
from gengfu.core.expression.tree import Group, Node, Point, Span, Window, outside, walk
from gengfu.core.naming import Scalar
from gengfu.core.urgency import Kind
from gengfu.ledger.model import Equipment, EquipmentClass
from rules.groups import Poll
from rules.past import FUNCTIONS, Past
from rules.rule import Relation, Rule, Source, placeholders
from rules.vocabulary import ONLINE

Key = TypeVar("Key")

ONLINE_SLOT = 0
NEVER: Micros = -(2**62)


class Frame:
    """What expressions read: one equipment's values as far as rules need them."""

    __slots__ = (
        "at",
        "attributes",
        "changed",
        "observed",
        "occurred",
        "polls",
        "previous",
        "values",
    )

    def __init__(self, attributes: Mapping[str, Scalar], points: int, outputs: int) -> None:
        self.attributes = attributes
        self.values: list[Scalar] = [None] * (points + outputs)
        """By slot: points, then the outputs of functions of the past; None = unknown."""
        self.observed = array("q", [NEVER] * points)
        self.previous: dict[int, Scalar] = {}
        self.changed: dict[int, Micros] = {}
        self.occurred: dict[str, Micros] = {}
        self.polls: list[Poll | None] = []
        """By the plan's groups; None = nothing joins it to others."""
        self.at: Micros = NEVER
        """Event time: of the newest reading or event."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which points of a class rules read, and their slots; ``online`` is always the first."""

    equipment_class: EquipmentClass
    slots: Mapping[str, int]


def layout(equipment_class: EquipmentClass, rules: Iterable[Rule]) -> Layout:
    """Lay out a class's slots for the rules that are for it."""
    wanted: set[str] = set()
    for rule in rules:
        wanted.update(shown(rule))
        for expression in rule.expressions:
            wanted.update(expression.points)
    known = (set(equipment_class.points) & wanted) - {ONLINE}
    return Layout(equipment_class, {name: n for n, name in enumerate((ONLINE, *sorted(known)))})


def shown(rule: Rule) -> tuple[str, ...]:
    """Return the names that a rule's texts show values of."""
    texts = (rule.title, *rule.advice)
    return tuple(name for text in texts for name in placeholders(text.zh + text.en))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPast:
    """A function of the past: its inputs, where its value goes, how its memory is made."""

    key: str
    inputs: tuple[Program[Frame], ...]
    output: int
    make: Callable[[], Past]
    reads: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledGroup:
    """A condition that is counted over related equipment."""

    key: str
    """Equal ones of different rules count together."""
    relation: Relation
    operand: Program[Frame]
    reads: frozenset[int]
    watches_link: bool
    """Whether it is about the link itself."""
    steady: bool
    """Of life safety: who is lost keeps its last vote."""

    def vote(self, frame: Frame) -> bool | None:
        return truth(self.operand(frame))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule for one class; ``hold`` as the equipment's attributes choose it."""

    rule: Rule
    hold: Micros
    when: Program[Frame] | None
    clear: Program[Frame] | None
    reads: frozenset[int]
    """Slots that ``when`` or ``clear`` depend on."""
    awaits: frozenset[str]
    """Event types that they depend on (by ``since``)."""
    groups: tuple[int, ...]
    """The plan's groups that they depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything to do for an equipment, indexed by what may happen to it."""

    layout: Layout
    rules: tuple[CompiledRule, ...]
    pasts: tuple[CompiledPast, ...]
    rules_of_slot: tuple[tuple[int, ...], ...]
    pasts_of_slot: tuple[tuple[int, ...], ...]
    groups: tuple[CompiledGroup, ...]
    rules_of_group: tuple[tuple[int, ...], ...]
    history: frozenset[int]
    """Slots whose last change is remembered (``previous``, ``since``)."""
    by_event: Mapping[str, tuple[int, ...]]
    """Event rules by the type that makes them on."""
    by_clearing: Mapping[tuple[Source, str], tuple[int, ...]]
    by_awaited: Mapping[str, tuple[int, ...]]
    silences: tuple[int, ...]
    """Rules that are on when nothing is heard."""
    scheduled: tuple[int, ...]
    """Rules that look at some hours only."""

    @property
    def counted(self) -> frozenset[int]:
        """Slots that groups read."""
        return frozenset(slot for group in self.groups for slot in group.reads)

    @property
    def points(self) -> int:
        return len(self.layout.slots)


@dataclass(slots=True)
class Planner:
    """Makes the plans of one class, one for each set of rules that applies."""

    layout: Layout
    rules: tuple[Rule, ...]
    _plans: dict[tuple[tuple[int, Micros], ...], Plan] = field(default_factory=dict)

    def plan_for(self, equipment: Equipment) -> Plan:
        """Return the plan of an equipment by its ledger attributes."""

        def attribute(name: str) -> Scalar:
            return equipment.attributes.get(name.removeprefix("attr."))

        key = tuple(
            (index, _hold(rule, attribute))
            for index, rule in enumerate(self.rules)
            if rule.where is None or holds(rule.where, attribute) is True
        )
        if key not in self._plans:
            self._plans[key] = _plan(self.layout, [(self.rules[i], hold) for i, hold in key])
        return self._plans[key]


def _hold(rule: Rule, attribute: Callable[[str], Scalar]) -> Micros:
    fitting = (
        hold.span
        for hold in rule.hold
        if hold.where is None or holds(hold.where, attribute) is True
    )
    return next(fitting)


def _plan(laid: Layout, chosen: list[tuple[Rule, Micros]]) -> Plan:
    binder = _Binder(laid)
    rules = tuple(_compile(binder, rule, hold) for rule, hold in chosen)
    pasts = tuple(binder.pasts.values())
    slots = range(len(laid.slots) + len(pasts))
    numbered = list(enumerate(rules))
    return Plan(
        layout=laid,
        rules=rules,
        pasts=pasts,
        rules_of_slot=tuple(tuple(n for n, one in numbered if slot in one.reads) for slot in slots),
        pasts_of_slot=tuple(
            tuple(n for n, past in enumerate(pasts) if slot in past.reads) for slot in slots
        ),
        groups=tuple(binder.groups.values()),
        rules_of_group=tuple(
            tuple(n for n, one in numbered if group in one.groups)
            for group in range(len(binder.groups))
        ),
        history=frozenset(binder.history),
        by_event=_index((one.rule.event.type, n) for n, one in numbered if one.rule.event),
        by_clearing=_index(
            ((matcher.source, matcher.type), n)
            for n, one in numbered
            for matcher in one.rule.clear_on
        ),
        by_awaited=_index((event, n) for n, one in numbered for event in sorted(one.awaits)),
        silences=tuple(n for n, one in numbered if one.rule.no_data is not None),
        scheduled=tuple(n for n, one in numbered if one.rule.during is not None),
    )


def _index(pairs: Iterable[tuple[Key, int]]) -> Mapping[Key, tuple[int, ...]]:
    found: dict[Key, tuple[int, ...]] = {}
    for key, number in pairs:
        found[key] = (*found.get(key, ()), number)
    return found


def _compile(binder: "_Binder", rule: Rule, hold: Micros) -> CompiledRule:
    binder.enter(rule)
    when = binder.bind(rule.when) if rule.when else None
    clear = binder.bind(rule.clear) if rule.clear else None
    reads: set[int] = set()
    awaits: set[str] = set()
    for expression in rule.expressions:
        reads |= binder.reads(expression.root)
        awaits |= {name for name in expression.points if binder.is_event(name)}
    return CompiledRule(
        rule=rule,
        hold=hold,
        when=when,
        clear=clear,
        reads=frozenset(reads),
        awaits=frozenset(awaits),
        groups=binder.groups_of(rule),
    )


class _Binder:
    """Turns names into ways to read a frame; collects the functions of the past on the way."""

    def __init__(self, laid: Layout) -> None:
        self._slots = laid.slots
        self._events = laid.equipment_class.events
        self.pasts: dict[str, CompiledPast] = {}
        self.groups: dict[str, CompiledGroup] = {}
        self.history: set[int] = set()
        self._rule: Rule | None = None

    def enter(self, rule: Rule) -> None:
        """Bind this rule's expressions from here on: its groups are those that it is for."""
        self._rule = rule

    def bind(self, expression: Expression) -> Program[Frame]:
        """Compile an expression of the rule that was entered."""
        return self._bind(expression, {window.key: window for window in expression.windows})

    def groups_of(self, rule: Rule) -> tuple[int, ...]:
        """Return the numbers of the groups that a rule depends on, in the order it names them."""
        numbers = {key: number for number, key in enumerate(self.groups)}
        keys = [_key(rule, one) for expression in rule.expressions for one in expression.groups]
        return tuple(dict.fromkeys(numbers[key] for key in keys))

    def is_event(self, name: str) -> bool:
        return name not in self._slots and name in self._events

    def reads(self, root: Node) -> set[int]:
        """Return the slots that an expression's value depends on, but for those of its groups."""
        nodes = outside(root)
        points = {node.name for node in nodes if isinstance(node, Point)}
        windows = {node.key for node in nodes if isinstance(node, Window)}
        return {self._slots[name] for name in points if name in self._slots} | {
            self.pasts[key].output for key in windows if key in self.pasts
        }

    def _bind(self, expression: Expression, windows: Mapping[str, Window]) -> Program[Frame]:
        groups = {
            name: (group, read)
            for group in expression.groups
            for name, read in (
                (group.key, Poll.value),
                (group.least, Poll.least),
                (group.most, Poll.most),
            )
        }

        def lookup(name: str) -> Program[Frame]:
            if name in windows:
                return self._window(windows[name])
            if name in groups:
                return self._group(*groups[name])
            if name.startswith("attr."):
                return _attribute(name.removeprefix("attr."))
            return _slot(self._slots[name])

        return bind(expression, lookup)

    def _window(self, window: Window) -> Program[Frame]:
        make = FUNCTIONS[window.function].make
        if make is None:
            return self._recollection(window)
        if window.key not in self.pasts:
            spans = [one.micros for one in window.arguments if isinstance(one, Span)]
            span = spans[0] if spans else 0
            inputs = [one for one in window.arguments if not isinstance(one, Span)]
            self.pasts[window.key] = CompiledPast(
                key=window.key,
                inputs=tuple(self._bind(_alone(one), {}) for one in inputs),
                output=len(self._slots) + len(self.pasts),
                make=lambda: make(span),
                reads=frozenset(slot for one in inputs for slot in self.reads(one)),
            )
        return _slot(self.pasts[window.key].output)

    def _group(self, group: Group, read: Callable[[Poll, str], Scalar]) -> Program[Frame]:
        assert self._rule is not None
        key = _key(self._rule, group)
        if key not in self.groups:
            alone = _alone(group.operand)
            self.groups[key] = CompiledGroup(
                key=key,
                relation=Relation(group.relation),
                operand=self._bind(alone, {}),
                reads=frozenset(self.reads(group.operand)),
                watches_link=Point(0, ONLINE) in walk(group.operand),
                steady=self._rule.kind is Kind.LIFE_SAFETY,
            )
        return _tallied(list(self.groups).index(key), group.function, read)

    def _recollection(self, window: Window) -> Program[Frame]:
        name = str(window.arguments[0])
        if window.function == "since" and self.is_event(name):
            return _since_event(name)
        slot = self._slots[name]
        self.history.add(slot)
        return _since_change(slot) if window.function == "since" else _previous(slot)


def _key(rule: Rule, group: Group) -> str:
    """Name who counts what: rules count together that are for the same equipment and as steady."""
    where = rule.where.root if rule.where else ""
    return f"{group.operand} {group.relation} {where} {rule.kind is Kind.LIFE_SAFETY}"


def _tallied(number: int, function: str, read: Callable[[Poll, str], Scalar]) -> Program[Frame]:
    def value(frame: Frame) -> Scalar:
        poll = frame.polls[number]
        return None if poll is None else read(poll, function)

    return value


def _alone(node: Node) -> Expression:
    return Expression(
        text=str(node), root=node, points=frozenset(), windows=(), attributes=frozenset()
    )


def _slot(slot: int) -> Program[Frame]:
    return lambda frame: frame.values[slot]


def _attribute(name: str) -> Program[Frame]:
    return lambda frame: frame.attributes.get(name)


def _previous(slot: int) -> Program[Frame]:
    return lambda frame: frame.previous.get(slot)


def _since_change(slot: int) -> Program[Frame]:
    def seconds(frame: Frame) -> Scalar:
        changed = frame.changed.get(slot)
        return None if changed is None else (frame.at - changed) / SECOND

    return seconds


def _since_event(name: str) -> Program[Frame]:
    def seconds(frame: Frame) -> Scalar:
        occurred = frame.occurred.get(name)
        return None if occurred is None else (frame.at - occurred) / SECOND

    return seconds
