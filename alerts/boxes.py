"""The two tables of what waits to leave: notifications for channels, actions for the journal."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, insert, select, update

from alerts.action_log import WaitingAction
from alerts.channels.port import Delivery
from alerts.schema import actions, outbox
from gengfu.core.clock import Micros
from gengfu.core.record import Action

WAITING = "waiting"
SENT = "sent"
GAVE_UP = "gave_up"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Action).decode

_DELIVERY = (
    outbox.c.id,
    outbox.c.alert,
    outbox.c.channel,
    outbox.c.what,
    outbox.c.body,
    outbox.c.created_at,
    outbox.c.attempts,
)


def post(connection: Connection, delivery: Delivery, *, life_safety: bool, urgency: int) -> None:
    """Put a notification into the outbox, due at once."""
    row = {
        "id": delivery.id,
        "alert": delivery.alert,
        "channel": delivery.channel,
        "what": delivery.what,
        "life_safety": life_safety,
        "urgency": urgency,
        "body": delivery.body,
        "created_at": delivery.created_at,
        "state": WAITING,
        "attempts": 0,
        "next_at": delivery.created_at,
        "last_failure": "",
    }
    connection.execute(insert(outbox), row)


def due_deliveries(
    connection: Connection, now: Micros, *, life_safety: bool, limit: int
) -> tuple[Delivery, ...]:
    """Return the deliveries whose next attempt is due, the most urgent first."""
    query = (
        select(*_DELIVERY)
        .where(
            outbox.c.state == WAITING,
            outbox.c.life_safety == life_safety,
            outbox.c.next_at <= now,
        )
        .order_by(outbox.c.urgency, outbox.c.created_at, outbox.c.id)
        .limit(limit)
    )
    return tuple(Delivery(**row) for row in connection.execute(query).mappings())


def sent(connection: Connection, delivery: Delivery, now: Micros) -> None:
    """Note that the other side has a delivery."""
    row = {"state": SENT, "attempts": delivery.attempts + 1, "settled_at": now, "next_at": None}
    connection.execute(update(outbox).where(outbox.c.id == delivery.id).values(row))


def failed(
    connection: Connection, delivery: Delivery, why: str, next_at: Micros | None, now: Micros
) -> None:
    """Note a failed attempt; without a next one the delivery is given up."""
    row = {
        "state": WAITING if next_at is not None else GAVE_UP,
        "attempts": delivery.attempts + 1,
        "settled_at": None if next_at is not None else now,
        "next_at": next_at,
        "last_failure": why,
    }
    connection.execute(update(outbox).where(outbox.c.id == delivery.id).values(row))


def put_action(connection: Connection, action: WaitingAction, change: int) -> None:
    """Keep an action for the journal; ``change`` is the number of its timeline line."""
    row = {"id": action.id, "change": change, "body": _encode(action.action), "journaled": False}
    connection.execute(insert(actions), row)


def waiting_actions(connection: Connection) -> Sequence[WaitingAction]:
    """Return actions that the journal does not have yet, in the order in which people acted."""
    query = (
        select(actions.c.id, actions.c.body)
        .where(~actions.c.journaled)
        .order_by(actions.c.change)
        .limit(100)
    )
    return tuple(WaitingAction(row.id, _decode(row.body)) for row in connection.execute(query))


def action_journaled(connection: Connection, action_id: str) -> None:
    """Note that the journal has an action."""
    connection.execute(update(actions).where(actions.c.id == action_id).values(journaled=True))
