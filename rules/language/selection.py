"""Leaves of rule files only some rules, as texts again: the engine reads what it always reads."""

from collections.abc import Callable, Collection, Mapping, Sequence

import yaml

from gengfu.marked import compose, scalar

_UNBROKEN = 10_000
"""People edit what comes out: no text is broken over lines."""


def only(files: Mapping[str, str], rules: Collection[str]) -> Mapping[str, str]:
    """Return the files with those rules alone (``<pack>.<name>``); files left empty are left out.

    The files must have been read without a fault before; those that cannot be are left out.
    """
    chosen = {name: _keep(text, lambda rule: rule in rules) for name, text in files.items()}
    return {name: text for name, text in chosen.items() if text}


def without(files: Mapping[str, str], rules: Collection[str]) -> Mapping[str, str]:
    """Return the files without those rules; a file that has none of them stays as it is written."""
    left = {
        name: text
        if not rules or ids_of(text).isdisjoint(rules)
        else _keep(text, lambda rule: rule not in rules)
        for name, text in files.items()
    }
    return {name: text for name, text in left.items() if text}


def ids_of(text: str) -> frozenset[str]:
    """Return the rules that a file defines (``<pack>.<name>``); none for what is no rule file."""
    return frozenset(rule for rule, _ in _listed(text)[1])


def _keep(text: str, wanted: Callable[[str], bool]) -> str:
    root, rules = _listed(text)
    listed = _field(root, "rules")
    if not isinstance(listed, yaml.SequenceNode):
        return ""
    listed.value = [node for rule, node in rules if wanted(rule)]
    return yaml.serialize(root, allow_unicode=True, width=_UNBROKEN) if listed.value else ""


def _listed(text: str) -> tuple[yaml.Node | None, Sequence[tuple[str, yaml.Node]]]:
    """Return a file's root and its rules with their names; none for what is no rule file."""
    try:
        root = compose(text)
    except yaml.YAMLError:
        return None, ()
    pack, listed = _field(root, "pack"), _field(root, "rules")
    if not isinstance(pack, yaml.ScalarNode) or not isinstance(listed, yaml.SequenceNode):
        return None, ()
    return root, [(f"{scalar(pack)}.{scalar(_field(one, 'id'))}", one) for one in listed.value]


def _field(node: yaml.Node | None, name: str) -> yaml.Node | None:
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in entries if scalar(key) == name), None)
