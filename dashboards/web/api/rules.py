"""``/rules``: those in force and how often they fired, and what others would have done."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dashboards.web.api.shapes import Shape, Text
from dashboards.web.api.times import read_period
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem, bad_request
from dashboards.web.rulebook import BacktestBusy, BacktestFailed
from gengfu.core.clock import DAY, Micros
from gengfu.core.errors import BadInput
from gengfu.core.said import said
from rules.backtest.document import Document
from rules.editions.model import Edition
from rules.language.rule import Rule
from rules.linkage.standing import STANDING

router = APIRouter(prefix="/api/v1")
COUNTED_DAYS = 30
LONGEST_BACKTEST = 40 * DAY
LONGEST_DRAFT = 48_000


class RuleShape(Shape):
    """A rule in force. ``source`` says whose its thresholds are."""

    id: str
    equipment_class: str
    severity: str
    kind: str
    priority: int
    response: str
    latched: bool
    title: Text
    source: str
    fired: int
    """Alerts that it opened in the last 30 days, at the sites one may see."""
    edition: int | None
    """Who wrote it so, and why: ``/rules/{rule}/editions``; null = as its file has it."""

    @classmethod
    def of(cls, rule: Rule, fired: int, edition: Edition | None) -> "RuleShape":
        return cls(
            id=rule.id,
            equipment_class=rule.equipment_class,
            severity=rule.severity,
            kind=rule.kind,
            priority=rule.priority,
            response=rule.response,
            latched=rule.latched,
            title=Text.of(rule.title),
            source=rule.source,
            fired=fired,
            edition=edition.number if edition else None,
        )


class BacktestBody(BaseModel):
    """What to try: a rule file's YAML (empty: all rules as they ran live) over a period."""

    model_config = ConfigDict(extra="forbid")

    start: Annotated[str | None, Field(alias="from")] = None
    end: Annotated[str | None, Field(alias="to")] = None
    rules: Annotated[str, Field(max_length=LONGEST_DRAFT)] = ""


@router.get("/rules")
def list_rules(ports: Desk, who: Who) -> list[RuleShape]:
    """List the rules in force, and those of linkage."""
    counts = ports.alerts.fired(ports.clock.now() - COUNTED_DAYS * DAY, seen_sites(who))
    book = ports.rules.editor.book()
    every = (*book.rules.values(), *(one.rule for one in STANDING.values()))
    return [
        RuleShape.of(rule, counts.get(rule.id, 0), book.editions.get(rule.id)) for rule in every
    ]


@router.post("/rules/backtest")
async def run_backtest(ports: Desk, who: Who, body: BacktestBody) -> Document:
    """Try rules over the archive; without ``from`` over the last seven days."""
    start, end = read_period(body.start, body.end, ports.clock.now(), default=7 * DAY)
    return await backtest(ports, who, start, end, body.rules)


async def backtest(
    ports: DeskPorts, who: Visitor, start: Micros, end: Micros, draft: str
) -> Document:
    """Run a back-test for somebody.

    Raises:
        Problem: 422 with all mistakes of the draft, 429 while another one runs, 503 when it broke.
    """
    if end - start > LONGEST_BACKTEST:
        raise bad_request(said("a back-test covers at most 40 days"), where="body.from")
    try:
        return await ports.rules.backtest(start, end, draft, who.sites)
    except BadInput as exc:
        raise mistakes(exc) from exc
    except BacktestBusy as exc:
        busy = said("another back-test is running")
        headers = {"Retry-After": "10"}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, busy, headers=headers) from exc
    except BacktestFailed as exc:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, said("the back-test failed: {}", exc)
        ) from exc


def mistakes(exc: BadInput) -> Problem:
    """Return the answer to a text with mistakes: all of them, with their lines."""
    errors = [{"where": f"rules:{one.place}", "detail": one.sentence} for one in exc.faults]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, said("the rules have mistakes"), errors=errors)


def seen_sites(who: Visitor) -> tuple[str, ...] | None:
    """Return the sites somebody may see; None = all."""
    return None if who.sites is None else tuple(sorted(who.sites))
