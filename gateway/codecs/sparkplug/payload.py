"""Sparkplug B's payload: metrics with names or aliases, types and times.

Source: Eclipse Sparkplug 3.0.0, chapter 6, and its ``sparkplug_b.proto``.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.codecs.sparkplug.wire import WireError, bytes_field, fields, varint_field
from gateway.codecs.spoken import Value

MOST_METRICS = 10_000
GOOD = 192
"""The ``Quality`` of a value that holds; 0 is bad, 500 stale."""

_WIDTHS: Mapping[int, int] = {1: 8, 2: 16, 3: 32, 4: 64}
"""Bits of the signed types Int8 … Int64, which travel as two's complement."""
_BOOLEAN = 11
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
_OTHER_VALUES = frozenset({16, 17, 18, 19})
"""Bytes, data sets, templates, extensions: no value of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric as it travels; in data messages name and type may be those of the birth."""

    name: str | None
    alias: int | None
    timestamp: int | None
    datatype: int | None
    raw: Value
    """Integers unsigned, as they travel."""
    is_null: bool
    is_historical: bool
    """It was kept back, and does not say what holds now."""

    def value(self, datatype: int | None) -> Value:
        """Return the value by its type; None when it is null or of no good quality."""
        if self.is_null:
            return None
        width = _WIDTHS.get(datatype or 0)
        if width is None or not isinstance(self.raw, int) or isinstance(self.raw, bool):
            return self.raw
        bits = self.raw & ((1 << width) - 1)
        return bits - (1 << width) if bits >> (width - 1) else bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A message's content."""

    timestamp: int | None
    seq: int | None
    metrics: tuple[Metric, ...]


def decode_payload(data: bytes) -> Payload:
    """Read a payload.

    Raises:
        WireError: when the bytes are no Sparkplug B payload, or hold too many metrics.
    """
    timestamp: int | None = None
    seq: int | None = None
    metrics: list[Metric] = []
    for number, value in fields(memoryview(data)):
        if number == 1 and isinstance(value, int):
            timestamp = value
        elif number == 3 and isinstance(value, int):
            seq = value
        elif number == 5:
            raise WireError("compressed payloads are not read")
        elif number == 2 and isinstance(value, memoryview):
            if len(metrics) == MOST_METRICS:
                raise WireError(f"more than {MOST_METRICS} metrics")
            metrics.append(_metric(value))
    return Payload(timestamp=timestamp, seq=seq, metrics=tuple(metrics))


def encode_command(name: str, at_ms: int) -> bytes:
    """Return the payload of a command: one boolean metric that is true."""
    metric = (
        bytes_field(1, name.encode())
        + varint_field(3, at_ms)
        + varint_field(4, _BOOLEAN)
        + varint_field(14, 1)
    )
    return varint_field(1, at_ms) + bytes_field(2, metric)


def _metric(data: memoryview) -> Metric:
    name: str | None = None
    raw: Value = None
    numbers: dict[int, int] = {}
    good = True
    for number, value in fields(data):
        if number == 1 and isinstance(value, memoryview):
            name = _text(value)
        elif number == 9 and isinstance(value, memoryview):
            good = _is_good(value)
        elif number in (10, 11, 12, 13, 14) and isinstance(value, int):
            raw = _number(number, value)
        elif number == 15 and isinstance(value, memoryview):
            raw = _text(value)
        elif number in _OTHER_VALUES:
            raw = ["no plain value"]
        elif isinstance(value, int):
            numbers[number] = value
    return Metric(
        name=name,
        alias=numbers.get(2),
        timestamp=numbers.get(3),
        datatype=numbers.get(4),
        raw=raw,
        is_null=bool(numbers.get(7)) or raw is None or not good,
        is_historical=bool(numbers.get(5)),
    )


def _number(number: int, value: int) -> Value:
    if number == 12:
        return float(_FLOAT.unpack((value & 0xFFFF_FFFF).to_bytes(4, "little"))[0])
    if number == 13:
        return float(_DOUBLE.unpack(value.to_bytes(8, "little"))[0])
    return bool(value) if number == 14 else value


def _is_good(properties: memoryview) -> bool:
    """Tell whether a metric's property ``Quality``, if it has one, says that the value holds."""
    keys: list[str] = []
    values: list[int | None] = []
    for number, value in fields(properties):
        if number == 1 and isinstance(value, memoryview):
            keys.append(_text(value))
        elif number == 2 and isinstance(value, memoryview):
            values.append(_property(value))
    return dict(zip(keys, values, strict=False)).get("Quality", GOOD) == GOOD


def _property(data: memoryview) -> int | None:
    """Return a property's whole number; None when it is something else."""
    found = [value for number, value in fields(data) if number in (3, 4) and isinstance(value, int)]
    return found[0] if found else None


def _text(data: memoryview) -> str:
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as exc:
        raise WireError(f"a text is not UTF-8: {exc}") from exc
