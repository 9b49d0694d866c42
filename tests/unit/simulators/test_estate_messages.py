"""What the estate sends: deterministic, conforming to the classes, honest about who is heard."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gengfu.core.batch import TopicKind
from gengfu.core.clock import HOUR, MINUTE, SECOND, SILENT_REAL, Micros, at_pace
from gengfu.core.names import PointKind
from gengfu.core.naming import Scalar
from gengfu.ledger.model import PointDef
from simulators.broker.wire import Writer
from simulators.device import Change
from simulators.estate.catalogue import PLAYERS
from simulators.estate.links import OFFLINE, SILENT
from simulators.estate.report import Message, pace_of
from tests.unit.simulators.stage import CLASSES, MORNING, demo_ledger, estate, fault

CONTROLLER = "door-ctl-b2"


def sent(
    until: Micros, changes: Sequence[Change] = (), *, seed: int = 1, cuts: Sequence[Micros] = ()
) -> list[Message]:
    stage = estate(changes, seed=seed)
    ends = [*sorted(cut for cut in cuts if cut < until), until]
    return [message for end in ends for message in stage.advance(MORNING + end)]


def by_device(messages: Sequence[Message]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for message in messages:
        found.setdefault(message.equipment, []).append(message)
    return found


def test_the_same_seed_tells_another_story() -> None:
    """The same seed gives the same messages; another seed others."""
    once, again = sent(20 * MINUTE), sent(20 * MINUTE)
    assert once == again
    assert sent(20 * MINUTE, seed=2) != once


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 10 * MINUTE), max_size=20))
def test_the_caller_s_beat_changes_the_story(cuts: list[Micros]) -> None:
    """However a span is cut into calls, every device sends the same."""
    changes = fault("lift-b3-u2-left", "stuck_between_floors", after=3 * MINUTE, lasts=3 * MINUTE)
    whole = by_device(sent(10 * MINUTE, changes))
    assert by_device(sent(10 * MINUTE, changes, cuts=cuts)) == whole


def test_a_value_no_class_knows() -> None:
    """With every fault of every class of the demo on, each value has its point's kind, range, words."""
    firsts = {one.equipment_class: one for one in reversed(list(demo_ledger().equipment.values()))}
    changes = [
        change
        for name, player in PLAYERS.items()
        if name in firsts
        for at, bad in enumerate(sorted(player.faults))
        for change in fault(
            firsts[name].id,
            bad,
            after=at * MINUTE,
            lasts=30 * MINUTE,
            part="1-017" if bad in player.needs_part else None,
        )
    ]
    changes.sort(key=lambda change: change.at)
    for message in sent(HOUR, changes):
        definition = CLASSES[demo_ledger().equipment[message.equipment].equipment_class]
        for name, value in message.points.items():
            assert fits(definition.points[name], value), (message.equipment, name, value)
        if message.happening is not None:
            event = definition.events[message.happening.type]
            for attribute, word in message.happening.attributes.items():
                assert word in (event.attributes[attribute] or (word,))


def fits(point: PointDef, value: Scalar) -> bool:
    """Tell whether a value is what its class says."""
    if point.kind is PointKind.ENUM:
        return value in point.words
    if point.kind is PointKind.BOOLEAN:
        return isinstance(value, bool)
    if point.kind is PointKind.TEXT:
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    whole = point.kind is not PointKind.INTEGER or isinstance(value, int)
    above = point.low is None or value >= point.low
    return whole and above and (point.high is None or value <= point.high)


def test_a_required_point_is_never_told() -> None:
    """Every point that is not optional is told in the first minutes, vital ones by up/vital."""
    told: dict[str, dict[str, TopicKind]] = {}
    for message in sent(5 * MINUTE):
        kinds = told.setdefault(message.equipment, {})
        kinds.update(dict.fromkeys(message.points, message.kind))
    for id_, one in demo_ledger().equipment.items():
        without_gauge = {"pressure_out"} if one.attributes.get("role") == "pit" else set()
        for point in CLASSES[one.equipment_class].points.values():
            if point.optional or point.name in {"online", *without_gauge}:
                continue
            assert told[id_][point.name] is (
                TopicKind.VITAL if point.vital else TopicKind.TELEMETRY
            )


def test_a_live_device_counts_as_silent() -> None:
    """At any rate of the clock every device speaks well before it counts as silent by that clock."""
    for rate in (1.0, 60.0, 240.0):
        stage = estate()
        stage.set_rate(CLASSES, rate)
        for id_, messages in by_device(list(stage.advance(MORNING + HOUR))).items():
            silent = at_pace(stage.silent_after(id_), real=SILENT_REAL, rate=rate)
            times = [message.at for message in messages] + [MORNING + HOUR]
            gaps = [b - a for a, b in pairwise(times)]
            assert max(gaps) <= 0.7 * silent, (id_, rate)


