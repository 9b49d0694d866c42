"""The record codec: what is written is what is read, byte for byte."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gengfu.core.batch import BatchBuilder, Event, Flag, ReadingBatch
from gengfu.core.names import MAX_WHOLE, EquipmentName, PointKind, PointName
from gengfu.core.naming import is_slug
from gengfu.core.partition import EVERY_PARTITION, PARTITIONS, fnv1a_32, partition_of
from gengfu.core.record import (
    Action,
    Body,
    DeadLetter,
    Draft,
    LedgerChange,
    NewNames,
    Record,
    RecordKind,
    RejectReason,
    RulesChange,
    Tally,
    Tick,
    checksum,
    decode,
    draft,
)

_int32 = st.integers(0, 2**31 - 1)
_int64 = st.integers(-(2**63), 2**63 - 1)
_row = st.tuples(_int32, _int32, _int64, _int64, st.floats(), st.integers(0, 255))
_text = st.text(max_size=20)
_scalar = st.one_of(st.none(), st.booleans(), _int64, st.floats(allow_nan=False), _text)

_bodies: st.SearchStrategy[Body] = st.one_of(
    st.just(Tick()),
    st.builds(LedgerChange, _text, st.binary(max_size=50)),
    st.builds(RulesChange, st.dictionaries(_text, _text)),
    st.builds(
        Action,
        site=_text,
        equipment=_text,
        part=st.none() | _text,
        name=_text,
        at=_int64,
        attributes=st.dictionaries(_text, _scalar),
    ),
    st.builds(Tally, received=_int32, journaled=_int32, duplicate=_int32),
    st.builds(
        NewNames,
        st.tuples(_int32, _int32),
        st.lists(st.builds(EquipmentName, _text, _text, _text)).map(tuple),
        st.lists(
            st.builds(PointName, _text, _text, st.sampled_from(PointKind), st.just(("a", "b")))
        ).map(tuple),
    ),
    st.lists(
        st.builds(
            Event,
            equipment=_int32,
            type=_text,
            part=st.none() | _text,
            id=st.none() | _text,
            observed_at=_int64,
            received_at=_int64,
            claimed_at=st.none() | _int64,
            attributes=st.dictionaries(_text, _scalar),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(
            DeadLetter,
            topic=_text,
            payload=st.binary(max_size=50),
            received_at=_int64,
            reason=st.sampled_from(RejectReason),
            detail=_text,
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)


@given(_bodies)
def test_every_body_survives_the_journal(body: Body) -> None:
    """Decoding a draft's payload gives back the content that was drafted."""
    made = draft(body, EVERY_PARTITION)
    assert decode(made.kind, made.payload) == body


@given(st.lists(_row, max_size=40), st.lists(_text, max_size=5))
def test_readings_survive_bit_equal(
    rows: list[tuple[int, int, int, int, float, int]], texts: list[str]
) -> None:
    """Every column of a batch comes back with the same bits, NaN payloads and −0.0 included."""
    builder = BatchBuilder()
    for row in rows:
        builder.add(*row)
    for text in texts:
        builder.add(0, 0, 0, 0, builder.text(text), Flag.CLOCK)
        builder.claim(17)
    batch = builder.build()
    made = draft(batch, 3)
    back = decode(RecordKind.READINGS, made.payload)
    assert isinstance(back, ReadingBatch)
    for column in ("equipment", "point", "observed_at", "received_at", "value", "flags"):
        assert getattr(back, column).tobytes() == getattr(batch, column).tobytes()
    assert (back.texts, back.claimed) == (batch.texts, batch.claimed)
    assert [back.texts[int(row)] for row in back.value[len(rows) :]] == texts


@given(st.sampled_from(RecordKind), st.binary(max_size=60))
def test_foreign_bytes_are_an_error_and_nothing_else(kind: RecordKind, payload: bytes) -> None:
    """Bytes that no codec wrote raise ValueError or decode; nothing else ever escapes."""
    try:
        decode(kind, payload)
    except ValueError:
        return


@given(st.integers(0, 200), st.integers(0, 7))
def test_checksum_sees_every_flipped_bit(at: int, bit: int) -> None:
    """Flipping any one bit of a payload changes the record's checksum."""
    payload = bytes(range(201))
    flipped = bytearray(payload)
    flipped[at] ^= 1 << bit
    record = Record(position=9, partition=3, kind=RecordKind.TICK, written_at=5, payload=payload)
    other = Record(
        position=9, partition=3, kind=RecordKind.TICK, written_at=5, payload=bytes(flipped)
    )
    assert checksum(record) != checksum(other)


def test_an_empty_record_is_refused() -> None:
    """A record that says nothing is our mistake, found where it is made."""
    with pytest.raises(ValueError, match="says nothing"):
        draft((), 0)
    assert isinstance(draft(Tick(), 0), Draft)


@pytest.mark.parametrize(
    ("text", "digest"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)]
)
def test_partition_hash_is_the_published_one(text: bytes, digest: int) -> None:
    """FNV-1a-32 gives the published test vectors, so NATS finds the same partition."""
    assert fnv1a_32(text) == digest


@given(st.text(max_size=80))
def test_partition_is_in_range(site: str) -> None:
    """Every site has one of the 64 partitions."""
    assert 0 <= partition_of(site) < PARTITIONS


@pytest.mark.parametrize(
    "text",
    ["", "-a", "_a", "A", "a/b", "a+", "a#", "$a", "a\0", "..", "a" * 65, "泵", "a\n", "٣", "a b"],
)
def test_odd_ids_are_no_slugs(text: str) -> None:
    """Ids that could reach a path, a topic or a line as something else are refused."""
    assert not is_slug(text)


def test_whole_numbers_are_exact_within_the_limit() -> None:
    """An integer point's limit is where a float64 stops being exact."""
    assert float(MAX_WHOLE) == MAX_WHOLE
    assert float(MAX_WHOLE + 1) == MAX_WHOLE
    assert math.isfinite(float(-MAX_WHOLE))
