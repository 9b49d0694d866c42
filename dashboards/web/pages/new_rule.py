"""The common rules without YAML: a form that writes the YAML and goes on to the back-test."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, TypedDict

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
from gengfu.core.names import PointKind
from gengfu.core.said import Said, said
from gengfu.core.urgency import Kind, Severity
from gengfu.core.urgency import Response as Urgency
from gengfu.ledger.model import EquipmentClass
from gengfu.ledger.own import OWN_CLASS
from rules.language.simple import (
    PACK,
    Comparison,
    Flaw,
    Measure,
    SimpleRule,
    Times,
    Trigger,
    answer_at,
    flaws,
    write,
)

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
MEASURE: Mapping[Measure, str] = {
    Measure.VALUE: marked("its value"),
    Measure.AVERAGE: marked("its average over a window"),
    Measure.CHANGE: marked("its change within a window"),
    Measure.NORMAL: marked("off its own normal, in its own spreads"),
    Measure.USUAL: marked("as a multiple of what is usual at this hour"),
    Measure.RUNTIME: marked("how long it was on today, such as 4h"),
    Measure.STARTS: marked("how often it came on in a window"),
    Measure.MISSING: marked("not told for a window"),
}
TIMES: Mapping[Times, str] = {
    Times.ALWAYS: marked("on all days"),
    Times.GUARDED: marked("in guarded time"),
    Times.UNGUARDED: marked("outside guarded time"),
    Times.WORKDAY: marked("on working days"),
    Times.RESTDAY: marked("on days of rest"),
    Times.HOLIDAY: marked("on holidays"),
}
FLAW: Mapping[str, Said] = {
    Flaw.EMPTY: said("is needed here"),
    Flaw.NO_LIMIT: said("write a figure, a word of this point, or another point's name"),
    Flaw.NO_DURATION: said("is no duration: write 60s, 3m or 2h"),
    Flaw.NO_HOURS: said("is no part of a day: write 22:00-06:00"),
    Flaw.NO_END: said("goes with above and below: leave it empty here"),
    Flaw.NO_COUNT: said("between 1 and 100"),
    Flaw.NO_NAME: said("only a-z, 0-9 and _, a letter first"),
}
TAKEN = said("a rule of that name is in force already")


class NewRule(BaseModel):
    """What the form asks; the fields of ``rules.simple.SimpleRule``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    equipment_class: Short
    id: Short = ""
    trigger: Trigger = Trigger.POINT
    point: Short = ""
    measure: Measure = Measure.VALUE
    window: Short = ""
    comparison: Comparison = Comparison.ABOVE
    value: Short = ""
    only_while: Short = ""
    hold: Short = ""
    clear_value: Short = ""
    clear_hold: Short = ""
    silence: Short = ""
    event: Short = ""
    times: int = 1
    within: Short = ""
    quiet: Short = ""
    during: Times = Times.ALWAYS
    hours: Short = ""
    severity: Severity = Severity.MEDIUM
    severity_guarded: Severity | None = None
    kind: Kind = Kind.MAINTENANCE
    response: Urgency | None = None
    title_zh: Short = ""
    title_en: Short = ""
    advice_zh: Short = ""
    advice_en: Short = ""
    figures: Short = ""
    """Whose figures they are, in the writer's words."""

    def rule(self, chosen: EquipmentClass | None) -> SimpleRule:
        """Return the answers, on equipment of a class, as what the text is written from."""
        given = self.model_dump(exclude={"figures"})
        point = chosen.points.get(self.point) if chosen else None
        is_text = point is not None and point.kind is PointKind.TEXT
        return SimpleRule(**given, is_text=is_text, source=f"U {self.figures}".strip())


@router.get("/engineer/rules/new")
def new_rule(ports: Desk, request: Request, chosen: str = "") -> Response:
    """Ask for the class, then for the rest."""
    return _form(
        ports, request, NewRule(equipment_class=chosen, point=_first_figure(ports, chosen))
    )


@router.post("/engineer/rules/new")
def write_rule(ports: Desk, request: Request, answers: Annotated[NewRule, Form()]) -> Response:
    """Write the YAML and go on to the back-test with it; mistakes are said beside the form."""
    rule = answers.rule(ports.ledgers.classes.get(answers.equipment_class))
    wrong = {name: FLAW[flaw] for name, flaw in flaws(rule).items()}
    if f"{PACK}.{rule.id}" in ports.rules.editor.book().rules:
        wrong["id"] = TAKEN
    if wrong:
        return _form(ports, request, answers, wrong=wrong)
    text = write(rule)
    try:
        ports.rules.editor.needs_of(text)
    except BadInput as exc:
        return _form(ports, request, answers, **_beside(exc, text))
    return draft_form(ports, request, text=text, days=7)


class _Refused(TypedDict, total=False):
    wrong: Mapping[str, Said]
    problem: Problem
    text: str


def _beside(exc: BadInput, text: str) -> _Refused:
    """Say the mistakes beside the answers that they come from; what comes from none, with the text."""
    wrong: dict[str, Said] = {}
    for fault in exc.faults:
        name = answer_at(text, int(fault.place)) if fault.place.isdecimal() else None
        if name not in NewRule.model_fields:
            return {"problem": mistakes(exc), "text": text}
        wrong.setdefault(name, fault.sentence)
    return {"wrong": wrong}


def _first_figure(ports: DeskPorts, equipment_class: str) -> str:
    """Return the point that a form begins with: one with figures, since it begins with a limit."""
    chosen = ports.ledgers.classes.get(equipment_class)
    figures = (PointKind.ANALOG, PointKind.INTEGER)
    points = chosen.points.items() if chosen else ()
    return next((name for name, one in points if one.kind in figures), "online")


def _form(
    ports: DeskPorts,
    request: Request,
    given: NewRule,
    *,
    wrong: Mapping[str, Said] | None = None,
    problem: Problem | None = None,
    text: str = "",
) -> Response:
    """Show the form; ``wrong`` says by field what to mend, ``problem`` what is wrong with the text."""
    # Nobody writes rules by form for the watch itself.
    classes = {name: one for name, one in ports.ledgers.classes.items() if name != OWN_CLASS}
    refused = bool(wrong) or problem is not None
    return page(
        request,
        "new_rule.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,
        classes=classes,
        chosen=classes.get(given.equipment_class),
        given=given,
        wrong=wrong or {},
        problem=problem,
        text=text,
        comparisons=COMPARISON,
        triggers=TRIGGER,
        measures=MEASURE,
        all_times=TIMES,
        severities=tuple(Severity),
        kinds=tuple(Kind),
        responses=tuple(Urgency),
        booleans=PointKind.BOOLEAN,
    )
