"""The two tables of what waits to leave: notifications for channels, actions for the journal.

What has left keeps its row as the proof, without its body. A reminder takes the place of an earlier
one that still waits: a receiver that was away for a day is reminded once, not hundreds of times.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, insert, select, update

from alerts.action_log import WaitingAction
from alerts.channels.port import Delivery
from alerts.model import What
from alerts.schema import actions, outbox
from gengfu.core.clock import Micros
from gengfu.core.record import Action

WAITING = "waiting"
SENT = "sent"
GAVE_UP = "gave_up"
REPLACED = "replaced"
"""A newer reminder of the same alert went into the outbox before this one left it."""
_LEFT = {"next_at": None, "body": b""}

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
    if delivery.what == What.TIMER:
        _replace_reminders(connection, delivery)
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


def _replace_reminders(connection: Connection, newer: Delivery) -> None:
    earlier = (
        (outbox.c.alert == newer.alert)
        & (outbox.c.channel == newer.channel)
        & (outbox.c.what == newer.what)
        & (outbox.c.state == WAITING)
    )
    row = {"state": REPLACED, "settled_at": newer.created_at} | _LEFT
    connection.execute(update(outbox).where(earlier).values(row))


def channels_waited_for(connection: Connection) -> frozenset[str]:
    """Return the channels that deliveries wait for, also those that are no longer configured."""
    query = select(outbox.c.channel).where(outbox.c.state == WAITING).distinct()
    return frozenset(connection.execute(query).scalars())


def due_deliveries(
    connection: Connection, now: Micros, *, channel: str, life_safety: bool, limit: int
) -> tuple[Delivery, ...]:
    """Return a channel's deliveries whose next attempt is due, the most urgent first.

    Among equals what was tried least goes first: it calls people who know nothing yet.
    """
    query = (
        select(*_DELIVERY)
        .where(
            outbox.c.state == WAITING,
            outbox.c.channel == channel,
            outbox.c.life_safety == life_safety,
            outbox.c.next_at <= now,
        )
        .order_by(outbox.c.urgency, outbox.c.attempts, outbox.c.created_at, outbox.c.id)
        .limit(limit)
    )
    return tuple(Delivery(**row) for row in connection.execute(query).mappings())


def sent(connection: Connection, delivery: Delivery, now: Micros) -> None:
    """Note that the other side has a delivery."""
    row = {"state": SENT, "attempts": delivery.attempts + 1, "settled_at": now} | _LEFT
    connection.execute(update(outbox).where(outbox.c.id == delivery.id).values(row))


def failed(
    connection: Connection, delivery: Delivery, why: str, next_at: Micros | None, now: Micros
) -> bool:
    """Note a failed attempt; without a next one the delivery is given up.

    Return whether it still waited: a newer reminder may have taken its place under way.
    """
    row = {"attempts": delivery.attempts + 1, "last_failure": why, "next_at": next_at}
    if next_at is None:
        row |= {"state": GAVE_UP, "settled_at": now} | _LEFT
    waits = (outbox.c.id == delivery.id) & (outbox.c.state == WAITING)
    return connection.execute(update(outbox).where(waits).values(row)).rowcount == 1


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
