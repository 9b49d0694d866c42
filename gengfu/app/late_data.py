"""Looks at late data when it has settled: what would rules have said? In a process of its own.

The desk notices late data and waits until no more comes; a command then replays the time that it
speaks of, politely, and the desk keeps what came out. Core is not asked and nobody is paged.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from gengfu.app.aside import run_aside
from gengfu.app.given_files import classes_of
from gengfu.config import Settings
from gengfu.core.clock import MINUTE, Micros, to_iso
from gengfu.core.errors import GengfuError
from gengfu.core.partition import partition_of
from gengfu.installation import Installation
from gengfu.threads import in_thread
from ingest.journal.reader import FolderReader
from rules.late.hindsight import Finding, hindsight
from rules.late.rows import LateSpan, survey
from rules.late.store import FindingStore

log = structlog.get_logger()

LOOK_SECONDS = 30.0
SLICE = 1000
SETTLED: Micros = 2 * MINUTE
"""No late data for so long: what was buffered is here."""
AT_MOST: Micros = 30 * MINUTE
"""A device whose data is always late is looked at so often."""
LIMIT_SECONDS = 600.0
POLITENESS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class LateTime:
    """A time of which a partition's late data spoke."""

    partition: int
    since: Micros
    until: Micros
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LateData:
    """What came late within a period, and what it changed."""

    times: tuple[LateTime, ...]
    findings: tuple[Finding, ...]


def late_data(settings: Settings, start: Micros, end: Micros) -> LateData:
    """Look at everything that arrived late in [start, end).

    Raises:
        GengfuError: there is no journal, or it cannot be read.
    """
    place = Installation(settings.data)
    if not place.journal.is_dir():
        raise GengfuError(f"{place.journal} holds no journal: give the data folder with --data.")
    classes, spans = classes_of(settings), dict[int, LateSpan]()
    with closing(FolderReader(place.journal)) as archive:
        position, last = archive.position_at(start), archive.position_at(end)
        while position < last and (records := archive.read(position, limit=SLICE)):
            survey([one for one in records if one.position <= last], spans)
            position = records[-1].position
        findings = [
            one
            for partition, span in spans.items()
            for one in hindsight(
                archive, classes, partition=partition, since=span.since, until=span.until, end=end
            )
        ]
    times = tuple(
        LateTime(partition=number, since=span.since, until=span.until, rows=span.rows)
        for number, span in spans.items()
    )
    return LateData(times=times, findings=tuple(findings))


class LateLook:
    """Follows the journal in the desk process; see the module."""

    def __init__(
        self, settings: Settings, store: FindingStore, sites: Callable[[], Collection[str]]
    ) -> None:
        self._data = settings.data
        self._journal = Installation(settings.data).journal
        self._store = store
        self._sites = sites
        self._spans: dict[int, LateSpan] = {}
        self._position: int | None = None
        self._first_heard: Micros = 0
        self._now: Micros = 0

    async def run(self) -> None:
        """Look until cancelled."""
        with closing(FolderReader(self._journal)) as reader:
            while True:
                await in_thread(self._survey, reader)
                if self._spans and self._is_settled():
                    await self._look()
                await asyncio.sleep(LOOK_SECONDS)

    def _survey(self, reader: FolderReader) -> None:
        if self._position is None:
            known, end = self._store.position(), reader.last_position()
            # Beyond the end it is another journal's.
            self._position = end if known is None else min(known, end)
            self._store.keep((), self._position)
        before = self._position
        while records := reader.read(self._position, limit=SLICE):
            had_none = not self._spans
            survey(records, self._spans)
            self._position, self._now = records[-1].position, records[-1].written_at
            if had_none and self._spans:
                self._first_heard = records[0].written_at
        if not self._spans and self._position != before:
            self._store.keep((), self._position)

    def _is_settled(self) -> bool:
        newest = max(span.heard_at for span in self._spans.values())
        return self._now - newest > SETTLED or self._now - self._first_heard > AT_MOST

    async def _look(self) -> None:
        """Replay the late times, keep what came out, and go on from here."""
        spans, self._spans = self._spans, {}
        end = self._now
        try:
            found = await _in_a_process(self._data, self._first_heard, end)
        except GengfuError as exc:
            log.warning("late data not looked at", reason=str(exc))
            found = LateData(times=(), findings=())
        kept = [
            (site, time.since, time.until, [one for one in found.findings if one.site == site])
            for time in found.times
            for site in self._sites()
            if partition_of(site) == time.partition
        ]
        await asyncio.to_thread(self._store.keep, kept, self._position or 0)
        rows = sum(span.rows for span in spans.values())
        log.info("late data looked at", rows=rows, findings=len(found.findings))


async def _in_a_process(data: Path, start: Micros, end: Micros) -> LateData:
    """Run ``gengfu rules late`` for a period.

    Raises:
        TookTooLong, Broke: it did not end well.
    """
    arguments = ["--json", "--data", str(data), "--from", to_iso(start), "--to", to_iso(end + 1)]
    words = ("rules", "late", *arguments)
    out = await run_aside(words, limit=LIMIT_SECONDS, politeness=POLITENESS)
    return msgspec.json.decode(out, type=LateData)


def encode(found: LateData) -> bytes:
    """Write what a command prints for scripts, and for the desk."""
    return msgspec.json.encode(found)


def shown(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return findings as rows of a table."""
    return [
        {
            "what": one.changed.value.replace("_", " "),
            "rule": one.rule,
            "equipment": str(one.subject),
            "since": to_iso(one.since),
            "until": to_iso(one.until) if one.until else "…",
        }
        for one in findings
    ]
