"""Compiles rules for the equipment of one class: which values to keep, what to evaluate when.

A value lives in a slot; the same point has the same slot for all equipment of a class. Equipment
to which the same rules apply shares one ``Plan``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from gengfu.core.clock import Micros
from gengfu.core.expression import Expression, Program
from gengfu.core.expression.tree import Group
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.ledger.model import Equipment, EquipmentClass
from rules.engine.band import EVERY, NONE, Band, Fact, band
from rules.engine.binding import Binder, CompiledGroup, CompiledPast, Layout
from rules.engine.frame import Frame
from rules.engine.whole import is_whole
from rules.language.rule import Proof, Rule, Source, placeholders
from rules.language.vocabulary import ONLINE

Key = TypeVar("Key")

ONLINE_SLOT = 0
_FIGURES = frozenset({PointKind.ANALOG, PointKind.INTEGER})
OWN_SILENCE = -1
"""In ``silences``: the equipment as such, not one of its rules."""


Question: TypeAlias = tuple[Rule, Group]
"""What a rule, mostly of another class, asks of the equipment of a class."""


def layout(
    equipment_class: EquipmentClass, rules: Iterable[Rule], asked: Iterable[Question] = ()
) -> Layout:
    """Lay out a class's slots for the rules that are for it, and what others ask of it."""
    wanted = {name for _, group in asked for name in Expression.of(group.operand).points}
    for rule in rules:
        wanted.update(shown(rule))
        for expression in (*rule.expressions, *rule.shown.values()):
            wanted.update(expression.points)
    known = (set(equipment_class.points) & wanted) - {ONLINE}
    return Layout(equipment_class, (ONLINE, *sorted(known)))


def shown(rule: Rule) -> tuple[str, ...]:
    """Return the names that a rule's texts show values of."""
    texts = (rule.title, *rule.advice)
    return tuple(name for text in texts for name in placeholders(text.zh + text.en))


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
    shown: Mapping[str, Program[Frame]]
    """What names of ``let`` in its texts show."""
    whole: frozenset[str]
    """Those of them that are shown without decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything to do for an equipment, indexed by what may happen to it."""

    layout: Layout
    rules: tuple[CompiledRule, ...]
    pasts: tuple[CompiledPast, ...]
    rules_of_slot: tuple[tuple[int, ...], ...]
    pasts_of_slot: tuple[tuple[int, ...], ...]
    """Functions of the past that read a slot, and those that read their values; these come later."""
    pasts_of_event: Mapping[str, tuple[int, ...]]
    """The same for those that count an event."""
    rules_of_past: tuple[frozenset[int], ...]
    """Rules that look at what a function of the past gives, also through another."""
    timed: tuple[int, ...]
    """Functions of the past that change by time alone."""
    linked: tuple[int, ...]
    """Those that must be told when the link is lost, and when it is back."""
    groups: tuple[CompiledGroup, ...]
    ballots: tuple[int, ...]
    """The groups in which the equipment itself votes."""
    rules_of_group: tuple[tuple[int, ...], ...]
    history: frozenset[int]
    """Slots whose last change is remembered (``previous``, ``since``)."""
    by_event: Mapping[str, tuple[int, ...]]
    """Event rules by the type that makes them on."""
    by_clearing_event: Mapping[str, tuple[int, ...]]
    """Rules by the events that end them; so by the people's steps that do."""
    by_clearing_action: Mapping[str, tuple[int, ...]]
    by_awaited: Mapping[str, tuple[int, ...]]
    silences: Mapping[int, Micros]
    """How long may nothing be heard: OWN_SILENCE, and rules that are on then."""
    scheduled: tuple[int, ...]
    """Rules that look at some hours only."""

    @property
    def steady(self) -> tuple[bool, ...]:
        """By slot of a point: whether the same value again moves nothing."""
        return tuple(
            kind is not PointKind.TEXT and not self.pasts_of_slot[slot]
            for slot, kind in enumerate(self.layout.kinds)
        )

    def proofs_of(self, event: str) -> Iterator[tuple[int, Proof]]:
        """Yield which rules want a second proof of an event, and which."""
        for index in self.by_event.get(event, ()):
            proof = self.rules[index].rule.confirmed_by
            if proof is not None:
                yield index, proof

    def decisive(self, slot: int) -> tuple[Expression, ...] | None:
        """Return what a point's value may make true; None = anything may follow from any value.

        What a value clears is on, and of such an equipment everything is looked at.
        """
        traced = self.history.union(*(group.reads for group in self.groups))
        if self.layout.kinds[slot] not in _FIGURES or self.pasts_of_slot[slot] or slot in traced:
            return None
        name = self.layout.names[slot]
        conditions = (one.rule.when for one in self.rules if one.rule.event is None)
        return tuple(one for one in conditions if one is not None and name in one.points)

    def bands(self, fact: Fact) -> tuple[Band, ...]:
        """Return by slot in which band a value moves no rule of an equipment with these facts."""
        found: list[Band] = []
        for slot, name in enumerate(self.layout.names):
            several = self.decisive(slot)
            found.append(NONE if several is None else EVERY)
            for one in several or ():
                found[slot] = found[slot].meet(band(one, name, fact))
        return tuple(found)

    @property
    def facts(self) -> tuple[str, ...]:
        """What of an equipment's attributes its bands depend on."""
        several = (one for slot in range(self.points) for one in self.decisive(slot) or ())
        return tuple(sorted({fact for one in several for fact in one.attributes}))

    @property
    def points(self) -> int:
        return len(self.layout.slots)


