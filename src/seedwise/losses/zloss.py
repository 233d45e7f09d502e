"""The Z-loss: a softplus of the true class's standardised logit, whatever shift and scale the logits have."""

import torch.nn.functional as F
from torch import Tensor, nn

from seedwise.losses._classes import IGNORED, checked_classes, mean_loss
from seedwise.losses._parameters import real, takes
from seedwise.losses.objective_options import ZLossOptions


def z_loss(
    logits: Tensor,
    target: Tensor,
    *,
    sharpness: float = 1.0,
    shift: float = 0.0,
    eps: float = 1e-5,
    ignore_index: int = IGNORED,
) -> Tensor:
    """Mean over entries of a softplus of how far the true class's logit stands out among all of them.

        softplus(a (b - z_c)) / a,   z_c = (o_c - mu) / sqrt(sigma^2 + eps)

    with the mean mu and the population variance sigma^2 of the logits o of one example. Up to eps it does not change
    with shift and scale of the logits, so that a network cannot lower it by growing its weights; softmax of such logits
    is no probability that was trained, and calibration is none of its aims.

    Not to be confused with `log_partition_loss`, which is called z-loss elsewhere.

    Args:
        logits: o, (N, C), (N, C, ...) or (C,), floating point; computed in at least float32.
        target: class indices of that shape without the class axis, or class probabilities of the shape of the logits,
            over which the expectation is taken (the paper has indices alone).
        sharpness: a > 0.
        shift: b.
        eps: > 0. Whether the paper adds one could not be confirmed: without it the gradient grows without limit as the
            logits become equal.
        ignore_index: entries with this index do not count.

    Returns:
        0-dim tensor, without unit.

    Raises:
        ValueError: if an option is out of range, the shapes do not match, or there are fewer than two classes.
        TypeError: if logits are not floating point, or targets are of the wrong kind.

    Example:
        >>> import torch
        >>> logits, target = torch.tensor([[3.0, 1.0, 2.0]]), torch.tensor([0])
        >>> z_loss(logits, target), z_loss(10 * logits + 5, target)  # softplus(-1.2247)
        (tensor(0.2576), tensor(0.2576))

    Source: de Brebisson & Vincent 2016, The Z-loss: a shift and scale invariant classification loss belonging to the
    spherical family (arXiv 1604.08859).
    """
    a, b = real("sharpness", sharpness, gt=0), real("shift", shift)
    logits, target = checked_classes("z_loss", logits, target)
    # A layer norm without weights, over the classes.
    scores = F.layer_norm(logits.movedim(1, -1), logits.shape[1:2], eps=real("eps", eps, gt=0)).movedim(-1, 1)
    return mean_loss(lambda z: F.softplus(a * (b - z)) / a, scores, target, ignore_index)


class ZLoss(nn.Module):
    """A softplus of the true class's standardised logit, as a module; see `z_loss`.

    Args:
        options: of :class:`ZLossOptions`.
        ignore_index: entries with this index do not count.

    Example:
        >>> import torch
        >>> ZLoss()(torch.tensor([[1.0, 0.0, 0.5]]), torch.tensor([0]))
        tensor(0.2576)
    """

    @takes(ZLossOptions)
    def __init__(self, *, ignore_index: int = IGNORED, options: ZLossOptions) -> None:
        super().__init__()
        self.options, self.ignore_index = options, ignore_index

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss, 0-dim; see `z_loss`."""
        o = self.options
        return z_loss(output, target, sharpness=o.sharpness, shift=o.shift, eps=o.eps, ignore_index=self.ignore_index)
