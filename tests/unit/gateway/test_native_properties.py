"""What must hold for any bytes on any topic."""

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codecs.native.message import Limits, decode
from gateway.codecs.native.text import read
from gateway.decoded import Decoded, RawMessage, Rejected
from gateway.directory import Directory, build_directory
from gateway.intake import Intake
from gengfu.core.batch import ReadingBatch
from gengfu.core.names import Names
from gengfu.core.record import RecordKind, RejectReason
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate

AT = 1_763_600_400_000_000
_TOPICS = [
    f"gf/yunhe/{equipment}/up/{kind}"
    for equipment in ("lift-1", "fire-panel-1", "nobody")
    for kind in ("telemetry", "vital", "status", "event", "nonsense")
]
_NAMES = Names()
_DIRECTORY = build_directory([small_estate()], shipped_classes(), _NAMES)

topics = st.sampled_from(_TOPICS) | st.text(max_size=40)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["open", "closed", "normal", "smoke", ""])
    | st.text(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
keys = st.sampled_from(
    [
        "speed",
        "floor",
        "door",
        "occupied",
        "fault_code",
        "online",
        "mystery",
        "points",
        "ts",
        "seq",
        "boot",
        "id",
        "type",
        "part",
        "attributes",
        "equipment",
        "site",
    ]
)
points = st.dictionaries(keys, values, max_size=6)
times = (
    st.none() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(scalars, max_size=4)
)
documents = (
    points
    | st.fixed_dictionaries(
        {"points": points}, optional={"ts": times, "seq": st.integers(0, 5), "boot": st.just("b")}
    )
    | values
)
payloads = st.binary(max_size=200) | (documents | st.lists(documents, max_size=4)).map(
    lambda document: json.dumps(document).encode("utf-8", "replace")
)


def decode_one(topic: str, payload: bytes, *, retained: bool = False) -> Decoded:
    return decode(RawMessage(topic, payload, AT, retained), _DIRECTORY, Limits())


@given(topics, payloads, st.booleans())
def test_a_message_crashes_the_decoder(topic: str, payload: bytes, retained: bool) -> None:
    """Any bytes on any topic decode to something whose columns have one length."""
    decoded = decode_one(topic, payload, retained=retained)
    for rows in decoded.readings:
        columns = (rows.point, rows.observed_at, rows.value, rows.flags)
        assert {len(column) for column in columns} == {len(rows)}


@given(st.lists(st.tuples(topics, payloads), max_size=8))
def test_an_item_vanishes_between_wire_and_journal(messages: Sequence[tuple[str, bytes]]) -> None:
    """Received is journaled, duplicate, unknown, quarantined or shed, exactly; the journal agrees."""
    journal = FakeJournal()
    directory = build_directory([small_estate()], shipped_classes(), journal.names)
    intake = Intake(journal, directory, Limits())
    raw = [RawMessage(topic, payload, AT) for topic, payload in messages]

    tally = intake.commit(raw, at=AT).tally

    outcomes = tally.journaled + tally.duplicate + tally.unknown_point + tally.quarantined
    assert tally.received == outcomes + tally.shed
    batches = journal.bodies(RecordKind.READINGS)
    stored = sum(len(one) for one in batches if isinstance(one, ReadingBatch))
    heard = sum(len(one) for one in journal.bodies(RecordKind.EVENTS) if isinstance(one, tuple))
    assert stored + heard == tally.journaled


@given(st.dictionaries(st.sampled_from(["speed", "floor", "mystery", "door"]), scalars))
def test_a_flat_object_loses_a_value(document: dict[str, object]) -> None:
    """As many items are received as the object has points."""
    payload = json.dumps(document).encode()
    assert decode_one("gf/yunhe/lift-1/up/telemetry", payload).received == len(document)


@given(
    st.lists(
        st.tuples(
            st.integers(1_763_600_000_000, 1_763_600_400_000),
            st.none() | st.floats(-30, 30),
            st.none() | st.integers(-20, 220),
            st.sampled_from(["open", "closed", "ajar"]),
        ),
        max_size=12,
    )
)
def test_columns_mean_something_else_than_rows(
    table: list[tuple[int, float | None, int | None, str]],
) -> None:
    """The columnar shape gives the very rows that the same values as an array of objects give."""
    columns = {
        "ts": [row[0] for row in table],
        "points": {
            "speed": [row[1] for row in table],
            "floor": [row[2] for row in table],
            "door": [row[3] for row in table],
        },
    }
    frames = [
        {"ts": ts, "points": {"speed": speed, "floor": floor, "door": door}}
        for ts, speed, floor, door in table
    ]

    by_column = decode_one("gf/yunhe/lift-1/up/telemetry", json.dumps(columns).encode())
    by_row = decode_one("gf/yunhe/lift-1/up/telemetry", json.dumps(frames).encode())

    assert shown(by_column) == shown(by_row)
    assert by_column.received == by_row.received


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=20))
def test_clean_columns_take_another_way_to_another_result(speeds: list[float]) -> None:
    """The fast way for clean columns keeps order and values bit for bit."""
    ts = [1_763_600_000_000 + 1000 * row for row in range(len(speeds))]
    floors = [row % 20 for row in range(len(speeds))]
    payload = json.dumps({"ts": ts, "points": {"speed": speeds, "floor": floors}}).encode()

    (rows,) = decode_one("gf/yunhe/lift-1/up/telemetry", payload).readings

    assert rows.value[0::2] == speeds
    assert rows.value[1::2] == floors
    assert rows.observed_at == [at * 1000 for at in ts for _ in range(2)]


