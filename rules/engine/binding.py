"""Turns the names of expressions into ways to read a frame, and notes what must be remembered.

A point has its slot; a function of the past gets a slot for its value, a group its number.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gengfu.core.expression import Expression, Program, bind, truth
from gengfu.core.expression.tree import Group, Node, Point, Span, Window, listed, outside, walk
from gengfu.core.names import PointKind, PointName
from gengfu.core.naming import Scalar
from gengfu.core.urgency import Kind
from gengfu.ledger.model import EquipmentClass
from rules.engine.frame import (
    Frame,
    attribute,
    output,
    previous,
    since_change,
    since_event,
    slot_value,
    tallied,
)
from rules.engine.groups import Poll
from rules.language.rule import Relation, Rule
from rules.language.vocabulary import ONLINE
from rules.past.catalogue import FUNCTIONS
from rules.past.memory import Past, Terms


class Layout:
    """Which points of a class rules read, their slots, and how a slot's number is meant."""

    def __init__(self, equipment_class: EquipmentClass, points: Iterable[str]) -> None:
        self.equipment_class = equipment_class
        self.names = tuple(points)
        """By slot."""
        self.slots: Mapping[str, int] = {name: slot for slot, name in enumerate(self.names)}
        defined = [equipment_class.points.get(name) for name in self.names]
        self.kinds = tuple(one.kind if one else PointKind.BOOLEAN for one in defined)
        """By slot; ``online`` is a boolean that a class need not name."""
        self._words = tuple(list(one.words) if one else [] for one in defined)
        self.readers = tuple(map(slot_value, range(len(defined)), self.kinds, self._words))

    def is_event(self, name: str) -> bool:
        """Tell whether a name is an event's, and no point's."""
        return name not in self.slots and name in self.equipment_class.events

    def slot_of(self, name: PointName) -> int | None:
        """Return the slot that a point's readings go to; None = no rule reads them."""
        slot = self.slots.get(name.point)
        return slot if slot is not None and _is_like(name.kind, self.kinds[slot]) else None

    def codes(self, slot: int, words: Sequence[str]) -> list[float]:
        """Return what a slot calls an enum's words; a word that the class no longer has is added."""
        known = self._words[slot]
        known.extend(word for word in words if word not in known)
        return [float(known.index(word)) for word in words]

    def number(self, slot: int, value: Scalar) -> float:
        """Return how a slot holds a value; NaN = unknown, and for a text, which stands elsewhere."""
        if value is None or self.kinds[slot] is PointKind.TEXT:
            return math.nan
        return self.codes(slot, (value,))[0] if isinstance(value, str) else float(value)


