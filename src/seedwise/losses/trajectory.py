"""Sharpness-aware training for free (SAF): a penalty on the distance from the same example's past logits."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.losses._classes import at_least_float32
from seedwise.losses._controller import Loss, batch_cross_entropy, mean_scalar
from seedwise.losses._parameters import takes, whole
from seedwise.losses.trajectory_options import TrajectoryOptions


def past_distance(logits: Tensor, past: Tensor, temperature: float) -> Tensor:
    r"""Return how far the probabilities of each example lie from those of its past logits.

        T^2 KL(softmax(z_past / T) || softmax(z / T))

    Args:
        logits: z, (N, C); the gradient flows through these alone.
        past: (N, C), floating point.
        temperature: T > 0.

    Returns:
        (N,), in nats; 0 where past logits are not finite, which stands for none.

    Example:
        >>> past_distance(torch.zeros(2, 2), torch.tensor([[2.0, 0.0], [float("nan"), 0.0]]), 1.0)
        tensor([0.3278, 0.0000])

    Source: Du et al. 2022 (arXiv 2205.14083), trajectory loss.
    """
    known = past.isfinite().all(1)
    target = (torch.where(known[:, None], past.detach(), 0.0) / temperature).log_softmax(1)
    distance = F.kl_div((logits / temperature).log_softmax(1), target, reduction="none", log_target=True).sum(1)
    return temperature**2 * torch.where(known, distance, 0.0)


class TrajectoryLoss(nn.Module):
    r"""The base loss plus the distance from the logits that the same examples had some epochs ago (SAF).

        L = base + weight T^2 mean_i KL(softmax(z_i,past / T) || softmax(z_i / T))     from epoch `start_epoch` on

    with z_i,past the logits of example i as it was seen in training `epochs_back` epochs ago, under the augmentation of
    then. An example that was not seen in that epoch adds 0. The step must say which examples it has: call it as
    ``loss(output, target, ids)``. Call `on_epoch_end()` after every training epoch. In `eval()`, or without gradients,
    it is the base loss, and ids are not needed.

    It holds (epochs_back + 1) x examples x classes numbers of 4 bytes: 6 MB for 50 000 examples of 10 classes, 3 back.

    The paper's algorithm and its authors' program count epochs in different ways; here the first epoch is 0, and the
    first with the penalty is `start_epoch` (theirs is the one after).

    Args:
        base: the base loss, a function of (output, target) that returns one number; None is cross-entropy.
        examples: how many there are in the training set; ids are from 0 to examples - 1.
        classes: how many.
        options: of :class:`TrajectoryOptions`.

    Attributes:
        ring: float32, (epochs_back + 1, examples, classes): logits by epoch; NaN where there are none.
        epoch: int64, 0-dim, the running epoch, from 0.

    Raises:
        TypeError, ValueError: if an argument is out of range; on a call in training without ids, if their shape is not
            (N,), or if outputs are not (N, classes).

    Example:
        >>> loss = TrajectoryLoss(examples=2, classes=2, weight=1.0, temperature=1.0, start_epoch=0, epochs_back=1)
        >>> target, ids = torch.tensor([0, 1]), torch.tensor([0, 1])
        >>> first = loss(torch.zeros(2, 2, requires_grad=True), target, ids)  # log 2
        >>> loss.on_epoch_end()
        >>> loss(torch.tensor([[2.0, 0.0], [0.0, 0.0]], requires_grad=True), target, ids)  # .4100 + .4338 / 2
        tensor(0.6269, grad_fn=<AddBackward0>)

    Source: Du et al. 2022, Sharpness-aware training for free (arXiv 2205.14083).
    """

    ring: Tensor
    epoch: Tensor

    @takes(TrajectoryOptions)
    def __init__(self, base: Loss | None = None, *, examples: int, classes: int, options: TrajectoryOptions) -> None:
        super().__init__()
        if base is not None and not callable(base):
            raise TypeError(f"base must be a function of (output, target) or None for cross-entropy, got {base!r}")
        self.base = base
        self.options = options
        sizes = (options.epochs_back + 1, whole("examples", examples, ge=1), whole("classes", classes, ge=2))
        self.register_buffer("ring", torch.full(sizes, math.nan, dtype=torch.float32))
        self.register_buffer("epoch", torch.tensor(0, dtype=torch.int64))

    def forward(self, output: Tensor, target: Tensor, ids: Tensor | None = None) -> Tensor:
        """Return the loss to call `backward()` on, 0-dim; ids: (N,), integers, which examples these are."""
        base = mean_scalar((batch_cross_entropy if self.base is None else self.base)(output, target), "base")
        if not (self.training and torch.is_grad_enabled()):
            return base
        return base + self.penalty(output, ids)

    def penalty(self, output: Tensor, ids: Tensor | None) -> Tensor:
        """Return what is added to the base loss, 0-dim, and remember the logits; for training alone."""
        back, examples, classes = self.ring.shape
        if ids is None:
            raise ValueError(
                "TrajectoryLoss needs to know which examples these are: call it as loss(output, target, ids), with ids "
                f"their rows in the training set, from 0 to {examples - 1}"
            )
        if output.shape != (len(ids), classes) or ids.dim() != 1:
            raise ValueError(
                f"TrajectoryLoss of {classes} classes needs outputs (N, {classes}) and ids (N,), got "
                f"{tuple(output.shape)} and {tuple(ids.shape)}"
            )
        rows = self.ring.view(-1, classes)
        seen = output.detach()
        past = rows.index_select(0, (self.epoch + 1) % back * examples + ids)
        rows.index_copy_(0, self.epoch % back * examples + ids, seen.to(rows.dtype))
        distance = past_distance(at_least_float32(output), past, self.options.temperature)
        return self.options.weight * torch.where(self.epoch >= self.options.start_epoch, distance.mean(), 0.0)

    def on_epoch_end(self) -> None:
        """Start a new epoch; call it once after each training epoch."""
        self.epoch.add_(1)
        self.ring.index_fill_(0, (self.epoch % len(self.ring)).view(1), math.nan)
