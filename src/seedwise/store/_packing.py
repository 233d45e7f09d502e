"""Arrays as bytes in a store."""

from __future__ import annotations

import json
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_SMALLEST: Final = 9
_FROM_TRUTH: Final = b"^"


def pack(array: NDArray[Any], level: int = 6) -> bytes:
    """Pack an array."""
    header = json.dumps([array.dtype.str, array.shape]).encode()
    return header + b"\n" + zlib.compress(np.ascontiguousarray(array).tobytes(), level)


def unpack(blob: bytes) -> NDArray[Any]:
    """Return what ``pack`` packed."""
    header, _, body = blob.partition(b"\n")
    dtype, shape = json.loads(header)
    return np.frombuffer(zlib.decompress(body), dtype=dtype).reshape(shape)


def pack_unknown(blob: bytes) -> bytes:
    """Pack an array like a packed one of floats, of values that are not known: a few bytes."""
    dtype, shape = json.loads(blob.partition(b"\n")[0])
    return pack(np.full(shape, np.nan, dtype), _SMALLEST)


def pack_labels(predicted: NDArray[Any], labels: NDArray[Any]) -> bytes:
    """Pack predicted classes by what differs from the true ones: a byte or two for every mistake."""
    plain = pack(predicted, _SMALLEST)
    if predicted.dtype != labels.dtype or predicted.dtype.kind not in "iu" or predicted.shape != labels.shape:
        return plain
    return min(_FROM_TRUTH + pack(predicted ^ labels, _SMALLEST), plain, key=len)


def unpack_labels(blob: bytes, labels: NDArray[Any]) -> NDArray[Any]:
    """Return the predicted classes that ``pack`` or ``pack_labels`` packed."""
    if not blob.startswith(_FROM_TRUTH):
        return unpack(blob)
    predicted: NDArray[Any] = unpack(blob[len(_FROM_TRUTH) :]) ^ labels
    return predicted


def pack_text(text: str) -> bytes:
    """Pack a text."""
    return zlib.compress(text.encode(), _SMALLEST)


def unpack_text(kept: str | bytes) -> str:
    """Return a text that may have been packed."""
    return zlib.decompress(kept).decode() if isinstance(kept, bytes) else kept
