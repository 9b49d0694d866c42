"""What the pages and the API need from the rest of Gengfu, and no more.

The composition root passes the real ones; ``tests/fakes`` has hand-written ones. Methods of plain
``def`` may block: they are called in worker threads.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from alerts.model import Alert, Entry, Report, Step, StepRequest
from alerts.read import AlertFilter, Change, OpenSums, Page
from dashboards.accounting import Accounting
from dashboards.availability.figures import AvailabilityRow
from dashboards.estate.letter_page import LetterPage
from dashboards.estate.point_value import PointValue
from dashboards.web.rulebook import RuleBook
from gateway.unmapped import Listed
from gengfu.core.clock import Clock, Micros, SystemClock
from gengfu.core.naming import Language, Subject
from gengfu.core.states import StateInterval
from gengfu.ledger.model import EquipmentClass, SiteLedger
from gengfu.people.roles import Role
from ingest.store.port import Trend
from ingest.store.rows import Series
from rules.late.hindsight import Finding
from rules.linkage.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever makes a request, as the session or the API token says."""

    id: str
    name: str
    roles: frozenset[Role]
    sites: frozenset[str] | None = None
    """None = every site."""
    language: Language | None = None
    is_person: bool = True
    """False = a token: it says what somebody may do, not who he is."""

    def sees(self, site: str) -> bool:
        return self.sites is None or site in self.sites


class People(Protocol):
    """Accounts, sessions and tokens. Credentials are opaque and live on the server only."""

    def wait(self, login: str, address: str, *, at: Micros) -> Micros:
        """Return how long this login from this address has to wait for its next try; 0 = none."""

    def sign_in(self, login: str, password: str, *, address: str, at: Micros) -> str | None:
        """Open a session and return its secret; None when login and password do not fit."""

    def sign_out(self, session: str, *, at: Micros) -> None:
        """End a session; an unknown one is no error."""

    def by_session(self, session: str, *, at: Micros) -> Visitor | None:
        """Return whose session it is, unless ended, revoked or expired."""

    def by_token(self, token: str, *, at: Micros) -> Visitor | None:
        """Return whose API token it is, unless revoked or expired."""

    def names(self) -> Mapping[str, str]:
        """Return what people are called, by account id; of former ones too."""

    def everybody(self) -> Sequence[Visitor]:
        """Return whoever may sign in now."""

    def awaits_setup(self) -> bool:
        """Tell whether the one-time set-up token is still unused."""

    def set_up(self, token: str, login: str, password: str, *, at: Micros) -> bool:
        """Make the first administrator; False when the token does not fit.

        Raises:
            BadInput: when login or password are not acceptable.
        """


class Alerts(Protocol):
    """The alerts as core wrote them: ``alerts.read.AlertReader``."""

    def list(self, wanted: AlertFilter) -> Page:
        """Return one page of alerts.

        Raises:
            BadCursor: when the cursor is none of ours.
        """

    def open_sums(self, sites: Sequence[str] | None = None) -> OpenSums:
        """Return the sums over all open alerts of some sites (None: all)."""

    def get(self, alert_id: str) -> Alert | None:
        """Return an alert as it stands."""

    def timeline(self, alert_id: str) -> Sequence[Entry]:
        """Return an alert's whole timeline, oldest first."""

    def fired(self, since: Micros, sites: Sequence[str] | None = None) -> Mapping[str, int]:
        """Return how many alerts each rule opened since then."""

    def last_change(self) -> int:
        """Return the number of the newest change; 0 when there is none."""

    def changes_after(self, change: int, limit: int = 200) -> Sequence[Change]:
        """Return the changes behind number ``change``, oldest first."""


class LateFindings(Protocol):
    """What late data changed: ``rules.late.store.FindingStore``."""

    def of_equipment(self, equipment: str, *, limit: int = 50) -> Sequence[Finding]:
        """Return an equipment's findings, the newest first."""

    def of_sites(
        self, sites: Sequence[str] | None, start: Micros, end: Micros, *, limit: int = 500
    ) -> Sequence[Finding]:
        """Return what began in [start, end) at some sites (None: all), the newest first."""


