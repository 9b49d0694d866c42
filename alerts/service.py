"""Alerts as core serves them: verdicts and people's steps go in, each in one transaction.

Everything here is plain and may be called from any thread; ``run`` keeps the clocks, the outbox and
the way back to the journal going.
"""

import asyncio
import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import structlog
from sqlalchemy import Engine

from alerts import boxes, lifecycle, opening
from alerts.action_log import ActionLog, ActionShipper, WaitingAction
from alerts.bell import Bell
from alerts.channels.port import Channel, Delivery, Failed
from alerts.clocks import run_out
from alerts.lifecycle import Refusal
from alerts.model import (
    RULE_ACTOR,
    SYSTEM_ACTOR,
    Alert,
    Entry,
    Handling,
    Report,
    Step,
    StepRequest,
    What,
)
from alerts.outbox import Attempt, Dispatcher
from alerts.refusals import IllegalStep, RefusedReport, ReportRefusal, UnknownAlert
from alerts.reminders import reminder
from alerts.settings import AlertSettings
from alerts.timers import Timers
from alerts.whereabouts import Directory, Whereabouts
from alerts.writing import Writing, applied
from gengfu.core.clock import SECOND, Clock, Micros
from gengfu.core.naming import Subject
from gengfu.ledger.model import SiteLedger
from rules.engine.verdict import Verdict

_log = structlog.get_logger(__name__)


