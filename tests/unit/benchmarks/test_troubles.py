"""The table of an ordinary year can be played, and is played at the rates that it gives."""

from collections import Counter
from pathlib import Path
from random import Random

from benchmarks.troubles import cast, read_troubles
from gengfu.core.clock import DAY, from_iso
from gengfu.ledger.classes import load_classes
from gengfu.ledger.csv_import import read_folder
from rules.language.reader import read_rules
from rules.packs import shipped
from simulators.estate.catalogue import PLAYERS, faults_of

CLASSES = load_classes()
(DEMO,) = read_folder(Path(__file__).parents[3] / "simulators" / "demo", CLASSES)
START = from_iso("2026-03-09T00:00:00+08:00")


def test_a_trouble_cannot_be_played() -> None:
    """Every line names a fault that its class knows, a shipped rule, and something in the demo."""
    rules = {one.id for one in read_rules(shipped(), CLASSES)}
    for one in read_troubles():
        player = PLAYERS[one.equipment_class]
        assert one.fault in faults_of(one.equipment_class), one
        assert one.part_types or one.fault not in player.needs_part, one
        assert one.rule is None or one.rule in rules, one
        assert any(one.happens_to(each) for each in DEMO.equipment.values()), one


def test_the_rates_are_not_those_of_the_table() -> None:
    """In ten years props under unit doors come as often as the table says, mostly by day."""
    wedges = [one for one in read_troubles() if one.where.get("door_type") == "unit"]
    doors = sum(wedges[0].happens_to(one) for one in DEMO.equipment.values())
    steps = list(cast(wedges, DEMO, start=START, length=3650 * DAY, rng=Random(1)))
    assert 0.9 < len(steps) / (10 * wedges[0].a_year * doors) < 1.02
    hours = Counter((one.begins % DAY) // (DAY // 24) for one in steps)
    assert hours[18] > 10 * hours[3]


def test_two_faults_at_once_hide_each_other() -> None:
    """Nothing befalls an equipment while something else does, nor within an hour of it."""
    last: dict[str, int] = {}
    steps = cast(read_troubles(), DEMO, start=START, length=365 * DAY, rng=Random(2))
    for step in sorted(steps, key=lambda one: one.begins):
        who = step.injection.equipment
        assert step.ends is not None
        assert step.begins > last.get(who, 0)
        last[who] = step.ends
