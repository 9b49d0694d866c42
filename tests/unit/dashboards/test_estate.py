"""The estate projection: values, states and intervals from journal records, over any restart."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

from dashboards.estate import projection
from dashboards.estate.projection import STATES_KEPT
from gengfu.core.batch import Event, Flag
from gengfu.core.clock import SECOND
from gengfu.core.names import EquipmentName
from gengfu.core.naming import Scalar
from gengfu.core.record import DeadLetter, RejectReason, Tally, Tick
from gengfu.core.states import OperatingState, StateInterval
from tests.fakes.estate_scene import ALL, Scene, in_memory, ledger_of

RUNNING, STANDBY, FAULT, MAINTENANCE, UNKNOWN = OperatingState


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite+pysqlite:///{tmp_path}/desk.db", module=pysqlite3.dbapi2)
    yield engine
    engine.dispose()


@pytest.fixture
def scene(engine: Engine) -> Scene:
    scene = Scene(engine)
    scene.ledger(1)
    return scene


def _something(scene: Scene, second: int, observed: int, flags: int = 0) -> tuple[Event]:
    index = scene.journal.names.equipment_index(EquipmentName("s", "pump", "pump"))
    at, received_at = observed * SECOND, second * SECOND
    return (Event(equipment=index, type="x", observed_at=at, received_at=received_at, flags=flags),)


def test_value_shown_wrong(scene: Scene) -> None:
    """Values are what a person means: words, truths, whole numbers, None for what is missing."""
    scene.say(10, "pump", run=True, mode="auto", starts=7, current=3.5, fault=None)
    scene.follow()
    shown = {name: one.value for name, one in scene.estate.current("pump").items()}
    assert shown == {"run": True, "mode": "auto", "starts": 7, "current": 3.5, "fault": None}
    assert scene.estate.current("nobody") == {}
    assert scene.estate.state("nobody") is None


def test_late_value_replaces_newer(scene: Scene) -> None:
    """The newest observed value of a point is shown; of two at the same time the later record's."""
    scene.say(20, "pump", current=2.0)
    scene.hear(21, 10, "pump", {"current": 1.0})
    scene.hear(22, 20, "pump", {"current": 3.0})
    scene.follow()
    assert scene.estate.current("pump")["current"].value == 3.0


def test_state_without_interval(scene: Scene) -> None:
    """States follow from values, contiguous from the ledger's entry on; the last one is open."""
    scene.say(10, "pump", run=True)
    scene.say(20, "pump", run=True)
    scene.say(30, "pump", run=False)
    scene.say(40, "pump", fault=True)
    assert scene.states("pump") == [(1, UNKNOWN), (10, RUNNING), (30, STANDBY), (40, FAULT)]
    ends = [one.end for one in scene.intervals("pump")]
    assert ends == [10 * SECOND, 30 * SECOND, 40 * SECOND, None]
    assert scene.estate.state("pump") == StateInterval("pump", FAULT, 40 * SECOND)
    part = scene.estate.intervals("pump", 15 * SECOND, 35 * SECOND)
    assert [(one.state, one.end) for one in part] == [
        (RUNNING, 30 * SECOND),
        (STANDBY, 40 * SECOND),
    ]


