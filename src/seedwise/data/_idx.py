"""Reading the idx files of MNIST."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np


def read_idx(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the array in an idx file: two zero bytes, 8 for uint8, the number of axes, their lengths, the values.

    Args:
        content: the file.

    Raises:
        ValueError: if it is no such file, cut short or too long.

    Example:
        >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4])).tolist()
        [5, 0, 4]

    Source: LeCun, Cortes & Burges, the MNIST database, "File formats".

    """
    if content[:3] != b"\0\0\x08" or len(content) < 4:
        raise ValueError(f"not an idx file of uint8: it begins with {content[:4].hex() or 'nothing'}")
    axes = content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"an idx file of {len(content)} bytes, cut short: it should have {axes} lengths")
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) != start + math.prod(shape):
        raise ValueError(f"an idx file of {len(content)} bytes: {shape} should make it {start + math.prod(shape)}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
