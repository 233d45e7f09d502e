"""A loss of one's own that has a placebo: it multiplies the gradient of its base loss by a factor, and does no more."""

from typing import Any

import torch

from seedwise.losses import Control, Controller


class Cautious(Controller):
    """The base loss l, whose gradient is multiplied by (1 - caution) / l^caution: a high loss counts for less."""

    def __init__(self, base: Any = None, *, caution: float = 0.1) -> None:
        super().__init__(base)
        self.caution = caution

    def control(self, loss: torch.Tensor, output: Any, target: Any) -> Control:
        """Return what multiplies the gradient by the factor; see the class."""
        return Control.of_factor(loss, (1 - self.caution) / loss.detach() ** self.caution)
