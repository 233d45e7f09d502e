"""What the losses of classes share: the check of logits and targets, and the mean over the entries that count."""

from collections.abc import Callable

import torch
from torch import Tensor

IGNORED = -100
"""The class index that counts nowhere, unless another is said; that of PyTorch's cross-entropy."""


def checked_classes(name: str, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits (N, C, ...) in at least float32 and targets that fit them; (C,) becomes (1, C).

    Raises:
        ValueError: if the shapes do not match, or there are fewer than two classes.
        TypeError: if logits or probabilities are not floating point, or class indices no integers.
    """
    if not logits.dtype.is_floating_point:
        raise TypeError(f"{name} needs floating-point logits, got {logits.dtype}")
    axis = 1 if logits.dim() > 1 else 0
    indices = (*logits.shape[:axis], *logits.shape[axis + 1 :])
    if logits.dim() == 0 or target.shape not in (indices, logits.shape):
        raise ValueError(
            f"{name} of logits {tuple(logits.shape)} needs class indices of shape {indices} or probabilities of the "
            f"shape of the logits, got a target of shape {tuple(target.shape)}"
        )
    if logits.shape[axis] < 2:
        raise ValueError(
            f"{name} needs at least two classes, got outputs of shape {tuple(logits.shape)}: for yes or no pass "
            "the two logits of its classes"
        )
    if target.shape == logits.shape and not target.dtype.is_floating_point:
        raise TypeError(f"{name}: a target of the shape of the logits holds probabilities, got {target.dtype}")
    if target.shape == indices and (target.dtype.is_floating_point or target.dtype == torch.bool):
        raise TypeError(f"{name} needs integer class indices, got {target.dtype}: pass target.long()")
    logits = at_least_float32(logits)
    return (logits[None], target[None]) if axis == 0 else (logits, target)


def at_least_float32(values: Tensor) -> Tensor:
    """Return floating-point values in float32, or in float64 where they are that."""
    return values.float() if torch.finfo(values.dtype).bits < 32 else values


def mean_loss(
    loss: Callable[[Tensor], Tensor],
    scores: Tensor,
    target: Tensor,
    ignore_index: int = IGNORED,
    further: Tensor | None = None,
) -> Tensor:
    """Return the mean over entries of the loss of the target's score; of probabilities its expectation over classes.

    Args:
        loss: from scores to losses, entry by entry.
        scores: (N, C, ...).
        target: class indices (N, ...), or probabilities (N, C, ...).
        ignore_index: the class index of entries that do not count.
        further: (N, ...), added to every entry.

    Returns:
        0-dim tensor; NaN where no entry counts, as PyTorch's cross-entropy.
    """
    if target.shape == scores.shape:
        # What has no share is taken out before the loss, whose infinite gradient times 0 would be NaN.
        shared = target > 0
        found = torch.where(shared, target * loss(torch.where(shared, scores, 0.0)), 0.0).sum(1)
        return (found if further is None else found + further).mean()
    counts = target != ignore_index
    at = torch.where(counts, target, 0).unsqueeze(1)
    chosen = torch.where(counts, scores.gather(1, at).squeeze(1), 0.0)
    found = loss(chosen) if further is None else loss(chosen) + further
    return torch.where(counts, found, 0.0).sum() / counts.sum()