def test_a_state_is_left_standing() -> None:
    """Held-back values are sent when the gap is over: the last word told is what is so."""
    stage = estate()
    stage.set_rate(CLASSES, 240.0)
    last: dict[tuple[str, str], Scalar] = {}
    for message in stage.advance(MORNING + HOUR):
        last.update({(message.equipment, name): value for name, value in message.points.items()})
    for id_ in demo_ledger().equipment:
        if id_.startswith("lift-") and last[id_, "direction"] == "idle":
            assert last[id_, "safety_chain"] == (last[id_, "door"] == "closed")


def test_racing_time_floods_the_broker() -> None:
    """Sped up 240 times the estate sends fewer messages for the same hour, but every event."""
    slow, fast = Counter[TopicKind](), Counter[TopicKind]()
    for counter, rate in ((slow, 1.0), (fast, 240.0)):
        stage = estate()
        stage.set_rate(CLASSES, rate)
        counter.update(message.kind for message in stage.advance(MORNING + HOUR))
    assert fast[TopicKind.EVENT] == slow[TopicKind.EVENT] > 0
    assert fast[TopicKind.TELEMETRY] < 0.8 * slow[TopicKind.TELEMETRY]


def test_a_lost_controller_s_doors_go_on_talking() -> None:
    """Nothing is heard of a lost controller or its doors until it is back; then everything is."""
    changes = fault(CONTROLLER, OFFLINE, after=10 * MINUTE, lasts=10 * MINUTE)
    lost, messages = {CONTROLLER, *demo_ledger().children_of(CONTROLLER)}, sent(HOUR, changes)
    cut, back = MORNING + 10 * MINUTE, MORNING + 20 * MINUTE
    silence = [m for m in messages if m.equipment in lost and cut <= m.at < back and not m.points]
    assert [m.online for m in silence if m.online is not None] == [False]
    assert not [m for m in messages if m.equipment in lost and cut < m.at < back]
    online = [m for m in messages if m.equipment == CONTROLLER and m.online and m.at == back]
    assert len(online) == 1
    after = by_device([m for m in messages if m.at >= back])
    assert all(any(m.points for m in after[one]) for one in lost)


def test_somebody_says_that_an_empty_battery_is_gone() -> None:
    """Nothing is heard of what is silent, nor that it went; when it is back it says all it has to say."""
    changes = fault(CONTROLLER, SILENT, after=10 * MINUTE, lasts=10 * MINUTE)
    lost, messages = {CONTROLLER, *demo_ledger().children_of(CONTROLLER)}, sent(HOUR, changes)
    cut, back = MORNING + 10 * MINUTE, MORNING + 20 * MINUTE
    told = [m for m in messages if m.equipment in lost and m.at > cut]
    assert not [m for m in told if m.online is not None or m.at < back]
    assert all(any(m.points for m in by_device(told)[one]) for one in lost)


def test_two_faults_of_one_parent_end_as_one() -> None:
    """A camera that was lost by itself stays lost when its recorder comes back."""
    changes = [
        *fault("cam-b1-gate", OFFLINE, after=5 * MINUTE),
        *fault("nvr-b1", OFFLINE, after=6 * MINUTE, lasts=5 * MINUTE),
    ]
    late = [m for m in sent(30 * MINUTE, changes) if m.at > MORNING + 12 * MINUTE]
    heard = {m.equipment for m in late}
    assert "cam-b1-gate" not in heard
    assert {"nvr-b1", "cam-b1-roof"} <= heard


def test_counters_skip() -> None:
    """Each device counts each topic kind by itself from 1; event ids are unique; rows keep order."""
    writer = Writer("yunhe", "b7")
    counts: dict[str, list[int]] = {}
    ids: set[str] = set()
    stage = estate()
    for end in range(1, 61):
        for packet in writer.packets(list(stage.advance(MORNING + end * 10 * SECOND))):
            body = msgspec.json.decode(packet.payload)
            rows = body if isinstance(body, list) else [body]
            assert packet.retain == packet.topic.endswith("/status")
            if packet.topic.endswith("/status"):
                continue
            counts.setdefault(packet.topic, []).extend(row["seq"] for row in rows)
            assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)
            assert not ids.intersection(f"{packet.topic}{event}" for event in packet.events)
            ids.update(f"{packet.topic}{event}" for event in packet.events)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in counts.values())
    assert ids


def test_a_door_opens_before_its_card() -> None:
    """In one bundle a door's events go before its contact, and its coming on line before both."""
    writer = Writer("yunhe", "b7")
    messages = list(estate().advance(MORNING + 10 * MINUTE))
    kinds: dict[str, list[str]] = {}
    for packet in writer.packets(messages):
        kinds.setdefault(packet.equipment, []).append(packet.topic.rsplit("/", 1)[1])
    assert kinds["door-b1-u1-main"] == ["status", "event", "vital", "telemetry"]


@given(st.floats(0.1, 1000.0))
def test_a_pace_outlasts_the_silence(rate: float) -> None:
    """Whatever the rate, a sign of life comes at least three times before a class is silent."""
    for definition in CLASSES.values():
        assert pace_of(definition, rate).life_every * 3 <= at_pace(
            definition.silent_after, real=SILENT_REAL, rate=rate
        )
