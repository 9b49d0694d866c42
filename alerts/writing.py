"""One transaction on the alerts' tables: what changes together is written together.

Every change of an alert goes through ``Writing.change``: row, timeline line, clock, outbox and
action at once, or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from alerts import boxes
from alerts.action_log import WaitingAction, action_of
from alerts.channels.port import Delivery
from alerts.clocks import Clocks, wind
from alerts.document import notification_body
from alerts.model import FROM_RULE, Alert, Entry, Handling, Step, What
from alerts.rows import alert_of, alert_row, entry_row, urgency
from alerts.schema import alerts, progress, requests, timeline
from gengfu.core.clock import Micros
from gengfu.core.naming import Subject
from gengfu.core.urgency import Kind

NOTIFIES = frozenset(
    {
        What.OPENED.value,
        What.RETURNED.value,
        What.CHANGED.value,
        What.TIMER.value,
        What.CLOSED.value,
        Step.ACKNOWLEDGE.value,
        Step.CLOSE.value,
    }
)
"""What channels are told: what calls people, and what lets them stop."""
_APPLIED = "verdicts"

# Built once: building a statement costs more than running it.
_OF_SUBJECT = (
    (alerts.c.rule == bindparam("rule"))
    & (alerts.c.equipment == bindparam("equipment"))
    & (alerts.c.part == bindparam("part"))
)
_OPEN_OF = select(alerts).where(
    _OF_SUBJECT, alerts.c.source == FROM_RULE, alerts.c.handling != Handling.CLOSED.value
)
_OPENED_AT = select(func.count()).where(
    _OF_SUBJECT, alerts.c.opened_position == bindparam("position")
)
_CHANGE = update(alerts).where(
    alerts.c.id == bindparam("this"), alerts.c.version == bindparam("seen")
)
_LAST_CHANGE = select(func.max(timeline.c.change))


@dataclass(frozen=True, slots=True)
class Done:
    """A request that was done before: which alert, and a digest of what was asked."""

    alert: str
    digest: str


def applied(connection: Connection) -> int:
    """Return the position up to which verdicts are applied; 0 at first."""
    query = select(progress.c.position).where(progress.c.name == _APPLIED)
    return connection.execute(query).scalar() or 0


class Writing:
    """The work of one transaction; whoever holds it commits or rolls back."""

    def __init__(
        self, connection: Connection, clocks: Clocks, channels: Sequence[str], now: Micros
    ) -> None:
        self.connection = connection
        self._clocks = clocks
        self._channels = channels
        self.now = now
        self.changed = False

    def get(self, alert_id: str) -> Alert | None:
        """Return an alert as it stands."""
        query = select(alerts).where(alerts.c.id == alert_id)
        row = self.connection.execute(query).mappings().first()
        return alert_of(row) if row else None

    def open_of(self, rule: str, subject: Subject) -> Alert | None:
        """Return the one open alert of a rule for a subject."""
        wanted = {"rule": rule, "equipment": subject.equipment, "part": subject.part or ""}
        row = self.connection.execute(_OPEN_OF, wanted).mappings().first()
        return alert_of(row) if row else None

    def opened_at_position(self, rule: str, subject: Subject, position: int) -> int:
        """Return how many alerts one journal record has opened for a rule and a subject."""
        wanted = {"rule": rule, "equipment": subject.equipment, "part": subject.part or ""}
        count = self.connection.execute(_OPENED_AT, wanted | {"position": position})
        return int(count.scalar_one())

    def due(self) -> list[Alert]:
        """Return the alerts whose clock has run out, the most urgent first."""
        query = select(alerts).where(alerts.c.due_at <= self.now).order_by(alerts.c.urgency)
        rows = self.connection.execute(query.limit(500)).mappings()
        return [alert_of(row) for row in rows]

    def next_due(self) -> Micros | None:
        """Return when the next clock runs out."""
        return self.connection.execute(select(func.min(alerts.c.due_at))).scalar()

    def open(self, alert: Alert, entry: Entry, *, position: int | None = None) -> Alert:
        """Insert a new alert with its first line."""
        wound = wind(alert, self.now, self._clocks)
        row = alert_row(wound) | {"opened_position": position}
        self.connection.execute(insert(alerts), row)
        self._note(wound, entry)
        return wound

    def change(self, before: Alert, after: Alert, entry: Entry) -> Alert:
        """Write an alert one version on, with its line.

        Raises:
            RuntimeError: when the alert is no longer at ``before``'s version: our defect, for
                there is one writer.
        """
        wound = wind(after, self.now, self._clocks)
        row = alert_row(wound) | {"this": before.id, "seen": before.version}
        done = self.connection.execute(_CHANGE, row)
        if done.rowcount != 1:
            raise RuntimeError(f"alert {before.id} is no longer at version {before.version}")
        self._note(wound, entry)
        return wound

    def request_done(self, actor: str, key: str) -> Done | None:
        """Return what a person's idempotency key has stood for before."""
        query = select(requests.c.alert, requests.c.digest).where(
            requests.c.actor == actor, requests.c.key == key
        )
        row = self.connection.execute(query).first()
        return Done(row.alert, row.digest) if row else None

    def remember_request(self, actor: str, key: str, digest: str, alert: Alert) -> None:
        """Note that a person's request was done."""
        statement = insert(requests).values(
            actor=actor, key=key, digest=digest, alert=alert.id, version=alert.version
        )
        self.connection.execute(statement)

    def advance(self, position: int, at: Micros) -> None:
        """Note that verdicts are applied up to a position, and the time."""
        row = {"position": position, "at": at}
        done = self.connection.execute(
            update(progress).where(progress.c.name == _APPLIED).values(row)
        )
        if done.rowcount == 0:
            self.connection.execute(insert(progress).values(row | {"name": _APPLIED}))

    def last_change(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        return self.connection.execute(_LAST_CHANGE).scalar() or 0

    def _note(self, alert: Alert, entry: Entry) -> None:
        self.changed = True
        change = self.last_change() + 1
        self.connection.execute(insert(timeline), entry_row(entry) | {"change": change})
        if entry.what in NOTIFIES and alert.shelved_until is None:
            self._post(alert, entry)
        action = action_of(alert, entry)
        if action is not None:
            waiting = WaitingAction(f"{alert.id}.{entry.version}", action)
            boxes.put_action(self.connection, waiting, change)

    def _post(self, alert: Alert, entry: Entry) -> None:
        for channel in self._channels:
            delivery_id = f"{alert.id}.{entry.version}.{channel}"
            delivery = Delivery(
                id=delivery_id,
                alert=alert.id,
                channel=channel,
                what=entry.what,
                body=notification_body(alert, entry, delivery_id),
                created_at=self.now,
                attempts=0,
            )
            boxes.post(
                self.connection,
                delivery,
                life_safety=alert.kind is Kind.LIFE_SAFETY,
                urgency=urgency(alert),
            )
