"""The two rules of linkage as people see them: their texts and urgency, read from files like a pack's.

They stand always: they follow from the ledger's cause-and-effect table, so nobody edits them or switches
them off as a rule. What is to happen is changed where it is said, in the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from gengfu.core.errors import BadInput
from gengfu.core.naming import Bilingual
from gengfu.core.urgency import Kind, Response, Severity
from gengfu.marked import Page, read_text
from rules.language.fields import read_priority, read_source
from rules.language.rule import Rule, fill
from rules.linkage.run import CONFIRMED, MISSING

_FOLDER = Path(__file__).parent
_FILES = {CONFIRMED: "confirmed.yaml", MISSING: "response_missing.yaml"}
_REQUIRED = (
    *("id", "for", "severity", "kind", "priority", "response", "latched"),
    *("title", "titles", "advice", "source"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A rule that stands always."""

    rule: Rule
    titles: Mapping[str, Bilingual]
    """What it says in other cases than its ``title``, by the case."""
    text: str
    """The file it was read from."""

    def title(self, case: str = "", **values: Bilingual) -> Bilingual:
        """Return what it says in a case (empty: the usual one), with values."""
        text = self.titles[case] if case else self.rule.title
        return Bilingual(
            zh=fill(text.zh, lambda name: values[name].zh),
            en=fill(text.en, lambda name: values[name].en),
        )


def _read(file: Path) -> Standing:
    """Read one file.

    Raises:
        BadInput: with every mistake.
    """
    text, page = read_text(file), Page(file.name)
    root = page.root(text)
    pack = page.fields(root, required=("pack", "rules")) if root else {}
    (node,) = page.items(pack.get("rules"))
    fields = page.fields(node, required=_REQUIRED, optional=("words",))
    rule = Rule(
        id=f"{page.text(pack.get('pack'))}.{page.text(fields.get('id'))}",
        equipment_class=page.text(fields.get("for")),
        severity=page.choice(fields.get("severity"), Severity, Severity.CRITICAL),
        kind=page.choice(fields.get("kind"), Kind, Kind.LIFE_SAFETY),
        priority=read_priority(page, fields.get("priority")),
        response=page.choice(fields.get("response"), Response, Response.IMMEDIATE),
        latched=page.boolean(fields.get("latched")),
        title=page.bilingual(fields.get("title")),
        advice=tuple(map(page.bilingual, page.items(fields.get("advice")))),
        words=_texts(page, fields, "words"),
        source=read_source(page, fields.get("source")),
    )
    if page.faults:
        raise BadInput(page.faults)
    return Standing(rule=rule, titles=_texts(page, fields, "titles"), text=text)


def _texts(page: Page, fields: Mapping[str, yaml.Node], name: str) -> Mapping[str, Bilingual]:
    node = fields.get(name)
    return {key: page.bilingual(one) for key, one in page.entries(node).items()} if node else {}


STANDING: Final[Mapping[str, Standing]] = {
    rule: _read(_FOLDER / file) for rule, file in _FILES.items()
}
"""By the rule's id."""
