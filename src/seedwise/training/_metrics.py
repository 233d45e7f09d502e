"""Metrics, and what a metric says of itself; torch is imported when one is computed.

A metric is a function of outputs and targets that returns one number. It says its unit, direction and chance level
with ``@metric``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from seedwise.statistics import SHARE, Metric

if TYPE_CHECKING:
    from torch import Tensor

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """What a metric says of itself; see ``metric``."""

    unit: str = ""
    higher_is_better: bool = True
    chance: float | Callable[[int], float] | None = None

    def of(self, name: str, classes: int | None) -> Metric:
        """Return the metric of a task with so many classes; None where there are none, or nobody knows."""
        chance = self.chance
        if callable(chance):
            chance = None if classes is None else chance(classes)
        return Metric(name, self.unit, self.higher_is_better, chance)


def metric(
    *, unit: str = "", higher_is_better: bool = True, chance: float | Callable[[int], float] | None = None
) -> Callable[[_Function], _Function]:
    """Let a function of outputs and targets say what kind of metric it is.

    Args:
        unit: ``share`` for a fraction between 0 and 1, which is shown in percent; else what is written behind numbers.
        higher_is_better: its direction.
        chance: what guessing gives, perhaps as a function of the number of classes.

    Example:
        >>> @metric(unit="share", chance=lambda classes: 1 / classes)
        ... def balanced_accuracy(logits, labels): ...

    """

    def decorate(function: _Function) -> _Function:
        function.declared = Declared(unit, higher_is_better, chance)  # type: ignore[attr-defined]
        return function

    return decorate


@metric(unit=SHARE, chance=lambda classes: 1 / classes)
def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of examples (N,) whose largest logit (N, C) is that of their own class."""
    return (logits.argmax(1) == labels).double().mean()


@metric(higher_is_better=False, chance=math.log)
def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits (N, C) for labels (N,), in nats: the negative log-likelihood (NLL)."""
    import torch.nn.functional as F

    return F.cross_entropy(logits, labels)


@metric(higher_is_better=False, chance=lambda classes: 1 - 1 / classes)
def brier(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the Brier score of probabilities p = softmax(logits).

        1/N sum_i sum_c (p_ic - [c = label_i])^2

    Args:
        logits: (N, C), floating point.
        labels: (N,) class indices.

    Returns:
        0-dim tensor between 0 and 2; over all classes, so that for two classes it is twice that of one probability.

    Example:
        >>> import torch
        >>> brier(torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
        tensor(0.5000)

    Source: Brier 1950, Verification of forecasts expressed in terms of probability, equation 2.

    """
    import torch.nn.functional as F

    probabilities = logits.softmax(1)
    return (probabilities - F.one_hot(labels, logits.shape[1])).square().sum(1).mean()


BINS: Final = 15
"""Of the expected calibration error."""


@metric(unit=SHARE, higher_is_better=False)
def ece(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the expected calibration error: how far the largest probability is from the share that is right.

        sum_m |B_m| / N  |accuracy(B_m) - confidence(B_m)|

    over 15 bins of equal width, B_m the examples whose largest probability, their confidence, lies in ((m-1)/15, m/15];
    empty bins count nothing. It is biased upwards, the more the fewer examples there are, and has no value at chance:
    who always answers with the frequencies of the classes is calibrated.

    Args:
        logits: (N, C), floating point.
        labels: (N,) class indices.

    Returns:
        0-dim tensor between 0 and 1.

    Example:
        >>> import torch
        >>> ece(torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 0]))  # confidence .5, and all are right
        tensor(0.5000)

    Source: Guo et al. 2017, On calibration of modern neural networks (arXiv 1706.04599), equation 3, with its 15 bins.

    """
    import torch

    confidence, predicted = logits.softmax(1).max(1)
    edges = torch.arange(1, BINS, device=logits.device, dtype=logits.dtype) / BINS
    # A comparison and sums, where a scatter would be shorter: sums are deterministic on every device.
    of_bin = torch.bucketize(confidence, edges)[:, None] == torch.arange(BINS, device=logits.device)
    excess = (predicted == labels).to(logits.dtype) - confidence
    return (excess[:, None] * of_bin).sum(0).abs().sum() / len(labels)


@metric(higher_is_better=False)
def mse(forecasts: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of standardised values (N, H, C)."""
    return (forecasts - targets).square().mean()


@metric(higher_is_better=False)
def mae(forecasts: Tensor, targets: Tensor) -> Tensor:
    """Return the mean absolute error of standardised values (N, H, C)."""
    return (forecasts - targets).abs().mean()
