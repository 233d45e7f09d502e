"""Learning-rate schedules: each is called with a step and gives the factor of the rate.

``schedule(step, steps, epoch)`` is called after the warm-up. ``step`` counts from its end, ``steps`` is how many there
are from there to the end, both of the cycle where there are several; ``epoch`` counts the whole epochs since the start
of the training. No schedule needs torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Protocol

Count = Annotated[int, ("ge", 1)]


class LearningRate(Protocol):
    """From a step to the factor of the learning rate in it."""

    def __call__(self, step: int, steps: int, epoch: int, /) -> float:
        """Return the factor; see above."""


@dataclass(frozen=True)
class Constant:
    """The same learning rate in every step."""

    def __call__(self, step: int, steps: int, epoch: int, /) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Step:
    """The learning rate times ``gamma`` at the start of each of the ``epochs``."""

    epochs: list[Count]
    gamma: Annotated[float, ("gt", 0)] = 0.1

    def __call__(self, step: int, steps: int, epoch: int, /) -> float:  # noqa: ARG002
        """Return gamma to the power of the ``epochs`` that have begun."""
        return self.gamma ** sum(epoch >= begins for begins in self.epochs)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from the peak to 0.

    (1 + cos(pi t)) / 2,  t from 0 in the first step after the warm-up to 1 after the last of the cycle.
    """

    def __call__(self, step: int, steps: int, epoch: int, /) -> float:  # noqa: ARG002
        """Return its height at the step."""
        return (1 + math.cos(math.pi * step / max(steps, 1))) / 2


@dataclass(frozen=True)
class Linear:
    """A straight line from the peak to 0.

    1 - t,  t from 0 in the first step after the warm-up to 1 after the last.
    """

    def __call__(self, step: int, steps: int, epoch: int, /) -> float:  # noqa: ARG002
        """Return its height at the step."""
        return 1 - step / max(steps, 1)


@dataclass(frozen=True)
class Halving:
    """The learning rate times ``factor`` at the start of each epoch after the first ``full_epochs``.

    The published programs of forecasting (their ``type1``) set the rate of an epoch after it, so that two are full.
    """

    factor: Annotated[float, ("gt", 0), ("le", 1)] = 0.5
    full_epochs: Count = 2

    def __call__(self, step: int, steps: int, epoch: int, /) -> float:  # noqa: ARG002
        """Return ``factor`` to the power of the epochs begun after the full ones."""
        return self.factor ** max(epoch + 1 - self.full_epochs, 0)
