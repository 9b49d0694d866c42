"""Linkage: what a cause must bring about is verified to the second, live as in replay."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import SECOND
from gengfu.core.record import Action, LedgerChange
from gengfu.ledger import snapshot
from gengfu.ledger.model import (
    Equipment,
)
from rules.backtest.replay import Replay
from rules.engine.checkpoint import decode, encode
from rules.engine.state import State
from rules.engine.step import begin, step
from rules.engine.verdict import Verdict
from rules.language.selection import only
from rules.linkage.run import CONFIRMED, MISSING, Run, RunKind, Stage
from rules.packs import shipped
from tests.fakes.linkage_scene import EVERY, FLOOR_OF, LINES, linked_ledger, linked_scene
from tests.fakes.rule_scene import CLASSES, SITE, START, Scene, equipment
from tests.unit.rules.backtest.archive import ListArchive


def _play(one: Scene, *, saved_at: int = -1) -> tuple[State, list[Verdict]]:
    state, found = begin(CLASSES), []
    for number, record in enumerate(one.records):
        if number == saved_at:
            state = decode(encode(state), CLASSES)
        state, said = step(state, record.body(), position=record.position, now=record.written_at)
        found += [each for each in said if each.rule in {CONFIRMED, MISSING}]
    return state, found


def _turns(one: Scene) -> list[tuple[str, str, float]]:
    return [(v.rule, v.turn.value, (v.at - START) / SECOND) for v in _play(one)[1]]


def _run(one: Scene) -> Run:
    (run,) = _play(one)[0].linkage.runs
    return run


def _fire(one: Scene, *addresses: str) -> None:
    for address in addresses:
        one.event("panel", "fire", address, signal="smoke")


@pytest.mark.parametrize("signals", [("1-1",), ("1-1", "1-1"), ("1-1", "2-1"), ("9-1", "1-1")])
def test_steam_taken_for_a_fire(signals: tuple[str, ...]) -> None:
    """One address, however often, and two of different compartments confirm nothing."""
    one = linked_scene()
    _fire(one, *signals)
    one.tick(60)
    assert _play(one)[1] == []
    assert _play(one)[0].linkage.runs == []


def test_reset_between_two_signals_forgotten() -> None:
    """Two signals with a reset between them are two single signals."""
    one = linked_scene()
    _fire(one, "1-1")
    one.event("panel", "reset")
    _fire(one, "1-2")
    assert _turns(one) == []


@pytest.mark.parametrize(("waited", "stage"), [(15.0, Stage.MET), (15.000001, Stage.LATE)])
def test_limit_off_by_one(waited: float, stage: Stage) -> None:
    """A response exactly at its limit is in time; a microsecond later it is late."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    one.tick(waited)
    one.says("fan", fan_run=True)
    assert [each.stage for each in _run(one).lines] == [stage]


def test_missing_response_kept_quiet() -> None:
    """Nothing after 15 s is an alert; the late response ends it and keeps its time."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    one.tick(15)
    one.tick(1)
    one.tick(4)
    one.says("fan", fan_run=True)
    assert _turns(one) == [(CONFIRMED, "on", 0.0), (MISSING, "on", 16.0), (MISSING, "off", 20.0)]
    (line,) = _run(one).lines
    assert (line.stage, line.at) == (Stage.LATE, one.now)


def test_response_in_time_but_told_late_called_late() -> None:
    """What was so in time by the device's own clock was in time, though the news came later."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    one.tick(20)
    one.says("fan", fan_run=True, ago=10)
    assert [each.stage for each in _run(one).lines] == [Stage.MET]


def test_already_running_called_a_response() -> None:
    """A fan that ran before the fire is no failure, and no proof that it starts in one."""
    one = linked_scene()
    one.says("fan", fan_run=True)
    _fire(one, "1-1", "1-2")
    assert [(each.stage, each.before) for each in _run(one).lines] == [(Stage.ALREADY, True)]
    assert not _run(one).lines[0].stage.is_owed
    assert all(one.rule != MISSING for one in _play(one)[1])


