"""Numbers drawn by hashing a seed and a count: they take nothing from any generator and need no state but the count."""

from typing import TypeVar

from torch import Tensor

_WORD = 0xFFFFFFFF

IntOrTensor = TypeVar("IntOrTensor", int, Tensor)


def mix(word: IntOrTensor) -> IntOrTensor:
    """Hash a 32-bit word to a 32-bit word, one to one ("lowbias32", Wellons, Hash Prospector)."""
    # Both constants are below 2^31, so that no product leaves the 63 bits of a signed int64.
    word = word ^ (word >> 16)
    word = (word * 0x21F0AAAD) & _WORD
    word = word ^ (word >> 15)
    word = (word * 0x735A2D97) & _WORD
    return word ^ (word >> 15)


def keys_of(seed: int) -> tuple[int, int]:
    """Return the two keys of a seed, from 0 to 2^63 - 1."""
    low, high = seed & _WORD, seed >> 32
    return mix(mix(low) ^ high), mix(mix(high ^ 0x9E3779B9) ^ low)


def word_at(count: Tensor, keys: Tensor) -> Tensor:
    """Return the 32-bit word of a count: int64, any shape, from 0 to 2^32 - 1."""
    # Keyed twice: with the first key alone, the draws of one seed would be those of another in a different order.
    return mix(mix((count + keys[0]) & _WORD) ^ keys[1])


def uniform(word: Tensor) -> Tensor:
    """Return a number in (0, 1) for each word, float32: the middle of one of 2^23 intervals, which float32 has."""
    return ((word >> 9).float() + 0.5) / (1 << 23)
