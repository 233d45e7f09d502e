"""Two methods compared on the variance of the error on single examples."""

from collections.abc import Sequence

from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._predictions import ExampleIds, scores
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement._pair_comparisons import Arm, difference, ratio, two_arms
from seedwise.statistics.disagreement.error_variance import half_squares

Errors = ArrayLike | Sequence[ArrayLike]


def error_variance_ratio(
    method: Errors,
    base: Errors,
    *,
    paired: bool,
    example_ids: tuple[ExampleIds, ExampleIds] = (None, None),
    level: float = 0.95,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    r"""Estimate the ratio of two mean per-example error variances with a jackknife interval and a test of equality.

    Both are means over pairs of runs (:func:`error_variance`), compared as churns are in :func:`churn_ratio`, which has
    the formula, its simulated size and its precision. It is a ratio of variances: that of SDs is its root.
    Says nothing about the SD of the metric, which also holds what moves all examples of a run together.

    Args:
        method: the error of each run of the method on each example, shape (R_1, N): runs axis first; booleans or
            numbers.
        base: the same for the base, shape (R_2, N), on the same examples; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        example_ids: for each arm, which example each column is, as in :func:`churn`; they must agree.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run of the two arms has, shapes (R_1,) and (R_2,).

    Returns:
        Interval without unit (below 1: single examples are steadier than with the base); ``n`` is [R_1, R_2],
        ``p_value`` two-sided.

    Raises:
        TypeError: errors that are not numbers.
        ValueError: fewer than 3 runs, different examples, paired arms of different length, an arm whose runs err alike,
            or a level outside (0, 1).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> base, method = rng.random((5, 1000)) < 0.10, rng.random((5, 1000)) < 0.06
        >>> q = error_variance_ratio(method, base, paired=False)
        >>> f"{q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], p = {q.p_value:.4f}"
        '0.60 [0.51, 0.70], p = 0.0001'

    Source:
        As :func:`error_variance` and :func:`churn_ratio`.
    """
    arms = two_arms(_arm, (method, base), paired, example_ids, groups)
    return ratio(*arms, paired=paired, level=_checks.level_in_range(level), quantity="error_variance")


def error_variance_difference(
    method: Errors,
    base: Errors,
    *,
    paired: bool,
    example_ids: tuple[ExampleIds, ExampleIds] = (None, None),
    level: float = 0.95,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Interval:
    """Estimate the difference of two mean per-example error variances with a jackknife interval and a test.

    As :func:`churn_difference`, with :func:`error_variance` in the place of churn.

    Args:
        method: the error of each run of the method on each example, shape (R_1, N): runs axis first; booleans or
            numbers.
        base: the same for the base, shape (R_2, N), on the same examples; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        example_ids: see :func:`error_variance_ratio`.
        level: confidence level, between 0 and 1.
        groups: see :func:`error_variance_ratio`.

    Returns:
        Interval in the squared unit of the errors; ``n`` is [R_1, R_2], ``p_value`` two-sided.

    Raises:
        TypeError: errors that are not numbers.
        ValueError: fewer than 3 runs, different examples, paired arms of different length, or a level outside (0, 1).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> base, method = rng.random((5, 1000)) < 0.10, rng.random((5, 1000)) < 0.06
        >>> d = error_variance_difference(method, base, paired=False)
        >>> f"{d.estimate:.3f} [{d.low:.3f}, {d.high:.3f}]"
        '-0.038 [-0.052, -0.023]'

    Source:
        As :func:`error_variance` and :func:`churn_ratio`.
    """
    arms = two_arms(_arm, (method, base), paired, example_ids, groups)
    return difference(*arms, paired=paired, level=_checks.level_in_range(level))


def _arm(errors: Errors, ids: ExampleIds, groups: ArrayLike | None) -> Arm:
    x = scores(errors, "errors")
    return Arm(x.shape, *half_squares(x, ids, groups))
