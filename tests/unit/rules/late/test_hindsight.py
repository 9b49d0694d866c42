"""Late data afterwards: what would have been said, and that it is what timely data would have said."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.clock import MINUTE, SECOND
from gengfu.core.partition import EVERY_PARTITION
from rules.episodes import Episodes
from rules.late.hindsight import Changed, Finding, hindsight
from rules.late.rows import LateSpan, survey
from tests.fakes.rule_scene import CLASSES, START, Scene, equipment
from tests.unit.rules.backtest.archive import ListArchive

PUMP = equipment("pump", "pump", role="supply")
OTHER = equipment("other", "pump", role="supply")
HOT = "pump.bearing_hot"


def looked_back(scene: Scene) -> tuple[Finding, ...]:
    """Look back at everything that came late, as the desk does."""
    spans: dict[int, LateSpan] = {}
    survey(scene.records, spans)
    if not spans:
        return ()
    (span,) = spans.values()
    return hindsight(
        ListArchive(scene.records),
        CLASSES,
        partition=EVERY_PARTITION,
        since=span.since,
        until=span.until,
        end=scene.now,
    )


def brief(findings: Sequence[Finding]) -> list[tuple[str, str, int, int | None]]:
    """Return (what, rule, since, until) in seconds from the start."""
    return [
        (
            one.changed.value,
            one.rule,
            (one.since - START) // SECOND,
            None if one.until is None else (one.until - START) // SECOND,
        )
        for one in findings
    ]


def test_alarm_that_was_buffered_for_an_hour() -> None:
    """A bearing that was hot for ten minutes behind a dead link would have fired, and have ended."""
    scene = Scene([PUMP])
    scene.says("pump", run=True, bearing_temp=60.0)
    scene.wait(10 * 60)
    scene.tick(3600)
    buffered = [
        (START + at * SECOND, 97.0 if 900 <= at < 1500 else 60.0) for at in range(600, 4200, 30)
    ]
    scene.write(
        scene.batch([("pump", at, {"bearing_temp": value, "run": True}) for at, value in buffered])
    )
    scene.wait(60)
    assert brief(looked_back(scene)) == [("would_have_fired", HOT, 900, 1621)]


def test_end_that_came_late() -> None:
    """An alarm that was on through an outage would have ended when the bearing had cooled."""
    scene = Scene([PUMP])
    for _ in range(10):
        scene.says("pump", run=True, bearing_temp=97.0)
        scene.wait(20)
    scene.tick(3600)
    cooled = START + 400 * SECOND
    scene.write(
        scene.batch([("pump", cooled + n * MINUTE, {"bearing_temp": 60.0}) for n in range(50)])
    )
    scene.says("pump", run=True, bearing_temp=60.0)
    scene.wait(300)
    assert [(one.changed, one.rule) for one in looked_back(scene)] == [
        (Changed.WOULD_HAVE_CLEARED, HOT)
    ]


def test_nothing_late() -> None:
    """Where everything came in time there is nothing to say; no replay is even asked for."""
    scene = Scene([PUMP])
    for _ in range(20):
        scene.says("pump", run=True, bearing_temp=97.0, ago=30.0)
        scene.wait(20)
    assert looked_back(scene) == ()


def test_lost_link_is_no_finding() -> None:
    """That nothing was heard stays true: the link's own alarm is not taken back by late data."""
    scene = Scene([PUMP])
    scene.says("pump", run=True)
    scene.wait(600)
    late = [(START + at * SECOND, 60.0) for at in range(0, 600, 20)]
    scene.write(scene.batch([("pump", at, {"bearing_temp": value}) for at, value in late]))
    scene.wait(10)
    assert looked_back(scene) == ()


def hours_later(scene: Scene) -> tuple[Finding, ...]:
    """Let the other pump be late by ten minutes, three hours from now; look at those."""
    for _ in range(360):
        scene.tick(30)
        scene.says("pump", pressure_out=1.0)
        scene.says("other", pressure_out=1.0)
    heard = scene.now
    scene.says("other", pressure_out=1.5, ago=600)
    scene.wait(30)
    return hindsight(
        ListArchive(scene.records),
        CLASSES,
        partition=EVERY_PARTITION,
        since=heard - 600 * SECOND,
        until=heard - 600 * SECOND,
        end=scene.now,
    )


@pytest.mark.parametrize("ago", [0.0, 300.0])
def test_alarm_is_taken_back_that_was_told_late_long_before(ago: float) -> None:
    """An alarm that goes on was told late, hours ago, and once: other late data say nothing of it."""
    scene = Scene([PUMP, OTHER])
    scene.says("pump", floor_leak=False, pressure_out=1.0)
    scene.tick(600)
    scene.says("pump", floor_leak=True, ago=ago)
    scene.wait(60)
    assert "pump.floor_leak" in {one.rule for one in scene.run()}
    assert hours_later(scene) == ()


def test_end_is_found_by_a_look_at_another_time() -> None:
    """What ended sooner, hours before the time looked at, belongs to the look at its own time."""
    scene = Scene([PUMP, OTHER])
    for _ in range(10):
        scene.says("pump", run=True, bearing_temp=97.0)
        scene.wait(20)
    scene.tick(3600)
    scene.says("pump", run=True, bearing_temp=60.0, ago=3000.0)
    scene.tick(3600)
    scene.says("pump", run=True, bearing_temp=60.0)
    assert {one.rule for one in looked_back(scene)} == {HOT}
    assert hours_later(scene) == ()


TEMPERATURES = st.lists(st.sampled_from([60.0, 90.0, 97.0]), min_size=20, max_size=60)


@given(TEMPERATURES)
@settings(max_examples=25, deadline=None)
def test_would_have_been_is_what_timely_data_say(values: list[float]) -> None:
    """What is found afterwards is exactly what the engine says when the same data come in time."""
    timely, late = Scene([PUMP]), Scene([PUMP])
    for scene in (timely, late):
        scene.says("pump", bearing_temp=60.0)
    for value in values:
        timely.wait(20)
        timely.says("pump", bearing_temp=value)
        late.wait(20)
    late.wait(10 * 60)
    late.write(
        late.batch(
            [
                ("pump", START + (number + 1) * 20 * SECOND, {"bearing_temp": value})
                for number, value in enumerate(values)
            ]
        )
    )
    timely.tick(600)
    late.tick(1)
    episodes = Episodes()
    episodes.take(timely.run())
    wanted = {one.since for one in episodes.all() if one.rule == HOT and one.cleared}
    found = {one.since for one in looked_back(late) if one.rule == HOT and one.until}
    assert found == wanted


@pytest.mark.parametrize("ago", [0.0, 60.0, 119.0])
def test_timely_rows_taken_for_late(ago: float) -> None:
    """What is at most two minutes old was taken at its own time already."""
    scene = Scene([PUMP])
    scene.wait(300)
    scene.says("pump", bearing_temp=97.0, ago=ago)
    spans: dict[int, LateSpan] = {}
    survey(scene.records, spans)
    assert not spans
