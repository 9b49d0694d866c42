"""Read YAML that people write, and remember every mistake with its line.

PyYAML's loader stops at the first fault and its values no longer know where they stood. Here the
node tree is walked instead: each question about a node either answers or notes a ``Fault`` and
answers with a stand-in, so that a person mends a whole file in one go.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.expression import (
    Expression,
    ExpressionError,
    Scope,
    check,
    nearest,
    parse,
    parse_span,
)
from gengfu.core.naming import Bilingual
from gengfu.core.said import NOTHING, Misread, Said, said
from gengfu.yaml_problems import in_words, mended

Word = TypeVar("Word", bound=StrEnum)

# libyaml's is ten times as fast, and half of a start is reading YAML; not every build of PyYAML has it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 100
"""What composes a document calls itself for each level: too many would end the process."""

_KEY = "while scanning a simple key"
_BOTH = said("write {{zh: …, en: …}}")

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


def is_identifier(text: str) -> bool:
    """Tell whether a text can stand bare in an expression: a point, an enum's word, an attribute."""
    return _IDENTIFIER.fullmatch(text) is not None


def read_text(file: Path) -> str:
    """Return the text of a file that a person wrote: UTF-8, with or without a byte order mark.

    Raises:
        BadInput: when it cannot be read or is no UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise BadInput.of(str(file), "", said("cannot be read: {}", exc.strerror or exc)) from exc
    except UnicodeDecodeError as exc:
        raise BadInput.of(str(file), "", said("is not UTF-8"), said("save it as UTF-8")) from exc


class TooDeep(yaml.YAMLError):
    """A document of more levels than any of ours."""


def compose(text: str) -> yaml.Node | None:
    """Return the nodes of a text.

    Raises:
        yaml.YAMLError: it is no YAML, or ``TooDeep``.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise TooDeep
    return yaml.compose(text, Loader=_Loader)


def scalar(node: yaml.Node | None) -> str:
    """Return what a single value says, without the spaces (of any width) around it; else nothing."""
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""


