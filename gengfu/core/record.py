"""The journal's records: what they mean and the bytes they are.

Everything that decides later is in them, so that a replay is complete: readings, events, dead
letters, the counts of what was left out, ticks of the clock, and changes of ledger and rules.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypeAlias

import msgspec
import numpy as np

from gengfu.core.batch import Event, ReadingBatch
from gengfu.core.clock import Micros
from gengfu.core.names import EquipmentName, PointName
from gengfu.core.naming import Scalar


class RecordKind(IntEnum):
    """What a record's payload is. The numbers are on disk: never change one."""

    NAMES = 1
    READINGS = 2
    EVENTS = 3
    TICK = 4
    LEDGER = 5
    RULES = 6
    ACTION = 7
    DEAD_LETTERS = 8
    TALLY = 9


class RejectReason(StrEnum):
    """Why something a device sent was not taken; the same word in log, metric, page and test."""

    BAD_TOPIC = "bad_topic"
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_SITE = "wrong_site"
    IDENTITY_MISMATCH = "identity_mismatch"
    OVERSIZE = "oversize"
    NOT_UTF8 = "not_utf8"
    MALFORMED_JSON = "malformed_json"
    WRONG_SHAPE = "wrong_shape"
    WRONG_TYPE = "wrong_type"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_WORD = "unknown_word"
    CRASHED_DECODER = "crashed_decoder"
    KILLED_CORE = "killed_core"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What was rejected, durable before its acknowledgement, with everything needed to mend it."""

    topic: str
    payload: bytes
    received_at: Micros
    reason: RejectReason
    detail: str
    items: int = 1
    """How many values or events of the message this letter stands for."""


@dataclass(frozen=True, slots=True)
class NewNames:
    """Names that later records use, and the size of the table before them."""

    start: tuple[int, int]
    equipment: tuple[EquipmentName, ...]
    points: tuple[PointName, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing but time passed; its time is the record's ``written_at``."""

    rate: float = 1.0
    """By how much of this clock may be late what is a second late on the machine.

    With a clock that keeps time it is 1; a racing one writes how fast it runs, and more on a machine
    that is behind.
    """


@dataclass(frozen=True, slots=True)
class LedgerChange:
    """The ledger of one site from here on: ``gengfu.ledger.snapshot`` reads ``document``."""

    site: str
    document: bytes


@dataclass(frozen=True, slots=True)
class RulesChange:
    """The rule set from here on: file name → YAML text."""

    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A person's action that rules depend on, such as a verdict or a panel's reset."""

    site: str
    equipment: str
    part: str | None
    name: str
    at: Micros
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one commit of the gateway took in and what became of it, in items.

    An item is a value, an event, or a whole message that could not be read.
    ``received == journaled + duplicate + unknown_point + quarantined + shed`` (invariant I5).
    """

    received: int = 0
    journaled: int = 0
    duplicate: int = 0
    unknown_point: int = 0
    quarantined: int = 0
    shed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return what two commits took in together."""
        return Tally(
            received=self.received + other.received,
            journaled=self.journaled + other.journaled,
            duplicate=self.duplicate + other.duplicate,
            unknown_point=self.unknown_point + other.unknown_point,
            quarantined=self.quarantined + other.quarantined,
            shed=self.shed + other.shed,
        )


Events: TypeAlias = tuple[Event, ...]
DeadLetters: TypeAlias = tuple[DeadLetter, ...]
Body: TypeAlias = (
    NewNames
    | ReadingBatch
    | Events
    | Tick
    | LedgerChange
    | RulesChange
    | Action
    | DeadLetters
    | Tally
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record before the journal gave it a position: partition (or EVERY_PARTITION) and content."""

    partition: int
    kind: RecordKind
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A durable record. ``position`` counts from 1 without gaps; ``written_at`` never goes back."""

    position: int
    partition: int
    kind: RecordKind
    written_at: Micros
    payload: bytes

    def body(self) -> Body:
        """Decode the payload.

        Raises:
            ValueError: when the payload is not what its kind says (its CRC was right: our defect).
        """
        return decode(self.kind, self.payload)


_HEAD = struct.Struct("<qBBqI")


def checksum(record: Record) -> int:
    """Return the CRC-32 over a record's header and payload."""
    head = _HEAD.pack(
        record.position, record.partition, record.kind, record.written_at, len(record.payload)
    )
    return zlib.crc32(record.payload, zlib.crc32(head))


