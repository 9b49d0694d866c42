"""The common rules without YAML: a form that writes the YAML and goes on to the back-test."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.web.api.rules import mistakes
from dashboards.web.identity import Desk
from dashboards.web.pages.rules import draft_form
from dashboards.web.ports import DeskPorts
from dashboards.web.problems import Problem
from dashboards.web.render import page
from dashboards.web.words import marked
from gengfu.core.errors import BadInput
from gengfu.core.urgency import Kind, Severity
from rules.simple import Comparison, SimpleRule, Trigger, write

router = APIRouter()
Short = Annotated[str, Field(max_length=200)]

COMPARISON: Mapping[Comparison, str] = {
    Comparison.ABOVE: marked("is above"),
    Comparison.BELOW: marked("is below"),
    Comparison.IS: marked("is"),
    Comparison.IS_NOT: marked("is not"),
}
TRIGGER: Mapping[Trigger, str] = {
    Trigger.POINT: marked("A reading is so for so long"),
    Trigger.SILENCE: marked("Nothing is heard for so long"),
    Trigger.EVENT: marked("An event happens so often"),
}


class NewRule(BaseModel):
    """What the form asks; the fields of ``rules.simple.SimpleRule``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    equipment_class: Short
    id: Short
    trigger: Trigger = Trigger.POINT
    point: Short = ""
    comparison: Comparison = Comparison.ABOVE
    value: Short = ""
    clear_value: Short = ""
    hold: Short = ""
    silence: Short = ""
    event: Short = ""
    times: Annotated[int, Field(ge=1, le=100)] = 1
    within: Short = ""
    quiet: Short = ""
    severity: Severity = Severity.MEDIUM
    kind: Kind = Kind.MAINTENANCE
    title_zh: Short = ""
    title_en: Short = ""
    advice_zh: Short = ""
    advice_en: Short = ""
    figures: Short = ""
    """Whose figures they are, in the writer's words."""

    def rule(self) -> SimpleRule:
        """Return the answers as what the text is written from."""
        given = self.model_dump(exclude={"figures"})
        return SimpleRule(**given, source=f"U {self.figures}".strip())


@router.get("/engineer/rules/new")
def new_rule(ports: Desk, request: Request, chosen: str = "") -> Response:
    """Ask for the class, then for the rest."""
    return _form(ports, request, chosen)


@router.post("/engineer/rules/new")
def write_rule(ports: Desk, request: Request, answers: Annotated[NewRule, Form()]) -> Response:
    """Write the YAML and go on to the back-test with it; mistakes are said beside the form."""
    text = write(answers.rule())
    try:
        ports.rules.editor.needs_of(text)
    except BadInput as exc:
        return _form(ports, request, answers.equipment_class, answers, mistakes(exc))
    return draft_form(ports, request, text=text, days=7)


def _form(
    ports: DeskPorts,
    request: Request,
    chosen: str,
    given: NewRule | None = None,
    problem: Problem | None = None,
) -> Response:
    classes = ports.ledgers.classes
    return page(
        request,
        "new_rule.html",
        status=problem.status if problem else HTTPStatus.OK,
        classes=classes,
        chosen=classes.get(chosen),
        given=given or NewRule(equipment_class=chosen, id=""),
        problem=problem,
        comparisons=COMPARISON,
        triggers=TRIGGER,
        severities=tuple(Severity),
        kinds=tuple(Kind),
    )