@dataclass(slots=True)
class Planner:
    """Makes the plans of one class, one for each set of rules that applies."""

    layout: Layout
    rules: tuple[Rule, ...]
    asked: tuple[Question, ...] = ()
    _plans: dict[tuple[tuple[int, Micros], ...], Plan] = field(default_factory=dict)
    _read: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """By plan: the facts that its bands depend on."""
    _bands: dict[tuple[int, tuple[Scalar, ...]], tuple[Band, ...]] = field(default_factory=dict)
    """By plan and those facts."""

    def bands_for(self, equipment: Equipment, plan: Plan) -> tuple[Band, ...]:
        """Return the bands of an equipment that has a plan of this planner."""
        if id(plan) not in self._read:
            self._read[id(plan)] = plan.facts
        key = (id(plan), tuple(map(equipment.fact, self._read[id(plan)])))
        if key not in self._bands:
            self._bands[key] = plan.bands(equipment.fact)
        return self._bands[key]

    def plan_for(self, equipment: Equipment) -> Plan:
        """Return the plan of an equipment by its ledger attributes."""
        key = tuple(
            (index, rule.hold_for(equipment))
            for index, rule in enumerate(self.rules)
            if rule.is_for(equipment)
        )
        if key not in self._plans:
            chosen = [(self.rules[i], hold) for i, hold in key]
            self._plans[key] = _plan(self.layout, chosen, self.asked)
        return self._plans[key]


def _plan(laid: Layout, chosen: list[tuple[Rule, Micros]], asked: Iterable[Question]) -> Plan:
    binder = Binder(laid)
    for rule, group in asked:
        binder.answer(rule, group)
    rules = tuple(_compile(binder, rule, hold, laid.equipment_class) for rule, hold in chosen)
    pasts = tuple(binder.pasts.values())
    slots = range(len(laid.slots) + len(pasts))
    numbered = list(enumerate(rules))
    reading = _index((slot, n) for n, past in enumerate(pasts) for slot in past.reads)
    counting = _index((past.event, n) for n, past in enumerate(pasts) if past.event)
    return Plan(
        layout=laid,
        rules=rules,
        pasts=pasts,
        rules_of_slot=tuple(tuple(n for n, one in numbered if slot in one.reads) for slot in slots),
        pasts_of_slot=tuple(_led_to(pasts, reading.get(slot, ())) for slot in slots),
        pasts_of_event={event: _led_to(pasts, first) for event, first in counting.items()},
        rules_of_past=tuple(_look_at(pasts, number, rules) for number in range(len(pasts))),
        timed=tuple(n for n, past in enumerate(pasts) if past.timed),
        linked=_led_to(
            pasts, [n for n, past in enumerate(pasts) if past.timed and not past.steady]
        ),
        groups=tuple(binder.groups.values()),
        ballots=tuple(n for n, one in enumerate(binder.groups.values()) if one.operand is not None),
        rules_of_group=tuple(
            tuple(n for n, one in numbered if group in one.groups)
            for group in range(len(binder.groups))
        ),
        history=frozenset(binder.history),
        by_event=_index((one.rule.event.type, n) for n, one in numbered if one.rule.event),
        by_clearing_event=_index(_cleared(numbered, Source.EVENT)),
        by_clearing_action=_index(_cleared(numbered, Source.ACTION)),
        by_awaited=_index((event, n) for n, one in numbered for event in sorted(one.awaits)),
        silences={
            OWN_SILENCE: laid.equipment_class.silent_after,
            **{n: one.rule.no_data for n, one in numbered if one.rule.no_data is not None},
        },
        scheduled=tuple(n for n, one in numbered if one.rule.during is not None),
    )


def _led_to(pasts: Sequence[CompiledPast], first: Collection[int]) -> tuple[int, ...]:
    """Return the ``first`` functions and all that read what these give.

    A function comes after those that it reads: they were bound before it.
    """
    found: dict[int, int] = {}
    for number, past in enumerate(pasts):
        if number in first or not past.reads.isdisjoint(found):
            found[past.output] = number
    return tuple(found.values())


def _look_at(
    pasts: Sequence[CompiledPast], number: int, rules: Sequence[CompiledRule]
) -> frozenset[int]:
    outputs = {pasts[led].output for led in _led_to(pasts, [number])}
    return frozenset(n for n, one in enumerate(rules) if not one.reads.isdisjoint(outputs))


def _cleared(
    rules: Iterable[tuple[int, CompiledRule]], source: Source
) -> Iterator[tuple[str, int]]:
    for number, one in rules:
        for matcher in one.rule.clear_on:
            if matcher.source is source:
                yield matcher.type, number


def _index(pairs: Iterable[tuple[Key, int]]) -> Mapping[Key, tuple[int, ...]]:
    found: dict[Key, tuple[int, ...]] = {}
    for key, number in pairs:
        found[key] = (*found.get(key, ()), number)
    return found


def _compile(
    binder: Binder, rule: Rule, hold: Micros, equipment_class: EquipmentClass
) -> CompiledRule:
    binder.enter(rule)
    when = binder.bind(rule.when) if rule.when else None
    clear = binder.bind(rule.clear) if rule.clear else None
    reads: set[int] = set()
    awaits: set[str] = set()
    for expression in rule.expressions:
        reads |= binder.reads(expression.root)
        awaits |= binder.awaits(expression.root)
    return CompiledRule(
        rule=rule,
        hold=hold,
        when=when,
        clear=clear,
        reads=frozenset(reads),
        awaits=frozenset(awaits),
        groups=binder.groups_of(rule),
        shown={name: binder.bind(one) for name, one in rule.shown.items()},
        whole=frozenset(
            name for name, one in rule.shown.items() if is_whole(one.root, equipment_class)
        ),
    )
