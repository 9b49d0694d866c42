"""The rules in force for the pages and the API, and back-tests in a process of their own.

A back-test reads days of records: it runs beside the desk, one at a time, with a limit, and is killed
when nobody waits for it any more.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from dashboards.web.rulebook import BacktestBusy, BacktestFailed
from gengfu.core.clock import Micros, to_iso
from gengfu.ledger.model import EquipmentClass
from rules.backtest.document import Document, decode
from rules.backtest.selection import only
from rules.language import read_rules
from rules.rule import Rule

LIMIT_SECONDS = 120.0
POLITENESS = 10
"""The back-test's nice value: core and desk come first."""


class RuleBook:
    """What ``dashboards.web.rulebook.RuleBook`` asks for."""

    def __init__(
        self,
        files: Mapping[str, str],
        classes: Mapping[str, EquipmentClass],
        data: Path,
        *,
        limit: float = LIMIT_SECONDS,
    ) -> None:
        self._files = files
        self._classes = classes
        self._data = data
        self._limit = limit
        self._busy = asyncio.Lock()
        self._rules = read_rules(files, classes)

    def in_force(self) -> Sequence[Rule]:
        """Return the rules in force, in the order of their files."""
        return self._rules

    def text_of(self, rule: str) -> str:
        """Return a rule as the text of a file; empty for none."""
        return next(iter(only(self._files, {rule}).values()), "")

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
            return decode(await self._run(_arguments(self._data, start, end, file, sites)))

    async def _run(self, arguments: Sequence[str]) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gengfu",
            "rules",
            "backtest",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, POLITENESS)
            out, err = await asyncio.wait_for(process.communicate(), self._limit)
        except TimeoutError as exc:
            raise BacktestFailed(
                f"it took more than {self._limit:g} s: choose a shorter period, or run "
                "gengfu rules backtest on the command line"
            ) from exc
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise BacktestFailed(err.decode(errors="replace").strip()[-500:])
        return out


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
