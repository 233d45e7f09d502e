"""Sharpness-aware minimisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from seedwise.training._task import Backward, Batch

if TYPE_CHECKING:
    from seedwise.training._loop import Trainer


def sharpen(trainer: Trainer, *, rho: float) -> None:
    """Take both passes in the place of one; the second sees the state of the model and of the loss as it was."""
    state = [*trainer.model.buffers(), *(trainer.loss_module.buffers() if trainer.loss_module is not None else [])]
    trainer.backward = sharpness_aware(trainer.backward, trainer.model, state, rho, trainer.device)


def sharpness_aware(
    backward: Backward, model: nn.Module, buffers: Iterable[Tensor], rho: float, device: str
) -> Backward:
    r"""Return a ``backward`` that leaves the gradients at the worst weights nearby, and returns the loss at w itself.

        gradient(w + rho g / |g|),   g = gradient(w),   |g| over all weights w.

    Both passes see the same batch, dropout masks and buffers; only the first leaves its mark in the buffers. So
    running statistics and the state of a controlled loss are those of the weights, and move once.

    Args:
        backward: one pass.
        model: whose weights are moved, and put back to the bit.
        buffers: everything that a pass changes besides the gradients: of the model and of the loss.
        rho: how far the weights are moved, in their own unit.
        device: of the model, for the generator of its dropout.

    Source: Foret et al. 2021, Sharpness-aware minimization for efficiently improving generalization, algorithm 1.

    """
    state = list(buffers)
    generators = [device] if device.startswith("cuda") else []

    def both_passes(batch: Batch) -> Tensor:
        before = _copies(state)
        with torch.random.fork_rng(generators):
            loss = backward(batch)
        after = _copies(state)
        with torch.no_grad():
            moved: list[Tensor] = [p for p in model.parameters() if p.grad is not None]
            weights = _copies(moved)
            gradients = [p.grad for p in moved if p.grad is not None]
            step = rho / (nn.utils.get_total_norm(gradients) + 1e-12)
            torch._foreach_add_(moved, torch._foreach_mul(gradients, step))
            _put_back(state, before)
        backward(batch)
        with torch.no_grad():
            _put_back(state, after)
            _put_back(moved, weights)
        return loss

    return both_passes


def _copies(tensors: Iterable[Tensor]) -> list[Tensor]:
    return [tensor.detach().clone() for tensor in tensors]


def _put_back(tensors: list[Tensor], values: list[Tensor]) -> None:
    if tensors:
        torch._foreach_copy_(tensors, values)
