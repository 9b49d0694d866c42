"""``/rules``, written to: enable, switch off, approve, go back. Every change says who and why."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Self, TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dashboards.web.api.rules import LONGEST_DRAFT, mistakes
from dashboards.web.api.shapes import Shape, iso
from dashboards.web.identity import Desk, Who, sees_all
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem
from gengfu.core.clock import to_iso
from gengfu.core.errors import BadInput
from gengfu.core.said import Said, said
from rules.editions.editor import Asker, ChangeRefused, Editor, Refusal
from rules.editions.model import Edition, Trial

router = APIRouter(prefix="/api/v1")
Result = TypeVar("Result")

Reason = Annotated[str, Field(max_length=1000)]

_REFUSED: dict[Refusal, tuple[HTTPStatus, Said]] = {
    Refusal.NEEDS_REASON: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        said("run a back-test of exactly this text first, or say why it goes without one"),
    ),
    Refusal.SAME_PERSON: (HTTPStatus.FORBIDDEN, said("somebody else has to approve it")),
    Refusal.NO_PERSON: (
        HTTPStatus.FORBIDDEN,
        said("this takes two people who are signed in, not a token"),
    ),
    Refusal.OTHER_SITES: (
        HTTPStatus.FORBIDDEN,
        said("rules hold at every site: who changes them has to see all of them"),
    ),
    Refusal.NOT_PROPOSED: (HTTPStatus.CONFLICT, said("it does not wait for approval any more")),
    Refusal.UNKNOWN_RULE: (HTTPStatus.NOT_FOUND, said("there is no such rule in force")),
    Refusal.UNCHANGED: (HTTPStatus.CONFLICT, said("it is in force as it stands")),
}


class TrialShape(Shape):
    """The back-test behind an edition: its period, and what it found."""

    at: str
    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")
    alarms: int
    walks: int

    @classmethod
    def of(cls, trial: Trial) -> Self:
        return cls(
            at=to_iso(trial.at),
            start=to_iso(trial.start),
            end=to_iso(trial.end),
            alarms=trial.alarms,
            walks=trial.walks,
        )


class EditionShape(Shape):
    """One version of one rule as a person wrote it; without ``text`` it is switched off."""

    number: int
    rule: str
    text: str
    status: str
    author: str
    at: str
    reason: str
    trial: TrialShape | None
    second: str | None
    decided_at: str | None

    @classmethod
    def of(cls, edition: Edition) -> Self:
        return cls(
            number=edition.number,
            rule=edition.rule,
            text=edition.text,
            status=edition.status,
            author=edition.author,
            at=to_iso(edition.at),
            reason=edition.reason,
            trial=TrialShape.of(edition.trial) if edition.trial else None,
            second=edition.second,
            decided_at=iso(edition.decided_at),
        )


class Body(BaseModel):
    """Why somebody does it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason = ""


class EnableBody(Body):
    """A rule file's YAML."""

    rules: Annotated[str, Field(min_length=1, max_length=LONGEST_DRAFT)]


class DecisionBody(BaseModel):
    """What the second person says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    approve: bool


def changed(ports: DeskPorts, who: Visitor, change: Callable[[Editor, Asker], Result]) -> Result:
    """Let somebody make a change of rules, now.

    Raises:
        Problem: 422 with all mistakes of the text, or with why it was refused.
    """
    if not sees_all(ports, who):
        raise _refused(Refusal.OTHER_SITES)
    by = Asker(who.id, ports.wall_clock.now(), is_person=who.is_person)
    try:
        return change(ports.rules.editor, by)
    except BadInput as exc:
        raise mistakes(exc) from exc
    except ChangeRefused as exc:
        raise _refused(exc.reason) from exc


def _refused(reason: Refusal) -> Problem:
    status, why = _REFUSED[reason]
    return Problem(status, why, reason=reason)


@router.post("/rules", status_code=HTTPStatus.CREATED)
def enable(ports: Desk, who: Who, body: EnableBody) -> list[EditionShape]:
    """Bring rules into force; those of life safety wait for a second person."""
    return _shapes(
        changed(ports, who, lambda editor, by: editor.enable(body.rules, reason=body.reason, by=by))
    )


@router.get("/rules/proposed")
def proposed(ports: Desk) -> list[EditionShape]:
    """List what waits for a second person."""
    return _shapes(ports.rules.editor.proposed())


@router.get("/rules/{rule}/editions")
def history(ports: Desk, rule: str) -> list[EditionShape]:
    """List a rule's editions, the newest first; none for a rule that nobody changed."""
    return _shapes(ports.rules.editor.history(rule))


@router.post("/rules/{rule}/off")
def switch_off(ports: Desk, who: Who, rule: str, body: Body) -> EditionShape:
    """Switch a rule off."""
    return EditionShape.of(
        changed(ports, who, lambda editor, by: editor.switch_off(rule, reason=body.reason, by=by))
    )


@router.post("/rules/{rule}/restore")
def restore(ports: Desk, who: Who, rule: str, body: Body) -> EditionShape | None:
    """Let a rule be again as its file has it; with what waits for a second person, if it does."""
    made = changed(ports, who, lambda editor, by: editor.restore(rule, reason=body.reason, by=by))
    return EditionShape.of(made) if made else None


@router.post("/rules/editions/{number}/decision")
def decide(ports: Desk, who: Who, number: int, body: DecisionBody) -> EditionShape:
    """Approve or refuse what another person proposed."""
    return EditionShape.of(
        changed(ports, who, lambda editor, by: editor.decide(number, approve=body.approve, by=by))
    )


def _shapes(editions: Sequence[Edition]) -> list[EditionShape]:
    return [EditionShape.of(one) for one in editions]
