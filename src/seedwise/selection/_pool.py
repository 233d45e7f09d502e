"""The candidates of a layer: kept, or made again from their seed wherever they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seedwise.selection._hash import keys_of, numbers, signed, words


class Pool:
    """k random numbers for each of n connections, between -``bound`` and ``bound``, made where they are needed.

    Candidate j of connection i is a hash of (seed, i, j): the same whatever k is, and in whatever parts it is made.

    Args:
        seed: from 0 to 2^63 - 1.
        k: candidates per connection.
        count: connections, n.
        bound: positive.

    """

    def __init__(self, seed: int, k: int, count: int, bound: float) -> None:
        self.k, self.count, self.bound = k, count, bound
        self._word_key = signed(keys_of(seed, 1, purpose=1)[0])
        self._keys = torch.tensor([signed(key) for key in keys_of(seed, k, purpose=2)], dtype=torch.int32)

    def all(self, device: torch.device | None = None) -> Tensor:
        """Return every candidate: (k, n), float32."""
        made = torch.empty(self.k, self.count, device=device)
        for part, _, block in self._blocks(made.device):
            made[part] = block
        return made

    def chosen(self, index: Tensor) -> Tensor:
        """Return candidate ``index[i]`` of every connection i: (n,), float32."""
        keys = self._keys.to(index.device)
        if torch.compiler.is_compiling():
            return numbers(self._words(0, self.count, index.device), keys[index], self.bound)
        made = torch.empty(self.count, device=index.device)
        for at in _spans(self.count, _block_size(index.device)):
            made[at] = numbers(self._words(at.start, at.stop, index.device), keys[index[at]], self.bound)
        return made

    def times(self, factor: Tensor) -> Tensor:
        """Return every candidate times the factor (n,) of its connection: (k, n), of the factor's type."""
        if torch.compiler.is_compiling():
            keys = self._keys.to(factor.device)[:, None]
            made = numbers(self._words(0, self.count, factor.device), keys, self.bound)
            return made.to(factor.dtype) * factor
        product = factor.new_empty(self.k, self.count)
        for part, columns, block in self._blocks(factor.device):
            torch.mul(block.to(factor.dtype), factor[columns], out=product[part])
        return product

    def _words(self, start: int, stop: int, device: torch.device) -> Tensor:
        return words(start, stop, self._word_key, device)

    def _blocks(self, device: torch.device) -> Iterator[tuple[tuple[slice, slice], slice, Tensor]]:
        """Yield the candidates in blocks that stay in the processor's cache, with their place."""
        keys = self._keys.to(device)[:, None]
        size = _block_size(device)
        for columns in _spans(self.count, size):
            word = self._words(columns.start, columns.stop, device)
            for rows in _spans(self.k, max(size // (columns.stop - columns.start), 1)):
                yield (rows, columns), columns, numbers(word, keys[rows], self.bound)


class _Chosen(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, index: Tensor, pool: Pool, kept: Tensor | None) -> Tensor:
        """Return candidate ``index[i]`` of every connection i, of the pool or of the ``kept`` ones (k, n)."""
        ctx.pool = pool
        if kept is None:
            return pool.chosen(index).to(scores.dtype)
        ctx.save_for_backward(kept)
        return kept.gather(0, index[None])[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the gradient of all scores."""
        kept = ctx.saved_tensors
        return (kept[0] * gradient if kept else ctx.pool.times(gradient)), None, None, None


def chosen(scores: Tensor, index: Tensor, pool: Pool, kept: Tensor | None) -> Tensor:
    r"""Return the chosen weights (n,), straight through: dL/ds_ij = dL/dW_i w_ij for every candidate j.

    Args:
        scores: (k, n).
        index: (n,), int64, the place of the chosen candidate.
        pool: the candidates.
        kept: the same (k, n), where they are stored, or None.

    """
    weight: Tensor = _Chosen.apply(scores, index, pool, kept)  # type: ignore[no-untyped-call]
    return weight


def _spans(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _block_size(device: torch.device) -> int:
    """Return how many numbers are made at once: on a processor what its cache holds, elsewhere what keeps it busy."""
    return 1 << 15 if device.type == "cpu" else 1 << 22
