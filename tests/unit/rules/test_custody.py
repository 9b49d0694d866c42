"""A record that kills core (F14): three deaths, then it is parked, and its neighbours are judged."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.record import Body, RulesChange
from rules.custody import Custody, HandFile, InHand
from rules.engine.step import begin
from rules.parking import MEMORY, Parked, ParkingLot, Stage
from rules.portion import as_said, portions, without
from tests.fakes import rule_victim
from tests.fakes.rule_scene import CLASSES, Scene, equipment
from tests.fakes.rule_victim import CLUTTERED, DEADLY, FileSink

MOST_STARTS = 8

_BIRTHS = multiprocessing.get_context("forkserver")
_BIRTHS.set_forkserver_preload([rule_victim.__name__])


class Life:
    """Processes over one folder, one after the other, until one reaches the journal's end."""

    def __init__(self, folder: Path, scene: Scene) -> None:
        self.folder = folder
        self.deaths = 0
        (folder / "journal").write_bytes(msgspec.msgpack.encode(scene.records))

    def live(self, manner: str) -> None:
        for _ in range(MOST_STARTS):
            one = _BIRTHS.Process(target=rule_victim.live, args=(self.folder, manner))
            one.start()
            one.join(60)
            if one.exitcode == 0:
                return
            self.deaths += 1
        raise AssertionError(f"it died {self.deaths} times and would for ever")

    @property
    def told(self) -> list[str]:
        return FileSink(self.folder / "told").told()

    @property
    def parked(self) -> list[Parked]:
        return list(ParkingLot(self.folder / "parked").all())


def estate() -> Scene:
    return Scene([equipment("panel", "fire_panel"), equipment("other", "fire_panel")])


def test_what_another_journal_left_in_hand_or_parked_costs_an_event(tmp_path: Path) -> None:
    """What was noted of positions beyond the journal's end neither blames nor passes over what comes."""
    note, lot = HandFile(tmp_path / "in-hand"), ParkingLot(tmp_path / "parked")
    note.write(InHand(first=7, last=9, deaths=2))
    for position in (3, 8):
        lot.put(Parked(position=position, number=0, kind="events", deaths=3, reason="", at=1))
    keeper = Custody(note, lot, CLASSES)
    keeper.forget_after(9)
    assert [one.position for one in lot.all()] == [3, 8]
    keeper.forget_after(5)
    assert [one.position for one in lot.all()] == [3]
    assert (keeper.at_most(0, 200), note.read()) == (200, None)


@pytest.mark.parametrize(("stage", "judged"), [(Stage.TOLD, False), (Stage.AGAIN, True)])
def test_rules_that_killed_are_announced_again(tmp_path: Path, stage: Stage, judged: bool) -> None:
    """Each start announces the rules in force: what is parked is passed over in every copy of it."""
    scene, lot = estate(), ParkingLot(tmp_path / "parked")
    note = HandFile(tmp_path / "in-hand")
    deadly = scene.records[-1]
    assert isinstance(deadly.body(), RulesChange)
    note.write(InHand(first=deadly.position, last=deadly.position, deaths=2))
    state = begin(CLASSES)
    list(Custody(note, lot, CLASSES).bodies(deadly, deadly.body(), state))
    (parked,) = lot.all()
    lot.move(parked, stage)
    copy = replace(deadly, position=9)
    (body,) = Custody(note, lot, CLASSES).bodies(copy, copy.body(), state)
    assert isinstance(body, RulesChange) is judged


def fires_around(scene: Scene, *types: str) -> None:
    """Let fires be told before, in the same record as, and after events of these types."""
    scene.event("panel", "fire", "1-001")
    before = scene.records.pop()
    events = [*_events(before.body())]
    for type_ in (*types, "fire"):
        scene.event("other", type_, "1-002")
        events += _events(scene.records.pop().body())
    scene.write(tuple(events))
    scene.wait(3)
    scene.event("panel", "fire", "1-003")
    scene.wait(3)


def _events(body: Body) -> list[Event]:
    assert isinstance(body, tuple)
    return [one for one in body if isinstance(one, Event)]


@pytest.mark.parametrize("manner", ["raises", "aborts"])
def test_a_record_kills_core_for_ever(tmp_path: Path, manner: str) -> None:
    """After three deaths one event is parked with its reason; each fire beside it is told once."""
    scene, sound = estate(), estate()
    fires_around(scene, DEADLY)
    fires_around(sound)
    life = Life(tmp_path, scene)
    life.live(manner)
    (parked,) = life.parked
    assert (life.deaths, parked.deaths) == (3, 3)
    assert (parked.equipment, parked.what, parked.life_safety) == ("other", DEADLY, True)
    assert parked.reason == (
        "ZeroDivisionError: a defect of ours"
        if manner == "raises"
        else "it died or hung without a word"
    )
    assert sorted(life.told) == sorted(sound.told())


def test_two_deadly_events_of_one_record(tmp_path: Path) -> None:
    """Each costs its own deaths, and a later start without a checkpoint dies of neither again."""
    scene = estate()
    fires_around(scene, DEADLY, DEADLY)
    life = Life(tmp_path, scene)
    life.live("raises")
    assert [one.key for one in life.parked] == ["4-1", "4-2"]
    before = life.deaths
    (tmp_path / "rules.checkpoint").unlink(missing_ok=True)
    life.live("raises")
    assert life.deaths == before


def test_what_is_remembered_kills_at_every_record(tmp_path: Path) -> None:
    """Not the record in hand is to blame: the rules begin anew there, and know their equipment."""
    scene = estate()
    scene.event("panel", CLUTTERED)
    scene.wait(2)
    scene.event("panel", "fire", "1-009")
    scene.wait(2)
    life = Life(tmp_path, scene)
    life.live("raises")
    (parked,) = life.parked
    assert parked.number == MEMORY
    assert any("1-009" in line for line in life.told)
    assert life.deaths <= 6


def test_a_failing_disk_is_blamed_on_a_record(tmp_path: Path) -> None:
    """A failure of the world outside parks nothing, however often it happens."""
    scene = estate()
    fires_around(scene, DEADLY)
    life = Life(tmp_path, scene)
    with pytest.raises(AssertionError, match="for ever"):
        life.live("fails")
    assert life.parked == []


def test_portions_are_more_or_less_than_the_record() -> None:
    """The portions of a record are its items, each once; without some, the others are left."""
    scene = Scene([equipment("pump", "pump"), equipment("panel", "fire_panel")])
    readings = scene.batch(
        [("pump", 5, {"run": True, "mode": "auto"}), ("panel", 6, {"mode": "manual"})]
    )
    parts = dict(portions(readings))
    assert [len(one) for one in parts.values() if isinstance(one, ReadingBatch)] == [2, 1]
    left = without(readings, [next(iter(parts))])
    assert left is not None
    assert as_said(left, scene.names)["points"] == {"mode": "manual"}
    assert without(readings, parts) is None
