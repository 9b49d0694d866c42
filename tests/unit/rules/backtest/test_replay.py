"""A back-test is the live run again: the same verdicts, from the same records, in the same order."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import DAY, HOUR, MINUTE, Micros
from gengfu.core.errors import BadInput
from gengfu.core.record import Draft, RecordKind
from ingest.journal.reader import FolderReader
from ingest.journal.sqlite import Roll, SqliteJournal
from rules.backtest.document import decode, document, encode
from rules.backtest.known import KnownAlert, hindsight
from rules.backtest.replay import Lack, Replay, Replayed
from rules.engine.verdict import Verdict
from rules.language.selection import only
from rules.linkage.run import Run
from rules.packs import shipped
from rules.runner import Runner
from tests.fakes.manual_clock import ManualClock
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment
from tests.unit.rules.backtest.archive import ListArchive

ESTATE = [
    equipment("lift", "elevator"),
    equipment("pump", "pump", role="supply"),
    equipment("panel", "fire_panel"),
    equipment("ctl", "door_controller"),
    equipment("door", "door", parent="ctl", exit_request_wired=True),
]
PACKS = {
    name: text
    for name, text in shipped().items()
    if name in {"elevator.yaml", "pump.yaml", "fire_panel.yaml", "controller.yaml", "door.yaml"}
}
"""Those that speak of the estate: every replay reads them anew, and the others would say nothing."""
END = START + 400 * DAY


class Sink:
    """Keeps what the live rules said."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    def apply(self, verdicts: Sequence[Verdict], *, position: int, at: Micros) -> None:
        self.verdicts.extend(verdicts)

    def applied_position(self) -> int:
        return 0

    def keep(self, runs: Sequence[Run]) -> None:
        assert not runs


def keep(scene: Scene, folder: Path, roll: Roll) -> None:
    """Write a scene as core does: into segments, names by the journal itself."""
    with closing(SqliteJournal(folder, roll=roll)) as journal:
        for name in scene.names.equipment:
            journal.names.equipment_index(name)
        for point in scene.names.points:
            journal.names.point_index(point)
        for record in scene.records:
            if record.kind is not RecordKind.NAMES:
                one = Draft(partition=record.partition, kind=record.kind, payload=record.payload)
                journal.append([one], at=record.written_at)


def live(folder: Path) -> list[Verdict]:
    """Judge a journal as core does, a few records at a time."""
    sink = Sink()
    with closing(FolderReader(folder)) as reader:
        runner = Runner(reader, sink, sink, folder / "checkpoint", CLASSES, ManualClock())
        while runner.advance(7):
            pass
    return sink.verdicts


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 200)),
        st.tuples(st.just("gap"), st.integers(20, 4000)),
        st.tuples(st.just("door"), st.sampled_from(["open", "closed", None]), st.integers(0, 400)),
        st.tuples(st.just("lift"), st.booleans(), st.integers(0, 400)),
        st.tuples(st.just("pump"), st.floats(0, 120), st.integers(0, 400)),
        st.tuples(st.just("online"), st.sampled_from(["lift", "ctl", "pump"]), st.booleans()),
        st.tuples(st.just("fire"), st.sampled_from(["1-001", "1-002"]), st.integers(0, 4000)),
        st.tuples(st.just("denied"), st.integers(0, 400)),
        st.tuples(st.just("reset"),),
        st.tuples(st.just("rules"), st.sampled_from([("pump.yaml",), ("pump.yaml", "door.yaml")])),
        st.tuples(st.just("all rules"),),
    ),
    max_size=40,
)  # fmt: skip


def opens(scene: Scene, contact: str | None, ago: int) -> None:
    """Say it twice: the broker delivers at least once."""
    scene.says("door", contact=contact, ago=ago)
    scene.says("door", contact=contact, ago=ago)


def stops(scene: Scene, zone: bool, ago: int) -> None:
    scene.says("lift", mode="normal", speed=0.0, door_zone=zone, mains=True, ago=ago)


TELL: dict[str, Callable[..., None]] = {
    "wait": Scene.wait,
    "gap": Scene.tick,
    "door": opens,
    "lift": stops,
    "pump": lambda scene, hot, ago: scene.says("pump", bearing_temp=hot, run=True, ago=ago),
    "online": lambda scene, who, online: scene.says(who, online=online),
    "fire": lambda scene, part, ago: scene.event("panel", "fire", part, ago=ago, signal="smoke"),
    "denied": lambda scene, ago: scene.event("door", "denied", ago=ago, card="1"),
    "reset": lambda scene: scene.act("panel", "reset"),
    "rules": lambda scene, names: scene.use_rules({name: PACKS[name] for name in names}),
    "all rules": lambda scene: scene.use_rules(PACKS),
}


def story(steps: Sequence[tuple[object, ...]]) -> Scene:
    """Tell late, repeated, out-of-order, missing and offline data, and edits of rules."""
    scene = Scene(ESTATE, PACKS)
    for name, *given_ in steps:
        TELL[str(name)](scene, *given_)
        scene.tick()
    return scene


