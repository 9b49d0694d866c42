"""Tells Gengfu's own condition the way devices tell theirs, so that rules and people see it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gengfu.app.look_back import Before
from gengfu.core.clock import Clock
from gengfu.core.naming import Scalar
from ingest.journal.port import Damage

LOOK_SECONDS = 1.0
TELL_SECONDS = 10.0
"""How often it is told when nothing changed."""
STALL_SECONDS = 10.0
"""Nobody watched for so long: a stopped or starved process, told when it goes on."""


class Ear(Protocol):
    """Who takes it in: the gateway."""

    def note_points(self, points: Mapping[str, Scalar]) -> None: ...
    def note_event(
        self, type_: str, attributes: Mapping[str, Scalar], part: str | None = None
    ) -> None: ...


@dataclass(slots=True)
class Patience:
    """Calls something broken only when it has not worked for ``seconds``, by the machine's clock."""

    seconds: float
    _since: float | None = None
    _said: bool | None = None

    def judge(self, works: bool, now: float) -> bool | None:
        """Return what to say of it; None = it has not worked yet, and it is early."""
        if works:
            self._since, self._said = None, True
        elif self._since is None:
            self._since = now
        elif now - self._since >= self.seconds:
            self._said = False
        return self._said


async def tell_condition(ear: Ear, measure: Callable[[], Mapping[str, Scalar]]) -> None:
    """Tell the points at once when one changes, and now and then, until cancelled.

    When so much time passed between two looks that nothing else can have worked either, that is told.
    """
    loop = asyncio.get_running_loop()
    told: Mapping[str, Scalar] = {}
    told_at = looked_at = loop.time()
    while True:
        now, points = loop.time(), measure()
        if now - looked_at >= STALL_SECONDS:
            ear.note_event("back", {"after": "stall", "away_s": round(now - looked_at)})
        if points != told or now - told_at >= TELL_SECONDS:
            told, told_at = points, now
            ear.note_points(points)
        looked_at = now
        await asyncio.sleep(LOOK_SECONDS)


def tell_start(ear: Ear, before: Before, clock: Clock) -> None:
    """Tell that core is back: after what, for how many real seconds nobody watched, what was mended."""
    proof, ended_at = before.proof, before.ended_at
    after = "nothing" if proof is None else "stop" if proof.stopped else "failure"
    away = max(0.0, clock.real_seconds(clock.now() - ended_at)) if ended_at else 0.0
    ear.note_event("back", {"after": after, "away_s": round(away)})
    if before.compared.again:
        ear.note_event("safety_mended", {"events": before.compared.again})
    for damage in before.compared.damages:
        ear.note_event("journal_damaged", describe(damage))


def describe(damage: Damage) -> Mapping[str, Scalar]:
    """Return what the event of a damaged file says."""
    return {"file": damage.file, "flaw": damage.flaw, "records": len(damage.lost)}
