"""The variance over runs of the error on single examples: how unsteady the answers to single examples are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._pairs import jackknife_over_pairs
from seedwise.statistics.core._predictions import ExampleIds, same_examples, scores
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.churn import partners_in_groups


def error_variance(
    errors: ArrayLike | Sequence[ArrayLike],
    *,
    example_ids: ExampleIds = None,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Interval:
    r"""Estimate the mean over examples of the variance over runs of the error on an example, with a jackknife interval.

    With x_ij the error of run i on example j, and unbiased variances (ddof 1):

        (1/N) sum_j Var_i(x_ij)

    For right or wrong answers it is the mean of e_j (1 - e_j), e_j the error rate of example j, at most 1/4: half the
    chance that of two runs exactly one is right. It is a mean over pairs of runs, sum_j (x_aj - x_bj)^2 / (2 N), so its
    interval leaves out one run at a time, as in :func:`churn`, clipped at 0.

    Divided by N it is the noise of the test set in the variance of the metric (:func:`spread_sources`). It leaves out
    what moves all examples of a run together, so it is not the variance of the metric and a finding about it is none
    about the SD of the metric; it is far better known from few runs (:func:`churn_ratio` has numbers).

    Args:
        errors: the error, or the score, of each run on each example, shape (R, N), runs axis first: booleans
            (``predictions != labels``, or ``==``, which has the same variance) or any number, such as the
            cross-entropy. At least 3 runs.
        example_ids: which example each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run has, shape (R,): only runs of one group are paired. None: one
            group.

    Returns:
        Interval in the squared unit of the errors; ``n`` is the number of runs.

    Raises:
        TypeError: errors that are not numbers.
        ValueError: fewer than 3 runs, errors that are not finite, an array that is not 2-D, different examples, or a
            level outside (0, 1).

    Example:
        >>> v = error_variance([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0]])
        >>> f"{v.estimate:.3f} [{v.low:.3f}, {v.high:.3f}]"
        '0.208 [0.000, 0.438]'

    Source:
        Jordan (2023), arXiv 2304.01910 (per-example variances); Arvesen (1969), Jackknifing U-statistics, Annals of
        Mathematical Statistics 40, 2076-2100.
    """
    level = _checks.level_in_range(level)
    sums, partners = half_squares(scores(errors, "errors"), example_ids, groups)
    return jackknife_over_pairs(sums, level, low=0.0, partners=partners)


def half_squares(
    errors: NDArray[np.float64], example_ids: ExampleIds, groups: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum, for each run, the mean over examples of (x_a - x_b)^2 / 2 over the other runs of its group; count those."""
    same_examples(example_ids, errors.shape)
    partners, codes = partners_in_groups(len(errors), groups)
    sums = np.zeros(len(errors))
    for code in np.unique(codes[partners > 0]):
        group = errors[codes == code]
        squares = (group - group.mean(axis=0)) ** 2
        sums[codes == code] = (len(group) * squares.mean(axis=1) + squares.mean(axis=1).sum()) / 2
    return sums, partners