class AlertService:
    """The one writer of the alerts' database.

    ``clock`` is the one whose times the verdicts bear: it never goes back, and what stands in one
    timeline fits together.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        settings: AlertSettings | None = None,
        *,
        channels: Sequence[Channel] = (),
        action_log: ActionLog | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings or AlertSettings()
        self._channels = tuple(channels)
        self._action_log = action_log
        self._directory = Directory()
        self._lock = threading.Lock()
        self.bell = Bell()
        """Rings after every commit that changed an alert."""
        with engine.connect() as connection:
            self._applied = applied(connection)
        self._advanced_at: Micros = 0
        self.clock = clock

    def set_ledgers(self, ledgers: Iterable[SiteLedger]) -> None:
        """Take the ledgers that say where things are; alerts already open keep their place."""
        self._directory = Directory(ledgers)

    def applied_position(self) -> int:
        """Return the journal position up to which verdicts are applied; 0 at first."""
        return self._applied

    def follow(self, last: int) -> None:
        """Begin behind ``last``, the journal's end at the start, when more than that is applied.

        Then it is another journal, or it lost its end; what comes now bears positions that were
        applied before. What it holds already is not told again: it may be a copy of the old one.
        """
        if self._applied <= last:
            return
        _log.warning("alerts_of_another_journal", applied=self._applied, last=last)
        with self.writing() as writing:
            writing.advance(last, writing.now)
        self._applied = last

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        """Apply the verdicts of the journal's records up to ``position``, written at ``at``.

        Verdicts of positions already applied are passed over: a replay makes nothing new. Without
        verdicts the position is written down once a second only: nothing would be applied twice.
        """
        fresh = [verdict for verdict in verdicts if verdict.position > self._applied]
        if position <= self._applied:
            return
        if fresh or at - self._advanced_at >= SECOND:
            with self.writing() as writing:
                for verdict in fresh:
                    self._apply_one(writing, verdict)
                writing.advance(position, max(at, writing.now))
            self._advanced_at = at
        self._applied = position

    def _apply_one(self, writing: Writing, verdict: Verdict) -> None:
        alert = writing.open_of(verdict.rule, verdict.subject)
        if alert is None:
            self._open(writing, verdict)
            return
        observed = lifecycle.observe(alert, verdict)
        if observed is not None:
            what, after = observed
            line = opening.line_of_verdict(after, what, verdict)
            _let_go(writing, writing.change(alert, after, line), verdict.at)

    def _open(self, writing: Writing, verdict: Verdict) -> None:
        if not opening.opens(verdict):
            return
        where = self._directory.of_subject(verdict.site, verdict.subject)
        nth = writing.opened_at_position(verdict.rule, verdict.subject, verdict.position)
        alert = opening.by_rule(verdict, where, nth)
        line = opening.line_of_verdict(alert, What.OPENED, verdict)
        writing.open(alert, line, position=verdict.position)

    def act(self, alert_id: str, step: Step, request: StepRequest) -> Alert:
        """Take a person's step and return the alert as it stands then.

        The same request again (by its key) changes nothing and returns the alert as it stands now.

        Raises:
            UnknownAlert: when there is no such alert.
            IllegalStep: with the reason and the alert as it stands; nothing changed.
        """
        with self.writing() as writing:
            alert = writing.get(alert_id)
            if alert is None:
                raise UnknownAlert(alert_id)
            digest = _digest((alert_id, step, request))
            done = writing.request_done(request.actor, request.idempotency_key)
            if done is not None:
                if done.digest == digest:
                    return alert
                raise IllegalStep(Refusal.KEY_REUSED, alert)
            after = lifecycle.step(
                alert, step, request, writing.now, shelve_at_most=self._settings.shelve_at_most
            )
            if isinstance(after, Refusal):
                raise IllegalStep(after, alert)
            line = opening.line_of_step(after, step, request, writing.now)
            changed = writing.change(alert, after, line)
            if step is Step.UNSHELVE:
                changed = _let_go(writing, changed, writing.now)
            writing.remember_request(request.actor, request.idempotency_key, digest, changed)
            return changed

    def report(self, report: Report) -> Alert:
        """Open an alert for what a person reports; the same report again returns the same alert.

        Raises:
            RefusedReport: when it says nothing, or names what the ledger does not have.
        """
        with self.writing() as writing:
            digest = _digest(report)
            done = writing.request_done(report.actor, report.idempotency_key)
            if done is not None:
                known = writing.get(done.alert)
                if known is None or done.digest != digest:
                    raise RefusedReport(ReportRefusal.KEY_REUSED)
                return known
            alert = opening.by_person(report, self._where(report), writing.now)
            opened = writing.open(alert, opening.line_of_report(alert, report, writing.now))
            writing.remember_request(report.actor, report.idempotency_key, digest, opened)
            return opened

    def _where(self, report: Report) -> Whereabouts:
        directory = self._directory
        refusal = _refusal(report, directory)
        if refusal is not None:
            raise RefusedReport(refusal)
        said = directory.of_place(report.site, report.place or "")
        if report.equipment is None:
            return said
        where = directory.of_subject(report.site, Subject(report.equipment, report.part))
        if report.place is None:
            return where
        return replace(where, place=said.place, building=said.building, zone=said.zone)

    def fire_due(self) -> int:
        """Let every clock run out that is due, in one transaction; return how many."""
        with self.writing() as writing:
            due = writing.due()
            for alert in due:
                after = run_out(alert, writing.now, self._settings.clocks)
                line = reminder(alert, after.version, writing.now)
                _let_go(writing, writing.change(alert, after, line), writing.now)
            return len(due)

    def next_due(self) -> Micros | None:
        """Return when the next clock runs out."""
        with self.writing() as writing:
            return writing.next_due()

    def channels_waited_for(self) -> frozenset[str]:
        """Return the channels that deliveries wait for."""
        with self.writing() as writing:
            return boxes.channels_waited_for(writing.connection)

    def exchange_deliveries(
        self, ended: Sequence[Attempt], channel: str, *, life_safety: bool, limit: int
    ) -> Sequence[Delivery]:
        """Note how attempts ended, then return what is due on a lane, the most urgent first.

        The first that arrives makes a new alert ``notified``; one that is given up stands in its
        alert's timeline. All in one transaction.
        """
        with self.writing() as writing:
            for attempt in ended:
                self._note_attempt(writing, attempt)
            return boxes.due_deliveries(
                writing.connection,
                writing.now,
                channel=channel,
                life_safety=life_safety,
                limit=limit,
            )

    def _note_attempt(self, writing: Writing, attempt: Attempt) -> None:
        delivery, outcome, again_at = attempt.delivery, attempt.outcome, attempt.again_at
        if isinstance(outcome, Failed):
            waited = boxes.failed(writing.connection, delivery, outcome.why, again_at, writing.now)
            alert = writing.get(delivery.alert)
            if waited and again_at is None and alert is not None:
                self._note_delivery(writing, alert, delivery, What.GAVE_UP, outcome.why)
        else:
            boxes.sent(writing.connection, delivery, writing.now)
            alert = writing.get(delivery.alert)
            if alert is not None and alert.handling is Handling.NEW:
                self._note_delivery(writing, alert, delivery, What.NOTIFIED)

    def _note_delivery(
        self, writing: Writing, alert: Alert, delivery: Delivery, what: What, note: str = ""
    ) -> None:
        after = lifecycle.notify(alert) if what is What.NOTIFIED else lifecycle.remark(alert)
        line = Entry(
            alert=alert.id,
            version=after.version,
            at=writing.now,
            actor=SYSTEM_ACTOR,
            what=what.value,
            note=note,
            attributes={"channel": delivery.channel, "delivery": delivery.id},
        )
        writing.change(alert, after, line)

    def waiting_actions(self) -> Sequence[WaitingAction]:
        """Return people's actions that the journal does not have yet."""
        with self.writing() as writing:
            return boxes.waiting_actions(writing.connection)

    def action_journaled(self, action_id: str) -> None:
        """Note that the journal has an action."""
        with self.writing() as writing:
            boxes.action_journaled(writing.connection, action_id)

    def last_change(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        with self.writing() as writing:
            return writing.last_change()

    async def run(self) -> None:
        """Keep clocks, outbox and actions going until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Timers(self).run(), name="alert-timers")
            dispatcher = Dispatcher(self, self._channels, self._settings.outbox)
            tasks.create_task(dispatcher.run(), name="alert-outbox")
            if self._action_log is not None:
                shipper = ActionShipper(self, self._action_log)
                tasks.create_task(shipper.run(), name="alert-actions")

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Hold the one transaction: commit at the end of the block, then ring the bell."""
        names = tuple(channel.name for channel in self._channels)
        with self._lock, self._engine.begin() as connection:
            writing = Writing(connection, self._settings.clocks, names, self.clock.now())
            yield writing
        if writing.changed:
            self.bell.ring()


def _let_go(writing: Writing, alert: Alert, at: Micros) -> Alert:
    """Close an alert for its rule when nobody is needed any more."""
    if not lifecycle.may_close_itself(alert):
        return alert
    closed = lifecycle.close_itself(alert, at)
    line = Entry(
        alert=alert.id,
        version=closed.version,
        at=at,
        actor=RULE_ACTOR,
        what=What.CLOSED.value,
    )
    return writing.change(alert, closed, line)


def _refusal(report: Report, directory: Directory) -> ReportRefusal | None:
    checks = (
        (ReportRefusal.NO_TEXT, bool(report.text.strip())),
        (ReportRefusal.BAD_PRIORITY, report.priority is None or 1 <= report.priority <= 6),
        (ReportRefusal.UNKNOWN_SITE, directory.knows_site(report.site)),
        (ReportRefusal.NO_PLACE, report.equipment is not None or report.place is not None),
        (
            ReportRefusal.UNKNOWN_PLACE,
            report.place is None or directory.knows_place(report.site, report.place),
        ),
        (
            ReportRefusal.UNKNOWN_EQUIPMENT,
            report.equipment is None or directory.knows_equipment(report.site, report.equipment),
        ),
    )
    return next((refusal for refusal, met in checks if not met), None)


def _digest(request: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(request), digest_size=16).hexdigest()
