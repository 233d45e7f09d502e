"""Losses of one's own in a study file: the focal loss, and one of whole batches, which has a placebo."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seedwise.losses import Control, Controller


def focal(gamma: float = 2.0) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the mean of (1 - p)^gamma (-log p), p the probability of an example's own class.

    Source: Lin et al. 2017 (arXiv 1708.02002), equation 4.
    """

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        cross_entropy = F.cross_entropy(logits, labels, reduction="none")
        return ((1 - (-cross_entropy).exp()) ** gamma * cross_entropy).mean()

    return loss


class BatchFocal(Controller):
    """(1 - p)^gamma l with p = exp(-l), l the cross-entropy of the batch: all its examples have one weight.

    It does nothing but multiply the gradient of the cross-entropy by (1 - p)^gamma + gamma (1 - p)^(gamma - 1) p l, so
    that it has a placebo: the same factors, at other steps.
    """

    def __init__(self, base: Callable[[Any, Any], Tensor] | None = None, *, gamma: float = 2.0) -> None:
        super().__init__(base)
        self.gamma = gamma

    def control(self, loss: Tensor, output: Any, target: Any) -> Control:
        """Return what is added to the loss, and the factor of its gradient; see the class."""
        sound = loss.detach().isfinite()
        loss = torch.where(sound, loss, 0.0)
        p = (-loss).exp()
        weight = (1 - p) ** self.gamma
        with torch.no_grad():
            factor = weight + self.gamma * (1 - p) ** (self.gamma - 1) * p * loss
        return Control((weight - 1) * loss, torch.where(sound, factor, 1.0), weight.detach(), sound)
