"""What must hold for any bytes on any foreign topic."""

import json
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codecs.formats import FORMATS
from gateway.codecs.native.message import Limits
from gateway.codecs.sparkplug.payload import decode_payload, encode_command
from gateway.codecs.sparkplug.wire import WireError
from gateway.codecs.spoken import flatten
from gateway.decoded import Decoded, RawMessage, Rejected
from gateway.directory import build_directory
from gateway.intake import Intake
from gateway.mapping.file import load_mapping
from gateway.mapping.interpreter import Interpreter, possible_filters, vital_points
from gateway.mapping.model import ForeignMapping
from gengfu.core.batch import Lane, ReadingBatch
from gengfu.core.errors import JournalFull
from gengfu.core.record import RecordKind
from tests.fakes.foreign_talk import GOLDEN, Listener, lines_of, message_of
from tests.fakes.journal import FakeJournal
from tests.fakes.small_estate import shipped_classes, small_estate

AT = 1_763_600_400_000_000
_VITAL = vital_points(shipped_classes())
MAPPINGS = {name: load_mapping(GOLDEN / name / "mapping.yaml") for name in FORMATS}
EVERYTHING = ForeignMapping(devices=tuple(one for m in MAPPINGS.values() for one in m.devices))
TALK = [
    message_of(line)
    for name in FORMATS
    for file in sorted(GOLDEN.glob(f"{name}/*/messages"))
    for line in lines_of(file)
    if not line.startswith("wait ")
]
_KEYS = sorted({field for one in EVERYTHING.devices for field in one.fields} | {"ts", "values"})

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["ON", "OFF", "open", "single", "online", ""])
    | st.text(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
documents = values.map(lambda document: json.dumps(document).encode("utf-8", "replace"))
golden = st.sampled_from([payload for _, payload, _ in TALK])
mutated = st.builds(
    lambda payload, at, junk: payload[: at % (len(payload) + 1)] + junk + payload[at % 97 :],
    golden,
    st.integers(0, 10_000),
    st.binary(max_size=4),
)
topics = st.sampled_from(sorted({topic for topic, _, _ in TALK}))
payloads = st.binary(max_size=100) | documents | mutated | golden
messages = st.lists(st.tuples(topics, payloads, st.booleans()), max_size=8)


@given(messages)
def test_a_foreign_message_crashes_the_decoder(talk: Sequence[tuple[str, bytes, bool]]) -> None:
    """Any bytes on any foreign topic decode to something whose columns have one length."""
    listener = Listener(EVERYTHING)
    for topic, payload, retained in talk:
        for decoded in listener.hear(topic, payload, retained=retained):
            for rows in decoded.readings:
                columns = (rows.point, rows.observed_at, rows.value, rows.flags)
                assert {len(column) for column in columns} == {len(rows)}
        listener.due()


@given(st.lists(st.tuples(topics | st.text(max_size=30), payloads), max_size=8))
def test_a_foreign_item_vanishes_between_wire_and_journal(
    talk: Sequence[tuple[str, bytes]],
) -> None:
    """Received is journaled, duplicate, unknown or quarantined, exactly; the journal agrees."""
    journal = FakeJournal()
    directory = build_directory([small_estate()], shipped_classes(), journal.names)
    intake = Intake(journal, directory, Limits(), foreign=Interpreter(EVERYTHING, _VITAL))
    raw = [RawMessage(topic, payload, AT) for topic, payload in talk]

    tally = intake.commit(raw, at=AT).tally

    outcomes = tally.journaled + tally.duplicate + tally.unknown_point + tally.quarantined
    assert tally.received == outcomes + tally.shed
    batches = journal.bodies(RecordKind.READINGS)
    stored = sum(len(one) for one in batches if isinstance(one, ReadingBatch))
    heard = sum(len(one) for one in journal.bodies(RecordKind.EVENTS) if isinstance(one, tuple))
    assert stored + heard == tally.journaled


def test_long_ids_of_a_recorder_are_one() -> None:
    """Two occurrences whose ids differ only far behind are two; each told twice is one."""
    journal = FakeJournal()
    directory = build_directory([small_estate()], shipped_classes(), journal.names)
    foreign = Interpreter(MAPPINGS["frigate"], _VITAL)
    intake = Intake(journal, directory, Limits(), foreign=foreign)
    seen = [
        {"after": {"id": "1" * 300 + end, "camera": "gate", "label": "person"}} for end in "abab"
    ]
    said = [RawMessage("frigate/events", json.dumps(one).encode(), AT) for one in seen]
    tally = intake.commit(said, at=AT).tally
    assert (tally.journaled, tally.duplicate) == (2, 2)


@given(st.binary(max_size=200))
def test_bytes_are_read_past_their_end(data: bytes) -> None:
    """Protobuf that is none is refused with a reason, and nothing else happens."""
    with suppress(WireError):
        assert len(decode_payload(data).metrics) <= len(data) // 2


def test_a_command_is_not_what_was_meant() -> None:
    """What we send reads back as the one metric it is."""
    (metric,) = decode_payload(encode_command("Node Control/Rebirth", 1_763_600_400_000)).metrics
    assert (metric.name, metric.raw, metric.timestamp) == (
        "Node Control/Rebirth",
        True,
        1_763_600_400_000,
    )


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_device_speaks_where_nobody_listens(name: str) -> None:
    """Every topic of the golden talks is covered by the filters of their mapping."""
    interpreter = Interpreter(MAPPINGS[name], _VITAL)
    lanes = {lane: set(interpreter.filters(lane)) for lane in Lane}
    assert not lanes[Lane.ALARM] & lanes[Lane.TELEMETRY]
    for file in GOLDEN.glob(f"{name}/*/messages"):
        for line in lines_of(file):
            topic = message_of(line)[0]
            route = interpreter.route(topic)
            if not line.startswith("wait ") and route is not None:
                assert set(possible_filters(topic)) & lanes[route.lane], topic


def _bomb(name: str) -> list[tuple[str, bytes]]:
    deep = b"[" * 50_000 + b"]" * 50_000
    nested = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    wide = json.dumps({f"f{n}": n for n in range(20_000)}).encode()
    many = b"[" + b"7," * 100_000 + b"7]"
    each = sorted({topic for topic, _, _ in TALK if FORMATS[name].recognise(topic) is not None})
    return [(topic, bomb) for topic in each[:6] for bomb in (deep, nested, wide, many)]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_bomb_goes_off(name: str) -> None:
    """Deep, wide and long payloads are a few items and a few dead letters, whatever the format."""
    listener = Listener(EVERYTHING)
    for topic, bomb in _bomb(name):
        decoded: tuple[Decoded, ...] = listener.hear(topic, bomb)
        assert sum(len(one.rejections) for one in decoded) <= 3
        assert sum(len(one.unknown) for one in decoded) <= 1_000


def test_a_wide_object_is_half_read() -> None:
    """An object of too many fields is refused whole, never in part."""
    assert isinstance(flatten({str(n): n for n in range(1_001)}), Rejected)
    assert len(flatten({str(n): n for n in range(1_000)})) == 1_000  # type: ignore[arg-type]


class FullOnce(FakeJournal):
    """A journal that has no room the first time."""

    full = True

    def append(self, *args: object, **kwargs: object) -> range:
        if self.full:
            self.full = False
            raise JournalFull("no room")
        return super().append(*args, **kwargs)  # type: ignore[arg-type]


def test_an_event_is_forgotten_while_the_disk_is_full() -> None:
    """A group that is tried again says what it said the first time, states that became so too."""
    journal = FullOnce()
    directory = build_directory([small_estate()], shipped_classes(), journal.names)
    foreign = Interpreter(MAPPINGS["zigbee2mqtt"], _VITAL)
    intake = Intake(journal, directory, Limits(), foreign=foreign)
    group = [RawMessage("zigbee2mqtt/smoke-7", b'{"smoke": true}', AT)]
    said = intake.read(group)
    with pytest.raises(JournalFull):
        intake.append(said, at=AT)
    assert intake.append(said, at=AT).tally.journaled == 1
