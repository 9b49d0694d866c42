"""``/alerts``: list, one with its timeline, a person's own report, and the steps people take."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal, cast
from uuid import uuid4

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from alerts.document import AlertDocument, AlertHistory, alert_document, alert_history
from alerts.door import CoreHasNoRoom, CoreUnavailable
from alerts.model import Alert, FindingVerdict, Report, Step, StepRequest
from alerts.read import AlertFilter, BadCursor
from alerts.refusals import IllegalStep, RefusedReport, UnknownAlert
from dashboards.web.api.shapes import AlertList
from dashboards.web.api.times import read_time
from dashboards.web.identity import Desk, Who
from dashboards.web.permissions import may
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem, as_it_is, bad_cursor, bad_request, no_room, not_found
from gengfu.core.clock import Micros
from gengfu.core.said import said
from gengfu.core.urgency import Kind, Severity

router = APIRouter(prefix="/api/v1")

Key = Annotated[str, Field(min_length=1, max_length=128)]
Words = Annotated[str, Field(max_length=2000)]
Time = str | int | None


class Body(BaseModel):
    """What a request brings; a misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    idempotency_key: Key = Field(default_factory=lambda: uuid4().hex)
    at: Time = None
    """When it was done, as milliseconds since 1970 or ISO 8601."""


class StepBody(Body):
    """What a step may need."""

    verdict: FindingVerdict | None = None
    cause: Words | None = None
    note: Words = ""
    assignee: Annotated[str, Field(max_length=128)] | None = None
    until: Time = None
    evidence: Words | None = None


class ReportBody(Body):
    """A phoned alarm, something seen: an equipment or a place, or both."""

    site: str | None = None
    equipment: str | None = None
    part: Annotated[str, Field(max_length=64)] | None = None
    place: str | None = None
    kind: Kind
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    severity: Severity | None = None
    priority: Annotated[int, Field(ge=1, le=6)] | None = None


def seen_sites(who: Visitor, site: str | None = None) -> tuple[str, ...] | None:
    """Return the sites whose alerts somebody may see, or the one of them that he asks for."""
    if site is not None:
        return (site,) if who.sees(site) else ()
    return None if who.sites is None else tuple(sorted(who.sites))


def visible(ports: DeskPorts, who: Visitor, alert_id: str) -> Alert:
    """Look up an alert; of a site he may not see it does not exist.

    Raises:
        Problem: 404.
    """
    alert = ports.alerts.get(alert_id)
    if alert is None or not who.sees(alert.site):
        raise not_found(said("there is no alert {!r}", alert_id))
    return alert


def takers(ports: DeskPorts, alert: Alert) -> Mapping[str, str]:
    """Return to whom an alert can be handed over, by account: who sees it and may handle it."""
    return {
        one.id: one.name
        for one in ports.people.everybody()
        if one.sees(alert.site) and may(one.roles, "POST", "/api/v1/alerts/{alert_id}/{step}")
    }


