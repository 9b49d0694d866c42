"""Sends what the outbox holds: every notification at least once, the most urgent first.

A delivery keeps its id over all attempts, so that the receiver can tell a repeat. Every channel has
two lanes, life safety and the rest: whatever hangs in one, no other waits.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from alerts.bell import Bell, Ear
from alerts.channels.port import Channel, Delivered, Delivery, Failed
from alerts.settings import OutboxPolicy
from gengfu.core.clock import Clock, Micros

log = structlog.get_logger()
_LONGEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt to send a delivery ended."""

    delivery: Delivery
    outcome: Delivered | Failed
    again_at: Micros | None = None
    """When a failed one is tried again; None gives it up."""


class PostingAlerts(Protocol):
    """What the dispatcher needs of the service."""

    @property
    def bell(self) -> Bell: ...

    @property
    def clock(self) -> Clock: ...

    def channels_waited_for(self) -> frozenset[str]:
        """Return the channels that deliveries wait for, also those no longer configured."""

    def exchange_deliveries(
        self, ended: Sequence[Attempt], channel: str, *, life_safety: bool, limit: int
    ) -> Sequence[Delivery]:
        """Note how attempts ended, then return what is due on a lane, the most urgent first."""


def next_attempt(
    delivery: Delivery, policy: OutboxPolicy, now: Micros, jitter: float
) -> Micros | None:
    """Return when to try again after a failed attempt, or None to give up.

    ``jitter`` in [0, 1) spreads the attempts over the second half of the wait.
    """
    if now - delivery.created_at >= policy.give_up_after:
        return None
    wait = policy.retry.after(delivery.attempts + 1)
    return now + round(wait * (0.5 + jitter / 2))


class Dispatcher:
    """Lanes of bounded attempts over the same table."""

    def __init__(
        self, alerts: PostingAlerts, channels: Sequence[Channel], policy: OutboxPolicy
    ) -> None:
        self._alerts = alerts
        self._channels: Mapping[str, Channel] = {channel.name: channel for channel in channels}
        self._policy = policy
        self._down: set[str] = set()

    async def run(self) -> None:
        """Run until cancelled; return at once where there is nobody to send to."""
        # Channels that were taken out of the settings have lanes too, to be given up visibly.
        waited_for = await asyncio.to_thread(self._alerts.channels_waited_for)
        async with asyncio.TaskGroup() as lanes:
            for channel in sorted(waited_for | self._channels.keys()):
                for life_safety in (True, False):
                    lanes.create_task(self._serve(channel, life_safety=life_safety))

    async def _serve(self, channel: str, *, life_safety: bool) -> None:
        """Keep a lane's attempts going; all that ended meanwhile is noted in one transaction."""
        limit = self._policy.in_flight
        under_way: set[str] = set()
        ended: list[Attempt] = []
        with self._alerts.bell.listen() as ear:
            async with asyncio.TaskGroup() as attempts:
                while True:
                    noted = tuple(ended)
                    ended.clear()
                    # As many are under way as this asks beyond them, and those are passed over.
                    exchange = partial(
                        self._alerts.exchange_deliveries, life_safety=life_safety, limit=2 * limit
                    )
                    due = await asyncio.to_thread(exchange, noted, channel)
                    under_way.difference_update(attempt.delivery.id for attempt in noted)
                    for delivery in due:
                        if delivery.id not in under_way and len(under_way) < limit:
                            under_way.add(delivery.id)
                            attempts.create_task(
                                self._attempt(delivery, ended, ear), name=delivery.id
                            )
                    await ear.heard(_LONGEST_WAIT_S)

    async def _attempt(self, delivery: Delivery, ended: list[Attempt], ear: Ear) -> None:
        outcome = await self._send(delivery)
        self._say(delivery.channel, outcome)
        again = None
        if isinstance(outcome, Failed):
            now = self._alerts.clock.now()
            again = next_attempt(delivery, self._policy, now, random.random())
        ended.append(Attempt(delivery, outcome, again))
        ear.ring()

    async def _send(self, delivery: Delivery) -> Delivered | Failed:
        """Try once, whatever a channel does: no defect of one may end the others."""
        channel = self._channels.get(delivery.channel)
        if channel is None:
            return Failed("this channel is no longer configured")
        try:
            return await channel.send(delivery, now=self._alerts.clock.now())
        except Exception as exc:
            log.exception("channel_defect", channel=delivery.channel, delivery=delivery.id)
            return Failed(f"{type(exc).__name__}: {exc}")

    def _say(self, channel: str, outcome: Delivered | Failed) -> None:
        """Log an outage once when it starts and once when it ends."""
        if isinstance(outcome, Failed) and channel not in self._down:
            self._down.add(channel)
            log.warning("channel_down", channel=channel, why=outcome.why)
        elif isinstance(outcome, Delivered) and channel in self._down:
            self._down.discard(channel)
            log.info("channel_back", channel=channel)
