"""The estate projection: values, states and intervals from journal records, over any restart."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from dashboards.estate import Estate
from dashboards.estate.projection import STATES_KEPT
from gengfu.core.batch import BatchBuilder, Event, Flag
from gengfu.core.clock import SECOND
from gengfu.core.names import EquipmentName, PointName
from gengfu.core.naming import Bilingual, Scalar
from gengfu.core.partition import EVERY_PARTITION, partition_of
from gengfu.core.record import Body, DeadLetter, LedgerChange, RejectReason, Tally, Tick, draft
from gengfu.core.states import OperatingState, StateInterval
from gengfu.ledger import snapshot
from gengfu.ledger.classes import load_classes
from gengfu.ledger.model import Equipment, Place, PlaceKind, Site, SiteLedger
from tests.fakes.journal import FakeJournal

CLASSES = load_classes()
RUNNING, STANDBY, FAULT, MAINTENANCE, UNKNOWN = OperatingState
FOREVER = 10**9 * SECOND


def _name(text: str) -> Bilingual:
    return Bilingual(zh=text, en=text)


def _ledger(*equipment: tuple[str, str, str | None]) -> SiteLedger:
    return SiteLedger(
        site=Site(id="s", name=_name("s")),
        places={"b1": Place(id="b1", kind=PlaceKind.BUILDING, name=_name("1"))},
        equipment={
            id_: Equipment(id=id_, equipment_class=kind, name=_name(id_), place="b1", parent=parent)
            for id_, kind, parent in equipment
        },
    )


ALL = _ledger(("pump", "pump", None), ("ctl", "door_controller", None), ("door", "door", "ctl"))


class Scene:
    """A journal to write to, and an estate on a database that follows it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.journal = FakeJournal()
        self.start()

    def start(self) -> None:
        """Start the desk, as after a kill: only the database is left of the one before."""
        self.estate = Estate(self.engine, CLASSES)
        self.estate.prepare()
        self.reader = self.journal.reader()
        self.reader.read(0, limit=self.estate.position)

    def write(self, second: int, *bodies: Body) -> None:
        partition = EVERY_PARTITION if isinstance(bodies[0], Tick) else partition_of("s")
        self.journal.append([draft(body, partition) for body in bodies], at=second * SECOND)

    def ledger(self, second: int, ledger: SiteLedger = ALL) -> None:
        self.write(second, LedgerChange("s", snapshot.encode(ledger)))

    def say(self, second: int, equipment: str, **values: Scalar) -> None:
        self.hear(second, second, equipment, values)

    def hear(
        self,
        second: int,
        observed: int,
        equipment: str,
        values: Mapping[str, Scalar],
        flags: int = 0,
    ) -> None:
        batch, names = BatchBuilder(), self.journal.names
        kind = CLASSES[ALL.equipment[equipment].equipment_class]
        index = names.equipment_index(EquipmentName("s", equipment, kind.name))
        for name, value in values.items():
            point = kind.points[name]
            words = tuple(point.words)
            number = words.index(value) if isinstance(value, str) else value
            batch.add(
                index,
                names.point_index(PointName(kind.name, name, point.kind, words)),
                observed * SECOND,
                second * SECOND,
                float("nan") if number is None else float(number),
                flags,
            )
        self.write(second, batch.build())

    def follow(self, limit: int = 500) -> None:
        while records := self.reader.read(self.estate.position, limit=limit):
            self.estate.apply(records, self.reader.names)
            self.estate.save()

    def states(self, equipment: str) -> list[tuple[int, OperatingState]]:
        self.follow()
        return [(one.start // SECOND, one.state) for one in self.intervals(equipment)]

    def intervals(self, equipment: str) -> Sequence[StateInterval]:
        return self.estate.intervals(equipment, 0, FOREVER)


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
    found = scene.estate.all_intervals(15 * SECOND, 85 * SECOND, up_as_one=True)["pump"]
    assert [(one.start // SECOND, one.state) for one in found] == [
        (10, RUNNING),
        (60, FAULT),
        (70, RUNNING),
    ]
    single = scene.estate.all_intervals(15 * SECOND, 85 * SECOND)["pump"]
    assert single == list(scene.estate.intervals("pump", 15 * SECOND, 80 * SECOND)) + single[-1:]


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
    index = scene.journal.names.equipment_index(EquipmentName("s", "pump", "pump"))
    event = Event(equipment=index, type="x", observed_at=150 * SECOND, received_at=150 * SECOND)
    scene.write(150, (event,))
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
    scene.ledger(30, _ledger(("ctl", "door_controller", None)))
    scene.follow()
    assert [(one.start // SECOND, one.end) for one in scene.intervals("pump")] == [
        (1, 10 * SECOND),
        (10, 30 * SECOND),
    ]
    assert set(scene.estate.states()) == {"ctl"}
    scene.ledger(40)
    assert scene.states("pump")[-1] == (40, UNKNOWN)


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
        async with asyncio.timeout(20):
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
    whole, broken = Scene(_in_memory()), Scene(_in_memory())
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


def _in_memory() -> Engine:
    return create_engine("sqlite+pysqlite://", module=pysqlite3.dbapi2, poolclass=StaticPool)


@settings(deadline=None)
@given(st.lists(SAID, max_size=25), st.integers(1, 9))
def test_memory_and_database_disagree(
    story: list[tuple[int, tuple[str | None, dict[str, Scalar]]]], size: int
) -> None:
    """After each commit the open interval in the database is the state that is shown."""
    scene, now = Scene(_in_memory()), 1
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
