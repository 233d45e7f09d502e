"""The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding/)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = int | float | bytes


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Yield number and value of every field: varints as integers, fixed ones as floats, the rest as bytes.

    Raises:
        ValueError: if it is no message.

    Example:
        >>> list(fields(bytes([0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69])))
        [(1, 150), (2, b'hi')]

    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        value: Value
        if kind == 0:
            value, at = _varint(message, at)
        elif kind == 1:
            value, at = _fixed("<d", message, at)
        elif kind == 5:
            value, at = _fixed("<f", message, at)
        elif kind == 2:
            size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        else:
            raise ValueError("a record is damaged")
        if at > end:
            raise ValueError("a record is damaged")
        yield key >> 3, value


def _fixed(kind: str, message: bytes, at: int) -> tuple[float, int]:
    try:
        found: float = struct.unpack_from(kind, message, at)[0]
    except struct.error:
        raise ValueError("a record is damaged") from None
    return found, at + struct.calcsize(kind)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a record is damaged")
        byte = message[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at


def signed(value: Value) -> int:
    """Return an integer that may be negative: it is written as its complement."""
    number = int(value)
    return number - (1 << 64) if number >= 1 << 63 else number


def submessages(message: bytes, number: int) -> Iterator[bytes]:
    """Yield the messages or texts in the fields of one number."""
    return (value for found, value in fields(message) if found == number and isinstance(value, bytes))
