"""Which candidate every connection takes."""

from __future__ import annotations

import torch
from torch import Tensor

from seedwise.selection._hash import words

_CACHED = 1 << 16
"""Connections whose scores a processor's cache holds while they are compared."""

_BLOCK = 1 << 18
"""Scores looked at together: what is made of them on the way is no larger."""


def greedy(scores: Tensor) -> Tensor:
    """Return the place of the highest score of each connection, of equal ones the first: (k, n) to (n,), int64."""
    scores = scores.detach()
    if scores.device.type != "cpu" or torch.compiler.is_compiling():
        return scores.argmax(0)
    # argmax along the first axis reads memory in strides: row by row within the cache it takes a third of the time.
    k, count = scores.shape
    index = torch.empty(count, dtype=torch.int64)
    for start in range(0, count, _CACHED):
        part = scores[:, start : start + _CACHED]
        best = part[0].clone()
        at, above = torch.zeros_like(best), torch.empty_like(best)
        for j in range(1, k):
            torch.gt(part[j], best, out=above)
            torch.maximum(at, above.mul_(j), out=at)
            torch.maximum(best, part[j], out=best)
        index[start : start + _CACHED] = at
    return index


def sampled(scores: Tensor, key: int | Tensor) -> Tensor:
    r"""Draw a place from softmax(scores) for each connection.

    The first place whose cumulated probability is above u_i, a hash of (key, i) spread evenly over 0 to 1.

    Args:
        scores: (k, n).
        key: int32, a number or a tensor with one; it alone decides what is drawn.

    Returns:
        (n,), int64.

    """
    scores = scores.detach()
    k, count = scores.shape
    index = torch.empty(count, dtype=torch.int64, device=scores.device)
    step = count if torch.compiler.is_compiling() else max(_BLOCK // k, 1)
    for start in range(0, count, step):
        stop = min(start + step, count)
        u = words(start, stop, key, scores.device).to(torch.float32).mul_(2.0**-32).add_(0.5)
        cumulated = scores[:, start:stop].float().softmax(0).cumsum(0)
        # Rounding must not lead past the last place.
        index[start:stop] = (cumulated <= u * cumulated[-1]).sum(0).clamp_(max=k - 1)
    return index
