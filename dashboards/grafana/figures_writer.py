"""Keeps the derived figures in the readings store up to date, so that Grafana can draw them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import structlog

from dashboards.availability.service import AvailabilityService, Ledgers
from dashboards.grafana.figures import (
    availability_measurements,
    day_of,
    state_measurements,
)
from gengfu.core.clock import DAY, HOUR, MINUTE, Clock, Micros
from gengfu.core.errors import StoreUnavailable
from gengfu.core.states import StateInterval
from gengfu.ledger.model import SiteLedger
from ingest.store.port import Measurement, MeasurementSink

log = structlog.get_logger(__name__)

EVERY = MINUTE
OLD_DAYS = 3
"""Late data may change so many days back (72 h); they are written again once an hour."""


class States(Protocol):
    """Where operating states come from: ``Estate``."""

    @property
    def now(self) -> Micros:
        """The time up to which states are known."""

    def all_intervals(self, start: Micros, end: Micros) -> Mapping[str, Sequence[StateInterval]]:
        """Return the states of everything that touch [start, end); the last of each is open."""


class FiguresWriter:
    """Writes the figures every minute, the days before once an hour. Blocking but for ``run``."""

    def __init__(
        self,
        states: States,
        availability: AvailabilityService,
        ledgers: Ledgers,
        sink: MeasurementSink,
        clock: Clock,
    ) -> None:
        self._states = states
        self._availability = availability
        self._ledgers = ledgers
        self._sink = sink
        self._clock = clock
        self._old_days_at: Micros = 0
        self._states_until: Micros = 0

    async def run(self) -> None:
        """Write until cancelled; while the store is away nothing is lost, it is derived again."""
        away = False
        while True:
            try:
                await asyncio.to_thread(self.write)
            except StoreUnavailable as exc:
                if not away:
                    log.warning("derived figures cannot be written", reason=str(exc))
                away = True
            else:
                if away:
                    log.info("derived figures are written again")
                away = False
            await asyncio.sleep(max(1.0, self._clock.real_seconds(EVERY)))

    def write(self) -> None:
        """Write the states since the last time (and an hour before) and today's availability.

        Raises:
            StoreUnavailable: when the store takes nothing now.
        """
        now = min(self._states.now, self._clock.now())
        old_days = now - self._old_days_at >= HOUR
        since = min(self._states_until or now - OLD_DAYS * DAY, now) - HOUR
        intervals = self._states.all_intervals(since, now)
        measurements: list[Measurement] = []
        for ledger in self._ledgers.sites.values():
            measurements += state_measurements(ledger, intervals, since=since, now=now)
            for before in range(OLD_DAYS + 1 if old_days else 1):
                measurements += self._day(ledger, now, before)
        self._sink.write_measurements(measurements)
        self._states_until = now
        if old_days:
            self._old_days_at = now

    def _day(self, ledger: SiteLedger, now: Micros, before: int) -> Iterator[Measurement]:
        start, end = day_of(now, ledger.site.time_zone, before)
        entries = [
            entry
            for entry in self._availability.entries(start, end)
            if entry.site == ledger.site.id
        ]
        return availability_measurements(entries, self._ledgers.classes, at=start)