@settings(deadline=None, max_examples=15)
@given(STEPS, st.sampled_from([Roll(), Roll(positions=30), Roll(positions=100)]))
def test_live_and_backtest_say_the_same(steps: list[tuple[object, ...]], roll: Roll) -> None:
    """Verdict for verdict: positions, times, texts and values, over segments open and sealed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        keep(story(steps), folder, roll)
        heard: list[Verdict] = []
        with closing(FolderReader(folder)) as archive:
            Replay(archive, CLASSES, start=START, end=END, hear=heard.extend).run()
        assert heard == live(folder)


@settings(deadline=None, max_examples=15)
@given(
    STEPS, st.sampled_from(["door.forced", "pump.bearing_hot", "door.probing", "controller.lost"])
)
def test_a_rule_alone_says_what_it_says_among_others(
    steps: list[tuple[object, ...]], rule: str
) -> None:
    """The live version of a draft is run alone, and says what it said beside the whole pack."""
    steps = [step for step in steps if step[0] not in {"rules", "all rules"}]
    archive = ListArchive(story(steps).records)
    whole = Replay(archive, CLASSES, start=START, end=END).run()
    alone = Replay(archive, CLASSES, start=START, end=END, draft=only(PACKS, {rule})).run()
    wanted = [one for one in whole.found if one.rule == rule]
    assert list(alone.found) == wanted
    assert list(alone.live or ()) == wanted


def hot_day() -> Scene:
    """A bearing at 96 °C for 5 min every hour, at 91 °C for 30 min at noon."""
    scene = Scene([equipment("pump", "pump", role="supply")])
    for hour in range(6):
        for minute in range(60):
            hot = 96.0 if minute < 5 else 91.0 if hour == 3 and 20 <= minute < 50 else 70.0
            scene.says("pump", bearing_temp=hot)
            scene.tick(60)
    return scene


def lower(limit: str, hold: str = "60s") -> dict[str, str]:
    text = only(shipped(), {"pump.bearing_hot"})["pump.yaml"]
    return {
        "draft.yaml": text.replace("bearing_temp > 95", f"bearing_temp > {limit}")
        .replace("hold: 60s", f"hold: {hold}")
        .replace("bearing_temp < 88", "bearing_temp < 85")
    }


def tried(draft: dict[str, str] | None, start: Micros = START, end: Micros = END) -> Replayed:
    archive = ListArchive(hot_day().records)
    return Replay(archive, CLASSES, start=start, end=end, draft=draft).run()


def marks(result: Replayed) -> list[str]:
    return [one.compared for one in document(result, None, 0.0).alerts]


def test_a_draft_is_put_beside_its_live_version() -> None:
    """A lower limit finds one more, a longer hold loses all: only new, only live, both."""
    assert marks(tried(lower("90"))) == ["both"] * 4 + ["only_new"] + ["both"] * 2
    assert marks(tried(lower("95", hold="10m"))) == ["only_live"] * 6
    assert marks(tried(lower("90", hold="10m"))) == ["only_new"] + ["only_live"] * 6


@pytest.mark.parametrize("hold", ["3m", "2m"])
def test_a_draft_is_judged_without_what_explains_it(hold: str) -> None:
    """Who is lost because his feeder is dead is no alarm of a draft, nor of its live version."""
    feeder = replace(equipment("main", "power_distribution"), feeds=("fed",))
    scene = Scene([feeder, *(equipment(id_, "door_controller") for id_ in ("fed", "other"))])
    scene.says("main", {"breaker": "closed", "energised": True})
    scene.says("main", {"breaker": "closed", "energised": False})
    scene.wait(12)
    for one in ("fed", "other"):
        scene.says(one, online=False)
    for _ in range(4):
        scene.says("main", {"breaker": "closed", "energised": False})
        scene.wait(100)
    draft = only(shipped(), {"controller.lost"})["controller.yaml"].replace(
        "hold: 3m", f"hold: {hold}"
    )
    found = Replay(
        ListArchive(scene.records), CLASSES, start=START, end=END, draft={"controller.yaml": draft}
    ).run()
    alerts = document(found, None, 0.0).alerts
    assert [(one.equipment, one.compared) for one in alerts] == [("other", "both")]


def test_a_new_rule_lacks_its_live_version() -> None:
    """Of a rule that never ran live nothing is missing: all that it finds is new."""
    new = {"draft.yaml": lower("90")["draft.yaml"].replace("pack: pump", "pack: own")}
    result = tried(new)
    assert [one.lack for one in result.missing if one.lack is Lack.LIVE_RULES] == []
    assert set(marks(result)) == {"only_new"}


def test_only_the_period_counts_and_what_was_before_is_known() -> None:
    """Windows and values of the time before are there; alerts that opened before are not."""
    result = tried(None, start=START + HOUR + 30 * MINUTE, end=START + 3 * HOUR)
    assert [one.opened - START for one in result.found] == [2 * HOUR + MINUTE]
    assert result.found[0].cleared == START + 2 * HOUR + 7 * MINUTE


def test_an_archive_that_does_not_reach_back_says_so() -> None:
    """Begin, lead, ledger and rules that are not there are told, not passed over."""

    def lacks(start: Micros, drop: int = 0, end: Micros = END) -> list[Lack]:
        records = hot_day().records[drop:]
        archive = ListArchive([replace(one) for one in records])
        missing = Replay(archive, CLASSES, start=start, end=end).run().missing
        return [one.lack for one in missing if one.lack is not Lack.MEMORY]

    assert lacks(START - DAY) == [Lack.BEGINNING]
    assert tried(None, start=START - DAY).covered_from == START
    assert tried(None, start=START + HOUR).covered_from == START + HOUR
    assert lacks(START + 2 * HOUR) == [Lack.LEAD]
    assert lacks(START + 2 * HOUR, end=START + 2 * HOUR + 1) == [Lack.LEAD]
    assert lacks(START + 2 * HOUR, drop=3) == [Lack.LEAD, Lack.LEDGER, Lack.LIVE_RULES]
    assert lacks(START - 9 * DAY, end=START - 8 * DAY)[0] is Lack.NOTHING


def test_rules_that_learn_for_weeks_are_named() -> None:
    """A day before the period is read; a rule that remembers more was not seen as it would be."""
    scene = hot_day()
    scene.use_rules(shipped())
    missing = Replay(ListArchive(scene.records), CLASSES, start=START, end=END).run().missing
    (named,) = [one.rules for one in missing if one.lack is Lack.MEMORY]
    assert named == ("pump.bearing_wears", "pump.vibration_grows")
    alone = only(shipped(), {"pump.bearing_wears"})
    again = Replay(ListArchive(scene.records), CLASSES, start=START, end=END, draft=alone).run()
    assert not any(one.lack is Lack.MEMORY for one in again.missing)


def test_damage_within_the_archive_is_counted() -> None:
    """Records that are gone are told with their number."""
    records = hot_day().records
    archive = ListArchive([*records[:50], *records[60:]])
    missing = Replay(archive, CLASSES, start=START, end=END).run().missing
    assert [(one.lack, one.records) for one in missing if one.records] == [(Lack.RECORDS, 10)]


def test_a_draft_with_mistakes_is_refused_whole() -> None:
    """All its mistakes are told before a record is read."""
    with pytest.raises(BadInput, match="bearing_tmp"):
        tried(lower("bearing_tmp"))


def test_known_false_alarms_are_avoided_or_kept_and_missed_real_ones_are_told() -> None:
    """An alert with a verdict is looked for among what the draft finds."""
    every = tried(None).found
    known = [
        KnownAlert(
            id=f"{number}",
            rule=one.rule,
            subject=one.subject,
            opened=one.opened,
            cleared=one.cleared,
            is_false=number % 2 == 0,
        )
        for number, one in enumerate(every)
    ]
    kept, missed = hindsight(known, every), hindsight(known, ())
    assert (kept.false_kept, kept.real_kept) == (("0", "2", "4"), ("1", "3", "5"))
    assert (missed.false_avoided, missed.real_missed) == (("0", "2", "4"), ("1", "3", "5"))


def test_the_result_is_the_same_after_its_way_as_json() -> None:
    """What a script reads is what was found."""
    result = document(tried(lower("90")), None, 1.5)
    assert decode(encode(result)) == result
    assert result.alerts[0].values["bearing_temp"] == 96.0
    assert result.alerts[0].opened_at.endswith("Z")


def test_progress_is_told_up_to_the_end() -> None:
    """Someone who waits sees how far it is."""
    told: list[tuple[int, int]] = []
    archive = ListArchive([*hot_day().records])
    Replay(archive, CLASSES, start=START, end=END).run(lambda done, of: told.append((done, of)))
    assert told
    assert all(0 < done <= of == archive.last_position() for done, of in told)


def test_a_draft_reads_as_far_back_as_it_remembers() -> None:
    """What a rule over three days says in the period is what it would have said live."""
    scene = Scene(ESTATE)
    for hour in range(5 * 24):
        if hour % 24 == 0:
            scene.use(*ESTATE)  # the journal says it again every day
        scene.says("pump", bearing_temp=70.0 if hour < 110 else 85.0, run=True)
        scene.tick(3600)
    text = only(shipped(), {"pump.bearing_hot"})["pump.yaml"]
    draft = text.replace("bearing_temp > 95", "bearing_temp > 80 and avg(bearing_temp, 3d) > 60")
    result = Replay(
        ListArchive(scene.records),
        CLASSES,
        start=START + 4 * DAY,
        end=START + 5 * DAY,
        draft={"draft.yaml": draft.replace("bearing_temp < 88", "bearing_temp < 75")},
    ).run()
    assert [one.since for one in result.found] == [START + 110 * HOUR]
    assert result.missing == ()
