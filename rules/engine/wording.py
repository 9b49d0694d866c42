"""Makes a verdict out of a rule and an equipment: texts in both languages with their values."""

from collections.abc import Mapping, Sequence

from gengfu.core.clock import Micros
from gengfu.core.names import PointKind
from gengfu.core.naming import Bilingual, Language, Scalar, Subject
from gengfu.ledger.model import EquipmentClass
from rules.engine.plan import CompiledRule
from rules.engine.supply import all_fed
from rules.engine.unit import Unit
from rules.engine.verdict import Turn, Verdict
from rules.language.rule import Children, fill, placeholders
from rules.language.vocabulary import COUNTED, COUNTED_CHILDREN, MEMBERS, THE_PART

_UNKNOWN = Bilingual(zh="未知", en="unknown")
_YES = Bilingual(zh="是", en="yes")
_NO = Bilingual(zh="否", en="no")
_LARGE = 10
"""What is reckoned and may be a fraction is shown without decimals from here on."""


def say(
    unit: Unit,
    compiled: CompiledRule,
    turn: Turn,
    *,
    position: int,
    at: Micros,
    since: Micros,
    part: str = "",
    facts: Mapping[str, Scalar] | None = None,
    late: bool = False,
) -> Verdict:
    """Return the verdict on one subject; ``facts`` are the event's attributes."""
    rule = compiled.rule
    children = tuple(child.equipment.id for child in _children(unit, rule.children))
    values = {**_values(unit, compiled), **(facts or {})}
    told = {**values, THE_PART: (facts or {}).get(THE_PART, part or None)}
    told[COUNTED_CHILDREN] = len(children)
    told.update(_counted(unit, compiled))
    told.update({name: program(unit) for name, program in compiled.shown.items()})
    return Verdict(
        rule=rule.id,
        site=unit.site,
        subject=Subject(unit.equipment.id, part or None),
        turn=turn,
        position=position,
        at=at,
        since=since,
        kind=rule.kind,
        severity=rule.severity_at(at, unit.clock),
        response=rule.response,
        priority=rule.priority,
        latched=rule.latched,
        title=_text(rule.title, compiled, unit, told),
        advice=tuple(_text(line, compiled, unit, told) for line in rule.advice),
        values=values,
        children=children,
        late=late,
    )


def _children(unit: Unit, which: Children) -> Sequence[Unit]:
    match which:
        case Children.SPOKEN_FOR:
            return unit.all_children()
        case Children.FED:
            return all_fed(unit)
    return ()


def _values(unit: Unit, compiled: CompiledRule) -> dict[str, Scalar]:
    """Return what the rule looked at: point → value, None = unknown."""
    rule, slots = compiled.rule, unit.plan.layout.slots
    names = [name for one in rule.expressions for name in sorted(one.points)]
    names += placeholders(rule.title.zh)
    return {name: unit.value_of(name) for name in names if name in slots}


def _counted(unit: Unit, compiled: CompiledRule) -> dict[str, Scalar]:
    """Return the figures of the rule's first group."""
    poll = unit.polls[compiled.groups[0]] if compiled.groups else None
    return {} if poll is None else {COUNTED: poll.yes, MEMBERS: len(poll.members)}


def _text(
    text: Bilingual, compiled: CompiledRule, unit: Unit, told: Mapping[str, Scalar]
) -> Bilingual:
    if "{" not in text.zh and "{" not in text.en:
        return text

    def filled(language: Language) -> str:
        return fill(text.of(language), lambda name: _show(name, compiled, unit, told, language))

    return Bilingual(zh=filled("zh"), en=filled("en"))


def _show(
    name: str, compiled: CompiledRule, unit: Unit, told: Mapping[str, Scalar], language: Language
) -> str:
    rule = compiled.rule
    value = told[name] if name in told else unit.value_of(name)
    if value is None:
        return _UNKNOWN.of(language)
    if isinstance(value, str) and value in rule.words:
        return rule.words[value].of(language)
    if name in rule.shown and isinstance(value, float):
        is_plain = name in compiled.whole or abs(value) >= _LARGE
        return f"{value:.0f}" if is_plain else f"{value:.1f}"
    return _formatted(unit.plan.layout.equipment_class, name, value, language)


def _formatted(
    equipment_class: EquipmentClass, name: str, value: Scalar, language: Language
) -> str:
    point = equipment_class.points.get(name)
    if isinstance(value, bool):
        return (_YES if value else _NO).of(language)
    if point is not None and point.kind is PointKind.ANALOG and isinstance(value, int | float):
        return f"{value:.{point.digits}f}"
    if point is not None and isinstance(value, str) and value in point.words:
        return point.words[value].of(language)
    return f"{value:g}" if isinstance(value, float) else str(value)
