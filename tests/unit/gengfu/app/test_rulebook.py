"""Back-tests for the desk: in a real process of their own, one at a time, with a limit."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from dashboards.web.rulebook import BacktestBusy, BacktestFailed
from gengfu.app.rulebook import RuleBook
from gengfu.core.clock import HOUR
from gengfu.core.errors import BadInput
from gengfu.core.record import Draft, RecordKind
from ingest.journal.sqlite import SqliteJournal
from tests.fakes.manual_clock import ManualClock
from tests.fakes.rule_book import AuditList, memory_editor
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment

END = START + HOUR


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return an installation whose journal has one fire."""
    scene = Scene([equipment("panel", "fire_panel")])
    scene.tick(60)
    scene.event("panel", "fire", "1-001", signal="smoke")
    scene.tick(60)
    with closing(SqliteJournal(tmp_path / "journal")) as journal:
        for name in scene.names.equipment:
            journal.names.equipment_index(name)
        for point in scene.names.points:
            journal.names.point_index(point)
        for one in scene.records:
            if one.kind is not RecordKind.NAMES:
                packed = Draft(partition=one.partition, kind=one.kind, payload=one.payload)
                journal.append([packed], at=one.written_at)
    return tmp_path


def book(data: Path, limit: float = 300.0) -> RuleBook:
    return RuleBook(memory_editor(AuditList()), CLASSES, data, ManualClock(END), limit=limit)


async def test_its_answer_comes_from_the_archive(data: Path) -> None:
    """All that ran live, a draft beside it, and only the sites one may see."""
    whole = await book(data).backtest(START, END, "", None)
    assert [(one.rule, one.part) for one in whole.alerts] == [("fire_panel.first_signal", "1-001")]
    tried = book(data)
    draft = tried.editor.text_of("fire_panel.first_signal")
    assert tried.editor.trial_of(draft) is None
    compared = await tried.backtest(START, END, draft, frozenset({"yunhe"}))
    trial = tried.editor.trial_of(draft)
    assert trial is not None
    assert (trial.start, trial.end, trial.alarms) == (START, END, 1)
    assert [one.compared for one in compared.alerts] == ["both"]
    assert (await book(data).backtest(START, END, draft, frozenset())).alerts == ()


async def test_one_at_a_time_with_a_limit(data: Path) -> None:
    """A second one is refused while the first runs; what takes too long is killed."""
    one = book(data)
    first = asyncio.create_task(one.backtest(START, END, "", None))
    await asyncio.sleep(0)
    with pytest.raises(BacktestBusy):
        await one.backtest(START, END, "", None)
    await first
    with pytest.raises(BacktestFailed, match="more than"):
        await book(data, limit=0.01).backtest(START, END, "", None)


async def test_mistakes_and_failures_are_told_apart(data: Path) -> None:
    """A draft's mistakes are its writer's; a journal that is not there is ours."""
    with pytest.raises(BadInput, match="pomp"):
        await book(data).backtest(START, END, "pack: x\nrules: [{id: a, for: pomp}]", None)
    with pytest.raises(BacktestFailed, match="no journal"):
        await book(data / "nowhere").backtest(START, END, "", None)
