"""What a load generator means to send."""

from collections import Counter
from itertools import islice, pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.clock import MINUTE
from simulators.load import Fired
from simulators.load_plan import ROWS, Load, Shot, shots
from simulators.load_shape import Shape
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
    assert all(abs(one.due_s - n / rate) < 1e-9 + 1.01 / rate for n, one in enumerate(sent))
    assert all(a.due_s <= b.due_s + 1e-9 for a, b in pairwise(sent))


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

    mixed = fired(load(disorder=0.1))
    order = [msgspec.json.decode(one.payload)["ts"] for one in mixed]
    swapped = sum(a > b for a, b in pairwise(order)) / MANY
    assert swapped == pytest.approx(0.1 / 1.1, abs=0.03)


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


def test_a_generator_blames_the_broker() -> None:
    """A run that fell behind its own times says that it was the limit itself, and is not complete."""
    slow = Fired(
        wanted_rate=1000,
        seconds=10,
        messages=4000,
        values=4000,
        payload_bytes=1,
        confirmed=4000,
        refused=0,
        worst_lag_s=6.0,
        busy=0.99,
    )
    assert (slow.rate, slow.is_own_limit, slow.is_complete) == (400, True, False)
