"""The runner: nothing twice, nothing missed, whenever it is stopped."""

import asyncio
import errno
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from gengfu.core.clock import SECOND, Micros
from gengfu.core.record import Record
from rules.engine.verdict import Verdict
from rules.linkage.run import Run
from rules.runner import Runner
from tests.fakes.rule_scene import CLASSES, Scene, brief, equipment
from tests.fakes.waiting import until


class ListReader:
    """A journal in a list, whose oldest records may be gone."""

    def __init__(self, records: Sequence[Record], first: int = 1) -> None:
        self.records = records
        self._first = first

    def read(self, after: int, *, limit: int = 500) -> Sequence[Record]:
        kept = [one for one in self.records if one.position >= self._first]
        return [one for one in kept if one.position > after][:limit]

    def first_position(self) -> int:
        return self._first

    def last_position(self) -> int:
        return len(self.records)


class ListSink:
    """Keeps verdicts and the applied position together, as one transaction would."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.position = 0
        self.calls = 0

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        assert position > self.position
        assert at > 0
        self.calls += 1
        self.verdicts.extend(verdicts)
        self.position = position

    def applied_position(self) -> int:
        return self.position

    def keep(self, runs: Sequence[Run]) -> None:
        assert not runs


class StillClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at: Micros = 0

    def now(self) -> Micros:
        return self.at

    def real_seconds(self, span: Micros) -> float:
        return span / SECOND


def story() -> Scene:
    scene = Scene([equipment("panel", "fire_panel"), equipment("pump", "pump", role="fire")])
    for address in range(3):
        scene.event("panel", "fire", f"1-{address:03}")
        scene.says("pump", run=address % 2 == 0, mode="auto")
        scene.wait(4)
    return scene


def runner(scene: Scene, sink: ListSink, path: Path) -> Runner:
    return Runner(ListReader(scene.records), sink, sink, path, CLASSES, StillClock())


@pytest.mark.parametrize(("save_every", "limit"), [(1, 1), (3, 2), (1000, 7), (2, 200)])
def test_stopping_anywhere_tells_everything_once(
    tmp_path: Path, save_every: int, limit: int
) -> None:
    """However often it is killed, with a newer or older checkpoint, the sink hears all once."""
    scene, sink = story(), ListSink()
    one = runner(scene, sink, tmp_path / "checkpoint")
    for turn in range(1, 200):
        if not one.advance(limit):
            break
        if turn % save_every == 0:
            one.save()
        one = runner(scene, sink, tmp_path / "checkpoint")
        for _ in range(turn):
            one.advance(limit)
    assert [brief(v) for v in sink.verdicts] == scene.told()


class FullSink(ListSink):
    """A disk that is full now and then."""

    def __init__(self, full: str) -> None:
        super().__init__()
        self._full = list(full)

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        if self._full and self._full.pop(0) == "x":
            raise OSError(errno.ENOSPC, "no space left on device")
        super().apply(verdicts, position=position, at=at)


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("full", ["x", "xxx", ".x.xx.x"])
@pytest.mark.parametrize("dies", [False, True])
def test_a_full_disk_costs_verdicts(tmp_path: Path, limit: int, full: str, dies: bool) -> None:
    """What could not be handed on is, once, before anything else; no checkpoint passes over it."""
    scene, sink, path = story(), FullSink(full), tmp_path / "checkpoint"
    one, judged = runner(scene, sink, path), 1
    while judged:
        try:
            judged = one.advance(limit)
        except OSError:
            one.save()
            one = runner(scene, sink, path) if dies else one
    assert [brief(v) for v in sink.verdicts] == scene.told()


def test_a_damaged_checkpoint_starts_from_the_beginning(tmp_path: Path) -> None:
    """It is refused with a report; the verdicts are the same."""
    scene, sink = story(), ListSink()
    path = tmp_path / "checkpoint"
    path.write_bytes(b"GFRULES\x01 and rubbish")
    runner(scene, sink, path).advance(1000)
    assert [brief(v) for v in sink.verdicts] == scene.told()


def test_a_journal_that_lost_its_beginning_is_read_from_where_it_begins(tmp_path: Path) -> None:
    """Without checkpoint and beginning it goes on with what there is."""
    scene, sink = story(), ListSink()
    one = Runner(
        ListReader(scene.records, first=5), sink, sink, tmp_path / "c", CLASSES, StillClock()
    )
    assert one.advance(1000) == len(scene.records) - 4
    assert one.position == len(scene.records)


def test_another_journal_is_not_heard_until_it_is_as_long(tmp_path: Path) -> None:
    """A checkpoint beyond the journal's end is another journal's: every record of this one is judged."""
    long, short = story(), Scene([equipment("panel", "fire_panel")])
    long.wait(100)
    before = runner(long, ListSink(), tmp_path / "checkpoint")
    while before.advance():
        pass
    before.save()
    sink = ListSink()
    after = runner(short, sink, tmp_path / "checkpoint")
    short.event("panel", "fire", "1-001")
    short.wait(4)
    while after.advance():
        pass
    assert (after.position, sink.position) == (len(short.records), len(short.records))
    assert [brief(v) for v in sink.verdicts] == short.told() != []


def test_an_unwritable_folder_does_not_stop_the_rules(tmp_path: Path) -> None:
    """A checkpoint only saves time."""
    scene, sink = story(), ListSink()
    one = runner(scene, sink, tmp_path / "no" / "such" / "checkpoint")
    one.advance(1000)
    one.save()
    assert [brief(v) for v in sink.verdicts] == scene.told()


def test_the_position_advances_without_verdicts_but_not_for_every_record(tmp_path: Path) -> None:
    """Quiet hours cost the sink one small transaction every few seconds."""
    scene, sink = Scene([equipment("pump", "pump")]), ListSink()
    scene.wait(100)
    clock = StillClock()
    one = Runner(ListReader(scene.records), sink, sink, tmp_path / "checkpoint", CLASSES, clock)
    while one.advance(1):
        clock.at += SECOND
    assert 15 <= sink.calls <= 25
    assert sink.verdicts == []


async def test_it_follows_the_journal_until_cancelled(tmp_path: Path) -> None:
    """New records are judged while it runs, and stopping leaves a checkpoint of the last one."""
    scene, sink = story(), ListSink()
    one = runner(scene, sink, tmp_path / "checkpoint")
    task = asyncio.create_task(one.run())
    try:
        await until(lambda: one.position == len(scene.records), "the story is judged")
        scene.event("panel", "fire", "9-999")
        await until(lambda: "9-999" in brief(sink.verdicts[-1]), "the new fire is told")
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert runner(scene, sink, tmp_path / "checkpoint").position == len(scene.records)


async def test_a_checkpoint_is_written_where_sockets_wait(tmp_path: Path) -> None:
    """At thousands of machines it takes a fifth of a second: it is written in the worker thread."""
    written: list[threading.Thread] = []

    class Watched(Runner):
        def save(self) -> None:
            written.append(threading.current_thread())
            super().save()

    scene, sink, clock = story(), ListSink(), StillClock()
    one = Watched(ListReader(scene.records), sink, sink, tmp_path / "c", CLASSES, clock)
    clock.at = 31 * SECOND
    task = asyncio.create_task(one.run())
    await until(lambda: bool(written), "a checkpoint is due")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(written) == 2, "one that was due, and one at the end"
    assert threading.current_thread() not in written


async def test_verdicts_that_were_refused_are_passed_over_by_the_next_start(tmp_path: Path) -> None:
    """The alerts' database fails: no checkpoint is left that covers what it did not take."""

    class LockedSink(ListSink):
        def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
            raise TimeoutError("database is locked")

    scene, path = story(), tmp_path / "rules"
    with pytest.raises(TimeoutError):
        await runner(scene, LockedSink(), path).run()
    sink = ListSink()
    again = runner(scene, sink, path)
    while again.advance():
        pass
    whole = ListSink()
    undisturbed = runner(scene, whole, tmp_path / "other")
    while undisturbed.advance():
        pass
    assert [brief(one) for one in sink.verdicts] == [brief(one) for one in whole.verdicts] != []
