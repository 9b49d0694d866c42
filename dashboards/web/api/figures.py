"""``/availability``, ``/dead-letters``, ``/unmapped``, ``/accounting``: what can be proved afterwards."""

from dataclasses import asdict
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from dashboards.availability.figures import AvailabilityRow
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.api.shapes import AvailabilityShape, Shape, iso
from dashboards.web.api.times import read_period
from dashboards.web.identity import Desk, Who
from dashboards.web.letters import seen_letters
from dashboards.web.ports import DeskPorts
from dashboards.web.problems import bad_cursor
from dashboards.web.strange import Strange, strange_of
from gengfu.core.clock import DAY, to_iso
from gengfu.core.naming import Scalar
from gengfu.core.record import DeadLetter

router = APIRouter(prefix="/api/v1")


class DeadLetterShape(Shape):
    """A rejected message, or the rejected items of one. ``payload`` as text, damage shown."""

    topic: str
    reason: str
    detail: str
    items: int
    received_at: str
    payload: str

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterShape":
        return cls(
            topic=letter.topic,
            reason=letter.reason,
            detail=letter.detail,
            items=letter.items,
            received_at=to_iso(letter.received_at),
            payload=letter.payload.decode("utf-8", errors="backslashreplace"),
        )


class AccountingShape(Shape):
    """What was received and what became of it, in items (invariant I5)."""

    received: int
    stored: int
    duplicate: int
    expired: int
    null: int
    unknown_point: int
    quarantined: int
    shed: int
    lost: int
    pending: int
    records_behind: int


@router.get("/availability")
def get_availability(
    ports: Desk,
    who: Who,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
    by: Literal["equipment", "class", "building", "site"] = "class",
) -> list[AvailabilityShape]:
    """Show availability by time over a period, by default the last 30 days."""
    since, until = read_period(start, end, ports.clock.now(), default=30 * DAY)
    rows = ports.availability.figures(since, until, by=by, sites=who.sites)
    targets = {row.key: target_of(ports, by, row) for row in rows}
    return [
        AvailabilityShape(
            key=row.key,
            equipment=row.count,
            availability=row.availability,
            target=targets[row.key],
            met=row.meets(targets[row.key]),
            coverage=row.coverage,
            known_from=iso(row.since),
            failures=row.failures,
            mtbf_s=row.mtbf_s,
            mttr_s=row.mttr_s,
            planned_s=row.planned_s,
            down_s=row.down_s,
            unknown_s=row.unknown_s,
        )
        for row in rows
    ]


def target_of(ports: DeskPorts, by: str, row: AvailabilityRow) -> float | None:
    """Return the class's target where a row is about one class."""
    name: str | None = row.key if by == "class" else None
    if by == "equipment":
        ledgers = ports.ledgers.sites.values()
        owner = next((one for one in ledgers if row.key in one.equipment), None)
        name = owner.equipment[row.key].equipment_class if owner else None
    klass = ports.ledgers.classes.get(name) if name else None
    return klass.availability_target if klass else None


@router.get("/dead-letters")
def list_dead_letters(
    ports: Desk,
    who: Who,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str | None = None,
) -> list[DeadLetterShape]:
    """List what was rejected, newest first, with reason, topic, bytes and time.

    Who is limited to some sites gets what of a page is theirs, so a page may be short or empty. While there is more, the header ``Link`` names the next page with rel="next" (RFC 8288).
    """
    try:
        found = ports.estate.dead_letters(limit, cursor=cursor)
    except ValueError as exc:
        raise bad_cursor() from exc
    if found.cursor is not None:
        following = urlencode({"limit": limit, "cursor": found.cursor})
        response.headers["Link"] = f'<{request.url.path}?{following}>; rel="next"'
    return [DeadLetterShape.of(letter) for letter in seen_letters(found.letters, who)]


class UnmappedShape(Shape):
    """A name that an equipment says and its class does not have."""

    equipment: str | None
    """None = of a foreign device that nobody is mapped for."""
    equipment_class: str | None
    said: str
    name: str
    count: int
    last_value: Scalar
    first_at: str
    last_at: str
    meant: str | None
    """The class's name that is nearest."""

    @classmethod
    def of(cls, one: Strange) -> "UnmappedShape":
        told = one.told
        return cls(
            equipment=told.equipment or None,
            equipment_class=told.equipment_class or None,
            said=told.said,
            name=told.name,
            count=told.count,
            last_value=told.last_value,
            first_at=to_iso(told.first_at),
            last_at=to_iso(told.last_at),
            meant=one.meant,
        )


@router.get("/unmapped")
def list_unmapped(ports: Desk, who: Who, equipment: str | None = None) -> list[UnmappedShape]:
    """List the points and event types that no class has, by equipment, the most frequent first."""
    seen = {id_ for ledger in seen_ledgers(ports, who) for id_ in ledger.equipment}
    wanted = seen if equipment is None else seen & {equipment}
    found = strange_of(
        ports.unmapped().names,
        ports.ledgers.classes,
        wanted,
        strangers=equipment is None and who.sites is None,
    )
    return [UnmappedShape.of(one) for one in found]


@router.get("/accounting")
def get_accounting(ports: Desk) -> AccountingShape:
    """Count what was received and what became of it; nothing behind means nothing pending."""
    return AccountingShape.model_validate(asdict(ports.accounting()))
