"""The desk's ports made by hand: the demo ledger, alerts in a list, people in a table."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from alerts.door import CoreUnavailable
from alerts.lifecycle import Refusal
from alerts.lifecycle import step as take
from alerts.model import Alert, Entry, Report, Step, StepRequest
from alerts.read import AlertFilter, BadCursor, Change, OpenSums, Page, Spot
from alerts.refusals import IllegalStep, UnknownAlert
from dashboards.accounting import Accounting
from dashboards.availability.figures import AvailabilityRow
from dashboards.estate.letter_page import LetterPage, read_cursor, write_cursor
from dashboards.estate.point_value import PointValue
from dashboards.web.ports import DeskPorts, PartState, ShownDemo, Visitor
from gateway.unmapped import Listed
from gengfu.core.clock import Micros
from gengfu.core.errors import BadInput, StoreUnavailable
from gengfu.core.naming import Bilingual, Subject
from gengfu.core.record import DeadLetter, RejectReason
from gengfu.core.said import said
from gengfu.core.states import OperatingState, StateInterval
from gengfu.people.roles import Role
from ingest.store.port import Band, Trend
from ingest.store.rows import Series
from tests.fakes.alerts import sample_alert
from tests.fakes.late import FakeLate
from tests.fakes.ledgers import FakeLedgers
from tests.fakes.linkage import FakeLinkage
from tests.fakes.manual_clock import ManualClock
from tests.fakes.rule_book import FakeRuleBook

PASSWORD = "correct horse battery staple"


@dataclass
class FakeAlerts:
    """Alerts and their changes in memory; readable at once after each change."""

    clock: ManualClock
    held: dict[str, Alert] = field(default_factory=dict)
    made: list[Change] = field(default_factory=list)
    broken: bool = False
    away: CoreUnavailable | None = None

    def put(self, alert: Alert, what: str, actor: str = "rule", note: str = "") -> Alert:
        """Write an alert and the line of its timeline."""
        entry = Entry(
            alert=alert.id,
            version=alert.version,
            at=self.clock.now(),
            actor=actor,
            what=what,
            note=note,
        )
        self.held[alert.id] = alert
        self.made.append(Change(len(self.made) + 1, entry, alert))
        return alert

    def list(self, wanted: AlertFilter) -> Page:
        """Filter as the real reader does; the cursor is a number."""
        found = [alert for alert in self.held.values() if _fits(alert, wanted)]
        found.sort(key=lambda alert: (wanted.open_only and alert.priority, -alert.opened_at))
        if wanted.cursor is not None and not wanted.cursor.isdigit():
            raise BadCursor(f"{wanted.cursor!r} is no cursor of this list")
        start = int(wanted.cursor or 0)
        end = start + wanted.limit
        return Page(tuple(found[start:end]), str(end) if end < len(found) else None)

    def open_sums(self, sites: Sequence[str] | None = None) -> OpenSums:
        """Add up what is open."""
        wanted = AlertFilter(sites=tuple(sites) if sites is not None else None)
        found = [alert for alert in self.held.values() if _fits(alert, wanted)]
        active = [alert for alert in found if alert.shelved_until is None]
        return OpenSums(
            active=len(active),
            untaken=sum(alert.untaken for alert in active),
            shelved=len(found) - len(active),
            spots=tuple(
                Spot(
                    site=alert.site,
                    building=alert.building,
                    equipment=alert.equipment,
                    gravest=alert.severity,
                    count=1,
                )
                for alert in found
            ),
        )

    def get(self, alert_id: str) -> Alert | None:
        """Return one alert."""
        return self.held.get(alert_id)

    def timeline(self, alert_id: str) -> Sequence[Entry]:
        """Return an alert's lines, oldest first."""
        return [change.entry for change in self.made if change.entry.alert == alert_id]

    def fired(self, since: Micros, sites: Sequence[str] | None = None) -> Mapping[str, int]:
        """Count alerts by rule."""
        wanted = AlertFilter(
            open_only=False, sites=tuple(sites) if sites is not None else None, since=since
        )
        return Counter(alert.rule for alert in self.held.values() if _fits(alert, wanted))

    def last_change(self) -> int:
        """Return the newest change's number."""
        if self.broken:
            raise OSError("the database is gone")
        return len(self.made)

    def changes_after(self, change: int, limit: int = 200) -> Sequence[Change]:
        """Return the next changes with their alerts as they stand now."""
        found = self.made[change : change + limit]
        return [replace(one, alert=self.held[one.entry.alert]) for one in found]

    async def act(self, alert_id: str, step: Step, request: StepRequest) -> Alert:
        """Take a step by the real table."""
        if self.away is not None:
            raise self.away
        held = self.held.get(alert_id)
        if held is None:
            raise UnknownAlert(alert_id)
        after = take(held, step, request, self.clock.now())
        if isinstance(after, Refusal):
            raise IllegalStep(after, held)
        return self.put(after, step, request.actor, request.note)

    async def changes(self) -> AsyncIterator[int]:
        """Give no hint: the feed then looks by itself."""
        await asyncio.Event().wait()
        yield 0

    async def report(self, report: Report) -> Alert:
        """Open an alert for a report."""
        alert = sample_alert(
            f"r-{len(self.held) + 1}",
            opened_at=self.clock.now(),
            rule="report",
            source="person",
            kind=report.kind,
            site=report.site,
            subject=Subject(report.equipment or ""),
            title=Bilingual(report.text, report.text),
            latched=False,
            advice=(),
            values={},
        )
        return self.put(alert, "opened", report.actor, report.text)