def not_yaml(file: str, error: yaml.YAMLError) -> Fault:
    """Return what a parser says of a file as a fault, in our words where they are known."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if error.context == _KEY:
            mark = error.context_mark  # what lacks its colon, not the line where that was noticed
        line, problem = str(mark.line + 1) if mark else "1", error.problem or error.context
        return Fault(file, line, said("not YAML: {}", in_words(problem)), mended(problem))
    if isinstance(error, TooDeep):
        return Fault(file, "1", said("not a file of ours: nested too deeply"))
    reason = getattr(error, "reason", None) or str(error).partition("\n")[0]
    return Fault(file, "1", said("not YAML: {}", in_words(reason)))


@dataclass(slots=True)
class Page:
    """One YAML file being read: its name and the faults found so far."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, node: yaml.Node, message: Said, mend: Said = NOTHING) -> None:
        """Note a mistake at a node's line."""
        line = node.start_mark.line + 1
        self.faults.append(Fault(file=self.file, place=str(line), message=message, mend=mend))

    def root(self, text: str) -> yaml.Node | None:
        """Parse a file of one document; None (and a fault) when it is no YAML or empty."""
        try:
            node = compose(text)
        except yaml.YAMLError as exc:
            self.faults.append(not_yaml(self.file, exc))
            return None
        if node is None:
            self.faults.append(Fault(self.file, "1", said("the file is empty")))
        return node

    def entries(self, node: yaml.Node) -> dict[str, yaml.Node]:
        """Return a mapping's values by key; duplicate keys and wrong shapes are faults."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, said("a mapping (key: value) is expected here"))
            return {}
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self.text(key_node)
            if key in found:
                self.fault(key_node, said("{!r} stands here twice", key))
            elif key:
                found[key] = value
        return found

    def fields(
        self, node: yaml.Node, *, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, yaml.Node]:
        """Return a mapping's values when its keys are those known; others are faults."""
        if not isinstance(node, yaml.MappingNode):
            shape = ", ".join(f"{key}: …" for key in required)
            message = said("a mapping with {} is expected here", ", ".join(required))
            self.fault(node, message, said("write {{{}}}", shape) if shape else NOTHING)
            return {}
        found = self.entries(node)
        for key, value in found.items():
            if key not in required and key not in optional:
                self.fault(
                    value,
                    said("unknown key {!r}", key),
                    said("known: {}", ", ".join([*required, *optional])),
                )
        for key in required:
            if key not in found:
                self.fault(node, said("{!r} is missing", key))
        return found

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        """Return a list's nodes; an absent one is empty."""
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, said("a list is expected here"))
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None) -> str:
        """Return a scalar as it was written; the empty text when absent or (a fault) no scalar."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, said("a single value is expected here"))
            return ""
        return scalar(node)

    def texts(self, node: yaml.Node | None) -> tuple[str, ...]:
        """Return a list of scalars."""
        return tuple(self.text(item) for item in self.items(node))

    def identifier(self, node: yaml.Node | None, what: Said) -> str:
        """Return a name that expressions can use; empty (and a fault) when it is none."""
        name = self.text(node)
        if node is None or not name or is_identifier(name):
            return name
        self.fault(
            node, said("{} {!r} is no name", what, name), said("use a-z, 0-9 and _, a letter first")
        )
        return ""

    def bilingual(self, node: yaml.Node | None) -> Bilingual:
        """Return a text in both languages; a missing translation is a fault."""
        if node is None:
            return Bilingual(zh="", en="")
        if isinstance(node, yaml.ScalarNode):
            self.fault(node, said("a text in both languages is expected here"), _BOTH)
            return Bilingual(zh="", en="")
        found = self.fields(node, required=("zh", "en"))
        pair = Bilingual(zh=self.text(found.get("zh")), en=self.text(found.get("en")))
        for language, text in (("zh", pair.zh), ("en", pair.en)):
            if language in found and not text:
                self.fault(node, said("the text in {!r} is empty", language))
        return pair

    def number(self, node: yaml.Node | None) -> float | None:
        """Return a finite number; None when absent or (a fault) none."""
        if node is None:
            return None
        try:
            value = float(self.text(node))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fault(node, said("{!r} is no number", self.text(node)))
            return None
        return value

    def boolean(self, node: yaml.Node | None) -> bool:
        """Return ``true`` or ``false``; absent is false."""
        text = self.text(node)
        if node is not None and text not in {"true", "false"}:
            self.fault(node, said("{!r} is neither true nor false", text))
        return text == "true"

    def duration(self, node: yaml.Node | None) -> Micros:
        """Return a duration in µs; 1 when absent or (a fault) none."""
        if node is None:
            return 1
        try:
            span = parse_span(self.text(node))
        except Misread as exc:
            self.fault(node, exc.said)
            return 1
        if span <= 0:
            self.fault(node, said("the duration is zero"))
        return span

    def expression(
        self,
        node: yaml.Node,
        scope: Scope | None,
        what: str = "",
        *,
        names: Mapping[str, Expression] | None = None,
        condition: bool = True,
    ) -> Expression | None:
        """Return an expression that means something in a scope; None when it is none at all.

        Without a scope nothing is known of its names: only how it is written is looked at. ``what``
        names it in its faults, which give the column; ``names`` stand for other expressions;
        ``condition``: it must be true or false.
        """
        try:
            expression = parse(self.text(node), names or ())
            if names:
                expression = expression.named({name: one.root for name, one in names.items()})
        except ExpressionError as exc:
            self.fault(node, exc.flaw.told(what), exc.flaw.suggestion)
            return None
        found = check(expression, scope, condition=condition) if scope is not None else ()
        for flaw in found:
            self.fault(node, flaw.told(what), flaw.suggestion)
        return expression

    def choice(
        self,
        node: yaml.Node | None,
        words: type[Word],
        fallback: Word,
        *,
        spoken: Mapping[str, Word] | None = None,
    ) -> Word:
        """Return one of an enumeration's words; ``spoken``: what people say in another language."""
        if node is None:
            return fallback
        text = self.text(node)
        if text not in set(words):
            known = [one.value for one in words]
            meant = (spoken or {}).get(text)
            mend = said("did you mean {!r}?", meant.value) if meant else nearest(text, known)
            self.fault(node, said("{!r} is none of {}", text, ", ".join(known)), mend)
            return fallback
        return words(text)
