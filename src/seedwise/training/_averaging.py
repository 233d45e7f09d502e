"""The average of a network's weights over its training, in a second network, which is the one that is evaluated."""

from __future__ import annotations

import copy
from itertools import chain
from typing import Any, Protocol

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from seedwise.training._averaging_options import SWA


class Average(Protocol):
    """What the trainer asks of an average of weights.

    Attributes:
        network: the average.
        ready: whether there is an average yet.
        stale: whether its batch-norm statistics are to be recomputed; reset when they have been.

    """

    network: nn.Module
    stale: bool

    @property
    def ready(self) -> bool:
        """See above."""

    def after_step(self) -> None:
        """Called after every step."""

    def after_epoch(self, epoch: int) -> None:
        """Called after every epoch, counted from 0."""

    def state(self) -> dict[str, Any]:
        """Return what ``load`` goes on from."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


class ExponentialAverage:
    r"""``averaging: {name: ema}``: after step t the new average is the old one, moved to the weights w_t by a share of

        (1 - decay) / (1 - decay^t)    or, not debiased,    1 - decay.

    The first makes it sum_i (1 - decay) decay^(t - i) w_i / (1 - decay^t): the first step takes all of w_1, so that
    nothing is left of the initial weights, and what never changes stays the same to the last bit.
    ``AveragedModel`` would make the host wait for the device in every step, to count the steps.

    Args:
        model: the network that is trained, with its initial weights.
        decay: share of the old average in the new one, where steps are many.
        debias: see above.

    """

    ready = True
    stale = False

    def __init__(self, model: nn.Module, *, decay: float, debias: bool) -> None:
        self.network = copy.deepcopy(model)
        pairs = [(a.detach(), b.detach()) for a, b in zip(_tensors(self.network), _tensors(model), strict=True)]
        self._averages = [average for average, _ in pairs if average.is_floating_point()]
        self._values = [value for _, value in pairs if value.is_floating_point()]
        self._counters = [pair for pair in pairs if not pair[0].is_floating_point()]
        self._decay, self._debias, self._steps = decay, debias, 0

    def after_step(self) -> None:
        """Take in the weights and the running statistics."""
        self._steps += 1
        kept = 1 - (1 - self._decay) / (1 - self._decay**self._steps) if self._debias else self._decay
        get_ema_multi_avg_fn(kept)(self._averages, self._values, 0)

    def after_epoch(self, epoch: int) -> None:  # noqa: ARG002 - a stochastic average asks which it is
        """Take over the counters."""
        for average, value in self._counters:
            average.copy_(value)

    def state(self) -> dict[str, Any]:
        """Return what ``load`` goes on from."""
        return {"network": self.network.state_dict(), "steps": self._steps}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self._steps = state["steps"]


class StochasticAverage:
    """``averaging: {name: swa}``.

    Args:
        model: the network that is trained.
        start: share of the epochs after which weights count.
        epochs: in all.

    Source: Izmailov et al. 2018, Averaging weights leads to wider optima and better generalization, algorithm 1; the
        learning rate is that of the study's schedule.

    """

    stale = False

    def __init__(self, model: nn.Module, *, start: float, epochs: int) -> None:
        self._model = model
        self._first_epoch = SWA(start).first_epoch(epochs)
        self._averaged = AveragedModel(model)
        self.network: nn.Module = self._averaged.module

    @property
    def ready(self) -> bool:
        """Whether there is an average yet."""
        return bool(self._averaged.n_averaged > 0)

    def after_step(self) -> None:
        """Do nothing: epochs are averaged."""

    def after_epoch(self, epoch: int) -> None:
        """Take in the weights from the first epoch on."""
        if epoch >= self._first_epoch:
            self._averaged.update_parameters(self._model)
            self.stale = True

    def state(self) -> dict[str, Any]:
        """Return what ``load`` goes on from."""
        return self._averaged.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._averaged.load_state_dict(state)
        self.stale = True


def _tensors(network: nn.Module) -> chain[Tensor]:
    return chain(network.parameters(), network.buffers())
