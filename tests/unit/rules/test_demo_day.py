"""The shipped packs on the demo estate's first thirteen hours: what was put in is found, and nothing else."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

import simulators
from gengfu.core.batch import BatchBuilder, Event
from gengfu.core.clock import HOUR, SECOND, Micros, from_iso
from gengfu.core.names import EquipmentName, Names, PointKind, PointName
from gengfu.core.naming import Scalar
from gengfu.core.record import Body, LedgerChange, NewNames, RulesChange, Tick
from gengfu.ledger import snapshot
from gengfu.ledger.csv_import import read_folder
from gengfu.ledger.model import PointDef, SiteLedger
from rules.engine import begin, step
from rules.packs import shipped
from rules.verdict import Turn, Verdict
from simulators.estate import estate_of
from simulators.report import Message
from simulators.scenario import Scenario, find_scenario, read_scenario
from simulators.timeline import changes
from tests.fakes.rule_scene import CLASSES

START = from_iso("2026-11-20T16:00:00Z")
HOURS = 13.0
DEMO = Path(simulators.__file__).parent / "demo"


class Wire:
    """Turns what devices send into the journal's bodies, as the gateway does."""

    def __init__(self, ledger: SiteLedger) -> None:
        self.ledger = ledger
        self.names = Names()
        self.points: Mapping[tuple[str, str], tuple[int, PointDef]] = {
            (one.name, point.name): (
                self.names.point_index(
                    PointName(one.name, point.name, point.kind, tuple(point.words))
                ),
                point,
            )
            for one in CLASSES.values()
            for point in one.points.values()
        }
        for id_ in ledger.equipment:
            self.index(id_)

    def index(self, id_: str) -> int:
        class_ = self.ledger.equipment[id_].equipment_class
        return self.names.equipment_index(EquipmentName(self.ledger.site.id, id_, class_))

    def bodies(self, messages: list[Message], now: Micros) -> Iterator[Body]:
        rows = BatchBuilder()
        for one in messages:
            class_ = self.ledger.equipment[one.equipment].equipment_class
            points = one.points if one.online is None else {"online": one.online}
            for name, value in points.items():
                index, point = self.points[class_, name]
                figure = self.figure(rows, point, value)
                rows.add(self.index(one.equipment), index, one.at, now, figure)
        if len(rows):
            yield rows.build()
        events = tuple(
            Event(
                equipment=self.index(one.equipment),
                type=one.happening.type,
                part=one.happening.part,
                observed_at=one.at,
                received_at=now,
                attributes=one.happening.attributes,
            )
            for one in messages
            if one.happening is not None
        )
        if events:
            yield events

    @staticmethod
    def figure(rows: BatchBuilder, point: PointDef, value: Scalar) -> float:
        if value is None:
            return float(np.nan)
        if point.kind is PointKind.ENUM:
            return float(tuple(point.words).index(str(value)))
        return rows.text(value) if isinstance(value, str) else float(value)


def played() -> tuple[Scenario, list[Verdict]]:
    (ledger,) = read_folder(DEMO, CLASSES)
    scenario = read_scenario(find_scenario("demo_day"), [ledger])
    script = changes(scenario, start=START, calm_from=START + 24 * HOUR, seed=1)
    estate = estate_of(ledger, CLASSES, start=START, seed=1, changes=script)
    wire, state, found, position = Wire(ledger), begin(CLASSES), list[Verdict](), 0

    def take(body: Body, now: Micros) -> None:
        nonlocal state, position
        position += 1
        state, verdicts = step(state, body, position=position, now=now)
        found.extend(verdicts)

    names = wire.names
    take(NewNames((0, 0), tuple(names.equipment), tuple(names.points)), START)
    take(LedgerChange(ledger.site.id, snapshot.encode(ledger)), START)
    take(RulesChange(shipped()), START)
    for second in range(1, round(HOURS * 3600)):
        now = START + second * SECOND
        for body in wire.bodies(list(estate.advance(now)), now):
            take(body, now)
        take(Tick(), now)
    return scenario, found


@pytest.fixture(scope="module")
def day() -> tuple[Scenario, list[Verdict]]:
    return played()


def test_every_fault_that_was_put_in_is_found_in_time(
    day: tuple[Scenario, list[Verdict]],
) -> None:
    """Each expectation of the scenario's script is met within its time."""
    scenario, found = day
    expected = [
        (wanted.rule, one.injection.equipment, one.begins, one.begins + wanted.within)
        for one in scenario.steps
        for wanted in one.expects
        if one.begins + wanted.within < HOURS * HOUR
    ]
    assert len(expected) >= 10
    for rule, equipment, begins, latest in expected:
        times = [
            one.at - START
            for one in found
            if (one.rule, one.subject.equipment, one.turn) == (rule, equipment, Turn.ON)
        ]
        assert any(begins <= at <= latest for at in times), (rule, equipment, times)


def test_nothing_is_told_of_equipment_that_is_well(day: tuple[Scenario, list[Verdict]]) -> None:
    """In hours of ordinary traffic, water and doors no rule cries over what was left alone."""
    scenario, found = day
    touched = {one.injection.equipment for one in scenario.steps}
    assert {
        (one.rule, str(one.subject)) for one in found if one.subject.equipment not in touched
    } == set()
    assert sum(one.turn is Turn.ON for one in found) <= 2 * len(touched)
