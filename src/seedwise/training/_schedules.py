"""Learning-rate schedules: each is called with a step and gives the factor of the rate.

``schedule(step, steps, epoch)`` is called after the warm-up. ``step`` counts from its end, ``steps`` is how many there
are from there to the end, both of the cycle where there are several; ``epoch`` counts the whole epochs since the start
of the training. No schedule needs torch.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Protocol

from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    from seedwise.training._parts import Schedule

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


def lr_schedule(
    config: Schedule, epochs: int, steps: int, cycles: int = 1, *, warmup_in_all: bool = False
) -> Callable[[int], float]:
    """Return the factor of the learning rate in each step, counted from 0.

    Linear warm-up per step to the peak in step ``warmup_epochs * steps - 1``, then what the schedule says. Every later
    cycle starts at the peak, or with a warm-up of its own.

    Args:
        config: the schedule.
        epochs: epochs in all.
        steps: steps per epoch.
        cycles: how often the schedule is run through, in equal parts of the epochs.
        warmup_in_all: whether every cycle warms up, or the first alone.

    Source: Huang et al. 2017, Snapshot ensembles: train 1, get M for free, eq. 2 (the cycles); a warm-up in every one:
        the program of Summers & Dinneen 2021 (arXiv 2103.04514).

    """
    schedule: LearningRate = config.make()
    if not callable(schedule):
        raise SeedwiseError(f"'{config.name}' returned {type(schedule).__name__}: {_WANTED}")
    warmup = round(config.warmup_epochs * steps)
    length = epochs // cycles * steps

    def factor(step: int) -> float:
        cycle = min(step // length, cycles - 1)
        begin, end = cycle * length, (cycle + 1) * length
        if cycle == 0 or warmup_in_all:
            if step < begin + warmup:
                return (step - begin + 1) / warmup
            begin += warmup
        found = schedule(step - begin, end - begin, step // steps)
        if not isinstance(found, numbers.Real):
            raise SeedwiseError(f"what '{config.name}' makes returned {type(found).__name__}: {_WANTED}")
        return float(found)

    return factor


_WANTED: Final = "a function of (step, steps, epoch) that returns a number, the factor of the learning rate, is needed"