def _fits(alert: Alert, wanted: AlertFilter) -> bool:
    return (
        (alert.open or not wanted.open_only)
        and (wanted.sites is None or alert.site in wanted.sites)
        and wanted.equipment in (None, alert.equipment)
        and wanted.kind in (None, alert.kind)
        and wanted.severity in (None, alert.severity)
        and wanted.shelved in (None, alert.shelved_until is not None)
        and (wanted.since is None or alert.opened_at >= wanted.since)
        and (wanted.until is None or alert.opened_at < wanted.until)
    )


@dataclass
class FakePeople:
    """One account for each role, called as the role is."""

    sites: frozenset[str] | None = None
    sessions: dict[str, str] = field(default_factory=dict)
    setup_token: str | None = None
    waits: Micros = 0
    others: list[Visitor] = field(default_factory=list)

    def wait(self, login: str, address: str, *, at: Micros) -> Micros:
        """Let everybody wait for as long as a test says."""
        return self.waits

    def _visitor(self, login: str) -> Visitor:
        return Visitor(
            id=login, name=login.title(), roles=frozenset({Role(login)}), sites=self.sites
        )

    def sign_in(self, login: str, password: str, *, address: str, at: Micros) -> str | None:
        """Open a session for a role's name and the one password."""
        if login not in set(Role) or password != PASSWORD:
            return None
        secret = f"session-{login}-{len(self.sessions)}"
        self.sessions[secret] = login
        return secret

    def sign_out(self, session: str, *, at: Micros) -> None:
        """End a session."""
        self.sessions.pop(session, None)

    def by_session(self, session: str, *, at: Micros) -> Visitor | None:
        """Return whose session it is."""
        login = self.sessions.get(session)
        return self._visitor(login) if login else None

    def by_token(self, token: str, *, at: Micros) -> Visitor | None:
        """Take ``token-<role>``."""
        login = token.removeprefix("token-")
        known = token != login and login in set(Role)
        return replace(self._visitor(login), is_person=False) if known else None

    def names(self) -> Mapping[str, str]:
        """Return everybody."""
        return {role.value: role.value.title() for role in Role}

    def everybody(self) -> Sequence[Visitor]:
        """Return an account for each role, and the others."""
        return [*(self._visitor(role) for role in Role), *self.others]

    def awaits_setup(self) -> bool:
        """Tell whether a token is set."""
        return self.setup_token is not None

    def set_up(self, token: str, login: str, password: str, *, at: Micros) -> bool:
        """Use the token up."""
        if len(password) < 12:
            raise BadInput.of("", "password", said("needs at least {} characters", 12))
        if token != self.setup_token:
            return False
        self.setup_token = None
        return True


