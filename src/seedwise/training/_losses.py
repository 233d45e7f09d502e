"""From a study file's ``loss:`` to a loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.declarations import Part
from seedwise.errors import SeedwiseError
from seedwise.randomness import Randomness
from seedwise.training._task import Task

Loss = Callable[..., Tensor]
"""From outputs and targets to one number; it may be a module with a state, such as a ``losses.ControlledLoss``."""


def cross_entropy(base: Loss, *, label_smoothing: float) -> Loss:
    """Return the task's own loss, of classes perhaps with smoothed targets."""
    return partial(base, label_smoothing=label_smoothing) if label_smoothing else base


def binary_cross_entropy() -> Loss:
    """Return the binary cross-entropy of logits."""
    return F.binary_cross_entropy_with_logits


def squared_error() -> Loss:
    """Return the mean squared error."""
    return F.mse_loss


def absolute_error() -> Loss:
    """Return the mean absolute error."""
    return F.l1_loss


def huber(*, delta: float) -> Loss:
    """Return the Huber loss."""
    return partial(F.huber_loss, delta=delta)


def build_loss(config: Part, task: Task, randomness: Randomness) -> Loss:
    """Return the loss; what a loss of ours or of the user's draws comes from the ``dropout`` source.

    Args:
        config: which one, and its options; those that are losses themselves are built first.
        task: whose own loss it is built on.
        randomness: of the run.

    Raises:
        SeedwiseError: if what is made is no loss, or no control can be made of it.

    """
    inner = {key: build_loss(part, task, randomness) for key, part in config if isinstance(part, Part)}
    offered: dict[str, Callable[[], Any]] = {
        "base": lambda: task.default_loss,
        "variance": lambda: task.variance,
        "seed": lambda: randomness.integer("dropout", config.name),
    }
    try:
        loss = config.make(offered=offered, **inner)
    except (TypeError, ValueError) as error:
        raise SeedwiseError(f"the loss '{config.name}' cannot be made: {error}") from error
    if not callable(loss):
        raise SeedwiseError(
            f"'{config.name}' returned {type(loss).__name__}: what is called with outputs and targets is needed"
        )
    if isinstance(loss, nn.Module) and any(True for _ in loss.parameters()):
        raise SeedwiseError(
            f"the loss '{config.name}' has parameters of its own, which the optimizer does not know: make them buffers"
        )
    return loss  # type: ignore[no-any-return]


def checked_loss(value: Any, name: str) -> Tensor:
    """Return what a loss returned, or say in one line what is wanted; waits for no device.

    Raises:
        SeedwiseError: if it is not one number with a gradient.

    """
    if not isinstance(value, Tensor) or value.dim() or not value.dtype.is_floating_point:
        found = f"a tensor of shape {tuple(value.shape)}, {value.dtype}" if isinstance(value, Tensor) else repr(value)
        raise SeedwiseError(f"the loss '{name}' returned {found}: a 0-dim float tensor is needed, such as a .mean()")
    if not value.requires_grad:
        raise SeedwiseError(
            f"the loss '{name}' returned a number without a gradient: compute it from the outputs, without .item(), "
            ".detach() or torch.no_grad()"
        )
    return value
