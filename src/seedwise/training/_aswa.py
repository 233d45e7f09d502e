"""The average of the weights after every step, from which training goes on."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from seedwise.training._averaging_options import SWA

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ASWA(SWA):
    """The mean of the weights after each step, from the share ``start`` of the epochs on.

    After each of these epochs training goes on from the mean, which ``replace: false`` leaves out: then it only
    watches. Statistics of batch norms and epochs before the start are as of ``swa``.
    """

    start: Annotated[float, ("ge", 0), ("lt", 1)] = 0.0
    replace: bool = True


class AggressiveAverage:
    r"""``averaging: {name: aswa}``: after the t-th step of those that count

        average_t = average_(t-1) + (w_t - average_(t-1)) / t,

    the mean of w_1..w_t, and after each epoch w_t = average_t. The optimizer keeps its momentum.

    Args:
        model: the network that is trained.
        start: share of the epochs after which steps count.
        replace: whether training goes on from the average after each epoch.
        epochs: in all.

    Source: Madhyastha & Jain 2019, On model stability as a function of random seed (arXiv 1909.10447), algorithm 1. Its
        text could not be obtained: that weights are replaced after each epoch is from a summary by a third party, by
        which the divisor is "epoch x steps + step - 1", 0 in the first step; we divide by the number of steps averaged.
        Not confirmed: what becomes of the optimizer's state, and whether averaging starts with the first step. Batch
        norms are not in its networks, as far as is known.

    """

    def __init__(self, model: nn.Module, *, start: float, replace: bool, epochs: int) -> None:
        self.network = copy.deepcopy(model)
        self.stale = False
        self._averages = [parameter.detach() for parameter in self.network.parameters()]
        self._weights = [parameter.detach() for parameter in model.parameters()]
        self._first_epoch = ASWA(start).first_epoch(epochs)
        self._replace, self._epoch, self._steps = replace, 0, 0

    @property
    def ready(self) -> bool:
        """Whether there is an average yet."""
        return self._steps > 0

    def after_step(self) -> None:
        """Take in the weights, from the first epoch on."""
        import torch

        if self._epoch < self._first_epoch:
            return
        self._steps += 1
        torch._foreach_lerp_(self._averages, self._weights, 1 / self._steps)
        self.stale = True

    def after_epoch(self, epoch: int) -> None:
        """Put the average in the place of the weights."""
        import torch

        if self._replace and self.ready:
            torch._foreach_copy_(self._weights, self._averages)
        self._epoch = epoch + 1

    def state(self) -> dict[str, Any]:
        """Return what ``load`` goes on from."""
        return {"network": self.network.state_dict(), "steps": self._steps, "epoch": self._epoch}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self._steps, self._epoch = state["steps"], state["epoch"]
        self.stale = self.ready