def test_silent_equipment_called_missing() -> None:
    """Of equipment that never said anything it is not known whether it responded: an alert too."""
    one = Scene(EVERY)
    one.write(LedgerChange(SITE, snapshot.encode(linked_ledger())))
    _fire(one, "1-1", "1-2")
    one.tick(16)
    assert [each.stage for each in _run(one).lines] == [Stage.UNKNOWN]
    assert "未知" in _play(one)[1][-1].title.zh


def test_pump_expected_from_detectors() -> None:
    """A fire pump is expected after its switch only, and one of two is enough."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    assert {each.line.equipment for each in _run(one).lines} == {("fan",)}
    one = linked_scene()
    one.says("valve", flow_switch=True)
    one.tick(100)
    one.says("standby", run=True)
    one.tick(30)
    assert [each.stage for each in _run(one).lines] == [Stage.MET]
    assert _turns(one) == []


def test_two_fires_taken_for_one() -> None:
    """Fires on two floors are two runs; the reset of one address of each ends neither."""
    one = linked_scene()
    _fire(one, "1-1", "1-2", "2-1", "2-2")
    one.event("panel", "reset", "1-1")
    runs = _play(one)[0].linkage.runs
    assert [(each.where, each.ended) for each in runs] == [("fc1", None), ("fc2", None)]
    one.event("panel", "reset")
    assert all(each.ended == one.now for each in _play(one)[0].linkage.runs)


@pytest.mark.parametrize(("verdict", "confirmed"), [("real", True), ("false", False)])
def test_verdict_of_a_person_passed_over(verdict: str, confirmed: bool) -> None:
    """A person who finds it real confirms one signal; another verdict does not."""
    one = linked_scene()
    _fire(one, "1-1")
    one.write(
        Action(
            site=SITE,
            equipment="panel",
            part="1-1",
            name="verdict",
            at=one.now,
            attributes={"verdict": verdict},
        )
    )
    assert bool(_turns(one)) is confirmed


def test_drill_told_as_a_fire() -> None:
    """The verdict test on one of its signals makes a run a drill."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    one.write(
        Action(
            site=SITE,
            equipment="panel",
            part="1-1",
            name="verdict",
            at=one.now,
            attributes={"verdict": "test"},
        )
    )
    assert _run(one).kind is RunKind.DRILL


@pytest.mark.parametrize("fan", [(), (equipment("fan", "pump"),)], ids=["gone", "a pump now"])
def test_another_ledger_in_the_middle_of_a_fire(fan: tuple[Equipment, ...]) -> None:
    """Lines go on as they were awaited, also of equipment that is no more what it was."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    others = [each for each in EVERY if each.id != "fan"]
    one.write(
        LedgerChange(SITE, snapshot.encode(replace(linked_ledger(*others, *fan), linkage=())))
    )
    one.tick(16)
    assert [each.stage.is_owed for each in _run(one).lines] == [True]
    assert _turns(one)[1:] == [(MISSING, "on", 16.0)]


def test_switch_that_is_gone_is_followed_for_ever() -> None:
    """Without the valve whose switch began a run nothing ends it: the ledger does."""
    one = linked_scene()
    one.says("valve", flow_switch=True)
    one.tick(121)
    others = [each for each in EVERY if each.id != "valve"]
    one.write(
        LedgerChange(SITE, snapshot.encode(replace(linked_ledger(*others), linkage=LINES[:1])))
    )
    assert _run(one).ended == one.now
    assert _turns(one) == [(MISSING, "on", 121.0), (MISSING, "off", 121.0)]


def test_panel_that_is_gone_burns_for_ever() -> None:
    """Without its panel nobody can reset a fire: it ends, and nothing is owed any more."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    one.tick(16)
    others = [each for each in EVERY if each.id != "panel"]
    one.write(LedgerChange(SITE, snapshot.encode(linked_ledger(*others))))
    assert _run(one).ended == one.now
    assert {(rule, turn) for rule, turn, at in _turns(one) if at == 16.0} == {
        (MISSING, "on"),
        (MISSING, "off"),
        (CONFIRMED, "off"),
    }


