"""Negative flips: examples that were right before and are wrong now."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core._pairs import jackknife_over_pairs
from seedwise.statistics.core._predictions import ExampleIds, correctness, same_examples, same_test_set
from seedwise.statistics.core.interval import Interval


def negative_flips(
    correct: ArrayLike | Sequence[ArrayLike],
    new: ArrayLike | Sequence[ArrayLike] | None = None,
    *,
    example_ids: ExampleIds = None,
    new_example_ids: ExampleIds = None,
    level: float = 0.95,
) -> Interval:
    r"""Estimate the share of examples that one run has right and another has wrong, with a jackknife interval.

    - One cell (``new`` is None): training again with another seed. With k_j of R runs right on example j, the mean over
      all ordered pairs of different runs is sum_j k_j (R - k_j) / (N R (R - 1)); the interval leaves out one run at a
      time, as in :func:`churn`. It is at most churn / 2 or, with two classes, exactly that.
    - Two cells: replacing a run of the old method by one of the new. With p_j and q_j the shares of old and new runs
      that are right on example j, the mean over all pairs is sum_j p_j (1 - q_j) / N. Its variance is
      s_1^2 / R_1 + s_2^2 / R_2, where s_1 is the SD over old runs of the share of examples they have right, weighted by
      1 - q_j, and s_2 the SD over new runs of the share they have wrong, weighted by p_j (the jackknife of a two-sample
      U-statistic), with Welch's degrees of freedom. All pairs count, whether they share seeds or not, and
      the two cells are taken as independent.

    The interval is about other runs on the same examples, clipped to [0, 1].

    Args:
        correct: which run is right on which example, shape (R, N), booleans: ``predictions == labels``, runs axis
            first. At least 3 runs; the old method, if there are two.
        new: the same for the new method, shape (R_2, N), on the same examples in the same order.
        example_ids: which example each column of ``correct`` is: None, ids of shape (N,), or one row of ids per run.
        new_example_ids: the same for ``new``; must be equal.
        level: confidence level, between 0 and 1.

    Returns:
        Interval as a fraction from 0 to 1; ``n`` is the number of runs, [R, R_2] for two cells.

    Raises:
        TypeError: values that are not true or false.
        ValueError: fewer than 3 runs, different examples, an array that is not 2-D, or a level outside (0, 1).

    Example:
        >>> flips = negative_flips([[True, True, False, True], [True, False, False, True], [True, True, True, False]])
        >>> f"{flips.estimate:.3f}"
        '0.250'

    Source:
        Yan, Xiong, Kundu, Yang, Deng, Wang, Xia & Soatto (2021), Positive-congruent training: towards regression-free
        model updates, CVPR; Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100.
    """
    old = correctness(correct, "correct").astype(np.float64)
    level = _checks.level_in_range(level)
    ids = same_examples(example_ids, old.shape)
    if new is None:
        others_right = old.sum(axis=0) - old
        right_then_wrong = (old * (len(old) - 1 - others_right)).mean(axis=1)
        wrong_then_right = ((1 - old) * others_right).mean(axis=1)
        return jackknife_over_pairs((right_then_wrong + wrong_then_right) / 2, level, 0.0, 1.0)
    replaced = correctness(new, "new").astype(np.float64)
    new_ids = same_examples(new_example_ids, replaced.shape)
    same_test_set(old.shape, replaced.shape, ids, new_ids, ("correct", "new"))
    of_old = (old * (1 - replaced.mean(axis=0))).mean(axis=1)
    of_new = ((1 - replaced) * old.mean(axis=0)).mean(axis=1)
    estimate, v_old, v_new = float(of_old.mean()), sd(of_old) ** 2 / len(old), sd(of_new) ** 2 / len(replaced)
    half = 0.0
    if v_old + v_new > 0:
        df = (v_old + v_new) ** 2 / (v_old**2 / (len(old) - 1) + v_new**2 / (len(replaced) - 1))
        half = t_quantile((1 + level) / 2, df) * math.sqrt(v_old + v_new)
    low, high = max(0.0, estimate - half), min(1.0, estimate + half)
    return Interval(estimate, low, high, level, [len(old), len(replaced)], "jackknife")