def _is_like(told: PointKind, read: PointKind) -> bool:
    figures = {PointKind.ANALOG, PointKind.INTEGER}
    return told is read or {told, read} <= figures


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPast:
    """A function of the past: its inputs, where its value goes, how its memory is made."""

    key: str
    inputs: tuple[Program[Frame], ...]
    """None: it is told of an event."""
    feed: str
    """Functions with the same are told the same."""
    output: int
    """The slot after all points' at which rules wait for its value."""
    make: Callable[[ZoneInfo], Past]
    """For equipment on this local clock."""
    reads: frozenset[int]
    event: str | None
    timed: bool
    steady: bool
    """It goes on with the last known values while the link is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledGroup:
    """A condition that is counted over related equipment."""

    key: str
    """Equal ones of different rules count together."""
    relation: Relation
    of: str
    """The class of those who vote."""
    operand: Program[Frame] | None
    """None: equipment of this class looks at the votes of another, and has none."""
    reads: frozenset[int]
    watches_link: bool
    """Whether it is about the link itself."""
    steady: bool
    """Of life safety: who is lost keeps its last vote."""

    def vote(self, frame: Frame) -> bool | None:
        return truth(self.operand(frame)) if self.operand is not None else None


class Binder:
    """Binds the expressions of rule after rule; collects functions of the past and groups."""

    def __init__(self, laid: Layout) -> None:
        self._layout = laid
        self._slots = laid.slots
        self._rule: Rule | None = None
        self.pasts: dict[str, CompiledPast] = {}
        self.groups: dict[str, CompiledGroup] = {}
        self.history: set[int] = set()

    def enter(self, rule: Rule) -> None:
        """Bind this rule's expressions from here on: its groups are those that it is for."""
        self._rule = rule

    def bind(self, expression: Expression) -> Program[Frame]:
        """Compile an expression of the rule that was entered."""
        windows = {window.key: window for window in expression.windows}
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
                return attribute(name.removeprefix("attr."))
            return self._layout.readers[self._slots[name]]

        return bind(expression, lookup)

    def groups_of(self, rule: Rule) -> tuple[int, ...]:
        """Return the numbers of the groups that a rule depends on, in the order it names them."""
        numbers = {key: number for number, key in enumerate(self.groups)}
        keys = [
            self._group_key(one) for expression in rule.expressions for one in expression.groups
        ]
        return tuple(dict.fromkeys(numbers[key] for key in keys))

    def reads(self, root: Node) -> set[int]:
        """Return the slots that an expression's value depends on, but for those of its groups."""
        nodes = outside(root)
        points = {node.name for node in nodes if isinstance(node, Point)}
        keys = {self._past_key(node) for node in nodes if isinstance(node, Window)}
        return {self._slots[name] for name in points if name in self._slots} | {
            self.pasts[key].output for key in keys if key in self.pasts
        }

    def awaits(self, root: Node) -> set[str]:
        """Return the events that an expression's value depends on (by ``since``)."""
        names = {node.name for node in outside(root) if isinstance(node, Point)}
        return {name for name in names if self._layout.is_event(name)}

    @property
    def _is_steady(self) -> bool:
        return self._rule is not None and self._rule.kind is Kind.LIFE_SAFETY

    def _past_key(self, window: Window) -> str:
        """Name a memory: life safety has its own where a lost link makes a difference."""
        inside = [one.function for one in walk(window) if isinstance(one, Window)]
        is_own = self._is_steady and any(FUNCTIONS[name].timed for name in inside)
        return f"{window.key} steady" if is_own else window.key

    def _window(self, window: Window) -> Program[Frame]:
        function = FUNCTIONS[window.function]
        key, make = self._past_key(window), function.make
        if make is None:
            return self._recollection(window)
        if key not in self.pasts:
            span = next((one.micros for one in window.arguments if isinstance(one, Span)), 0)
            given = [one for one in window.arguments if not isinstance(one, Span)]
            event = self._event(given)
            inputs = [] if event else given
            self.pasts[key] = CompiledPast(
                key=key,
                inputs=tuple(self.bind(Expression.of(one)) for one in inputs),
                feed=f"{listed(tuple(inputs))} {self._is_steady}",
                output=len(self._slots) + len(self.pasts),
                make=lambda zone: make(Terms(span=span, zone=zone, values=window.values)),
                reads=frozenset(slot for one in inputs for slot in self.reads(one)),
                event=event,
                timed=function.timed,
                steady=self._is_steady,
            )
        return output(self.pasts[key].output - len(self._slots))

    def _event(self, given: Sequence[Node]) -> str | None:
        match given:
            case [Point(_, name)] if self._layout.is_event(name):
                return name
        return None

    def answer(self, rule: Rule, group: Group) -> None:
        """Let all equipment of this class vote where a rule names the class; before all rules."""
        self.enter(rule)
        if self._group_key(group) not in self.groups:
            self._vote(group)

    def _group(self, group: Group, read: Callable[[Poll, str], Scalar]) -> Program[Frame]:
        key = self._group_key(group)
        if key not in self.groups:
            if group.of:
                self.groups[key] = self._compiled(group, operand=None, reads=frozenset())
            else:
                self._vote(group)
        return tallied(list(self.groups).index(key), group.function, read)

    def _vote(self, group: Group) -> None:
        operand = self.bind(Expression.of(group.operand))
        reads = frozenset(self.reads(group.operand))
        self.groups[self._group_key(group)] = self._compiled(group, operand, reads)

    def _compiled(
        self, group: Group, operand: Program[Frame] | None, reads: frozenset[int]
    ) -> CompiledGroup:
        return CompiledGroup(
            key=self._group_key(group),
            relation=Relation(group.relation),
            of=group.of or self._layout.equipment_class.name,
            operand=operand,
            reads=reads,
            watches_link=Point(0, ONLINE) in walk(group.operand),
            steady=self._is_steady,
        )

    def _group_key(self, group: Group) -> str:
        """Name who counts what: rules count together that ask the same equipment and are as steady."""
        own = self._rule.where if self._rule is not None and not group.of else None
        asked = f"of {group.of}" if group.of else f"{own.root if own else ''}"
        return f"{group.operand} {group.relation} {asked} {self._is_steady}"

    def _recollection(self, window: Window) -> Program[Frame]:
        name = str(window.arguments[0])
        if window.function == "since" and self._layout.is_event(name):
            return since_event(name)
        slot = self._slots[name]
        self.history.add(slot)
        return since_change(slot) if window.function == "since" else previous(slot)
