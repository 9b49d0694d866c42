"""A trouble of the past that cannot be lived, whomever it befalls."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from gengfu.app.past import world
from gengfu.core.clock import DAY, MINUTE, from_iso
from rules.engine.judge import LANES_APART
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


@pytest.mark.parametrize("kind", KINDS, ids=".".join)
def test_a_hold_runs_out_before_its_end_is_told(kind: tuple[str, str]) -> None:
    """What lasts a minute is told, with its end, before the shortest hold of a racing clock is over."""
    scene = scene_of(
        drawn()[kind], demo_ledger(), CLASSES, lambda *_: None, number=1, rate=world.RATE
    )
    while (until := scene.next()) is not None:
        assert until - scene.now + MINUTE < world.RATE * LANES_APART
        scene.now = until


@pytest.mark.parametrize("fault", ["video_loss", "offline"])
def test_a_recorder_overlooks_a_lost_camera(fault: str) -> None:
    """While a camera has no picture its recorder tells one channel less, and afterwards all again."""
    trouble = replace(drawn()["camera", fault], ends=drawn()["camera", fault].begins + 5 * MINUTE)
    recorder = demo_ledger().equipment[trouble.injection.equipment].parent
    scene = scene_of(trouble, demo_ledger(), CLASSES, lambda *_: None, number=1, rate=60.0)
    assert recorder in scene.cast
    said = list[int]()
    while (until := scene.next()) is not None:
        for packet in scene.advance(until):
            if f"/{recorder}/up/" in packet.topic:
                said += map(int, re.findall(rb'"recording_channels":(\d+)', packet.payload))
    assert said[0] == said[-1] == max(said)
    assert min(said) == max(said) - 1
