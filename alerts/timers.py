"""Lets the alerts' clocks run out in time. The due times are in the database, never in memory."""

import asyncio
from typing import Protocol

from alerts.bell import Bell
from gengfu.core.clock import Clock, Micros

_LONGEST_WAIT_S = 1.0
_SHORTEST_WAIT_S = 0.05


class ClockedAlerts(Protocol):
    """What the timers need of the service."""

    @property
    def bell(self) -> Bell: ...

    @property
    def clock(self) -> Clock: ...

    def fire_due(self) -> int:
        """Let every clock run out that is due."""

    def next_due(self) -> Micros | None:
        """Return when the next clock runs out."""


class Timers:
    """One loop: what is due runs out, then wait for the next or for a change."""

    def __init__(self, alerts: ClockedAlerts) -> None:
        self._alerts = alerts

    async def run(self) -> None:
        """Run until cancelled."""
        with self._alerts.bell.listen() as ear:
            while True:
                next_due = await asyncio.to_thread(self._fire)
                await ear.heard(self._wait_s(next_due))

    def _fire(self) -> Micros | None:
        due = self._alerts.next_due()
        if due is not None and due <= self._alerts.clock.now():
            self._alerts.fire_due()
            due = self._alerts.next_due()
        return due

    def _wait_s(self, next_due: Micros | None) -> float:
        """Return how long to wait: never so long that a clock set forward goes unseen."""
        if next_due is None:
            return _LONGEST_WAIT_S
        clock = self._alerts.clock
        wait = clock.real_seconds(max(0, next_due - clock.now()))
        return min(max(wait, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