class Linkage(Protocol):
    """The evidence of linkage as core wrote it: ``rules.linkage.store.RunStore``."""

    def get(self, run_id: str) -> Run | None:
        """Return one run."""

    def list(
        self, sites: Sequence[str] | None, start: Micros, end: Micros, *, limit: int = 200
    ) -> Sequence[Run]:
        """Return the runs that began in [start, end) at some sites (None: all), the newest first."""

    def of_subject(self, subject: Subject, since: Micros, until: Micros | None) -> Run | None:
        """Return the newest run that an alert about ``subject``, open in that time, can mean."""


class Core(Protocol):
    """The way to core for what people do: ``alerts.door.CoreClient``."""

    async def act(self, alert_id: str, step: Step, request: StepRequest) -> Alert:
        """Take a person's step.

        Raises:
            UnknownAlert: when there is no such alert.
            IllegalStep: when it does not fit the alert as it is.
            CoreUnavailable: when core does not answer; it may have been done.
        """

    async def report(self, report: Report) -> Alert:
        """Open an alert for what a person saw or was told.

        Raises:
            RefusedReport: when it names what the ledger does not have.
            CoreUnavailable: when core does not answer; it may have been done.
        """

    def changes(self) -> AsyncIterator[int]:
        """Say the number of the newest change whenever alerts changed; a hint, nothing more."""


class Estate(Protocol):
    """What the desk knows of the equipment now and of its operating states."""

    def current(self, equipment: str) -> Mapping[str, PointValue]:
        """Return the newest value of each point that was ever told."""

    def state(self, equipment: str) -> StateInterval | None:
        """Return the present operating state; None for equipment never judged."""

    def states(self) -> Mapping[str, StateInterval]:
        """Return the present operating state of everything, by equipment."""

    def intervals(self, equipment: str, start: Micros, end: Micros) -> Sequence[StateInterval]:
        """Return the operating states that touch [start, end), in order."""

    def dead_letters(self, limit: int, *, cursor: str | None = None) -> LetterPage:
        """Return rejected messages, newest first, from a cursor on; ValueError for a bad one."""


class Ledgers(Protocol):
    """The ledgers of all sites and the classes of equipment, as they stand."""

    @property
    def sites(self) -> Mapping[str, SiteLedger]: ...

    @property
    def classes(self) -> Mapping[str, EquipmentClass]: ...


class Readings(Protocol):
    """The store's reading side."""

    def query(
        self,
        series: Series,
        start: Micros,
        end: Micros,
        step: Micros | None = None,
        *,
        most: int | None = None,
    ) -> Trend:
        """Return the values observed in [start, end), raw (the first ``most``) or in buckets of ``step``.

        Raises:
            StoreUnavailable: when the store does not answer now.
        """


class Availability(Protocol):
    """Availability by time, from operating-state intervals."""

    def figures(
        self, start: Micros, end: Micros, *, by: str, sites: frozenset[str] | None = None
    ) -> Sequence[AvailabilityRow]:
        """Return the figures by equipment, class, building or site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """One part of the alarm path, and whether it is proved to work."""

    name: str
    ready: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDemo:
    """What pages show of a demo, and only of one."""

    accounts: Sequence[tuple[str, str]] = field(default=(), repr=False)
    """(login, password) for the sign-in page."""
    folder: str = ""
    """Where it lies, for who removes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPorts:
    """Everything that ``build_app`` is given."""

    clock: Clock
    """What the estate lives by; a scenario's may stand in another year or race."""
    wall_clock: Clock = field(default_factory=SystemClock)
    """What sessions and tokens end by, whatever a scenario's clock says."""
    people: People
    ledgers: Ledgers
    alerts: Alerts
    late: LateFindings
    linkage: Linkage
    core: Core
    estate: Estate
    readings: Readings
    availability: Availability
    rules: RuleBook
    accounting: Callable[[], Accounting]
    unmapped: Callable[[], Listed]
    """Names that devices say and no class has."""
    readiness: Callable[[], Sequence[PartState]]
    alarm_path: Callable[[], PartState]
    """The part of ``readiness`` without which no alarm comes; cheap to ask."""
    metrics: Callable[[], bytes]
    demo: ShownDemo = ShownDemo()
