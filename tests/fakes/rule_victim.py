"""A process that judges a journal and may be killed by a record; started by ``test_custody.py``.

Its engine is the real one but for the records that are deadly here: no real one is known that kills.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gengfu.core.batch import Event
from gengfu.core.clock import SECOND, Micros
from gengfu.core.record import Body, Record
from rules import custody, runner
from rules.engine import step as engine
from rules.engine.state import State
from rules.engine.verdict import Verdict
from rules.linkage.run import Run
from tests.fakes.rule_scene import CLASSES, brief

DEADLY = "deadly"
CLUTTERED = "cluttered"


@dataclass(frozen=True, slots=True)
class FileSink:
    """Keeps what was told in a file, each position once, as one transaction would."""

    file: Path

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        assert at > 0
        lines = [*self.told(), *map(brief, verdicts)]
        aside = self.file.with_suffix(".new")
        aside.write_bytes(msgspec.json.encode((position, lines)))
        aside.replace(self.file)

    def told(self) -> list[str]:
        return self._read()[1]

    def applied_position(self) -> int:
        return self._read()[0]

    def keep(self, runs: Sequence[Run]) -> None:
        """Evidence of linkage is nothing to us."""

    def _read(self) -> tuple[int, list[str]]:
        if not self.file.exists():
            return 0, []
        return msgspec.json.decode(self.file.read_bytes(), type=tuple[int, list[str]])


@dataclass(frozen=True, slots=True)
class FileReader:
    """A journal in a file."""

    records: Sequence[Record]

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        return self.records[after : after + limit]

    def first_position(self) -> int:
        return 1

    def last_position(self) -> int:
        return len(self.records)


class StandingClock:
    """A clock that tells how long nothing took."""

    def now(self) -> Micros:
        return 0

    def real_seconds(self, span: Micros) -> float:
        return span / SECOND


def is_deadly(state: State, body: Body) -> bool:
    """Tell whether a record kills: by an event of its own, or by what the state remembers."""
    events = body if isinstance(body, tuple) else ()
    if any(isinstance(one, Event) and one.type == DEADLY for one in events):
        return True
    return any(CLUTTERED in unit.occurred for unit in state.roll)


def live(folder: Path, manner: str) -> None:
    """Judge the journal of a folder to its end, unless killed: ``raises``, ``aborts`` or ``fails``."""
    deaths: dict[str, Callable[[], None]] = {"raises": _raise, "aborts": os.abort, "fails": _fail}

    def step(
        state: State, body: Body, *, position: int, now: Micros
    ) -> tuple[State, tuple[Verdict, ...]]:
        if is_deadly(state, body):
            deaths[manner]()
        return engine.step(state, body, position=position, now=now)

    for module in (runner, custody):
        vars(module)["step"] = step
    records = msgspec.msgpack.decode((folder / "journal").read_bytes(), type=list[Record])
    sink = FileSink(folder / "told")
    one = runner.Runner(
        FileReader(records), sink, sink, folder / "rules.checkpoint", CLASSES, StandingClock()
    )
    while one.advance():
        pass


def _raise() -> None:
    raise ZeroDivisionError("a defect of ours")


def _fail() -> None:
    raise OSError(5, "the disk failed")
