"""Operating states over time: late, silent, offline, and never differently for the order of arrival."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.estate.operating_state import StateRule
from dashboards.estate.timeline import Base, Change, Sample, Timeline
from gengfu.core.clock import SECOND
from gengfu.core.naming import Scalar
from gengfu.core.states import OperatingState
from gengfu.ledger.classes import load_classes

CLASSES = load_classes()
PUMP = StateRule.of(CLASSES["pump"])
SILENT = 180 * SECOND
RUNNING, STANDBY, FAULT, MAINTENANCE, UNKNOWN = OperatingState


def _timeline(window: int = 4096, rule: StateRule = PUMP) -> Timeline:
    return Timeline(rule=rule, silent_after=SILENT, base=Base(time=0), window=window)


def _at(second: int, point: str | None = None, value: Scalar = None, heard: bool = True) -> Sample:
    return Sample(second * SECOND, point, value, heard)


def _states(timeline: Timeline) -> list[tuple[int, OperatingState, bool]]:
    return [(one.start // SECOND, one.state, one.lost) for one in timeline.changes]


STATES = [
    ("elevator", {"mode": "normal", "speed": 1.2}, RUNNING),
    ("elevator", {"mode": "normal", "speed": 0.0, "fault": False, "mains": True}, STANDBY),
    ("elevator", {"mode": "inspection", "fault": True}, MAINTENANCE),
    ("elevator", {"mode": "normal", "mains": False}, FAULT),
    ("elevator", {"speed": 0.0}, UNKNOWN),
    ("elevator", {"mode": "normal", "online": False}, UNKNOWN),
    ("pump", {"run": True, "fault": None}, RUNNING),
    ("pump", {"run": True, "fault": False, "inverter_fault": True}, FAULT),
    ("pump", {"run": False, "mode": "off"}, MAINTENANCE),
    ("pump", {}, UNKNOWN),
    ("fire_panel", {"mode": "manual", "panel_fault": False, "mains": True}, RUNNING),
    ("fire_panel", {"mode": "manual", "mains": False, "battery_fault": True}, FAULT),
    ("door", {"contact": "open"}, RUNNING),
    ("camera", {"online": True, "video_loss": False}, RUNNING),
    ("camera", {"online": False}, FAULT),
    ("nvr", {"disk_fault": False, "recording_channels": 0}, FAULT),
]


@pytest.mark.parametrize(("name", "values", "state"), STATES)
def test_clause_misread(name: str, values: dict[str, Scalar], state: OperatingState) -> None:
    """Each class's clauses give the state that a person of the trade would give."""
    assert StateRule.of(CLASSES[name]).derive(values) is state


def test_attribute_ignored() -> None:
    """A clause may speak of the equipment's own facts in the ledger."""
    clause = replace(CLASSES["pump"].operating_state[-1], state=FAULT, when="current > attr.limit")
    pump = replace(CLASSES["pump"], operating_state=(clause,))
    assert StateRule.of(pump, {"limit": 5}).derive({"current": 6.0}) is FAULT
    assert StateRule.of(pump).derive({"current": 6.0}) is UNKNOWN


def test_silence_dated_to_its_notice() -> None:
    """Silence begins at the last sample, not when it was noticed, and ends with the next one."""
    timeline = _timeline()
    timeline.add([_at(10, "run", True), _at(100, "run", True)])
    assert timeline.set_silent(True) == 100 * SECOND
    assert _states(timeline)[-1] == (100, UNKNOWN, True)
    timeline.silent = False
    timeline.add([_at(400, "run", True)])
    assert _states(timeline) == [(0, UNKNOWN, False), (10, RUNNING, False), (100, UNKNOWN, True), (400, RUNNING, False)]  # fmt: skip


def test_buffered_data_leaves_gap() -> None:
    """Samples that a device kept while its link was down close the gap that it left."""
    timeline = _timeline()
    timeline.add([_at(10, "run", True)])
    timeline.set_silent(True)
    timeline.set_silent(False)
    timeline.add([_at(1000, "run", True)])
    assert (10, UNKNOWN, True) in _states(timeline)
    timeline.add([_at(second, "run", second < 500) for second in range(100, 1000, 100)])
    assert _states(timeline) == [
        (0, UNKNOWN, False),
        (10, RUNNING, False),
        (500, STANDBY, False),
        (1000, RUNNING, False),
    ]


def test_last_will_dated_to_its_arrival() -> None:
    """A last will says that the link was lost: unknown from the last valid sample on."""
    timeline = _timeline()
    timeline.add([_at(10, "run", True), _at(60, "run", True), _at(150, "online", False)])
    assert _states(timeline)[-1] == (60, UNKNOWN, True)
    timeline.add([_at(170, "online", True)])
    assert _states(timeline)[-1] == (170, RUNNING, False)


