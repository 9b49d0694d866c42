"""The evidence of linkage is complete whatever happened to the process that writes it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gengfu.core.clock import SECOND, Micros
from gengfu.core.naming import Subject
from gengfu.core.record import Action, Record
from gengfu.database import open_sqlite
from gengfu.ledger.model import Cause, LinkageLine
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.linkage.run import Awaited, Run, RunKind, Stage
from rules.linkage.store import RunStore
from rules.runner import Runner
from tests.fakes.linkage_scene import linked_scene
from tests.fakes.manual_clock import ManualClock
from tests.fakes.rule_scene import CLASSES, SITE, Scene


class Journal:
    """The records of a scene, as a reader gives them."""

    def __init__(self, scene: Scene) -> None:
        self._records = scene.records

    def read(self, after: int, *, limit: int = 100) -> Sequence[Record]:
        return [one for one in self._records if one.position > after][:limit]

    def first_position(self) -> int:
        return self._records[0].position

    def last_position(self) -> int:
        return self._records[-1].position


class Deaf:
    """A sink that remembers only how far it was told."""

    def __init__(self) -> None:
        self.position = 0

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        self.position = position

    def applied_position(self) -> int:
        return self.position


def test_evidence_of_an_older_version_that_proves_too_much(tmp_path: Path) -> None:
    """A run kept before there was a stage for it says that its response was so before."""
    store = RunStore(open_sqlite(tmp_path / "runs.sqlite"))
    store.prepare()
    line = LinkageLine(
        cause=Cause.GAS,
        where="gas",
        signal="alarm",
        equipment=("fan",),
        expectation="fan_run",
        within=15 * SECOND,
    )
    awaited = Awaited(line, 15 * SECOND, at=0, before=True)
    awaited.stage = Stage.MET
    store.keep([Run("1-1", SITE, Cause.GAS, "gas", "alarm", 0, [awaited])])
    kept = store.get("1-1")
    assert kept is not None
    assert kept.lines[0].stage is Stage.ALREADY


def _fire_and_water() -> Scene:
    """Two fires at once, one a drill found out after its reset, and a flow switch that stays on."""
    one = linked_scene()
    for address in ("1-1", "1-2", "2-1", "2-2"):
        one.event("panel", "fire", address, signal="smoke")
    one.tick(10)
    one.says("fan", fan_run=True)
    one.says("valve", flow_switch=True)
    one.tick(130)
    one.event("panel", "reset")
    test = Action(
        site=SITE,
        equipment="panel",
        part="1-1",
        name="verdict",
        at=one.now,
        attributes={"verdict": "test"},
    )
    one.write(test)
    one.tick(1)
    return one


def _remembered(scene: Scene) -> dict[str, Run]:
    state = begin(CLASSES)
    for record in scene.records:
        state, _ = step(state, record.body(), position=record.position, now=record.written_at)
    return {run.id: run for run in state.linkage.runs}


@pytest.mark.parametrize("save_every", [4, 1000])
def test_evidence_lost_by_kills(tmp_path: Path, save_every: int) -> None:
    """Killed after every record, with a newer or older checkpoint, it is what one replay knows."""
    scene, sink = _fire_and_water(), Deaf()
    store = RunStore(open_sqlite(tmp_path / "alerts.db"))
    store.prepare()
    for turn in range(len(scene.records)):
        one = Runner(
            Journal(scene), sink, store, tmp_path / "checkpoint", CLASSES, ManualClock(at=turn)
        )
        while one.position <= turn and one.advance(1):
            pass
        if turn % save_every == 0:
            one.save()
    kept = {run.id: run for run in store.list(None, 0, scene.now + 1)}
    assert kept == _remembered(scene)
    assert len(kept) == 3
    drill, other = (kept[key] for key in sorted(kept)[:2])
    assert (drill.kind, drill.where, other.kind) == (RunKind.DRILL, "fc1", RunKind.REAL)
    assert store.get(drill.id) == drill


def test_evidence_of_another_fire_shown(tmp_path: Path) -> None:
    """An alert finds the run of its own subject and time, and no other."""
    scene = _fire_and_water()
    store = RunStore(open_sqlite(tmp_path / "alerts.db"))
    store.prepare()
    runs = list(_remembered(scene).values())
    store.keep(runs)
    for run in runs:
        assert store.of_subject(run.subject, run.began, None) == run
        assert store.of_subject(run.subject, run.began, run.began) == run
        assert store.of_subject(run.subject, 0, run.began - 1) is None
    ended = next(run for run in runs if run.ended)
    assert store.of_subject(ended.subject, (ended.ended or 0) + SECOND, None) is None
    assert store.of_subject(Subject("panel", "9-9"), 0, None) is None
    assert store.list(("elsewhere",), 0, scene.now + 1) == ()
