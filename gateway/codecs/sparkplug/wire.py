"""The few bytes of protobuf that Sparkplug needs: varints, fixed numbers, and lengths.

Bounded by the payload itself: nothing is allocated for a length that is not there, and nothing
recurses. Source: protobuf.dev, "Encoding".
"""

import struct
from collections.abc import Iterator

_LONGEST_VARINT = 10
_FIXED = {1: struct.Struct("<Q"), 5: struct.Struct("<I")}


class WireError(ValueError):
    """The bytes are no protobuf message of ours."""


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield a message's fields: number, and an integer (fixed ones as their bits) or bytes.

    Raises:
        WireError: when the bytes end too early or hold what protobuf does not know.
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError("a field has the number 0")
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
        elif kind == 2:
            length, at = _varint(data, at)
            if length > len(data) - at:
                raise WireError(f"{length} bytes are announced, {len(data) - at} are left")
            yield number, data[at : at + length]
            at += length
        elif kind in _FIXED:
            form = _FIXED[kind]
            if form.size > len(data) - at:
                raise WireError("a number is cut off")
            yield number, form.unpack_from(data, at)[0]
            at += form.size
        else:
            raise WireError(f"wire type {kind} is not in use")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    if at < len(data) and data[at] < 0x80:  # nearly all of them
        return data[at], at + 1
    value = 0
    for length in range(min(_LONGEST_VARINT, len(data) - at)):
        byte = data[at + length]
        value |= (byte & 0x7F) << (7 * length)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + length + 1
    raise WireError("a number does not end")


def varint_field(number: int, value: int) -> bytes:
    """Return a field that holds a whole number ≥ 0."""
    return _to_varint(number << 3) + _to_varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return a field that holds bytes, a text or a message."""
    return _to_varint(number << 3 | 2) + _to_varint(len(value)) + value


def _to_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
