"""The guard's page, the list of alerts, one alert, and the buttons that take its steps."""

from collections.abc import Sequence
from http import HTTPStatus
from itertools import chain
from typing import Annotated, Literal
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from alerts.model import FROM_PERSON, Alert, Entry, FindingVerdict, Handling, Step, What
from alerts.read import AlertFilter, BadCursor
from alerts.refusals import IllegalStep
from alerts.reminders import round_of, told
from dashboards.web.api.alerts import StepBody, seen_sites, take_step, takers, visible
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.identity import Desk, Who
from dashboards.web.pages.access import local_path
from dashboards.web.pages.linkage import run_of
from dashboards.web.pages.next_step import next_step, other_steps, worst_first
from dashboards.web.pages.spark import spark_of
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import bad_cursor
from dashboards.web.render import page
from gengfu.core.clock import HOUR, Micros
from gengfu.core.naming import Bilingual
from gengfu.core.states import OperatingState
from gengfu.core.urgency import Kind, Severity
from gengfu.ledger.model import Equipment
from rules.late.hindsight import Finding

router = APIRouter()
MOST_OPEN = 200
"""So many open alerts are looked through and listed; sums and the wall are of all."""
MOST_ROWS = 20
"""So many others are shown on the guard's page; the rest is a tap away."""
MOST_LINES = 100
"""So many lines of a timeline are shown, the newest; the rest is a tap away."""
FIRE_TAGS = frozenset({"fire", "smoke", "gas"})
"""The fire brigade is called for what such a class, point or role tells, when it is of the first priority."""
_REPEATS = frozenset({What.OCCURRED, What.NOTIFIED})
_SHELVE_HOURS = (1, 4, 8, 24)


def open_alerts(ports: DeskPorts, who: Visitor) -> list[Alert]:
    """Return what is open, worst first for this person, shelved ones last; of very many the gravest."""
    found: list[Alert] = []
    for shelved in (False, True):  # by themselves: what is shelved takes no place of what calls
        wanted = AlertFilter(sites=seen_sites(who), shelved=shelved, limit=MOST_OPEN)
        found += ports.alerts.list(wanted).alerts
    return worst_first(found, who.id)


def dials(ports: DeskPorts, alert: Alert) -> list[tuple[str, str]]:
    """Return what can be dialled for an alert: (what it is, number), 119 first for a fire."""
    numbers = [("fire_brigade", "119")] if is_fire(ports, alert) else []
    equipment = _equipment(ports, alert)
    if equipment is not None:
        for name, number in equipment.attributes.items():
            if name.endswith("_phone") and number:
                numbers.append((name.removesuffix("_phone"), str(number)))
    return numbers


def is_fire(ports: DeskPorts, alert: Alert) -> bool:
    """Tell whether it may be a fire, by the tags of what told of it, or by a person's word."""
    if alert.source == FROM_PERSON:
        return alert.kind is Kind.LIFE_SAFETY
    klass = ports.ledgers.classes.get(alert.equipment_class or "")
    if klass is None or alert.priority != 1:
        return False
    equipment = _equipment(ports, alert)
    role = (str(equipment.attributes.get("role", "")),) if equipment else ()
    caused = (klass.points[name].tags for name in alert.values if name in klass.points)
    return not FIRE_TAGS.isdisjoint(chain(klass.tags, role, *caused))


def _equipment(ports: DeskPorts, alert: Alert) -> Equipment | None:
    ledger = ports.ledgers.sites.get(alert.site)
    return ledger.equipment.get(alert.equipment) if ledger and alert.equipment else None


def card(ports: DeskPorts, alert: Alert) -> dict[str, object]:
    """Put together what the opened card of an alert shows."""
    equipment = _equipment(ports, alert)
    klass = ports.ledgers.classes.get(alert.equipment_class or "")
    return {
        "alert": alert,
        "next": next_step(alert),
        "others": other_steps(alert),
        "children": _children(ports, alert),
        "dials": dials(ports, alert),
        "equipment": equipment,
        "run": run_of(ports, alert),
        "points": klass.points if klass else {},
        "names": ports.people.names(),
        "takers": takers(ports, alert),
        "key": uuid4().hex,
        "verdicts": tuple(FindingVerdict),
        "shelve_hours": _SHELVE_HOURS,
    }


def _children(ports: DeskPorts, alert: Alert) -> list[tuple[str, Bilingual]]:
    """Return the equipment that an alert is about beside its own: (id, name)."""
    ledger = ports.ledgers.sites.get(alert.site)
    known = ledger.equipment if ledger else {}
    return [
        (id_, known[id_].name if id_ in known else Bilingual(id_, id_)) for id_ in alert.children
    ]


def _waiting(active: Sequence[Alert], shown: Alert | None) -> Alert | None:
    """Return the worst that nobody has taken, if it calls over what a browser shows (worst first).

    What is critical always calls; over what somebody has taken everything does; over what nobody
    has taken only what is worse. A page without an open alert is called from by what is grave.
    """
    worst = next((one for one in active if one.untaken and one is not shown), None)
    if worst is None or worst.severity is Severity.CRITICAL:
        return worst
    if shown is None:
        return worst if worst.severity is Severity.HIGH else None
    worse = shown not in active or active.index(worst) < active.index(shown)
    return worst if worse or not shown.untaken else None


