"""``/start``: the first steps of a new installation, each ticked off by what the system itself sees."""

from http import HTTPStatus
from shlex import quote
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from alerts.model import Alert
from alerts.opening import REPORT_RULE
from alerts.read import AlertFilter
from dashboards.web.api.alerts import ReportBody, open_report, seen_sites
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import bad_request
from dashboards.web.render import page
from gengfu.core.clock import DAY
from gengfu.core.said import said
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Kind, Severity

router = APIRouter()
TEST_ALARM = "试报警 · Test alarm"
_LOOKED_THROUGH = 200


@router.get("/start")
def first_steps(ports: Desk, who: Who, request: Request) -> Response:
    """Show what is done and what comes next."""
    ledgers = tuple(seen_ledgers(ports, who))
    states = ports.estate.states()
    every = [(ledger, one) for ledger in ledgers for one in ledger.equipment.values()]
    known = {id_ for id_, one in states.items() if one.state is not OperatingState.UNKNOWN}
    heard = [one for _, one in every if one.id in known]
    silent = next(((ledger, one) for ledger, one in every if one.id not in known), None)
    names = ports.people.names()
    alarm = test_alarm(ports, who)
    return page(
        request,
        "start.html",
        ledgers=ledgers,
        equipment=len(every),
        path=ports.alarm_path(),
        heard=heard,
        silent=silent,
        people=len(names),
        names=names,
        alarm=alarm,
        places=any(ledger.places for ledger in ledgers),
        key=uuid4().hex,
        address=str(request.base_url),
        demo_folder=quote(ports.demo.folder) if ports.demo.folder else "",
    )


def test_alarm(ports: DeskPorts, who: Visitor) -> Alert | None:
    """Return the newest test alarm of the last day."""
    wanted = AlertFilter(
        open_only=False,
        sites=seen_sites(who),
        since=ports.clock.now() - DAY,
        limit=_LOOKED_THROUGH,
    )
    found = ports.alerts.list(wanted).alerts
    ours = (one for one in found if one.rule == REPORT_RULE and one.title.zh == TEST_ALARM)
    return next(ours, None)


@router.post("/start/test-alarm")
async def send_test_alarm(
    ports: Desk, who: Who, key: Annotated[str, Form(min_length=1, max_length=128)]
) -> Response:
    """Open an alert that goes every way a real one goes."""
    ledger = next((one for one in seen_ledgers(ports, who) if one.places), None)
    if ledger is None:
        raise bad_request(said("there is no place yet: import a ledger first"), where="body.place")
    body = ReportBody(
        idempotency_key=key,
        site=ledger.site.id,
        place=next(iter(ledger.places)),
        kind=Kind.SECURITY,
        severity=Severity.HIGH,
        text=TEST_ALARM,
    )
    await open_report(ports, who, body)
    return RedirectResponse("/start#alarm", status_code=HTTPStatus.SEE_OTHER)
