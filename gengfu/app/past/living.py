"""Makes a year of the past within minutes: an estate's life through the product's own chain.

What machines say becomes journal records, rules judge them, alerts open, people act on them, the desk
keeps values and states: the same code as in a running system, with a clock that jumps to whatever
happens next. Broker and channels are left out: nobody is called for the past. Afterwards ``gengfu up``
goes on from there.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from alerts.lifecycle import Refusal
from alerts.model import Alert, FindingVerdict, Step, StepRequest
from gengfu.app.accounts import gate_of
from gengfu.app.given_files import classes_of
from gengfu.app.ledgers import ledger_store
from gengfu.app.past.calm import ordinary_days
from gengfu.app.past.desk import PastDesk
from gengfu.app.past.garbage import search_seldom
from gengfu.app.past.line import Line, opened_line
from gengfu.app.past.people import Act, handling_of
from gengfu.app.past.world import RATE, Moment, World, told_ahead
from gengfu.app.setup import prepare
from gengfu.config import Settings
from gengfu.core.clock import DAY, MINUTE, Micros
from gengfu.core.errors import StartError
from gengfu.database import open_sqlite
from gengfu.installation import Installation
from gengfu.ledger.model import SiteLedger
from gengfu.people.roles import Role
from simulators.past.copies import copies_of
from simulators.past.days import QUARTER
from simulators.past.scenes import AFTER, LEAD
from simulators.past.troubles import Trouble, cast_of, plan, truth

TRUTH_FILE = "past-truth.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What past is wanted: ``span`` of it up to ``end``."""

    span: Micros
    end: Micros
    copies: int = 1
    """How often the demo's estate stands there, where the folder has no ledger of its own."""
    seed: int = 1
    often: float = 1.0
    """How much more frequent troubles are than they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a past consists of."""

    start: Micros
    end: Micros
    equipment: int
    records: int
    values: int
    events: int
    troubles: int
    alerts: int


def make_past(
    settings: Settings, wish: Wish, tell: Callable[[float], None] = lambda _share: None
) -> Made:
    """Fill an installation without a history; ``tell`` is told the share that is done.

    Raises:
        StartError: Gengfu runs on this folder, or it has a history already.
    """
    search_seldom()
    place = Installation(settings.data)
    place.prepare()
    with place.locked():
        ledgers = _furnish(settings, place, wish.copies)
        end = wish.end - wish.end % QUARTER
        with opened_line(settings, place, ledgers, start=end - wish.span, rate=RATE) as line:
            if line.began_at:
                raise StartError(
                    f"{place.data} has a history already, and a past is made where none is: "
                    "give another folder with --data."
                )
            past = _past(place, ledgers, line, wish)
            sites = ordinary_days(
                settings, ledgers, line.directory, start=line.clock.at, seed=wish.seed
            )
            world = World(sites, classes_of(settings), past.plan, line.clock.at, end)
            with PastDesk(settings) as desk, told_ahead(world) as moments:
                past.run(moments, end, tell)
                line.finish()
                desk.finish()
            return past.made(end)


def _furnish(settings: Settings, place: Installation, copies: int) -> Sequence[SiteLedger]:
    """Return the ledgers; a folder without any becomes a demo."""
    store = ledger_store(place)
    if not store.all():
        prepare(settings.model_copy(update={"demo": True}), place)
        store.replace(copies_of(store.all(), copies), 0)
    return store.all()


def _people(place: Installation) -> Mapping[Role, str]:
    """Return an account for each role; where there is none, the role's own word."""
    accounts = gate_of(open_sqlite(place.desk), place).accounts.all()
    return {
        role: next((one.id for one in accounts if role in one.roles), role.value) for role in Role
    }


def _past(place: Installation, ledgers: Sequence[SiteLedger], line: Line, wish: Wish) -> "_Past":
    """Draw what goes wrong, and who deals with it."""
    start = line.clock.at
    troubles = [
        trouble
        for ledger in ledgers
        for trouble in plan(
            ledger,
            start=start + DAY // 8,
            end=start + wish.span,
            seed=wish.seed,
            often=wish.often,
        )
    ]
    troubles.sort(key=lambda one: one.begins)
    (place.data / TRUTH_FILE).write_text(truth(troubles), encoding="utf-8")
    return _Past(
        ledgers={one.site.id: one for one in ledgers},
        line=line,
        plan=troubles,
        people=_people(place),
        start=start,
        rng=Random(f"{wish.seed}/past"),
    )


