"""What linkage did after each cause: the list of runs, and one as a report that prints."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from alerts.model import Alert
from dashboards.web.api.alerts import seen_sites
from dashboards.web.api.linkage import YEAR, visible_run
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts
from dashboards.web.render import page
from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Bilingual
from gengfu.ledger.expectation import expectation_in_words
from gengfu.ledger.model import PointDef, SiteLedger
from rules.linkage.run import Awaited, Run, Stage

router = APIRouter()
_WORST_FIRST = (
    Stage.MISSING,
    Stage.UNKNOWN,
    Stage.WAITING,
    Stage.LATE,
    Stage.ALREADY,
    Stage.MET,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A response as people read it."""

    equipment: tuple[tuple[str, Bilingual], ...]
    """(id, name) of each."""
    place: Bilingual | None
    expected: Bilingual
    within: float
    """Seconds."""
    stage: Stage
    after: float | None
    """Seconds from the cause; None while it has not answered, and for what was so before."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An address that spoke, and when."""

    address: str
    name: Bilingual | None
    at: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run with its names, as the ledger has them now."""

    run: Run
    site: Bilingual
    origin: Bilingual
    place: Bilingual
    signals: tuple[Signal, ...]
    lines: tuple[Line, ...]
    """The worst first."""
    counts: Mapping[Stage, int]

    @property
    def is_owed(self) -> bool:
        return any(line.stage.is_owed for line in self.lines)


def run_of(ports: DeskPorts, alert: Alert) -> RunView | None:
    """Return the run that an alert is about, if any."""
    found = ports.linkage.of_subject(alert.subject, alert.opened_at, alert.closed_at)
    return None if found is None or found.site != alert.site else view(ports, found)


def view(ports: DeskPorts, run: Run) -> RunView:
    """Put names to a run; what the ledger no longer has keeps its id."""
    ledger = ports.ledgers.sites.get(run.site)
    origin = ledger.equipment.get(run.origin) if ledger else None
    parts = origin.parts if origin else {}
    lines = [_line(ports, ledger, run, one) for one in run.lines]
    named = {address: parts[address].name for address in run.signals if address in parts}
    return RunView(
        run=run,
        site=ledger.site.name if ledger else Bilingual(zh=run.site, en=run.site),
        origin=origin.name if origin else Bilingual(zh=run.origin, en=run.origin),
        place=_place(ledger, run),
        signals=tuple(
            Signal(address=address, name=named.get(address), at=at)
            for address, at in sorted(run.signals.items(), key=lambda one: one[1])
        ),
        lines=tuple(sorted(lines, key=lambda one: _WORST_FIRST.index(one.stage))),
        counts=Counter(line.stage for line in lines),
    )


def _place(ledger: SiteLedger | None, run: Run) -> Bilingual:
    origin = ledger.equipment.get(run.origin) if ledger else None
    if ledger is None or origin is None:
        return Bilingual(zh=run.where, en=run.where)
    part = origin.parts.get(run.part or "")
    return ledger.place_name((part and (part.compartment or part.place)) or origin.place)


def _line(ports: DeskPorts, ledger: SiteLedger | None, run: Run, one: Awaited) -> Line:
    found = [
        ledger.equipment[id_] for id_ in one.line.equipment if ledger and id_ in ledger.equipment
    ]
    names = {each.id: each.name for each in found}
    points: dict[str, PointDef] = {}
    took = one.took(run.began)
    for each in found:
        points |= ports.ledgers.classes[each.equipment_class].points
    return Line(
        equipment=tuple((id_, names.get(id_, Bilingual(id_, id_))) for id_ in one.line.equipment),
        place=ledger.place_name(found[0].place) if ledger and found else None,
        expected=expectation_in_words(one.line.expectation, points),
        within=one.line.within / SECOND,
        stage=one.stage,
        after=None if took is None or one.stage is Stage.ALREADY else took / SECOND,
        source=one.line.source,
    )


@router.get("/linkage")
def list_runs(ports: Desk, who: Who, request: Request) -> Response:
    """Show the runs of the last year, the newest first."""
    now = ports.clock.now()
    runs = ports.linkage.list(seen_sites(who), now - YEAR, now + 1)
    return page(request, "linkage.html", runs=[view(ports, run) for run in runs])


@router.get("/linkage/{run_id}")
def show_run(ports: Desk, who: Who, request: Request, run_id: str) -> Response:
    """Show one run: the report of a fire or a drill."""
    return page(request, "linkage_run.html", one=view(ports, visible_run(ports, who, run_id)))
