"""People of scenarios in a running system: they see alerts and take steps over the API, in time."""

import asyncio
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import httpx

from gengfu.app.alerts_told import Told, told_alerts
from gengfu.core.clock import Clock, Micros
from simulators.scenario.model import Act, Doing, Expectation
from simulators.scenario.score import first_of

LOOK_SECONDS = 0.3
_WORDS = frozenset(Doing)


@dataclass(slots=True)
class Guards:
    """Deals with the alerts that are ``awaited``. ``run`` it beside the play."""

    client: httpx.AsyncClient
    clock: Clock
    awaited: list[tuple[Micros, Expectation]]
    """What people deal with, and since when it may open."""
    _busy_with: dict[str, None] = field(default_factory=dict)
    """Ids of the alerts that somebody deals with."""
    _due: list[tuple[Micros, int, str, Act]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    async def run(self) -> None:
        """Act until everything that is told was done."""
        while self.awaited or self._due:
            if self.awaited:
                self._see(await told_alerts(self.client))
            while self._due and self._due[0][0] <= self.clock.now():
                _, _, alert, act = heapq.heappop(self._due)
                await self._take(alert, act)
            await asyncio.sleep(LOOK_SECONDS)

    def _see(self, alerts: Iterable[Told]) -> None:
        """Begin to deal with what has opened."""
        new = {one.opened: one.id for one in alerts if one.id not in self._busy_with}
        for wanted in list(self.awaited):
            since, expected = wanted
            found = first_of(sorted(new, key=lambda one: one.at), expected, since=since)
            if found is None:
                continue
            alert = new.pop(found)
            self.awaited.remove(wanted)
            self._busy_with[alert] = None
            for act in expected.handled:
                heapq.heappush(self._due, (found.at + act.after, next(self._order), alert, act))

    async def _take(self, alert: str, act: Act) -> None:
        """Take a step; a refusal (409) stands in the score as a step that was not taken."""
        body = {"verdict": act.found.value} if act.found is not None else {}
        reply = await self.client.post(f"/api/v1/alerts/{alert}/{act.doing.value}", json=body)
        if reply.status_code != httpx.codes.CONFLICT:
            reply.raise_for_status()

    async def taken(self) -> Mapping[str, frozenset[str]]:
        """Return the steps that stand in the timelines of the alerts that were dealt with."""
        found = {}
        for alert in self._busy_with:
            reply = await self.client.get(f"/api/v1/alerts/{alert}")
            reply.raise_for_status()
            lines = reply.json()["timeline"]
            found[alert] = frozenset(line["what"] for line in lines) & _WORDS
        return found
