"""A loss of one's own that has a placebo: it multiplies the gradient of its base loss by a factor, and does no more."""

from typing import Any

import torch

from seedwise.losses import Control, Controller


class Cautious(Controller):
    """The base loss l to the power of 1 - caution, which damps the gradient of batches with a high loss."""

    def __init__(self, base: Any = None, *, caution: float = 0.1) -> None:
        super().__init__(base)
        self.power = 1 - caution

    def control(self, loss: torch.Tensor, output: Any, target: Any) -> Control:
        """Return what is added to the loss, and the factor of its gradient; see the class."""
        sound = loss.detach().isfinite()
        loss = torch.where(sound, loss, 1.0)
        factor = self.power * loss.detach() ** (self.power - 1)
        return Control(loss**self.power - loss, torch.where(sound, factor, 1.0), factor, sound)