def test_trips_of_a_lift_fill_the_answer(scene: Scene) -> None:
    """For availability running and standby are one interval, cut where the single ones are cut."""
    for second in range(10, 100, 10):
        scene.say(second, "pump", run=second % 20 == 0, fault=second == 60)
    scene.follow()
    found = scene.estate.since_up(15 * SECOND, 85 * SECOND)["pump"]
    assert [(one.start // SECOND, one.state) for one in found] == [
        (10, RUNNING),
        (60, FAULT),
        (70, RUNNING),
    ]
    single = scene.estate.all_intervals(15 * SECOND, 85 * SECOND)["pump"]
    assert single == list(scene.estate.intervals("pump", 15 * SECOND, 80 * SECOND)) + single[-1:]


def test_failure_from_yesterday_forgotten(scene: Scene) -> None:
    """Whoever asks from the middle of a failure on is given all of it, from the last up state on."""
    scene.say(10, "pump", run=True)
    scene.say(20, "pump", run=False)
    scene.say(30, "pump", run=False, fault=True)
    scene.say(40, "pump", fault=True)
    scene.write(230, Tick())
    scene.say(240, "pump", fault=True)
    scene.say(250, "pump", fault=False)
    scene.follow()
    found = scene.estate.since_up(245 * SECOND, 260 * SECOND)["pump"]
    assert [one.state for one in found] == [RUNNING, FAULT, UNKNOWN, FAULT, RUNNING]
    assert found[-1] == scene.estate.since_up(255 * SECOND, 260 * SECOND)["pump"][0]
    assert scene.estate.since_up(5 * SECOND, 15 * SECOND)["pump"][0].state is UNKNOWN


def test_time_before_the_ledger_fails(scene: Scene) -> None:
    """Asked about a time before an equipment stood in the ledger, there are no intervals."""
    scene.follow()
    assert set(map(tuple, scene.estate.all_intervals(0, SECOND // 2).values())) == {()}


def test_silence_unseen(scene: Scene) -> None:
    """When only the clock goes on, the equipment is unknown since its last sample."""
    scene.say(10, "pump", run=True)
    scene.say(20, "pump", run=True)
    scene.write(199, Tick())
    assert scene.states("pump")[-1] == (10, RUNNING)
    scene.write(201, Tick())
    assert scene.states("pump")[-1] == (20, UNKNOWN)


def test_children_of_silent_known(scene: Scene) -> None:
    """Doors are unknown while their controller is offline, and themselves again when it is back."""
    scene.say(10, "ctl", mains=True)
    scene.say(11, "door", contact="closed")
    scene.say(20, "ctl", mains=True)
    scene.say(30, "ctl", online=False)
    assert scene.states("door") == [(1, UNKNOWN), (11, STANDBY), (20, UNKNOWN)]
    scene.say(50, "ctl", online=True)
    assert scene.states("door") == [(1, UNKNOWN), (11, STANDBY), (20, UNKNOWN), (50, STANDBY)]


def test_children_of_silent_parent_known(scene: Scene) -> None:
    """A parent that says nothing any more takes its children with it, back to its last sample."""
    scene.say(10, "ctl", mains=True)
    scene.say(11, "door", contact="open")
    scene.write(400, Tick())
    assert scene.states("door") == [(1, UNKNOWN)]
    scene.say(410, "ctl", mains=True)
    assert scene.states("door")[-1] == (410, RUNNING)


def test_silence_above_shown_before_the_ledger(scene: Scene) -> None:
    """Silence of who speaks for it, from before it stood in the ledger, leaves its past as it was."""
    scene.say(10, "ctl", mains=True)
    scene.say(20, "door", contact="open")
    scene.ledger(40, ledger_of(("ctl", "door_controller", None)))
    scene.ledger(60)
    scene.write(100_000, Tick())
    scene.follow()
    assert [(one.start // SECOND, one.end and one.end // SECOND, one.state) for one in scene.intervals("door")] == [
        (1, 20, UNKNOWN),
        (20, 40, RUNNING),
        (60, None, UNKNOWN),
    ]  # fmt: skip


def test_busy_step_loses_states(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a state changes within one step, every change is saved."""
    monkeypatch.setattr(projection, "SAMPLES", 1)
    scene = Scene(engine)
    scene.ledger(1)
    for second in range(10, 610):
        scene.say(second, "pump", run=second % 2 == 0)
    scene.follow(limit=1000)
    assert scene.intervals("pump")[0].start == SECOND
    assert len(scene.intervals("pump")) == 601


def test_late_reading_changes_nothing(scene: Scene) -> None:
    """A reading that comes late changes the past that it belongs to, also in the database."""
    for second in (10, 20, 30, 40):
        scene.say(second, "pump", run=True, fault=False)
    assert scene.states("pump") == [(1, UNKNOWN), (10, RUNNING)]
    scene.hear(41, 25, "pump", {"fault": True})
    assert scene.states("pump") == [(1, UNKNOWN), (10, RUNNING), (25, FAULT), (30, RUNNING)]


def test_clock_ahead_makes_gap(scene: Scene) -> None:
    """A device whose clock is a little ahead counts at the time of receipt."""
    scene.hear(10, 100, "pump", {"run": True})
    assert scene.states("pump")[-1] == (10, RUNNING)


def test_event_is_no_life(scene: Scene) -> None:
    """An event is a sign of life; a retained reading is none."""
    scene.say(10, "pump", run=True)
    scene.write(150, _something(scene, 150, 150))
    scene.hear(300, 300, "pump", {"run": True}, Flag.RETAINED)
    scene.write(320, Tick())
    assert scene.states("pump")[-1] == (10, RUNNING)
    scene.write(331, Tick())
    assert scene.states("pump")[-1] == (150, UNKNOWN)


def test_ledger_again_resets(scene: Scene) -> None:
    """The same ledger again changes nothing; equipment that leaves has no state from then on."""
    scene.say(10, "pump", run=True)
    scene.ledger(20)
    assert scene.states("pump") == [(1, UNKNOWN), (10, RUNNING)]
    scene.ledger(30, ledger_of(("ctl", "door_controller", None)))
    scene.follow()
    assert [(one.start // SECOND, one.end) for one in scene.intervals("pump")] == [
        (1, 10 * SECOND),
        (10, 30 * SECOND),
    ]
    assert set(scene.estate.states()) == {"ctl"}
    scene.ledger(40)
    assert scene.states("pump")[-1] == (40, UNKNOWN)


@pytest.mark.parametrize("limit", [1, 2, 3, 500])
def test_what_went_before_a_removal_is_lost(scene: Scene, limit: int) -> None:
    """States before an equipment leaves, or changes its class, stand however records are saved."""
    others = (("ctl", "door_controller", None),)
    scene.say(10, "pump", run=True)
    scene.say(20, "pump", fault=True)
    scene.ledger(40, ledger_of(*others))
    scene.ledger(50)
    scene.say(60, "pump", run=True, fault=False)
    scene.say(70, "pump", fault=True)
    scene.ledger(80, ledger_of(("pump", "camera", None), *others))
    scene.follow(limit)
    assert [(one.start // SECOND, one.end and one.end // SECOND, one.state) for one in scene.intervals("pump")] == [
        (1, 10, UNKNOWN),
        (10, 20, RUNNING),
        (20, 40, FAULT),
        (50, 60, UNKNOWN),
        (60, 70, RUNNING),
        (70, 80, FAULT),
        (80, None, UNKNOWN),
    ]  # fmt: skip


def test_dead_letters_lost(scene: Scene) -> None:
    """Dead letters are listed newest first, page by page, by reason, with a preview."""
    for number, reason in enumerate((RejectReason.NOT_UTF8, RejectReason.BAD_TOPIC)):
        letter = DeadLetter(
            topic=f"t{number}", payload=b"x" * 9000, received_at=5, reason=reason, detail="d"
        )
        scene.write(10, (letter, letter))
    scene.follow()
    first = scene.estate.dead_letters(3)
    assert [one.topic for one in first.letters] == ["t1", "t1", "t0"]
    scene.write(11, (replace(letter, topic="new"),))
    scene.follow()
    second = scene.estate.dead_letters(3, cursor=first.cursor)
    assert ([one.topic for one in second.letters], second.cursor) == (["t0"], None)
    assert scene.estate.dead_letters(5).cursor is None
    for bad in ("", "x", "1", "1-2-3", "9" * 30 + "-1"):
        with pytest.raises(ValueError, match="no cursor"):
            scene.estate.dead_letters(3, cursor=bad)
    (_, one, _) = scene.estate.dead_letters(9, reason="bad_topic").letters
    assert (one.reason, len(one.payload)) == (RejectReason.BAD_TOPIC, 512)


def test_states_are_kept_for_ever_or_too_short(scene: Scene) -> None:
    """After three years a state that ended goes; the one that held then, and all later, stay."""
    scene.ledger(1)
    for second, running in ((10, True), (20, False), (30, True)):
        scene.say(second, "pump", run=running)
    scene.follow()
    known = scene.intervals("pump")
    assert len(known) > 3
    years = STATES_KEPT // SECOND
    scene.write(years + 20, Tick())
    scene.follow()
    kept = scene.intervals("pump")
    assert [one.start for one in kept[:2]] == [20 * SECOND, 30 * SECOND]


def test_tally_forgotten(scene: Scene) -> None:
    """The gateway's counts are summed, and a restart does not lose or double them."""
    scene.write(10, Tally(received=5, journaled=3, duplicate=2))
    scene.follow()
    scene.start()
    scene.write(11, Tally(received=1, shed=1))
    scene.follow()
    assert scene.estate.tally() == Tally(received=6, journaled=3, duplicate=2, shed=1)


async def test_run_stops_at_end(scene: Scene) -> None:
    """The projection follows the journal while it grows."""
    task = asyncio.create_task(scene.estate.run(scene.reader, idle_s=0.005))
    for second in (10, 20):
        scene.say(second, "pump", run=second == 10)
        async with asyncio.timeout(120):
            while scene.estate.position < len(scene.journal.records):  # noqa: ASYNC110 – the projection has no event to wait for
                await asyncio.sleep(0.005)
    task.cancel()
    assert scene.estate.state("pump") == StateInterval("pump", STANDBY, 20 * SECOND)


SAID = st.tuples(
    st.integers(1, 200),
    st.sampled_from(
        [
            ("pump", {"run": True}),
            ("pump", {"run": False}),
            ("pump", {"fault": True}),
            ("pump", {"fault": False, "online": True}),
            ("ctl", {"mains": True}),
            ("ctl", {"online": False}),
            ("ctl", {"online": True}),
            ("door", {"contact": "open"}),
            ("door", {"contact": "closed"}),
            (None, {}),
        ]
    ),
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(st.lists(SAID, max_size=25), st.sets(st.integers(0, 25)), st.integers(1, 7))
def test_kill_loses_or_doubles(
    story: list[tuple[int, tuple[str | None, dict[str, Scalar]]]], kills: set[int], size: int
) -> None:
    """Killed before or after any commit, the desk ends up with the intervals of an undisturbed one."""
    whole, broken = Scene(in_memory()), Scene(in_memory())
    for scene in (whole, broken):
        now = 1
        scene.ledger(now)
        for wait, (equipment, values) in story:
            now += wait
            if equipment is None:
                scene.write(now, Tick())
            else:
                scene.hear(now, now, equipment, values)
    whole.follow()
    step = 0
    while records := broken.reader.read(broken.estate.position, limit=size):
        step += 1
        broken.estate.apply(records, broken.reader.names)
        if step in kills:
            kills.remove(step)
            broken.start()
            continue
        broken.estate.save()
        if -step in kills or step % 3 == 0:
            broken.start()
    for equipment in ALL.equipment:
        assert whole.intervals(equipment) == broken.intervals(equipment)
        assert whole.estate.state(equipment) == broken.estate.state(equipment)
        assert whole.estate.current(equipment) == broken.estate.current(equipment)


@settings(deadline=None)
@given(st.lists(SAID, max_size=25), st.integers(1, 9))
def test_memory_and_database_disagree(
    story: list[tuple[int, tuple[str | None, dict[str, Scalar]]]], size: int
) -> None:
    """After each commit the open interval in the database is the state that is shown."""
    scene, now = Scene(in_memory()), 1
    scene.ledger(now)
    for wait, (equipment, values) in story:
        now += wait
        if equipment is None:
            scene.write(now, Tick())
        else:
            scene.hear(now, now - wait // 2, equipment, values)
    while records := scene.reader.read(scene.estate.position, limit=size):
        scene.estate.apply(records, scene.reader.names)
        scene.estate.save()
        for one, shown in scene.estate.states().items():
            assert scene.intervals(one)[-1] == shown


@settings(deadline=None)
@given(st.lists(st.tuples(SAID, st.sampled_from([0, 0, 0, 40, 400]), st.sampled_from([0, 0, 0, 16])), max_size=25))  # fmt: skip
def test_many_at_once_say_something_else(
    story: list[tuple[tuple[int, tuple[str | None, dict[str, Scalar]]], int, int]],
) -> None:
    """Late, replayed or in order: records taken all at once give what one at a time gives."""
    single, whole = Scene(in_memory()), Scene(in_memory())
    for scene in (single, whole):
        now = 1
        scene.ledger(now)
        for (wait, (equipment, values)), late, flags in story:
            now += wait
            if equipment is None:
                scene.write(now, _something(scene, now, now - late, flags))
                scene.write(now, Tick())
                continue
            scene.hear(now, now - late, equipment, values, flags)
    single.follow(1)
    whole.follow()
    for equipment in ALL.equipment:
        assert whole.intervals(equipment) == single.intervals(equipment)
        assert whole.estate.current(equipment) == single.estate.current(equipment)
    assert whole.estate.states() == single.estate.states()
