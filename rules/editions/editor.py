"""What people may do with rules: enable, switch off, approve, refuse, go back. Every step is audited."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gengfu.core.clock import Micros
from gengfu.core.errors import Fault
from gengfu.ledger.model import EquipmentClass
from rules.editions.model import Edition, Need, Status, Trial, compose, needs
from rules.editions.store import EditionStore, NotProposed
from rules.language.reader import read_rules
from rules.language.rule import Rule
from rules.language.selection import only


class Refusal(StrEnum):
    """Why a change of rules was not made."""

    NEEDS_REASON = "needs_reason"
    """It was not back-tested, or switches a rule off: say why."""
    SAME_PERSON = "same_person"
    """Nobody approves what he proposed himself."""
    NO_PERSON = "no_person"
    """A token neither proposes nor approves what takes two: both might be one person's."""
    OTHER_SITES = "other_sites"
    """The desk's: a rule holds at every site, also at those that he may not see."""
    NOT_PROPOSED = "not_proposed"
    UNKNOWN_RULE = "unknown_rule"
    UNCHANGED = "unchanged"


class ChangeRefused(Exception):
    """A change of rules was not made, and nothing was changed."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a change, and when."""

    id: str
    at: Micros
    is_person: bool = True
    """Signed in, not by a token."""


class Audit(Protocol):
    """Where every change is written down."""

    def add(
        self, *, at: Micros, actor: str, action: str, subject: str = "", detail: str = ""
    ) -> None:
        """Add an entry, durable on return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The rules in force at one time."""

    version: int
    files: Mapping[str, str]
    rules: Mapping[str, Rule]
    editions: Mapping[str, Edition]
    """By rule: those that people wrote; the others are as their files have them."""
    faults: Sequence[Fault]
    """Of editions that this version cannot read: their rules are as the files have them."""