def shown(decoded: Decoded) -> list[tuple[int, int, str, int]]:
    """Return rows in a comparable form (NaN equals NaN)."""
    return [
        (rows.point[row], rows.observed_at[row], _number(rows.value[row]), rows.flags[row])
        for rows in decoded.readings
        for row in range(len(rows))
    ]


def _number(value: float) -> str:
    return "nan" if math.isnan(value) else repr(float(value))


def test_deep_nesting_overflows_the_stack() -> None:
    """A hundred thousand brackets are one malformed message, wherever they stand."""
    deep = b"[" * 100_000 + b"]" * 100_000
    for payload in (
        deep,
        b'{"speed": ' + deep + b"}",
        b'{"type": "fire", "attributes": {"a": ' + deep + b"}}",
    ):
        for kind in ("telemetry", "event"):
            decoded = decode_one(f"gf/yunhe/lift-1/up/{kind}", payload)
            assert [letter.reason for letter in decoded.rejections] == ["malformed_json"]


def test_nesting_just_within_the_parser_s_depth_overflows_the_stack() -> None:
    """Whatever depth the parser still reads, the rest of the codec can cope with."""
    for depth in (10, 100, 400, 800, 900, 950, 990):
        inner = b"[" * depth + b"]" * depth
        for payload in (
            b'{"speed": ' + inner + b"}",
            b'{"type": "fire", "ts": 1, "attributes": {"a": ' + inner + b"}}",
            b'{"seq": 1, "ts": ' + inner + b', "device": ' + inner + b"}",
        ):
            for kind in ("telemetry", "event"):
                assert decode_one(f"gf/yunhe/lift-1/up/{kind}", payload).received >= 1


def test_an_oversize_message_fills_the_journal() -> None:
    """A message over the limit is one dead letter that keeps only its beginning."""
    payload = b'{"speed": "' + b"x" * 300_000 + b'"}'
    (letter,) = decode_one("gf/yunhe/lift-1/up/telemetry", payload).rejections
    assert letter.reason == "oversize"
    assert letter.payload == payload[:4096]


def test_a_directory_grows_with_every_topic_a_stranger_invents() -> None:
    """Only topics of known equipment are remembered."""
    directory: Directory = build_directory([small_estate()], shipped_classes(), Names())
    for number in range(100):
        directory.find(f"gf/yunhe/stranger-{number}/up/telemetry")
    directory.find("gf/yunhe/lift-1/up/telemetry")
    assert len(directory._met) == 1


@pytest.mark.parametrize("codec", ["gb18030", "utf-8-sig"])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_fire_told_in_gb18030_is_a_dead_letter(codec: str, text: str) -> None:
    """What devices made for China write, or with a byte order mark, is read as what they mean."""
    fire = {"type": "fire", "part": "1-001", "attributes": {"text": f"{text}烟感\\"}}
    assert read(json.dumps(fire, ensure_ascii=False).encode(codec)) == fire


@given(st.binary(max_size=40))
def test_noise_is_read_as_chinese(noise: bytes) -> None:
    """What is no UTF-8 and no JSON in GB18030 either stays what it is called: not UTF-8."""
    found = read(b"\xff" + noise)
    assert isinstance(found, Rejected)
    assert found.reason is RejectReason.NOT_UTF8
