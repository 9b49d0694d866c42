"""A trouble of the past that cannot be lived, whomever it befalls."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from gengfu.core.clock import DAY, MINUTE, from_iso
from simulators.past.scenes import scene_of
from simulators.past.troubles import AILMENTS, Trouble, plan
from tests.unit.simulators.stage import CLASSES, demo_ledger

START = from_iso("2026-03-01T00:00:00+08:00")
KINDS = sorted({(name, one.fault) for name, every in AILMENTS.items() for one in every})


@cache
def drawn() -> Mapping[tuple[str, str], Trouble]:
    """Return a trouble of each kind as a year has them, by class and fault."""
    ledger = demo_ledger()
    troubles = plan(ledger, start=START, end=START + 365 * DAY, seed=1, often=30.0)
    return {
        (ledger.equipment[one.injection.equipment].equipment_class, one.injection.fault): one
        for one in troubles
    }


@pytest.mark.parametrize("kind", KINDS, ids=".".join)
def test_a_trouble_ends_the_past(kind: tuple[str, str]) -> None:
    """Its scene is played from before it to after it, with whoever is in it, and somebody speaks."""
    assert kind in drawn(), "no equipment of the demo has it"
    trouble = replace(drawn()[kind], ends=drawn()[kind].begins + 5 * MINUTE)
    scene = scene_of(trouble, demo_ledger(), CLASSES, lambda *_: None, number=1, rate=60.0)
    packets = 0
    while (until := scene.next()) is not None:
        packets += len(scene.advance(until))
    assert packets
