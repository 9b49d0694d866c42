"""What titles and advice may show: which names in braces have a value in a rule, and no other brace."""

import re
from collections.abc import Collection, Mapping

import yaml

from gengfu.core.expression import Expression, nearest
from gengfu.core.said import NOTHING, Said, said
from gengfu.ledger.model import EquipmentClass
from gengfu.marked import Page
from rules.language.rule import Rule, fill, placeholders
from rules.language.vocabulary import COUNTED, COUNTED_CHILDREN, MEMBERS, ONLINE, THE_PART

_BRACE = re.compile(r"[{｛][^{}｛｝]*[}｝]?|[}｝]")


def check_texts(
    page: Page,
    node: yaml.Node,
    rule: Rule,
    equipment_class: EquipmentClass,
    names: Mapping[str, Expression],
) -> None:
    """Note every brace of a rule (``node``) that would be shown as it is, or show nothing."""
    entries = page.entries(node)
    advice = entries.get("advice")
    listed = advice.value if isinstance(advice, yaml.SequenceNode) else ()
    fillable, elsewhere = _fillable(rule, equipment_class, names), _elsewhere(equipment_class)
    # A runbook's line, the last of the advice, is our own text and stands on no line of its own.
    nodes = (entries.get("title", node), *listed)
    for one, text in zip(nodes, (rule.title, *rule.advice), strict=False):
        for language, line in (("zh", text.zh), ("en", text.en)):
            for message, mend in _wrong(line, rule, fillable, elsewhere):
                at = page.entries(one).get(language, one)
                page.fault(at, message, mend)


def _wrong(
    line: str, rule: Rule, fillable: Collection[str], elsewhere: Collection[str]
) -> list[tuple[Said, Said]]:
    found = [
        _no_value(name, rule, fillable, elsewhere)
        for name in dict.fromkeys(placeholders(line))
        if name not in fillable
    ]
    for brace in _BRACE.findall(fill(line, lambda _name: "")):
        mend = said("write the bare name in half-width braces, such as {{online}}")
        found.append((said("{!r} would be shown as it stands", brace), mend))
    return found


def _no_value(
    name: str, rule: Rule, fillable: Collection[str], elsewhere: Collection[str]
) -> tuple[Said, Said]:
    if rule.per is not None and name in elsewhere:
        message = said("one alert for all has no {{{}}} of a single one", name)
        return message, said("such as {{counted}} and {{members}}")
    if name in {COUNTED, MEMBERS}:
        return said("{{{}}} wants a group in when or clear", name), said("such as: count(…, zone)")
    if name in elsewhere:
        return said("{{{}}} wants an event that tells it", name), NOTHING
    return said("no value {{{}}}", name), nearest(name, fillable)


def _fillable(
    rule: Rule, equipment_class: EquipmentClass, names: Mapping[str, Expression]
) -> frozenset[str]:
    """Return the names that a rule's texts may show a value of."""
    found = {COUNTED_CHILDREN}
    if rule.per is None:
        found |= {*equipment_class.points, ONLINE, *names}
    else:
        found |= {name for name, one in names.items() if not one.alone}
    if rule.event is not None and rule.event.type in equipment_class.events:
        found |= {THE_PART, *equipment_class.events[rule.event.type].attributes}
    if any(one.groups for one in rule.expressions):
        found |= {COUNTED, MEMBERS}
    return frozenset(found)


def _elsewhere(equipment_class: EquipmentClass) -> frozenset[str]:
    """Return the names that rules of other kinds can show."""
    attributes = {name for one in equipment_class.events.values() for name in one.attributes}
    return frozenset({*equipment_class.points, ONLINE, THE_PART, COUNTED, MEMBERS, *attributes})