@dataclass
class FakeEstate:
    """Current values and states that a test or a picture puts here."""

    values: dict[str, dict[str, PointValue]] = field(default_factory=dict)
    history: dict[str, list[StateInterval]] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)

    def current(self, equipment: str) -> Mapping[str, PointValue]:
        """Return what was put."""
        return self.values.get(equipment, {})

    def state(self, equipment: str) -> StateInterval | None:
        """Return the last state."""
        history = self.history.get(equipment)
        return history[-1] if history else None

    def states(self) -> Mapping[str, StateInterval]:
        """Return every last state."""
        return {one: history[-1] for one, history in self.history.items() if history}

    def intervals(self, equipment: str, start: Micros, end: Micros) -> Sequence[StateInterval]:
        """Return the intervals that touch the period."""
        return [
            one
            for one in self.history.get(equipment, [])
            if one.start < end and (one.end is None or one.end > start)
        ]

    def dead_letters(self, limit: int, *, cursor: str | None = None) -> LetterPage:
        """Return the newest, or those behind the cursor: the item is the index of the last seen."""
        first = 0 if cursor is None else read_cursor(cursor)[1] + 1
        more = first + limit < len(self.letters)
        last = write_cursor(1, first + limit - 1) if more else None
        return LetterPage(self.letters[first : first + limit], last)


@dataclass
class FakeReadings:
    """A wave for every series; ``down`` makes the store fail."""

    down: bool = False
    every: Micros = 10_000_000
    given: int = 0
    """How many values the longest answer had."""

    def query(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None = None,
        *,
        most: int | None = None,
    ) -> Trend:
        """Return one value each ten seconds, or buckets."""
        if self.down:
            raise StoreUnavailable("the store does not answer")
        first = start - start % self.every
        end = end if step or most is None else min(end, first + most * self.every)
        times = np.arange(first, end, step or self.every, dtype=np.int64)
        self.given = max(self.given, len(times))
        seed = sum(series.point.encode())
        wave = np.sin(times / (seed * 4e6)) + 0.1 * np.sin(times / 7e6)
        values = 40 + seed % 13 + 5 * wave
        band = Band(low=values - 1, high=values + 1, count=np.full(len(times), 6)) if step else None
        return Trend(times=times, values=values, band=band)


@dataclass
class FakeAvailability:
    """Rows that a test puts here."""

    rows: dict[str, list[AvailabilityRow]] = field(default_factory=dict)

    def figures(
        self, start: Micros, end: Micros, *, by: str, sites: frozenset[str] | None = None
    ) -> Sequence[AvailabilityRow]:
        """Return the rows of one grouping."""
        return self.rows.get(by, [])


@dataclass
class FakeDesk:
    """Everything together; ``ports()`` is what ``build_app`` takes."""

    clock: ManualClock = field(default_factory=ManualClock)
    people: FakePeople = field(default_factory=FakePeople)
    ledgers: FakeLedgers = field(default_factory=FakeLedgers)
    estate: FakeEstate = field(default_factory=FakeEstate)
    readings: FakeReadings = field(default_factory=FakeReadings)
    availability: FakeAvailability = field(default_factory=FakeAvailability)
    rules: FakeRuleBook = field(default_factory=FakeRuleBook)
    late: FakeLate = field(default_factory=FakeLate)
    linkage: FakeLinkage = field(default_factory=FakeLinkage)
    parts: list[PartState] = field(default_factory=lambda: [PartState(name="core", ready=True)])
    sums: Accounting = field(default_factory=Accounting)
    unmapped: Listed = field(default_factory=Listed)
    demo: ShownDemo = field(default_factory=ShownDemo)

    def __post_init__(self) -> None:
        self.alerts = FakeAlerts(self.clock)

    def ports(self) -> DeskPorts:
        """Return the ports over these fakes."""
        return DeskPorts(
            clock=self.clock,
            wall_clock=self.clock,
            people=self.people,
            ledgers=self.ledgers,
            alerts=self.alerts,
            late=self.late,
            linkage=self.linkage,
            core=self.alerts,
            estate=self.estate,
            readings=self.readings,
            availability=self.availability,
            rules=self.rules,
            accounting=lambda: self.sums,
            unmapped=lambda: self.unmapped,
            readiness=lambda: self.parts,
            alarm_path=lambda: self.parts[0],
            metrics=lambda: b"# HELP gengfu_up Up.\ngengfu_up 1\n",
            demo=self.demo,
        )


def letter(at: Micros, reason: RejectReason = RejectReason.MALFORMED_JSON) -> DeadLetter:
    """Return a rejected message whose bytes are no text."""
    return DeadLetter(
        topic="gf/yunhe/lift-b1-u1-left/up/telemetry",
        payload=b'{"speed": \xff<script>',
        received_at=at,
        reason=reason,
        detail="expected a value at byte 10",
    )


def interval(
    equipment: str, state: OperatingState, start: Micros, end: Micros | None = None
) -> StateInterval:
    """Return a state interval in few words."""
    return StateInterval(equipment=equipment, state=state, start=start, end=end)