@dataclass(slots=True)
class _Past:
    """What is to happen, the next first, and what has happened so far."""

    ledgers: Mapping[str, SiteLedger]
    line: Line
    plan: Sequence[Trouble]
    people: Mapping[Role, str]
    start: Micros
    rng: Random
    _due: list[tuple[Micros, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def run(self, moments: Iterator[Moment], end: Micros, tell: Callable[[float], None]) -> None:
        """Live until ``end``."""
        self._at(self.start, self._new_day)
        self._listen(moments)
        day = self.start
        while (at := min(self._due[0][0], self.line.next_due())) <= end:
            self._happen(at)
            for alert in self.line.new_alerts():
                self._call_people(alert)
            if at - day >= DAY:
                day = at
                tell((at - self.start) / (end - self.start))

    def _happen(self, at: Micros) -> None:
        """Let the one thing happen that is next."""
        if self._due[0][0] > at:
            self.line.run_out(at)
            return
        _, _, happen = heapq.heappop(self._due)
        self.line.clock.at = at
        happen()

    def made(self, end: Micros) -> Made:
        """Return what came of it."""
        return Made(
            start=self.start,
            end=end,
            equipment=sum(len(one.equipment) for one in self.ledgers.values()),
            records=self.line.runner.position,
            values=self.line.values,
            events=self.line.events,
            troubles=len(self.plan),
            alerts=self.line.alerts,
        )

    def _at(self, at: Micros, happen: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), happen))

    def _new_day(self) -> None:
        self.line.new_day()
        self._at(self.line.clock.at + DAY, self._new_day)

    def _listen(self, moments: Iterator[Moment]) -> None:
        """Take in what is said next when it is its time."""
        moment = next(moments, None)
        if moment is not None:
            self._at(moment.at, partial(self._take_in, moment, moments))

    def _take_in(self, moment: Moment, moments: Iterator[Moment]) -> None:
        if moment.sent:
            self.line.hear(moment.sent)
        if moment.said:
            self.line.say(moment.said, values=moment.values, events=moment.events)
        self._listen(moments)

    def _call_people(self, alert: Alert) -> None:
        """Let people deal with a new alert as they did."""
        trouble = self._trouble_of(alert)
        found = FindingVerdict(trouble.found) if trouble else FindingVerdict.NOTHING_FOUND
        over = trouble.ends if trouble else alert.opened_at
        ledger = self.ledgers.get(alert.site)
        zone = ZoneInfo(ledger.site.time_zone if ledger else "UTC")
        for act in handling_of(alert, found=found, over=over, zone=zone, rng=self.rng):
            self._at(act.at, partial(self._act, alert.id, act))

    def _trouble_of(self, alert: Alert) -> Trouble | None:
        """Return the trouble in which an alert's equipment is just now."""
        now = self.line.clock.at
        return next(
            (
                one
                for one in self.plan
                if one.begins - LEAD <= now <= one.ends + AFTER
                and alert.equipment in cast_of(self.ledgers[one.site], one.injection.equipment)
            ),
            None,
        )

    def _act(self, alert: str, act: Act) -> None:
        refused = self.line.act(
            alert,
            act.step,
            StepRequest(
                actor=self.people[act.who],
                idempotency_key=f"{alert}.{act.step}.{act.at}",
                at=act.at,
                verdict=act.verdict,
            ),
        )
        if refused is not None and refused.reason is Refusal.NEEDS_RESET:
            # It tripped again meanwhile: once more, a little later.
            later = act.at + 10 * MINUTE
            self._at(later, partial(self._act, alert, Act(later, act.who, Step.RESET)))
            self._at(later, partial(self._act, alert, Act(later + 1, act.who, Step.CLOSE)))