@router.get("/waiting")
def waiting(ports: Desk, who: Who, request: Request, shown: str = "") -> Response:
    """Show what calls over the alert that this browser shows, or nothing."""
    alerts = open_alerts(ports, who)
    seen = next((alert for alert in alerts if alert.id == shown), None)
    active = [alert for alert in alerts if alert.shelved_until is None]
    untaken = ports.alerts.open_sums(seen_sites(who)).untaken
    if seen in active and seen.untaken:
        untaken -= 1
    return page(
        request,
        "waiting.html",
        waiting=_waiting(active, seen),
        shown=seen,
        untaken=untaken,
    )


@router.get("/guard")
def guard(ports: Desk, who: Who, request: Request) -> Response:
    """Show the worst open alert with its next step, the others as rows."""
    alerts, sums = open_alerts(ports, who), ports.alerts.open_sums(seen_sites(who))
    active = [alert for alert in alerts if alert.shelved_until is None]
    states = ports.estate.states()
    watched = [one for ledger in seen_ledgers(ports, who) for one in ledger.equipment]
    silent = [
        one for one in watched if one not in states or states[one].state is OperatingState.UNKNOWN
    ]
    return page(
        request,
        "guard.html",
        card=card(ports, active[0]) if active else None,
        rows=active[1 : MOST_ROWS + 1],
        hidden=max(0, sums.active - MOST_ROWS - 1),
        shelved=[alert for alert in alerts if alert.shelved_until is not None],
        watched=len(watched),
        silent=len(silent),
        refused=request.query_params.get("refused"),
    )


@router.get("/alerts")
def list_alerts(
    ports: Desk,
    who: Who,
    request: Request,
    state: str = "open",
    kind: Kind | None = None,
    severity: Severity | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show alerts as a table, with filters in the address."""
    wanted = AlertFilter(
        open_only=state != "all",
        sites=seen_sites(who),
        kind=kind,
        severity=severity,
        cursor=cursor,
        limit=100,
    )
    try:
        found = ports.alerts.list(wanted)
    except BadCursor as exc:
        raise bad_cursor() from exc
    return page(
        request,
        "alerts.html",
        alerts=found.alerts,
        total=_total(ports, wanted),
        cursor=found.cursor,
        names=ports.people.names(),
        chosen={"state": state, "kind": kind, "severity": severity},
        kinds=tuple(Kind),
        severities=tuple(Severity),
    )


def _total(ports: DeskPorts, wanted: AlertFilter) -> int | None:
    """Return how many are listed on all pages; None where only some kinds of them are asked for."""
    is_whole = wanted.open_only and wanted.kind is None and wanted.severity is None
    return ports.alerts.open_sums(wanted.sites).total if is_whole else None


def late_of(ports: DeskPorts, alert: Alert) -> list[Finding]:
    """Return what late data say about this alert."""
    until = alert.cleared_at or alert.closed_at or ports.clock.now()
    return [
        one
        for one in (ports.late.of_equipment(alert.equipment) if alert.equipment else ())
        if one.rule == alert.rule
        and one.subject.part == alert.part
        and one.since <= until
        and (one.until is None or one.until >= alert.condition_since - HOUR)
    ]


def folded(timeline: Sequence[Entry]) -> list[tuple[Entry, int]]:
    """Return the lines newest first; what only repeats itself stands once, with how often."""
    lines: list[tuple[Entry, int]] = []
    for entry in told(reversed(timeline), first=0):
        newer, times = lines[-1] if lines else (None, 0)
        if newer and newer.what == entry.what in _REPEATS and not entry.note:
            lines[-1] = newer, times + 1
        else:
            lines.append((entry, round_of(entry) or 1))
    return lines


@router.get("/alerts/{alert_id}")
def show_alert(
    ports: Desk, who: Who, request: Request, alert_id: str, lines: Literal["all"] | None = None
) -> Response:
    """Show one alert with everything that is known about it."""
    alert = visible(ports, who, alert_id)
    timeline = folded(ports.alerts.timeline(alert_id))
    shown = len(timeline) if lines == "all" else MOST_LINES
    return page(
        request,
        "alert.html",
        card=card(ports, alert),
        timeline=timeline[:shown],
        older=len(timeline[shown:]),
        spark=spark_of(ports, alert),
        late=late_of(ports, alert),
        refused=request.query_params.get("refused"),
    )


class StepForm(BaseModel):
    """The fields that the buttons of an alert send."""

    key: str = Field(min_length=1, max_length=128)
    verdict: FindingVerdict | None = None
    cause: str = Field(default="", max_length=2000)
    note: str = Field(default="", max_length=2000)
    assignee: str = Field(default="", max_length=128)
    hours: int = Field(default=1, ge=1, le=24)
    back: str = Field(default="/", max_length=2000)

    def body(self, step: Step, now: Micros) -> StepBody:
        """Return what the form asks for, as the API takes it."""
        return StepBody(
            idempotency_key=self.key,
            verdict=self.verdict,
            cause=self.cause or None,
            note=self.note,
            assignee=self.assignee or None,
            until=(now + self.hours * HOUR) // 1000 if step is Step.SHELVE else None,
        )


@router.post("/alerts/{alert_id}/{step}")
async def act(
    ports: Desk, who: Who, alert_id: str, step: Step, form: Annotated[StepForm, Form()]
) -> Response:
    """Take a step and go back to the page it was taken on."""
    target = urlsplit(local_path(form.back)).path
    try:
        after = await take_step(ports, who, alert_id, step, form.body(step, ports.clock.now()))
    except IllegalStep as refused:
        return _go(target, refused=refused.reason)
    if after.handling is Handling.CLOSED and target == "/guard":
        return _go(target, done=after.id)
    return _go(target)


def _go(path: str, **query: str) -> Response:
    target = f"{path}?{urlencode(query)}" if query else path
    return RedirectResponse(target, status_code=HTTPStatus.SEE_OTHER)
