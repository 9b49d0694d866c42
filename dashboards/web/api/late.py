"""``/late``: what late data changed – alarms that would have been, had everything come in time."""

from typing import Annotated, Self

from fastapi import APIRouter, Query

from dashboards.web.api.alerts import seen_sites
from dashboards.web.api.shapes import Shape, Text, iso
from dashboards.web.api.times import read_period
from dashboards.web.identity import Desk, Who
from gengfu.core.clock import DAY, to_iso
from rules.late.hindsight import Finding

router = APIRouter(prefix="/api/v1")


class FindingShape(Shape):
    """An alarm as it would have been: fired, not fired, or ended sooner (at ``until``)."""

    changed: str
    rule: str
    site: str
    equipment: str
    part: str | None
    since: str
    until: str | None
    severity: str
    kind: str
    title: Text

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(
            changed=finding.changed,
            rule=finding.rule,
            site=finding.site,
            equipment=finding.subject.equipment,
            part=finding.subject.part,
            since=to_iso(finding.since),
            until=iso(finding.until),
            severity=finding.severity,
            kind=finding.kind,
            title=Text.of(finding.title),
        )


@router.get("/late")
def list_late(
    ports: Desk,
    who: Who,
    site: str | None = None,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
) -> list[FindingShape]:
    """List what late data changed, the newest first; by default of the last seven days."""
    since, until = read_period(start, end, ports.clock.now(), default=7 * DAY)
    found = ports.late.of_sites(seen_sites(who, site), since, until)
    return [FindingShape.of(one) for one in found]