def test_camera_offline_is_unknown() -> None:
    """A class whose own clause calls offline a fault is down from that moment, not lost."""
    timeline = _timeline(rule=StateRule.of(CLASSES["camera"]))
    timeline.add([_at(10, "online", True), _at(60, "online", False)])
    assert _states(timeline)[-2:] == [(10, RUNNING, False), (60, FAULT, False)]


def test_retained_message_is_life() -> None:
    """What a broker replays after a long silence proves nothing about now."""
    timeline = _timeline()
    timeline.add([_at(10, "run", True)])
    timeline.set_silent(True)
    timeline.add([_at(1000, "online", True, heard=False)])
    assert _states(timeline)[-1] == (10, UNKNOWN, True)


def test_old_sample_of_rare_point_lost() -> None:
    """A value older than the window still counts from the window on, when it is the newest known."""
    timeline = _timeline(window=4)
    timeline.add([_at(second, "run", True) for second in range(100, 120)])
    timeline.add([_at(50, "fault", True)])
    assert timeline.too_late == 1
    assert _states(timeline)[-1][1] is FAULT
    timeline.add([_at(40, "fault", False)])
    assert _states(timeline)[-1][1] is FAULT


def test_life_at_the_window_is_overheard() -> None:
    """A sign of life of the moment that the window begins with ends a silence like any later one."""
    base = Base(time=100 * SECOND, values={"run": True}, heard=10 * SECOND)
    timeline = Timeline(rule=PUMP, silent_after=SILENT, base=base)
    assert timeline.add([_at(100)]) == 100 * SECOND
    assert _states(timeline) == [(100, RUNNING, False)]


def test_window_grows() -> None:
    """However long it runs, no more than the window is kept, and the states stay right."""
    timeline = _timeline(window=50)
    for second in range(1, 2000):
        timeline.add([_at(second, "run", second % 100 < 50)])
    assert len(timeline._samples) <= 51
    assert len(timeline.changes) <= 4
    assert _states(timeline)[-1] == (1950, STANDBY, False)


def _known(samples: list[Sample], at: int) -> dict[str, Scalar]:
    ordered = sorted(samples, key=lambda each: each.at)
    return {one.point: one.value for one in ordered if one.at <= at and one.point}


def _oracle(samples: list[Sample], silent: bool) -> list[Change]:
    """Derive the states the slow way: all samples at once, each moment from all before it."""
    moments = sorted({one.at for one in samples})
    lives = sorted({one.at for one in samples if one.heard})
    out = [Change(0, UNKNOWN)]

    def emit(start: int, state: OperatingState, lost: bool) -> None:
        while out and out[-1].start >= start:
            out.pop()
        if not out or (out[-1].state, out[-1].lost) != (state, lost):
            out.append(Change(start, state, lost))

    for at in moments:
        values = _known(samples, at)
        before = [life for life in lives if life < at]
        gap = bool(before) and at - before[-1] > SILENT
        if gap and at in lives:
            emit(before[-1], UNKNOWN, True)
        state = PUMP.derive(values)
        if state is UNKNOWN and values.get("online") is False:
            emit(before[-1] if before else at, UNKNOWN, True)
        elif at in lives or (before and not gap):
            emit(at, state, False)
    if silent and lives:
        emit(lives[-1], UNKNOWN, True)
    return out


POINTS = st.sampled_from(["run", "fault", "online", None])
SAMPLES = st.lists(
    st.builds(
        Sample,
        at=st.integers(1, 40).map(lambda minute: minute * 60 * SECOND),
        point=POINTS,
        value=st.sampled_from([True, False, None]),
        heard=st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=14,
    unique_by=lambda one: (one.at, one.point),
)


@given(SAMPLES, st.randoms(use_true_random=False), st.booleans(), st.integers(1, 4))
def test_order_of_arrival_matters(
    samples: list[Sample], random: Random, silent: bool, size: int
) -> None:
    """In any order, in messages of any size, samples give the states that all at once give."""
    expected = _oracle(samples, silent)
    shuffled = list(samples)
    random.shuffle(shuffled)
    timeline = _timeline()
    for begin in range(0, len(shuffled), size):
        timeline.add(shuffled[begin : begin + size])
        timeline.set_silent(random.random() < 0.3)
    timeline.set_silent(silent)
    assert timeline.changes == expected


@given(SAMPLES, st.randoms(use_true_random=False))
def test_difference_not_told(samples: list[Sample], random: Random) -> None:
    """Who takes over only what is told to differ has what the timeline has."""
    shuffled = list(samples)
    random.shuffle(shuffled)
    timeline = _timeline()
    shown = list(timeline.changes)
    for sample in shuffled:
        for since in (timeline.add([sample]), timeline.set_silent(random.random() < 0.3)):
            if since is not None:
                shown = [one for one in shown if one.start < since]
                shown += [one for one in timeline.changes if one.start >= since]
    assert shown == timeline.changes
