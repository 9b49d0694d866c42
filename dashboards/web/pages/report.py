"""``/report``: what a person saw or was told by phone becomes an alert like any other."""

from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from dashboards.web.api.alerts import ReportBody, open_report
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem
from dashboards.web.render import page
from gengfu.core.urgency import Kind

router = APIRouter()
_KINDS = (Kind.LIFE_SAFETY, Kind.SECURITY, Kind.MAINTENANCE)


def _form(request: Request, ports: DeskPorts, who: Visitor, **filled: object) -> Response:
    defaults = {"place": "", "kind": "", "text": "", "fault": "", "status": HTTPStatus.OK}
    return page(
        request,
        "report.html",
        ledgers=tuple(seen_ledgers(ports, who)),
        kinds=_KINDS,
        key=uuid4().hex,
        **{**defaults, **filled},  # type: ignore[arg-type]
    )


@router.get("/report")
def report_form(ports: Desk, who: Who, request: Request) -> Response:
    """Show the form."""
    return _form(request, ports, who)


@router.post("/report")
async def send_report(
    ports: Desk,
    who: Who,
    request: Request,
    key: Annotated[str, Form(min_length=1, max_length=128)],
    place: Annotated[str, Form(max_length=128)] = "",
    kind: Annotated[str, Form(max_length=32)] = "",
    text: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Open the alert and show it."""
    site, _, inside = place.partition("/")
    filled = {"place": place, "kind": kind, "text": text}
    try:
        body = ReportBody.model_validate(
            {
                "idempotency_key": key,
                "site": site or None,
                "place": inside or None,
                "kind": kind,
                "text": text.strip(),
            }
        )
        alert = await open_report(ports, who, body)
    except ValidationError:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await run_in_threadpool(
            _form, request, ports, who, fault="incomplete", status=status, **filled
        )
    except Problem as problem:
        return await run_in_threadpool(
            _form, request, ports, who, fault=problem.detail, status=problem.status, **filled
        )
    return RedirectResponse(f"/alerts/{alert.id}", status_code=HTTPStatus.SEE_OTHER)