class ListQuery(BaseModel):
    """Which alerts are wanted; whatever is left out means any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal["open", "all"] = "open"
    site: str | None = None
    equipment: str | None = None
    kind: Kind | None = None
    severity: Severity | None = None
    since: str | None = Field(default=None, alias="from")
    until: str | None = Field(default=None, alias="to")
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


@router.get("/alerts")
def list_alerts(ports: Desk, who: Who, query: Annotated[ListQuery, Query()]) -> AlertList:
    """List alerts: open ones gravest first, or all, newest first."""
    wanted = AlertFilter(
        open_only=query.state == "open",
        sites=seen_sites(who, query.site),
        equipment=query.equipment,
        kind=query.kind,
        severity=query.severity,
        since=read_time(query.since, "query.from") if query.since else None,
        until=read_time(query.until, "query.to") if query.until else None,
        cursor=query.cursor,
        limit=query.limit,
    )
    try:
        page = ports.alerts.list(wanted)
    except BadCursor as exc:
        raise bad_cursor() from exc
    return AlertList(alerts=[alert_document(alert) for alert in page.alerts], cursor=page.cursor)


@router.get("/alerts/{alert_id}")
def get_alert(ports: Desk, who: Who, alert_id: str) -> AlertHistory:
    """Show one alert with its timeline."""
    alert = visible(ports, who, alert_id)
    return alert_history(alert, ports.alerts.timeline(alert_id))


@router.post("/alerts", status_code=HTTPStatus.CREATED)
async def report(ports: Desk, who: Who, body: ReportBody) -> AlertDocument:
    """Open an alert for something seen or told by phone; it runs on the same clocks."""
    return alert_document(await open_report(ports, who, body))


@router.post("/alerts/{alert_id}/{step}")
async def act(ports: Desk, who: Who, alert_id: str, step: Step, body: StepBody) -> AlertDocument:
    """Take a step with an alert; 409 with the current state when it does not fit."""
    try:
        return alert_document(await take_step(ports, who, alert_id, step, body))
    except IllegalStep as refused:
        raise Problem(
            HTTPStatus.CONFLICT,
            said(
                "{} does not fit an alert that is {}: {}",
                step,
                refused.current.handling,
                refused.reason,
            ),
            reason=refused.reason,
            current=alert_document(refused.current),
        ) from refused


async def take_step(
    ports: DeskPorts, who: Visitor, alert_id: str, step: Step, body: StepBody
) -> Alert:
    """Ask core for a step in a person's name.

    Raises:
        Problem: 404, 422, 503 when core does not answer, 507 when its disk is full.
        IllegalStep: when the step does not fit the alert as it is.
    """
    alert = await run_in_threadpool(visible, ports, who, alert_id)
    if step is Step.ASSIGN and body.assignee:
        await run_in_threadpool(_refuse_blind, ports, alert, body.assignee)
    request = StepRequest(
        actor=who.id,
        idempotency_key=body.idempotency_key,
        at=_micros(body.at, "body.at"),
        verdict=body.verdict,
        cause=body.cause,
        note=body.note,
        assignee=body.assignee,
        until=_micros(body.until, "body.until"),
        evidence=body.evidence,
    )
    try:
        return await ports.core.act(alert_id, step, request)
    except UnknownAlert as exc:
        raise not_found(said("there is no alert {!r}", alert_id)) from exc
    except CoreUnavailable as exc:
        raise _unreachable(exc) from exc


def _refuse_blind(ports: DeskPorts, alert: Alert, assignee: str) -> None:
    """Refuse to hand an alert over to somebody who would never see it, or could do nothing."""
    if assignee not in takers(ports, alert):
        raise bad_request(
            said("{!r} may not see this alert or may not handle it", assignee),
            where="body.assignee",
        )


async def open_report(ports: DeskPorts, who: Visitor, body: ReportBody) -> Alert:
    """Ask core to open an alert in a person's name.

    Raises:
        Problem: 422 when the place or equipment is unknown, 503 when core does not answer, 507 when its disk is full.
    """
    report = Report(
        actor=who.id,
        idempotency_key=body.idempotency_key,
        site=_site_of(ports, who, body),
        kind=body.kind,
        text=body.text,
        at=_micros(body.at, "body.at"),
        equipment=body.equipment,
        part=body.part,
        place=body.place,
        severity=body.severity,
        priority=body.priority,
    )
    try:
        return await ports.core.report(report)
    except RefusedReport as exc:
        raise bad_request(as_it_is(exc), where="body") from exc
    except CoreUnavailable as exc:
        raise _unreachable(exc) from exc


def _site_of(ports: DeskPorts, who: Visitor, body: ReportBody) -> str:
    if body.equipment is None and body.place is None:
        raise bad_request(said("say where: a place or an equipment"), where="body.place")
    named = body.equipment or cast("str", body.place)
    sites = [
        site
        for site, ledger in ports.ledgers.sites.items()
        if who.sees(site)
        and body.site in (None, site)
        and (body.equipment is None or body.equipment in ledger.equipment)
        and (body.place is None or body.place in ledger.places)
    ]
    if not sites:
        raise bad_request(said("no site of yours has {!r}", named), where="body.equipment")
    if len(sites) > 1:
        raise bad_request(
            said("more than one site has {!r}: say which in “site”", named), where="body.site"
        )
    return sites[0]


def _micros(at: Time, where: str) -> Micros | None:
    return None if at is None else read_time(str(at), where)


def _unreachable(why: CoreUnavailable) -> Problem:
    if isinstance(why, CoreHasNoRoom):
        return no_room()
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        said("the alert service does not answer now; send the same request again, it is done once"),
        headers={"Retry-After": "2"},
    )
