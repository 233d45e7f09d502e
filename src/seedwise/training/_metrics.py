"""Metrics, and what a metric says of itself; torch is imported when one is computed.

A metric is a function of outputs and targets that returns one number. It says its unit, direction and chance level
with ``@metric``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

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
    """Return the mean cross-entropy of logits (N, C) for labels (N,)."""
    import torch.nn.functional as F

    return F.cross_entropy(logits, labels)


@metric(higher_is_better=False)
def mse(forecasts: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared error of standardised values (N, H, C)."""
    return (forecasts - targets).square().mean()


@metric(higher_is_better=False)
def mae(forecasts: Tensor, targets: Tensor) -> Tensor:
    """Return the mean absolute error of standardised values (N, H, C)."""
    return (forecasts - targets).abs().mean()
