"""The engineer's rules: those in force, and a form that shows what others would have done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from dashboards.reach import reach
from dashboards.web.api.estate import seen_ledgers
from dashboards.web.api.rules import COUNTED_DAYS, LONGEST_DRAFT, backtest, seen_sites
from dashboards.web.identity import Desk, Who
from dashboards.web.ports import DeskPorts, Visitor
from dashboards.web.problems import Problem
from dashboards.web.render import page
from dashboards.web.words import marked
from gengfu.core.clock import DAY, Micros, from_iso
from gengfu.core.errors import BadInput
from gengfu.core.naming import Bilingual
from gengfu.ledger.model import EquipmentClass
from rules.backtest.document import Document, EpisodeLine, QualityBlock
from rules.backtest.quality import FLOOD
from rules.backtest.replay import Lack
from rules.due_calendar import calendars_due
from rules.editions.editor import Refusal
from rules.language.reader import read_rules
from rules.language.rule import Rule, fill
from rules.linkage.standing import STANDING

router = APIRouter()
PERIODS = (1, 7, 30)
MOST_LANES = 60
MOST_LISTED = 300
WIDTH = 1000.0
LEAST_WIDTH = 2.0
LANE = 18.0
CHART = 72.0

LACK: Mapping[str, str] = {
    Lack.NOTHING: marked("Nothing was recorded in this period."),
    Lack.BEGINNING: marked("The archive does not reach back: nothing before %(at)s is in it."),
    Lack.LEAD: marked("Nothing before %(at)s: windows and learned normals were not full at first."),
    Lack.LEDGER: marked("The ledger was not known before %(at)s."),
    Lack.LIVE_RULES: marked("The rules that ran live were not known before %(at)s."),
    Lack.RECORDS: marked("%(count)s records are damaged or gone."),
    Lack.OLD_RULES: marked("The rules of that time cannot be read by this version."),
    Lack.MEMORY: marked(
        "%(rules)s learn for longer than was read: back-test such a rule by itself to see it whole."
    ),
}
REFUSED: Mapping[Refusal, str] = {
    Refusal.NEEDS_REASON: marked("Run the back-test of exactly this text first, or give a reason."),
    Refusal.SAME_PERSON: marked("Somebody else has to approve it."),
    Refusal.NO_PERSON: marked("This takes two people who are signed in, not a token."),
    Refusal.OTHER_SITES: marked(
        "Rules hold at every site: who changes them has to see all of them."
    ),
    Refusal.NOT_PROPOSED: marked("It does not wait for approval any more."),
    Refusal.UNKNOWN_RULE: marked("There is no such rule in force."),
    Refusal.UNCHANGED: marked("Nothing was changed: it is in force as it stands."),
}
NOT_RUN: Mapping[HTTPStatus, str] = {
    HTTPStatus.TOO_MANY_REQUESTS: marked("Another back-test is running: try again soon."),
    HTTPStatus.SERVICE_UNAVAILABLE: marked("The back-test broke off: choose a shorter period."),
    HTTPStatus.UNPROCESSABLE_ENTITY: marked("The text has mistakes:"),
}
COMPARED: Mapping[str, str] = {
    "both": marked("in both"),
    "only_new": marked("only with the draft"),
    "only_live": marked("only as it ran live"),
    "": marked("ran live"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """An alert on the timeline: where in WIDTH it begins, how long it is."""

    x: float
    width: float
    line: EpisodeLine


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of the timeline: one rule for one subject."""

    rule: str
    equipment: str
    name: Bilingual
    part: str | None
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """Alarms of ten minutes: a column of the chart. ``flood`` = more than one person can handle."""

    x: float
    y: float
    height: float
    alarms: int
    flood: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A result as the page draws it."""

    start: Micros
    end: Micros
    lanes: tuple[Lane, ...]
    lanes_left_out: int
    columns: tuple[Column, ...]
    flood_y: float | None
    listed: Sequence[EpisodeLine]


def picture(result: Document, names: Mapping[str, Bilingual]) -> Picture:
    """Lay out a result: the busiest lanes first, and no time before there was an archive."""
    start, end = from_iso(result.covered_from), from_iso(result.end)
    scale = WIDTH / max(end - start, 1)
    lanes: dict[tuple[str, str, str | None], list[EpisodeLine]] = defaultdict(list)
    for one in result.alerts:
        lanes[one.rule, one.equipment, one.part].append(one)
    busiest = sorted(lanes.items(), key=lambda lane: (-len(lane[1]), str(lane[0])))

    def bar(one: EpisodeLine) -> Bar:
        opened = from_iso(one.opened_at)
        cleared = from_iso(one.cleared_at) if one.cleared_at else end
        width = max(LEAST_WIDTH, (cleared - opened) * scale)
        x = max(0.0, min((opened - start) * scale, WIDTH - LEAST_WIDTH))
        return Bar(round(x, 1), round(min(width, WIDTH - x), 1), one)

    columns, flood_y = _columns(result.quality, start, scale)
    return Picture(
        start=start,
        end=end,
        lanes=tuple(
            Lane(
                rule,
                equipment,
                names.get(equipment, Bilingual(equipment, equipment)),
                part,
                number * LANE,
                tuple(bar(one) for one in every),
            )
            for number, ((rule, equipment, part), every) in enumerate(busiest[:MOST_LANES])
        ),
        lanes_left_out=max(0, len(busiest) - MOST_LANES),
        columns=columns,
        flood_y=flood_y,
        listed=result.alerts[:MOST_LISTED],
    )


def _columns(
    quality: QualityBlock, start: Micros, scale: float
) -> tuple[tuple[Column, ...], float | None]:
    top = max(quality.peak, FLOOD + 2)
    found = []
    for one in quality.per_10_minutes:
        height = round(CHART * one.alarms / top, 1)
        x = round((from_iso(one.start) - start) * scale, 1)
        found.append(Column(x, round(CHART - height, 1), height, one.alarms, one.alarms > FLOOD))
    return tuple(found), round(CHART - CHART * FLOOD / top, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The rules of one class, as they lie on the page."""

    equipment_class: EquipmentClass
    rules: tuple[Rule, ...]
    fired: int