_READINGS_HEAD = struct.Struct("<II")
_COLUMNS: tuple[tuple[str, str], ...] = (
    # The eight-byte columns come first, so that every column lies on its own boundary.
    ("observed_at", "<i8"),
    ("received_at", "<i8"),
    ("value", "<f8"),
    ("equipment", "<i4"),
    ("point", "<i4"),
    ("flags", "<u1"),
)
_pack = msgspec.msgpack.encode
_NO_TEXTS: tuple[tuple[str, ...], tuple[tuple[int, int], ...]] = ((), ())


def encode_readings(batch: ReadingBatch) -> bytes:
    """Write a batch: row count, length of the tail, the columns' bytes, the tail (texts, claims)."""
    tail = _pack((batch.texts, batch.claimed)) if batch.texts or batch.claimed else b""
    columns = (
        np.ascontiguousarray(getattr(batch, name), dtype=kind).tobytes() for name, kind in _COLUMNS
    )
    return b"".join((_READINGS_HEAD.pack(len(batch), len(tail)), *columns, tail))


def decode_readings(payload: bytes) -> ReadingBatch:
    """Read a batch as views of its bytes; nothing is copied.

    Raises:
        ValueError: when the payload's length does not fit its row count, or its tail is broken.
    """
    if len(payload) < _READINGS_HEAD.size:
        raise ValueError(f"{len(payload)} bytes are no batch")
    rows, tail_length = _READINGS_HEAD.unpack_from(payload)
    offset, columns = _READINGS_HEAD.size, {}
    if len(payload) != offset + rows * 33 + tail_length:
        raise ValueError(f"{len(payload)} bytes are no batch of {rows} rows")
    for name, kind in _COLUMNS:
        columns[name] = np.frombuffer(payload, dtype=kind, count=rows, offset=offset)
        offset += rows * np.dtype(kind).itemsize
    texts, claimed = (
        msgspec.msgpack.decode(
            payload[offset:], type=tuple[tuple[str, ...], tuple[tuple[int, int], ...]]
        )
        if tail_length
        else _NO_TEXTS
    )
    return ReadingBatch(texts=texts, claimed=claimed, **columns)


_KIND_OF: dict[type, RecordKind] = {
    NewNames: RecordKind.NAMES,
    ReadingBatch: RecordKind.READINGS,
    Tick: RecordKind.TICK,
    LedgerChange: RecordKind.LEDGER,
    RulesChange: RecordKind.RULES,
    Action: RecordKind.ACTION,
    Tally: RecordKind.TALLY,
}
_TYPE_OF: dict[RecordKind, object] = {
    **{kind: shape for shape, kind in _KIND_OF.items() if shape is not ReadingBatch},
    RecordKind.EVENTS: tuple[Event, ...],
    RecordKind.DEAD_LETTERS: tuple[DeadLetter, ...],
}
_DECODERS = {kind: msgspec.msgpack.Decoder(shape) for kind, shape in _TYPE_OF.items()}


def draft(body: Body, partition: int) -> Draft:
    """Encode a record's content for the journal.

    Raises:
        ValueError: for an empty tuple: a record says something.
    """
    if isinstance(body, ReadingBatch):
        return Draft(partition=partition, kind=RecordKind.READINGS, payload=encode_readings(body))
    if isinstance(body, tuple):
        if not body:
            raise ValueError("an empty record says nothing")
        first = body[0]
        kind = RecordKind.EVENTS if isinstance(first, Event) else RecordKind.DEAD_LETTERS
        return Draft(partition=partition, kind=kind, payload=_pack(body))
    return Draft(partition=partition, kind=_KIND_OF[type(body)], payload=_pack(body))


def decode(kind: RecordKind, payload: bytes) -> Body:
    """Decode a payload by its kind.

    Raises:
        ValueError: when it is not what its kind says.
    """
    try:
        body: Body = (
            decode_readings(payload)
            if kind is RecordKind.READINGS
            else _DECODERS[kind].decode(payload)
        )
    except msgspec.DecodeError as exc:
        raise ValueError(f"a {kind.name} record does not decode: {exc}") from exc
    return body
