"""The rules in force for the pages and the API, and back-tests in a process of their own.

A back-test reads days of records: it runs beside the desk, one at a time, with a limit, and is killed
when nobody waits for it any more.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from dashboards.web.rulebook import BacktestBusy, BacktestFailed
from gengfu.app.aside import Broke, TookTooLong, run_aside
from gengfu.core.clock import Clock, Micros, from_iso, to_iso
from gengfu.ledger.model import EquipmentClass
from rules.backtest.document import Document, decode
from rules.backtest.replay import Lack
from rules.editions.editor import Editor
from rules.editions.model import Trial
from rules.language.reader import read_rules

LIMIT_SECONDS = 120.0
POLITENESS = 10
"""The back-test's nice value: core and desk come first."""


class RuleBook:
    """What ``dashboards.web.rulebook.RuleBook`` asks for."""

    def __init__(
        self,
        editor: Editor,
        classes: Mapping[str, EquipmentClass],
        data: Path,
        clock: Clock,
        *,
        limit: float = LIMIT_SECONDS,
    ) -> None:
        self.editor = editor
        self._classes = classes
        self._data = data
        self._clock = clock
        self._limit = limit
        self._busy = asyncio.Lock()

    async def backtest(
        self, start: Micros, end: Micros, draft: str, sites: frozenset[str] | None
    ) -> Document:
        """Run a back-test; an empty draft means all that ran live.

        Raises:
            BadInput: with every mistake of the draft.
            BacktestBusy: another one is running.
            BacktestFailed: it took too long, or broke.
        """
        if draft.strip():
            await asyncio.to_thread(read_rules, {"draft.yaml": draft}, self._classes)
        if self._busy.locked():
            raise BacktestBusy
        async with self._busy, _file(draft) as file:
            result = decode(await self._run(_arguments(self._data, start, end, file, sites)))
        if draft.strip() and result.readings + result.events:
            await asyncio.to_thread(
                self.editor.note_trial, draft, _trial(result, self._clock.now())
            )
        return result

    async def _run(self, arguments: Sequence[str]) -> bytes:
        words = ("rules", "backtest", *arguments)
        try:
            return await run_aside(words, limit=self._limit, politeness=POLITENESS)
        except TookTooLong as exc:
            raise BacktestFailed(
                f"{exc}: choose a shorter period, or run gengfu rules backtest on the command line"
            ) from exc
        except Broke as exc:
            raise BacktestFailed(str(exc)) from exc


def _trial(result: Document, at: Micros) -> Trial:
    begun = [one.until for one in result.missing if one.lack == Lack.BEGINNING and one.until]
    return Trial(
        at=at,
        start=max(map(from_iso, (result.start, *begun))),
        end=from_iso(result.end),
        alarms=result.quality.alarms,
        walks=result.quality.walks,
    )


def _arguments(
    data: Path, start: Micros, end: Micros, file: Path | None, sites: frozenset[str] | None
) -> list[str]:
    arguments = ["--json", "--data", str(data), "--from", to_iso(start), "--to", to_iso(end)]
    if file is not None:
        arguments += ["--rule", str(file)]
    if sites is not None:
        # Nobody's site stands for none: without any --site all are meant.
        arguments += [word for site in sorted(sites) or ["-"] for word in ("--site", site)]
    return arguments


@contextlib.asynccontextmanager
async def _file(draft: str) -> AsyncIterator[Path | None]:
    if not draft.strip():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="gengfu-backtest-") as folder:
        file = Path(folder) / "draft.yaml"
        await asyncio.to_thread(file.write_text, draft, encoding="utf-8")
        yield file