def shelves(
    rules: Iterable[Rule],
    classes: Mapping[str, EquipmentClass],
    fired: Mapping[str, int],
    wanted: str = "",
) -> list[Shelf]:
    """Sort rules by class, what fires most first; ``wanted``: only those that say so somewhere."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        title = classes[rule.equipment_class].title
        said = (rule.id, rule.title.zh, rule.title.en, title.zh, title.en)
        if any(wanted.casefold() in one.casefold() for one in said):
            found[rule.equipment_class].append(rule)
    every = [
        Shelf(
            equipment_class=classes[name],
            rules=tuple(ours),
            fired=sum(fired.get(rule.id, 0) for rule in ours),
        )
        for name, ours in found.items()
    ]
    return sorted(every, key=lambda shelf: (-shelf.fired, shelf.equipment_class.name))


@router.get("/engineer/rules")
def rules(
    ports: Desk, who: Who, request: Request, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Show the rules in force, whose their thresholds are, and how often they fired."""
    since = ports.clock.now() - COUNTED_DAYS * DAY
    editor = ports.rules.editor
    book, fired = editor.book(), ports.alerts.fired(since, seen_sites(who))
    every = (*book.rules.values(), *(one.rule for one in STANDING.values()))
    return page(
        request,
        "rules.html",
        count=len(every),
        wanted=q.strip(),
        shelves=shelves(every, ports.ledgers.classes, fired, q.strip()),
        titles={rule.id: title_of(rule) for rule in every},
        standing=STANDING,
        due=tuple(calendars_due(every, seen_ledgers(ports, who), ports.clock.now())),
        editions=book.editions,
        faults=book.faults,
        proposed=editor.proposed(),
        names=ports.people.names(),
        fired=fired,
        days=COUNTED_DAYS,
    )


def title_of(rule: Rule) -> Bilingual:
    """Return a rule's title where there is no value to show yet."""
    return Bilingual(*(fill(text, lambda _name: "…") for text in (rule.title.zh, rule.title.en)))


def draft_form(
    ports: DeskPorts, request: Request, *, text: str, days: int, **filled: object
) -> Response:
    """Show a draft: what it takes to bring it into force, and its back-test when there is one."""
    editor = ports.rules.editor
    try:
        needed = editor.needs_of(text) if text.strip() else frozenset()
    except BadInput:
        needed = None
    problem = filled.get("problem")
    defaults: dict[str, object] = {
        "problem": None,
        "said": said_of(problem) if isinstance(problem, Problem) else None,
        "result": None,
        "reason": "",
        "needs": needed,
        "reached": _reached(ports, text) if needed is not None else {},
        "trial": editor.trial_of(text) if needed is not None else None,
        "status": problem.status if isinstance(problem, Problem) else HTTPStatus.OK,
    }
    words = {"at": from_iso, "lack": LACK, "compared": COMPARED, "periods": PERIODS, "flood": FLOOD}
    sizes = {"width": WIDTH, "lane": LANE, "chart": CHART}
    given = {"text": text, "days": days, **filled}
    return page(request, "backtest.html", **{**defaults, **words, **sizes, **given})  # type: ignore[arg-type]


def said_of(problem: Problem) -> str:
    """Return why a draft was not accepted, for a person; its mistakes stand below."""
    reason = problem.members.get("reason")
    return REFUSED[reason] if isinstance(reason, Refusal) else NOT_RUN[problem.status]


def _reached(ports: DeskPorts, text: str) -> dict[str, int]:
    """Return for how many pieces of equipment each rule of a draft is, whoever may see them."""
    if not text.strip():
        return {}
    rules = read_rules({"draft.yaml": text}, ports.ledgers.classes)
    return {rule.id: reach(rule, ports.ledgers.sites.values()) for rule in rules}


@router.get("/engineer/rules/backtest")
def backtest_form(
    ports: Desk, request: Request, rule: str = "", edition: int | None = None
) -> Response:
    """Show the form, filled with the rule, or one of its editions, that was chosen."""
    chosen = next((one for one in ports.rules.editor.history(rule) if one.number == edition), None)
    text = chosen.text if chosen else ports.rules.editor.text_of(rule) if rule else ""
    return draft_form(ports, request, text=text, days=7)


@router.post("/engineer/rules/backtest")
async def show_backtest(
    ports: Desk,
    who: Who,
    request: Request,
    days: Annotated[int, Form(ge=1, le=40)] = 7,
    text: Annotated[str, Form(max_length=LONGEST_DRAFT)] = "",
) -> Response:
    """Run the back-test and show its result below the form."""
    now, text = ports.clock.now(), text.replace("\r\n", "\n")
    show = partial(draft_form, ports, request, text=text, days=days)
    try:
        result = await backtest(ports, who, now - days * DAY, now, text)
    except Problem as problem:
        return await run_in_threadpool(show, problem=problem)
    names = await run_in_threadpool(_names, ports, who)
    return await run_in_threadpool(show, result=result, picture=picture(result, names), names=names)


def _names(ports: DeskPorts, who: Visitor) -> dict[str, Bilingual]:
    return {
        one.id: one.name for ledger in seen_ledgers(ports, who) for one in ledger.equipment.values()
    }
