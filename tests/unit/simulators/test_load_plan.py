"""What a load generator means to send."""

from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import MINUTE
from simulators.load.generator import Fate, Fired, Tally, report
from simulators.load.plan import ROWS, Load, Shot, shots
from simulators.load.shape import Shape
from tests.unit.simulators.stage import MORNING

MANY = 4000


def load(
    shape: Shape = Shape.OBJECT,
    *,
    late: float = 0.0,
    duplicate: float = 0.0,
    disorder: float = 0.0,
    rate: float = 200.0,
) -> Load:
    return Load(
        site="x",
        points={f"d{number}": ("a", "b", "c") for number in range(10)},
        events={f"d{number}": "fire" for number in range(10)},
        rate=rate,
        shape=shape,
        late=late,
        duplicate=duplicate,
        disorder=disorder,
    )


def fired(wanted: Load, count: int = MANY) -> list[Shot]:
    return list(islice(shots(wanted, MORNING, "b"), count))


def seqs(sent: list[Shot], equipment: str) -> list[int]:
    return [msgspec.json.decode(one.payload)["seq"] for one in sent if one.equipment == equipment]


@given(st.floats(0.5, 5000), st.floats(0, 0.3), st.floats(0, 0.3))
def test_the_rate_depends_on_what_is_sent(rate: float, duplicate: float, disorder: float) -> None:
    """The n-th message is due n / rate seconds after the start, whatever it is."""
    sent = fired(load(rate=rate, duplicate=duplicate, disorder=disorder), 300)
    assert all(one.due_s == pytest.approx(n / rate) for n, one in enumerate(sent))


@given(st.integers(1, 12), st.floats(0, 0.5))
def test_a_message_bears_a_time_to_come(devices: int, disorder: float) -> None:
    """No time lies after the message is due, and each device's count and times rise together."""
    wanted = replace(
        load(disorder=disorder), points={f"d{number}": ("a",) for number in range(devices)}
    )
    sent = fired(wanted, 300)
    bodies = [msgspec.json.decode(one.payload) for one in sent]
    assert all(
        body["ts"] * 1000 <= MORNING + one.due_s * 1e6 + 1
        for one, body in zip(sent, bodies, strict=True)
    )
    for equipment in wanted.points:
        mine = [body for one, body in zip(sent, bodies, strict=True) if one.equipment == equipment]
        times = [body["ts"] for body in sorted(mine, key=lambda body: body["seq"])]
        assert all(a < b for a, b in pairwise(times))


def test_a_plain_load_is_late_double_or_out_of_order() -> None:
    """Without shares every message is new, in order, of now, and the devices take turns."""
    sent = fired(load())
    assert len({one.payload + one.topic.encode() for one in sent}) == MANY
    assert seqs(sent, "d3") == list(range(1, MANY // 10 + 1))
    times = [msgspec.json.decode(one.payload)["ts"] for one in sent]
    assert times == sorted(times)
    assert sent[1].due_s - sent[0].due_s == pytest.approx(1 / 200)


def test_the_shares_are_other_ones() -> None:
    """Of many messages the wanted shares are late, sent twice, and overtaken."""
    late = [msgspec.json.decode(one.payload)["ts"] for one in fired(load(late=0.1))]
    behind = sum(at * 1000 < MORNING - MINUTE for at in late) / MANY
    assert behind == pytest.approx(0.1, abs=0.03)

    double = Counter((one.topic, one.payload) for one in fired(load(duplicate=0.1)))
    assert sum(n - 1 for n in double.values()) / MANY == pytest.approx(0.1 / 1.1, abs=0.03)


@pytest.mark.parametrize("devices", [1, 2, 3, 10, 50])
def test_only_another_device_overtakes(devices: int) -> None:
    """Each device's own messages are out of order, in the wanted share, however many take turns."""
    points = {f"d{number}": ("a",) for number in range(devices)}
    mixed = fired(replace(load(disorder=0.1), points=points))
    told = {one: seqs(mixed, one) for one in points}
    behind = sum(a > b for mine in told.values() for a, b in pairwise(mine))
    assert behind / MANY == pytest.approx(0.1, abs=0.02)
    for mine in told.values():
        assert set(range(1, max(mine) - 1)) <= set(mine)  # held back, never kept


@pytest.mark.parametrize(
    ("shape", "ending", "values"),
    [
        (Shape.OBJECT, "telemetry", 3),
        (Shape.ARRAY, "telemetry", 3 * ROWS),
        (Shape.COLUMNS, "telemetry", 3 * ROWS),
        (Shape.EVENT, "event", 1),
    ],
)
def test_a_shape_is_written_otherwise(shape: Shape, ending: str, values: int) -> None:
    """Each shape goes to its topic and carries as many values as it says."""
    shot = fired(load(shape), 1)[0]
    assert shot.topic == f"gf/x/d0/up/{ending}"
    assert shot.values == values
    body = msgspec.json.decode(shot.payload)
    rows = body if isinstance(body, list) else [body]
    counted = sum(
        len(one) if isinstance(one, list) else 1
        for row in rows
        for one in row.get("points", {"": 0}).values()
    )
    assert counted == values


def told(wanted_rate: float, sent: Tally, confirmed: int, repeated: int = 0) -> Fired:
    return Fired(
        wanted_rate=wanted_rate,
        seconds=10,
        sent=sent,
        confirmed=confirmed,
        repeated=repeated,
        worst_lag_s=0.0,
        busy=0.1,
    )


def test_a_generator_blames_the_broker() -> None:
    """A run that fell behind its own times says that it was the limit itself, and is not complete."""
    sent = Tally(messages=4000, values=4000, payload_bytes=1)
    slow = replace(told(1000, sent, confirmed=4000), worst_lag_s=6.0, busy=0.99)
    assert (slow.rate, slow.is_own_limit, slow.is_complete) == (400, True, False)


def test_what_was_meant_is_reported_as_sent() -> None:
    """Late, doubled and disordered messages are counted as they went out, refused ones as none."""
    sent = Tally()
    shots_ = fired(load(late=0.1, duplicate=0.1, disorder=0.1))
    for number, shot in enumerate(shots_):
        sent.add(shot, Fate.REFUSED if number % 4 == 0 else Fate.SENT)
    gone = [shot for number, shot in enumerate(shots_) if number % 4]
    assert (sent.messages, sent.refused) == (len(gone), MANY - len(gone))
    assert sent.late == sum(shot.is_late for shot in gone)
    times = Counter((shot.equipment, shot.seq) for shot in gone)
    assert sent.doubled == sum(n - 1 for n in times.values())
    assert 0.05 * MANY < sent.disordered < 0.11 * MANY


def test_what_waited_was_never_sent() -> None:
    """Messages that waited for a connection are sent and confirmed, but the rate was not kept."""
    sent = Tally(messages=1000, waited=300)
    gap = told(100, sent, confirmed=1000, repeated=7)
    assert (gap.rate, gap.unconfirmed, gap.is_complete) == (70, 0, False)
    assert report(gap)[2] == "1000 confirmed, 0 not within 5 s, 0 without a connection"
    assert "300 messages waited until it was back, and 7 went out twice" in report(gap)[-1]
