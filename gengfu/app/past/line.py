"""Gateway → journal → rules → alerts in one thread, for a past that is being made.

The clock stands where it is put. Nothing is sent to anybody: there are no channels.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from alerts.action_log import append_once
from alerts.model import Alert, Step, StepRequest
from alerts.refusals import IllegalStep
from alerts.schema import open_alerts
from alerts.service import AlertService
from gateway.codecs.native.message import Limits
from gateway.decoded import RawMessage
from gateway.directory import Directory, build_directory
from gateway.intake import Intake
from gengfu.app.given_files import classes_of
from gengfu.app.judging import retention_of, rules_of, runner_of
from gengfu.app.look_back import life_safety_of
from gengfu.config import Settings
from gengfu.core.clock import DAY, SECOND, Micros
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Draft, LedgerChange, RulesChange, Tally, Tick, draft
from gengfu.installation import Installation
from gengfu.ledger.model import SiteLedger
from gengfu.ledger.own import own_ledger
from gengfu.ledger.snapshot import encode
from ingest.journal.cursors import CursorFile
from ingest.journal.retention import Retention
from ingest.journal.sqlite import Roll, SqliteJournal
from ingest.safety.doubled import DoubledJournal
from ingest.safety.file import SafetyFile
from rules.engine.verdict import Turn, Verdict
from rules.runner import Runner

NEVER: Micros = 2**62
READERS = ("store", "rollups", "estate", "rules")
"""Whoever reads the journal, and may not have begun when its oldest part would go."""
_MANY = 5_000
_ROLL = Roll(age=7 * DAY)


@dataclass(slots=True)
class StandingClock:
    """A clock that is put; by it no real time ever passes."""

    at: Micros

    def now(self) -> Micros:
        return self.at

    def real_seconds(self, _span: Micros) -> float:
        return 0.0


@dataclass(slots=True)
class _Opening:
    """Hands verdicts on to the alerts, and notes which of them opened."""

    service: AlertService
    opened: list[Alert] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """The ids of all alerts that ever opened."""
    touched: bool = False
    """Whether an alert may have changed since this was set back."""

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        self.touched = True
        self.service.apply(verdicts, position=position, at=at)
        with self.service.writing() as writing:
            for one in verdicts:
                if one.turn is Turn.OFF:
                    continue
                # Once more after its alert was closed is a new alert.
                alert = writing.open_of(one.rule, one.subject)
                if alert is not None and alert.id not in self.known:
                    self.known.add(alert.id)
                    self.opened.append(alert)

    def applied_position(self) -> int:
        return self.service.applied_position()


@dataclass(slots=True)
class Line:
    """The chain. Open it with ``opened_line``; every method belongs to one thread."""

    clock: StandingClock
    journal: SqliteJournal
    doubled: DoubledJournal
    service: AlertService
    runner: Runner
    directory: Directory
    intake: Intake
    announcement: Sequence[Draft]
    """Rules and ledgers in force, said again every day."""
    retention: Retention
    judged: CursorFile
    rate: float
    values: int = 0
    events: int = 0
    _opening: _Opening = field(kw_only=True)
    _next_clock: Micros | None = None

    @property
    def began_at(self) -> Micros:
        """Return the time of the journal's last record before this past; 0 = it has none."""
        return self.journal.last()[1]

    @property
    def alerts(self) -> int:
        """Return how many alerts have opened; not those that ended in the same moment."""
        return len(self._opening.known)

    def next_due(self) -> Micros:
        """Return when the next timer of a rule or clock of an alert runs out, to the second."""
        soonest = min(self.runner.state.next_due() or NEVER, self._next_clock or NEVER)
        return max(self.clock.at, -(-soonest // SECOND) * SECOND)

    def run_out(self, at: Micros) -> None:
        """Let run out what is due."""
        self.clock.at = at
        if self._next_clock is not None and self._next_clock <= at:
            self.service.fire_due()
            self._wind()
        self._append([self._tick()])

    def new_day(self) -> None:
        """Say what is in force, as core does every day, and let go of what the archive need not keep."""
        self._append([self._tick(), *self.announcement])
        self.judged.write(self.runner.position)
        self.journal.tend(self.clock.at, self.retention)

    def say(self, drafts: Sequence[Draft], *, values: int, events: int) -> None:
        """Take in what is said at this moment."""
        tally = Tally(received=values + events, journaled=values + events)
        self.values += values
        self.events += events
        self._append([self._tick(), draft(tally, EVERY_PARTITION), *drafts])

    def hear(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Take in messages (topic, payload) as the gateway does."""
        raw = [RawMessage(topic, payload, self.clock.at) for topic, payload in messages]
        took = self.intake.commit(raw, at=self.clock.at)
        self.values += took.tally.journaled
        self._judge()

    def act(self, alert: str, step: Step, request: StepRequest) -> IllegalStep | None:
        """Take a person's step; return why it was refused. What rules depend on reaches them."""
        try:
            self.service.act(alert, step, request)
        except IllegalStep as refused:
            return refused
        finally:
            self._wind()
        for waiting in self.service.waiting_actions():
            append_once(self.journal, waiting.action, waiting.identity, at=self.clock.at)
            self.service.action_journaled(waiting.id)
            self._judge()
        return None

    def new_alerts(self) -> Sequence[Alert]:
        """Return the alerts that have opened since this was asked last."""
        found, self._opening.opened = self._opening.opened, []
        return found

    def finish(self) -> None:
        """Leave everything as core leaves it when it is stopped; time no longer races.

        Everybody was heard just now: what comes after a pause is judged as after any other.
        """
        self._append([draft(Tick(), EVERY_PARTITION)])
        position = self.runner.position
        self.service.apply((), position=position, at=self.clock.at)
        self.runner.save()
        self.judged.write(self.runner.saved)

    def _tick(self) -> Draft:
        return draft(Tick(rate=self.rate), EVERY_PARTITION)

    def _append(self, drafts: Sequence[Draft]) -> None:
        self.doubled.append(drafts, at=self.clock.at)
        self._judge()

    def _judge(self) -> None:
        end, _ = self.journal.last()
        while self.runner.position < end:
            self.runner.advance(_MANY)
        if self._opening.touched:
            self._opening.touched = False
            self._wind()

    def _wind(self) -> None:
        """Look when the next of the alerts' clocks runs out."""
        self._next_clock = self.service.next_due()


@contextmanager
def opened_line(
    settings: Settings,
    place: Installation,
    ledgers: Sequence[SiteLedger],
    *,
    start: Micros,
    rate: float,
) -> Iterator[Line]:
    """Open the chain of an installation for a block; its first moment is ``start``.

    What was appended to the journal is durable when the block is left.

    Raises:
        StartError, BadInput: when it cannot work as it is set up.
    """
    for reader in READERS:
        CursorFile(place.journal, reader)
    classes, clock = classes_of(settings), StandingClock(start)
    with closing(SqliteJournal(place.journal, roll=_ROLL, sync=False)) as journal:
        engine = open_alerts(place.alerts)
        doubled = DoubledJournal(journal, SafetyFile(place.safety), life_safety_of(classes))
        directory = build_directory(ledgers, classes, doubled.names, settings.broker.root)
        opening = _Opening(AlertService(engine, clock))
        opening.service.set_ledgers((own_ledger(), *ledgers))
        yield Line(
            clock=clock,
            journal=journal,
            doubled=doubled,
            service=opening.service,
            runner=runner_of(place, opening, engine, classes, clock),
            intake=Intake(doubled, directory, Limits()),
            directory=directory,
            announcement=_announcement(rules_of(settings, classes), ledgers),
            retention=retention_of(settings),
            judged=CursorFile(place.journal, "rules"),
            rate=rate,
            _opening=opening,
        )


def _announcement(rules: Mapping[str, str], ledgers: Sequence[SiteLedger]) -> Sequence[Draft]:
    return [
        draft(RulesChange(rules), EVERY_PARTITION),
        *(
            draft(LedgerChange(ledger.site.id, encode(ledger)), partition_of(ledger.site.id))
            for ledger in (own_ledger(), *ledgers)
        ),
    ]