STEPS = st.lists(
    st.one_of(
        st.sampled_from([("fire", address) for address in FLOOR_OF]),
        st.sampled_from([("reset", None), ("reset", "1-1")]),
        st.sampled_from([("fan", True), ("fan", False), ("valve", True), ("valve", False)]),
        st.sampled_from([("duty", True), ("duty", False), ("wait", 7), ("wait", 120)]),
    ),
    max_size=16,
)
POINTS = {"fan": "fan_run", "valve": "flow_switch", "duty": "run"}


@settings(max_examples=12, deadline=None)
@given(STEPS, st.data())
def test_checkpoint_loses_a_run(steps: list[tuple[str, object]], data: st.DataObject) -> None:
    """A restart in the middle, at any record, gives the verdicts and the runs of a whole replay."""
    one = linked_scene()
    for what, which in steps:
        if what == "wait":
            one.tick(float(str(which)))
        elif what in POINTS:
            one.says(what, {POINTS[what]: bool(which)})
        else:
            one.event("panel", what, None if which is None else str(which))
    state, found = _play(one)
    again, same = _play(one, saved_at=data.draw(st.integers(0, len(one.records) - 1)))
    assert found == same
    assert again.linkage == state.linkage
    identities = [(each.rule, each.subject, each.position) for each in found]
    assert len(set(identities)) == len(identities)


def test_ten_alerts_for_one_cause() -> None:
    """What is missing after one cause is one alert; its children and its title follow the news."""
    more = [equipment(f"fan{number}", "smoke_control") for number in range(3)]
    one = linked_scene(*more)
    lines = tuple(
        replace(LINES[0], equipment=(each.id,), within=(10 + at) * SECOND)
        for at, each in enumerate(more)
    )
    table = replace(linked_ledger(*EVERY, *more), linkage=lines)
    one.write(LedgerChange(SITE, snapshot.encode(table)))
    one.says("fan0", fan_run=False)
    _fire(one, "1-1", "1-2")
    one.tick(10.5)
    one.tick(2)
    one.says("fan2", fan_run=True)
    one.event("panel", "reset")
    missing = [each for each in _play(one)[1] if each.rule == MISSING]
    assert [(each.turn.value, each.children) for each in missing] == [
        ("on", ("fan0",)),
        ("changed", ("fan0", "fan1", "fan2")),
        ("changed", ("fan0", "fan1")),
        ("off", ()),
    ]
    assert missing[1].title.zh == "确认火警后联动 1 项未动作、2 项未知"
    assert {(each.subject.equipment, each.subject.part) for each in missing} == {("panel", "1-2")}


def test_linkage_takes_part_in_every_back_test() -> None:
    """A draft's back-test is about its own rules; with none linkage is told as it was."""
    one = linked_scene()
    _fire(one, "1-1", "1-2")
    one.tick(60)
    end, archive = one.now + SECOND, ListArchive(one.records)
    whole = Replay(archive, CLASSES, start=START, end=end).run()
    assert {CONFIRMED, MISSING} <= {each.rule for each in whole.found}
    draft = only(shipped(), {"pump.bearing_hot"})
    tried = Replay(archive, CLASSES, start=START, end=end, draft=draft).run()
    assert (tried.found, tried.live) == ((), ())


def test_a_reset_of_another_fire_puts_this_one_out() -> None:
    """A reset from before the signals, told after them, ends no run: what is missing is still said."""
    one = linked_scene()
    one.wait(120)
    _fire(one, "1-1", "1-2")
    one.event("panel", "reset", ago=60)
    for _ in range(40):
        one.tick()
        one.says("fan", fan_run=False)
    assert _run(one).ended is None
    assert [(rule, turn) for rule, turn, _ in _turns(one)] == [(CONFIRMED, "on"), (MISSING, "on")]
