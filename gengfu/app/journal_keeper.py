"""Keeps the journal going beside those who write into it: the time, sealing, retention, damages."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from gengfu.core.clock import SECOND, Clock, Micros
from gengfu.core.errors import JournalFull
from gengfu.core.partition import EVERY_PARTITION
from gengfu.core.record import Tick, draft
from ingest.journal.port import Damage
from ingest.journal.retention import Retention
from ingest.journal.sqlite import SqliteJournal
from ingest.safety.doubled import DoubledJournal

log = structlog.get_logger()

TEND_SECONDS = 60.0
"""How often old segments are sealed and dropped."""


MOST_PATIENT = 8.0


def patience(lag_s: float) -> float:
    """Return how many seconds what happened together may arrive apart: 1, 2, 4 or 8.

    That is twice as much as devices are heard late; in steps, because each is a record.
    """
    return min(MOST_PATIENT, 2.0 ** max(0, math.ceil(math.log2(max(2 * lag_s, 1.0)))))


async def tick(
    journal: DoubledJournal,
    clock: Clock,
    worker: ThreadPoolExecutor,
    lateness: Callable[[Micros], float] | None = None,
) -> None:
    """Write the time into the journal whenever nothing else did for a second of our clock.

    How fast a racing clock runs, and with ``lateness`` how patient that needs us to be, is written at
    the start and whenever it changes. On the way it is seen to how full the disk is; a moment that
    finds no room at all is left out.
    """
    told = 0.0

    def append(now: Micros) -> None:
        nonlocal told
        journal.mind_room()
        rate = 1 / clock.real_seconds(SECOND)
        if rate > 1 and lateness is not None:
            rate *= patience(lateness(now))
        if rate != told or journal.last()[1] <= now - SECOND:
            with contextlib.suppress(JournalFull):
                journal.append([draft(Tick(rate=rate), EVERY_PARTITION)], at=now)
                told = rate

    loop = asyncio.get_running_loop()
    while True:
        await loop.run_in_executor(worker, append, clock.now())
        await asyncio.sleep(max(clock.real_seconds(SECOND), 0.05))


async def tend(
    journal: SqliteJournal,
    clock: Clock,
    retention: Retention,
    judged: Callable[[], None],
    tell: Callable[[Damage], None],
) -> None:
    """Seal full segments and drop those past their retention, beside the appends.

    ``judged`` is called before each look: it keeps how far the rules' checkpoint reaches. ``tell``
    is called for each damaged part. A full disk makes it wait: nothing is lost by that.
    """
    _report(journal.damages, tell)
    while True:
        try:
            judged()
            _report(await asyncio.to_thread(journal.tend, clock.now(), retention), tell)
        except (JournalFull, OSError) as exc:
            log.warning("journal_not_tended", reason=str(exc))
        await asyncio.sleep(TEND_SECONDS)


def _report(damages: Sequence[Damage], tell: Callable[[Damage], None]) -> None:
    for damage in damages:
        tell(damage)
        log.error(
            "journal_damage",
            file=damage.file,
            flaw=damage.flaw,
            detail=damage.detail,
            lost=len(damage.lost),
            kept_as=damage.kept_as,
        )
