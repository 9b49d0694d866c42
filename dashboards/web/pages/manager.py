"""The manager's page: first the sentence, then the table against the targets, then each equipment."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dashboards.availability.figures import ENOUGH, AvailabilityRow
from dashboards.web import figures
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.api.figures import target_of
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.render import Reader, page, reader_of
from dashboards.web.words import marked
from gengfu.core.clock import HOUR, SECOND, Micros, to_utc
from gengfu.core.naming import Bilingual

router = APIRouter()
MONTHS = (
    marked("January"),
    marked("February"),
    marked("March"),
    marked("April"),
    marked("May"),
    marked("June"),
    marked("July"),
    marked("August"),
    marked("September"),
    marked("October"),
    marked("November"),
    marked("December"),
)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month at a place: [start, end) in µs, cut at the present."""

    year: int
    month: int
    start: Micros
    end: Micros
    before: str
    after: str | None

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def month_of(text: str | None, now: Micros, zone: ZoneInfo) -> Month:
    """Return the month that is asked for; what is none, or in the future, is the present one."""
    today = to_utc(now).astimezone(zone)
    match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text or "")
    year, number = (int(match[1]), int(match[2])) if match else (today.year, today.month)
    year, number = min((year, number), (today.year, today.month))
    present = (year, number) == (today.year, today.month)
    next_year, next_number = divmod(year * 12 + number, 12)
    last_year, last_number = divmod(year * 12 + number - 2, 12)
    end = now if present else _begin(next_year, next_number + 1, zone)
    return Month(
        year,
        number,
        _begin(year, number, zone),
        end,
        f"{last_year:04}-{last_number + 1:02}",
        None if present else f"{next_year:04}-{next_number + 1:02}",
    )


def _begin(year: int, month: int, zone: ZoneInfo) -> Micros:
    return int(datetime(year, month, 1, tzinfo=zone).timestamp()) * SECOND


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: figures of a class or an equipment against the target."""

    title: Bilingual
    row: AvailabilityRow
    target: float | None

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None when too little is known to say so."""
        return self.row.meets(self.target)

    @property
    def thin(self) -> bool:
        """Whether too little of its time is known."""
        return self.row.coverage < ENOUGH


def class_lines(ports: DeskPorts, rows: Sequence[AvailabilityRow]) -> list[Line]:
    """Return the classes, what misses its target first."""
    lines = [
        Line(ports.ledgers.classes[row.key].title, row, target_of(ports, "class", row))
        for row in rows
        if row.key in ports.ledgers.classes
    ]
    return sorted(lines, key=_worst_first)


def equipment_lines(
    ports: DeskPorts, who: Visitor, rows: Sequence[AvailabilityRow], klass: str | None
) -> list[Line]:
    """Return the equipment of one class or of all, the worst first."""
    known = {
        equipment.id: equipment
        for ledger in seen_ledgers(ports, who)
        for equipment in ledger.equipment.values()
    }
    lines = [
        Line(known[row.key].name, row, target_of(ports, "equipment", row))
        for row in rows
        if row.key in known and klass in (None, known[row.key].equipment_class)
    ]
    return sorted(lines, key=_worst_first)


def known_from(lines: Sequence[Line], month: Month) -> Micros | None:
    """Return from when on there are data, when that is later than the month's beginning."""
    first = min((line.row.since for line in lines if line.row.since is not None), default=None)
    return first if first is not None and first - month.start > HOUR else None


def _worst_first(line: Line) -> tuple[bool, float]:
    share = line.row.availability
    return share is None, (share or 0.0) - (line.target or 0.0)


def headline(
    month: Month, classes: Sequence[Line], equipment: Mapping[str, Sequence[Line]], reader: Reader
) -> str:
    """Say in one sentence what the month was like: the class that misses its target, and why."""
    _ = reader.words.gettext
    name = reader.words.gettext(MONTHS[month.month - 1])
    known = [line for line in classes if line.row.availability is not None]
    if not known:
        return _("%(month)s: no figures yet") % {"month": name}
    missed = [line for line in known if line.met is False]
    line = missed[0] if missed else known[0]
    said = {
        "month": name,
        "what": reader.words.say(line.title),
        "share": figures.percent(line.row.availability),
        "target": figures.percent(line.target, 0),
    }
    thin = [line for line in known if line.met is None and line.target is not None]
    if len(thin) == len(known):
        return _("%(month)s: too little is known to judge by the targets") % said
    if not missed and thin:
        none_missed = reader.words.ngettext(
            "%(month)s: no class missed its target, but too little is known of %(num)s class",
            "%(month)s: no class missed its target, but too little is known of %(num)s classes",
            len(thin),
        )
        return none_missed % {**said, "num": len(thin)}
    if not missed:
        return (
            _("%(month)s: every class met its target; the lowest is %(what)s at %(share)s") % said
        )
    worst = max(equipment.get(line.row.key, ()), key=lambda one: one.row.down_s, default=None)
    if worst is None or worst.row.down_s <= 0:
        return _("%(month)s: %(what)s availability by time %(share)s, below %(target)s") % said
    down = _(
        "%(month)s: %(what)s availability by time %(share)s, below %(target)s: "
        "%(culprit)s was down for %(hours)s"
    )
    culprit = {"culprit": reader.words.say(worst.title), "hours": reader.hours(worst.row.down_s)}
    return down % {**said, **culprit}


@router.get("/manager")
def manager(
    ports: Desk,
    who: Who,
    request: Request,
    month: str | None = None,
    klass: Annotated[str | None, Query(alias="class")] = None,
) -> Response:
    """Show a month's availability against the contract."""
    reader = reader_of(request)
    chosen = month_of(month, reader.now, reader.zone)
    by_class = ports.availability.figures(chosen.start, chosen.end, by="class", sites=who.sites)
    by_equipment = ports.availability.figures(
        chosen.start, chosen.end, by="equipment", sites=who.sites
    )
    lines = class_lines(ports, by_class)
    detail = {
        line.row.key: equipment_lines(ports, who, by_equipment, line.row.key) for line in lines
    }
    return page(
        request,
        "manager.html",
        ledgers=tuple(seen_ledgers(ports, who)),
        month=chosen,
        known_from=known_from(lines, chosen),
        month_name=reader.words.gettext(MONTHS[chosen.month - 1]),
        headline=headline(chosen, lines, detail, reader),
        lines=lines,
        chosen_class=klass if klass in detail else None,
        detail=detail.get(klass or "", []),
    )