class Editor:
    """The rules in force and their changes."""

    def __init__(
        self,
        files: Mapping[str, str],
        classes: Mapping[str, EquipmentClass],
        store: EditionStore,
        audit: Audit,
    ) -> None:
        self._files = files
        self._classes = classes
        self._store = store
        self._audit = audit
        self._book: Book | None = None

    def book(self) -> Book:
        """Return the rules in force now."""
        version = self._store.version()
        if self._book is None or self._book.version != version:
            editions = self._store.in_force()
            files, faults = compose(self._files, editions, self._classes)
            self._book = Book(
                version=version,
                files=files,
                rules={rule.id: rule for rule in read_rules(files, self._classes)},
                editions={one.rule: one for one in editions},
                faults=faults,
            )
        return self._book

    def text_of(self, rule: str) -> str:
        """Return a rule as the text of a file; empty for none."""
        edition = self.book().editions.get(rule)
        return edition.text if edition and edition.text else self.file_text_of(rule)

    def file_text_of(self, rule: str) -> str:
        """Return a rule as its file has it, whatever edition is in force; empty for none."""
        return next(iter(only(self._files, {rule}).values()), "")

    def history(self, rule: str) -> Sequence[Edition]:
        """Return a rule's editions, the newest first."""
        return self._store.of(rule)

    def proposed(self) -> Sequence[Edition]:
        """Return what waits for a second person."""
        return self._store.proposed()

    def note_trial(self, draft: str, trial: Trial) -> None:
        """Remember that somebody saw what a draft would have done."""
        self._store.note_trial(draft, trial)

    def trial_of(self, draft: str) -> Trial | None:
        """Return the newest back-test of exactly this draft."""
        return self._store.trial_of(draft)

    def needs_of(self, draft: str) -> frozenset[Need]:
        """Return what it takes to enable a draft.

        Raises:
            BadInput: with every mistake of the draft.
        """
        tried = self.trial_of(draft) is not None
        before = self.book().rules
        wanted: set[Need] = set()
        for rule in read_rules({"draft.yaml": draft}, self._classes):
            if before.get(rule.id) != rule:
                wanted |= needs(before.get(rule.id), rule, tried=tried)
        return frozenset(wanted)

    def enable(self, draft: str, *, reason: str, by: Asker) -> Sequence[Edition]:
        """Bring a draft's rules into force, or propose those that need a second person.

        Raises:
            BadInput: with every mistake of the draft; nothing is changed.
            ChangeRefused: it needs a reason or a person, or changes nothing.
        """
        rules = read_rules({"draft.yaml": draft}, self._classes)
        trial, before = self.trial_of(draft), self.book().rules
        changed = [rule for rule in rules if before.get(rule.id) != rule]
        if not changed:
            raise ChangeRefused(Refusal.UNCHANGED)
        wanted = {
            rule.id: needs(before.get(rule.id), rule, tried=trial is not None) for rule in changed
        }
        _need_reason(reason, *wanted.values())
        alone = len(rules) == 1
        return self._keep(
            [
                _draft_of(
                    rule.id,
                    draft if alone else only({"draft.yaml": draft}, {rule.id})["draft.yaml"],
                    wanted[rule.id],
                    reason=reason,
                    trial=trial,
                    by=by,
                )
                for rule in changed
            ],
            by,
        )

    def switch_off(self, rule: str, *, reason: str, by: Asker) -> Edition:
        """Switch a rule off, or propose it.

        Raises:
            ChangeRefused: it is not in force, no reason is given, or it needs a person.
        """
        before = self.book().rules.get(rule)
        if before is None:
            raise ChangeRefused(Refusal.UNKNOWN_RULE)
        wanted = needs(before, None, tried=False)
        _need_reason(reason, wanted)
        draft = _draft_of(rule, "", wanted, reason=reason, trial=None, by=by)
        return self._keep([draft], by)[0]

    def decide(self, number: int, *, approve: bool, by: Asker) -> Edition:
        """Approve or refuse what another person proposed. Its author may only refuse it.

        Raises:
            ChangeRefused: it is not proposed, he proposed it himself, or he is a token.
        """
        edition = self._store.get(number)
        if edition is None or edition.status is not Status.PROPOSED:
            raise ChangeRefused(Refusal.NOT_PROPOSED)
        if approve and not by.is_person:
            raise ChangeRefused(Refusal.NO_PERSON)
        if approve and edition.author == by.id:
            raise ChangeRefused(Refusal.SAME_PERSON)
        back = bool(edition.text) and edition.text == self.file_text_of(edition.rule)
        try:
            decided = self._store.decide(number, second=by.id, at=by.at, approve=approve, back=back)
        except NotProposed as exc:
            raise ChangeRefused(Refusal.NOT_PROPOSED) from exc
        action = "rule_change_approved" if approve else "rule_change_refused"
        self._note(decided, action, by)
        return decided

    def restore(self, rule: str, *, reason: str, by: Asker) -> Edition | None:
        """Let a rule be again as its file has it, or propose it: then with the proposal.

        Raises:
            ChangeRefused: it is, no reason is given, or it needs a person.
        """
        text, before = self.file_text_of(rule), self.book().rules.get(rule)
        after = read_rules({"file.yaml": text} if text else {}, self._classes)
        wanted = needs(before, after[0] if after else None, tried=False)
        _need_reason(reason, wanted)
        if rule not in self.book().editions:
            raise ChangeRefused(Refusal.UNCHANGED)
        if Need.SECOND_PERSON in wanted:
            draft = _draft_of(rule, text, wanted, reason=reason, trial=None, by=by)
            return self._keep([draft], by)[0]
        if not self._store.restore(rule, by=by.id, at=by.at):
            raise ChangeRefused(Refusal.UNCHANGED)
        detail = json.dumps({"reason": reason}, ensure_ascii=False)
        self._audit.add(at=by.at, actor=by.id, action="rule_restored", subject=rule, detail=detail)
        return None

    def _keep(self, drafts: Sequence[Edition], by: Asker) -> Sequence[Edition]:
        if not by.is_person and any(one.status is Status.PROPOSED for one in drafts):
            raise ChangeRefused(Refusal.NO_PERSON)
        kept = self._store.add(drafts)
        for one in kept:
            waits = one.status is Status.PROPOSED
            action = "rule_change_proposed" if waits else "rule_changed"
            self._note(one, action, by)
        return kept

    def _note(self, edition: Edition, action: str, by: Asker) -> None:
        said = {
            "edition": edition.number,
            "off": not edition.text,
            "back_tested": edition.trial is not None,
            "reason": edition.reason,
        }
        detail = json.dumps(said, ensure_ascii=False)
        self._audit.add(at=by.at, actor=by.id, action=action, subject=edition.rule, detail=detail)


def _need_reason(reason: str, *wanted: frozenset[Need]) -> None:
    if not reason.strip() and any(Need.REASON in one for one in wanted):
        raise ChangeRefused(Refusal.NEEDS_REASON)


def _draft_of(
    rule: str,
    text: str,
    wanted: frozenset[Need],
    *,
    reason: str,
    trial: Trial | None,
    by: Asker,
) -> Edition:
    return Edition(
        number=0,
        rule=rule,
        text=text,
        status=Status.PROPOSED if Need.SECOND_PERSON in wanted else Status.IN_FORCE,
        author=by.id,
        at=by.at,
        reason=reason.strip(),
        trial=trial,
    )
