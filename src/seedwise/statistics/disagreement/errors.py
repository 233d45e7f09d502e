"""How often each example is missed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_quantile
from seedwise.statistics.core._predictions import ExampleIds, correctness, same_examples
from seedwise.statistics.core._wilson import wilson


@dataclass(frozen=True, eq=False)
class ExampleErrors:
    """The error rate of every example over runs, with one interval for each.

    Attributes:
        rates: share of runs that are wrong on the example, shape (examples,).
        low: lower limits, shape (examples,).
        high: upper limits, shape (examples,).
        level: confidence level of each interval by itself, between 0 and 1.
        n: number of runs.
        procedure: name of the procedure that made the intervals.
        always_right: number of examples that no run missed.
        always_wrong: number of examples that every run missed.
    """

    rates: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float
    n: int
    procedure: str
    always_right: int
    always_wrong: int


def example_errors(
    correct: ArrayLike | Sequence[ArrayLike], *, example_ids: ExampleIds = None, level: float = 0.95
) -> ExampleErrors:
    r"""Estimate the error rate of every example over runs, each with a Wilson interval.

    With k of R runs wrong, e = k / R and z the normal quantile, the limits are

        (e + z^2/(2R) -+ z sqrt(e (1 - e)/R + z^2/(4 R^2))) / (1 + z^2/R)

    Runs are independent for a given example, so a binomial interval applies; a jackknife would give [0, 0] for every
    example that all runs have right. Each interval holds by itself: among thousands of examples some five percent miss,
    and the examples with the highest rates are partly the unlucky ones.

    Args:
        correct: which run is right on which example, shape (R, N), booleans: ``predictions == labels``, runs axis
            first. At least 3 runs.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.

    Returns:
        ExampleErrors, arrays of shape (N,), rates from 0 to 1.

    Raises:
        TypeError: values that are not true or false.
        ValueError: fewer than 3 runs, different examples, an array that is not 2-D, or a level outside (0, 1).

    Example:
        >>> errors = example_errors([[True, True, False], [True, False, False], [True, True, False]])
        >>> errors.rates.round(2).tolist(), errors.always_right, errors.always_wrong
        ([0.0, 0.33, 1.0], 1, 1)

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the American
        Statistical Association 22, 209-212.
    """
    right = correctness(correct, "correct")
    same_examples(example_ids, right.shape)
    level = _checks.level_in_range(level)
    runs = len(right)
    wrong = runs - right.sum(axis=0)
    rates = wrong / runs
    low, high = wilson(rates, runs, normal_quantile((1 + level) / 2))
    return ExampleErrors(rates, low, high, level, runs, "Wilson", int(np.sum(wrong == 0)), int(np.sum(wrong == runs)))
