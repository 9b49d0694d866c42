"""``/linkage``: after which cause what answered, and how soon: the evidence of every fire and drill."""

from typing import Annotated, Self

from fastapi import APIRouter, Query

from dashboards.web.api.alerts import seen_sites
from dashboards.web.api.shapes import Shape, iso
from dashboards.web.api.times import read_period
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import not_found
from gengfu.core.clock import DAY, SECOND, Micros, to_iso
from gengfu.core.said import said
from rules.linkage.run import Awaited, Run

router = APIRouter(prefix="/api/v1")
YEAR: Micros = 365 * DAY


class ResponseShape(Shape):
    """One line of a run. Times in seconds from the cause."""

    equipment: list[str]
    needs: str
    """``all`` of them, or ``any``: one of duty and standby is enough."""
    expectation: str
    within_seconds: float
    stage: str
    """waiting, already (so before the cause: action not proved), met, late, missing, unknown."""
    after_seconds: float | None
    """When it was so; null = never. Never below 0: what was so before has ``before``."""
    before: bool
    source: str

    @classmethod
    def of(cls, run: Run, one: Awaited) -> Self:
        took = one.took(run.began)
        return cls(
            equipment=list(one.line.equipment),
            needs=one.line.needs,
            expectation=one.line.expectation,
            within_seconds=one.line.within / SECOND,
            stage=one.stage,
            after_seconds=None if took is None else took / SECOND,
            before=one.before,
            source=one.line.source,
        )


class RunShape(Shape):
    """One cause and what followed. ``kind``: real, or drill by the verdict test of one of its signals."""

    id: str
    site: str
    cause: str
    equipment: str
    """What told of the cause: a panel, a valve, a gas detector."""
    part: str | None
    where: str
    kind: str
    began: str
    ended: str | None
    signals: dict[str, str]
    responses: list[ResponseShape]

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(
            id=run.id,
            site=run.site,
            cause=run.cause,
            equipment=run.origin,
            part=run.part,
            where=run.where,
            kind=run.kind,
            began=to_iso(run.began),
            ended=iso(run.ended),
            signals={address: to_iso(at) for address, at in run.signals.items()},
            responses=[ResponseShape.of(run, one) for one in run.lines],
        )


def visible_run(ports: DeskPorts, who: Visitor, run_id: str) -> Run:
    """Look up a run; of a site he may not see it does not exist.

    Raises:
        Problem: 404.
    """
    run = ports.linkage.get(run_id)
    if run is None or not who.sees(run.site):
        raise not_found(said("there is no linkage run {!r}", run_id))
    return run


@router.get("/linkage")
def list_runs(
    ports: Desk,
    who: Who,
    site: str | None = None,
    start: Annotated[str | None, Query(alias="from")] = None,
    end: Annotated[str | None, Query(alias="to")] = None,
) -> list[RunShape]:
    """List runs by when they began, the newest first; by default of the last year."""
    since, until = read_period(start, end, ports.clock.now() + 1, default=YEAR)
    return [RunShape.of(run) for run in ports.linkage.list(seen_sites(who, site), since, until)]


@router.get("/linkage/{run_id}")
def show_run(ports: Desk, who: Who, run_id: str) -> RunShape:
    """Return one run."""
    return RunShape.of(visible_run(ports, who, run_id))
