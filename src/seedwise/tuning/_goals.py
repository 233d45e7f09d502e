"""What a search can make small: to add a goal, add it to the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SpreadName = Literal["sd", "churn"]
"""The spread that a search makes small."""


@dataclass(frozen=True)
class Trials:
    """What trials amount to, arrays of one number per trial.

    Attributes:
        mean: high is good, whatever the metric.
        sd, churn: low is good; churn is nan where it is not known.
        spread: the one of the two that the objective names.
        c: how many SDs the objective takes off the mean.

    """

    mean: Array
    sd: Array
    churn: Array
    spread: Array
    c: float


@dataclass(frozen=True)
class Goal:
    """What is made small.

    Attributes:
        columns: from trials to their values, low is good; several are made small at once.
        says: in a sentence; ``{c:g}`` and ``{spread}`` are the options.
        spread: by which trials are judged besides; None: by the one that the option ``spread`` names.
        takes: options that go with it.
        is_mean: whether it is the mean alone.
        mean_first: whether what is said of the mean comes before what is said of the spread.
        is_listed: whether it is a number of its own, which a table of means and spreads does not have.
        is_relative: whether the value of a trial depends on the other trials.
        not_one: why a trial has not one fixed value, for a message; empty if it has.

    """

    columns: Callable[[Trials], list[Array]]
    says: str
    spread: SpreadName | None = "sd"
    takes: tuple[str, ...] = ()
    is_mean: bool = False
    mean_first: bool = False
    is_listed: bool = False
    is_relative: bool = False
    not_one: str = ""


def _normalised(values: Array) -> Array:
    low, width = values.min(initial=np.inf), np.ptp(values) if values.size else 0.0
    return (values - low) / width if width > 0 else np.zeros_like(values)


GOALS: Final[Mapping[str, Goal]] = {
    "churn": Goal(lambda t: [t.churn], "churn", "churn", takes=("floor",)),
    "sd": Goal(lambda t: [t.sd], "SD", takes=("floor",)),
    "mean": Goal(lambda t: [-t.mean], "mean", is_mean=True, mean_first=True),
    "mean-sd": Goal(
        lambda t: [t.c * t.sd - t.mean], "mean less {c:g} SD", takes=("c",), mean_first=True, is_listed=True
    ),
    "paper": Goal(
        lambda t: [_normalised(t.sd) - _normalised(t.mean)],
        "normalised SD less normalised mean",
        is_listed=True,
        is_relative=True,
        not_one="whose values move as the range of the trials widens",
    ),
    "front": Goal(
        lambda t: [-t.mean, t.spread],
        "mean and {spread}",
        None,
        takes=("floor", "spread"),
        not_one="which has two values",
    ),
}
"""What a search can be asked to make small, by name."""
