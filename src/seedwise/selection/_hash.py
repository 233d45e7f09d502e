"""Random numbers that are a function of where they stand: a hash of (seed, connection, candidate)."""

from __future__ import annotations

from typing import Final, TypeVar

import torch
from torch import Tensor

WORD: Final = 0xFFFFFFFF
_M1: Final = 0x21F0AAAD
_M2: Final = 0x735A2D97

Word = TypeVar("Word", int, Tensor)


def mixed(word: Word) -> Word:
    """Hash a 32-bit word (an int, or int64) to a 32-bit word, one to one ("lowbias32", Wellons, Hash Prospector)."""
    # Both constants are below 2^31, so that no product leaves the 63 bits of a signed int64.
    word = (word ^ word >> 16) * _M1 & WORD
    word = (word ^ word >> 15) * _M2 & WORD
    return word ^ word >> 15


def keys_of(seed: int, count: int, purpose: int = 0) -> list[int]:
    """Return ``count`` 32-bit keys, each a hash of the seed (0 to 2^63 - 1), the purpose and its place."""
    low, high = seed & WORD, seed >> 32
    start = mixed(mixed(mixed(low) ^ high) ^ mixed(purpose ^ 0x9E3779B9))
    again = mixed(mixed(mixed(high ^ 0x85EBCA6B) ^ low) ^ purpose)
    # Keyed twice: with one key, the keys of one seed would be those of another in a different order.
    return [mixed(mixed(start + place & WORD) ^ again) for place in range(count)]


def signed(word: int) -> int:
    """Return the int32 of the same bits."""
    return word - (1 << 32) if word >> 31 else word


def words(start: int, stop: int, key: int | Tensor, device: torch.device) -> Tensor:
    """Return one random word (int32) for each of the connections ``start`` to ``stop`` - 1: `mixed`(place xor key).

    The arithmetic of int32 tensors wraps round at 32 bits, on every device.
    """
    word = torch.arange(start, stop, dtype=torch.int32, device=device).bitwise_xor_(key)
    for shift, multiplier in ((16, _M1), (15, _M2)):
        word.bitwise_xor_((word >> shift).bitwise_and_(WORD >> shift)).mul_(multiplier)
    return word.bitwise_xor_((word >> 15).bitwise_and_(WORD >> 15))


def numbers(word: Tensor, key: Tensor, scale: float) -> Tensor:
    r"""Return numbers spread evenly over -`scale` to `scale`, one for each pair of a word and a key.

        x = (word xor key) M1,   y = (x xor (x >> 15)) M2,   scale y / 2^31    (int32, signed shift)

    Words are random already, so that half of `mixed` is enough.

    Args:
        word: int32, broadcast against ``key``, int32.
        key: as of :func:`keys_of`.
        scale: positive.

    Returns:
        float32.

    """
    x = (word ^ key).mul_(_M1)
    return x.bitwise_xor_(x >> 15).mul_(_M2).to(torch.float32).mul_(scale / 2**31)
