"""Which facts of the ledger the rules ask: what to write into the columns ``attr.NAME``."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gengfu.core.expression import Expression
from gengfu.core.expression.tree import Attribute, Binary, Literal, Node, OneOf, Word, walk
from rules.language.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact that rules of one class ask: the words they know for it, and which rules ask."""

    name: str
    words: tuple[str, ...]
    """Empty for a number, a yes or no, a text of one's own."""
    rules: tuple[str, ...]


def facts_asked(rules: Iterable[Rule], equipment_class: str) -> tuple[Fact, ...]:
    """Return the facts that rules ask of a class of equipment, by name."""
    askers: dict[str, set[str]] = defaultdict(set)
    words: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        for expression in _asking(rule, equipment_class):
            for name in expression.attributes:
                askers[name].add(rule.id)
            for name, word in _compared(walk(expression.root)):
                words[name].add(word)
    return tuple(
        Fact(name=name, words=tuple(sorted(words[name])), rules=tuple(sorted(askers[name])))
        for name in sorted(askers)
    )


def _asking(rule: Rule, equipment_class: str) -> Iterator[Expression]:
    """Go through what a rule asks of a class: its own, or one that it looks at."""
    for group in rule.asked_elsewhere:
        if group.of == equipment_class:
            yield Expression.of(group.operand)
    if rule.equipment_class != equipment_class:
        return
    yield from rule.expressions
    yield from rule.shown.values()
    for one in (rule.where, *(hold.where for hold in rule.hold)):
        if one is not None:
            yield one


def _compared(nodes: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Go through the words that facts are compared with."""
    for node in nodes:
        match node:
            case Binary(left=Attribute(name=name), right=right):
                yield from _words(name, (right,))
            case OneOf(operand=Attribute(name=name), choices=choices):
                yield from _words(name, choices)


def _words(name: str, nodes: Iterable[Node]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        match node:
            case Word(text=text) | Literal(value=str(text)):
                yield name, text
