"""An edition is one version of one rule as a person wrote it. Nothing is ever overwritten.

A rule without an edition in force is as its file has it; an edition without text switches it off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, Fault
from gengfu.core.urgency import Kind
from gengfu.ledger.model import EquipmentClass
from rules.language.reader import read_rules
from rules.language.rule import Rule
from rules.language.selection import without


class Status(StrEnum):
    """What became of an edition."""

    PROPOSED = "proposed"
    """Waits for a second person."""
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    """By a later edition, or by going back to the file's."""
    REFUSED = "refused"


class Need(StrEnum):
    """What a change asks for beyond being free of mistakes."""

    REASON = "reason"
    SECOND_PERSON = "second_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A back-test that was seen before: over [start, end), what the text would have done."""

    at: Micros
    start: Micros
    end: Micros
    alarms: int
    walks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of one rule."""

    number: int
    """Over all rules, rising."""
    rule: str
    text: str
    """A rule file with this rule alone; empty = switched off."""
    status: Status
    author: str
    at: Micros
    reason: str
    trial: Trial | None
    second: str | None = None
    """Who approved or refused it."""
    decided_at: Micros | None = None

    @property
    def file(self) -> str:
        """The name under which the text stands among the rule files, in mistakes too."""
        return f"edition-{self.number}.yaml"


def needs(before: Rule | None, after: Rule | None, *, tried: bool) -> frozenset[Need]:
    """Return what a change of one rule asks for; ``tried`` = its text was back-tested.

    A built-in life-safety rule is never changed or switched off by one person alone: an insider
    could silence it.
    """
    wanted: set[Need] = set()
    if after is None or not tried:
        wanted.add(Need.REASON)
    if before is not None and before.kind is Kind.LIFE_SAFETY and before != after:
        wanted.add(Need.SECOND_PERSON)
    return frozenset(wanted)


def compose(
    files: Mapping[str, str], editions: Iterable[Edition], classes: Mapping[str, EquipmentClass]
) -> tuple[Mapping[str, str], tuple[Fault, ...]]:
    """Put editions in place of the rules of the files that they are about.

    An edition that this version cannot read any more is left out, and the file's rule holds: the
    faults returned say which. Returns files (name → YAML text) that read without a fault when the
    given ones do.
    """
    sound: list[Edition] = []
    faults: list[Fault] = []
    for edition in editions:
        try:
            read_rules({edition.file: edition.text} if edition.text else {}, classes)
        except BadInput as exc:
            faults.extend(exc.faults)
        else:
            sound.append(edition)
    kept = without(files, {edition.rule for edition in sound})
    return {**kept, **{one.file: one.text for one in sound if one.text}}, tuple(faults)
