"""Changing rules: one rule with its editions, bringing a draft into force, the second person."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from dashboards.reach import reach
from dashboards.web.api.rule_changes import changed
from dashboards.web.api.rules import LONGEST_DRAFT
from dashboards.web.identity import Desk, Who
from dashboards.web.pages.rules import REFUSED, draft_form, title_of
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem, not_found
from dashboards.web.render import page
from dashboards.web.words import marked
from gengfu.core.said import said
from rules.editions.editor import Asker, Editor, Refusal
from rules.editions.model import Edition, Status
from rules.linkage.standing import STANDING, Standing

router = APIRouter()
Reason = Annotated[str, Form(max_length=1000)]
Draft = Annotated[str, Form(max_length=LONGEST_DRAFT)]

STATUS: Mapping[Status, str] = {
    Status.PROPOSED: marked("waits for a second person"),
    Status.IN_FORCE: marked("in force"),
    Status.REPLACED: marked("replaced"),
    Status.REFUSED: marked("refused or withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Version:
    """An edition, and what it changed against the one before it: lines of a unified diff."""

    edition: Edition
    diff: Sequence[str]


def versions(editions: Sequence[Edition], original: str) -> tuple[Version, ...]:
    """Set each edition (newest first) against the one before; the oldest against the file's."""
    texts = [one.text for one in editions if one.status is not Status.REFUSED]
    found: list[Version] = []
    for edition in editions:
        older = texts[1:] if texts and texts[0] is edition.text else texts
        found.append(Version(edition, _diff(older[0] if older else original, edition.text)))
        texts = older
    return tuple(found)


def _diff(before: str, after: str) -> Sequence[str]:
    if not after:
        return ()  # switched off: that the whole text goes needs no telling
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@router.get("/engineer/rules/{rule}")
def show_rule(ports: Desk, request: Request, rule: str, refused: str = "") -> Response:
    """Show a rule as it is in force, and everything that people made of it."""
    editor = ports.rules.editor
    in_force, editions = editor.book().rules.get(rule), editor.history(rule)
    if rule in STANDING:
        return _standing(ports, request, STANDING[rule])
    if in_force is None and not editions and not editor.file_text_of(rule):
        raise not_found(said("there is no rule {!r}", rule))
    return page(
        request,
        "rule.html",
        id=rule,
        standing=False,
        rule=in_force,
        title=title_of(in_force) if in_force else None,
        text=editor.text_of(rule),
        original=editor.file_text_of(rule),
        edited=rule in editor.book().editions,
        versions=versions(editions, editor.file_text_of(rule)),
        reached=reach(in_force, ports.ledgers.sites.values()) if in_force else 0,
        names=ports.people.names(),
        classes=ports.ledgers.classes,
        status_words=STATUS,
        refused=_said(refused),
    )


def _standing(ports: DeskPorts, request: Request, standing: Standing) -> Response:
    """Show a rule that nobody changes here: it follows from the ledger's linkage table."""
    return page(
        request,
        "rule.html",
        id=standing.rule.id,
        rule=standing.rule,
        title=title_of(standing.rule),
        text=standing.text,
        standing=True,
        reached=reach(standing.rule, ports.ledgers.sites.values()),
        versions=(),
        refused=None,
        classes=ports.ledgers.classes,
    )


def _said(refused: str) -> str | None:
    return REFUSED.get(Refusal(refused)) if refused in set(Refusal) else None


@router.post("/engineer/rules/enable")
def enable(
    ports: Desk,
    who: Who,
    request: Request,
    text: Draft,
    days: Annotated[int, Form()] = 7,
    reason: Reason = "",
) -> Response:
    """Bring a draft into force, or propose it; on a refusal its writer goes on with his text."""
    text = text.replace("\r\n", "\n")
    try:
        made = changed(ports, who, lambda editor, by: editor.enable(text, reason=reason, by=by))
    except Problem as problem:
        return draft_form(ports, request, text=text, days=days, reason=reason, problem=problem)
    return _go(made[0].rule)


@router.post("/engineer/rules/{rule}/off")
def switch_off(ports: Desk, who: Who, rule: str, reason: Reason = "") -> Response:
    """Switch a rule off, or propose it."""
    return _after(
        ports, who, rule, lambda editor, by: editor.switch_off(rule, reason=reason, by=by)
    )


@router.post("/engineer/rules/{rule}/restore")
def restore(ports: Desk, who: Who, rule: str, reason: Reason = "") -> Response:
    """Let a rule be again as its file has it."""
    return _after(ports, who, rule, lambda editor, by: editor.restore(rule, reason=reason, by=by))


@router.post("/engineer/rules/editions/{number}/decision")
def decide(
    ports: Desk,
    who: Who,
    number: int,
    rule: Annotated[str, Form()],
    approve: Annotated[bool, Form()],
) -> Response:
    """Approve or refuse what another person proposed."""
    return _after(
        ports, who, rule, lambda editor, by: editor.decide(number, approve=approve, by=by)
    )


def _after(
    ports: DeskPorts, who: Visitor, rule: str, change: Callable[[Editor, Asker], object]
) -> Response:
    """Make a change and show the rule, with the reason when it was refused."""
    try:
        changed(ports, who, change)
    except Problem as problem:
        return _go(rule, f"?refused={problem.members['reason']}")
    return _go(rule)


def _go(rule: str, query: str = "") -> Response:
    path = f"/engineer/rules/{quote(rule, safe='')}{query}"
    return RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)
