"""The difference between two methods over the folds of a cross-validation, which are no independent runs."""

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import f_quantile, f_tail, t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import rounding
from seedwise.statistics.core.interval import Interval

Array = NDArray[np.float64]

CORRECTED_T: Final = "corrected t over folds"
COMBINED_F: Final = "combined 5 x 2 F"
FIVE_BY_TWO_ERRORS: Final = {CORRECTED_T: (0.02, 0.04), COMBINED_F: (0.06, 0.13)}
"""By procedure: the share of data sets in which it calls two equally good methods different at .05, of 5 x 2 folds."""


def fold_difference(
    method: ArrayLike, base: ArrayLike, *, test_share: float | None = None, level: float = 0.95
) -> Interval:
    r"""Estimate mean(method) - mean(base) over folds, with Nadeau and Bengio's corrected interval and test.

    The training sets of two folds share most of their examples, so J differences know less than J independent ones.
    With d and s^2 the mean and variance (ddof 1) of the differences of all J folds:

        se^2 = (1/J + n_test / n_train) s^2,  d -+ t se,  t with J - 1 degrees of freedom.

    The plain paired t has 1/J in that place. For k folds n_test / n_train = 1/(k - 1); so it is for k folds repeated
    with other cuts (J = k x repeats), and for random splits it is test_share / (1 - test_share).

    Two methods that are equally good by symmetry are called different at .05 in 1 to 4 % of simulated data sets of 60
    or 200 examples (5 or 10 folds; regression, linear classifier, nearest neighbour), where the plain t does so in 5 to
    13 %. With 10 folds repeated 10 times it is 4 to 10 % and 56 to 63 %: repeats add little that is new. With 5 x 2 it
    is 2 to 4 % and 41 to 47 % (docs/calibration.md).

    The interval is about the data's law: what to expect of two methods trained on as many examples drawn anew. Several
    seeds in a fold: pass the mean of each fold. Folds say nothing about the spread over seeds.

    Args:
        method: the metric of the method, folds in the place of the runs axis: shape (J,), or (repeats, k). At least 3
            finite values.
        base: the metric of the base on the same folds, same shape and unit.
        test_share: share of the examples that a fold tests on, between 0 and 1; None: 1/k, k the length of the last
            axis.
        level: confidence level, between 0 and 1.

    Returns:
        Interval in the unit of the metric; ``n`` is [J, J], ``p_value`` two-sided. Folds that are all equal: 0, [0, 0]
        and p = 1.

    Raises:
        TypeError: values or a share that are not numbers.
        ValueError: fewer than 3 folds, values that are not finite, arms of different shapes, a share or level outside
            (0, 1), or a difference other than 0 that is the same in every fold (it has no interval).

    Example:
        >>> vml, base = [0.91, 0.88, 0.93, 0.90, 0.92], [0.89, 0.87, 0.91, 0.90, 0.89]
        >>> d = fold_difference(vml, base)
        >>> f"{d.estimate:.3f} [{d.low:.3f}, {d.high:.3f}], p = {d.p_value:.3f}"
        '0.016 [-0.005, 0.037], p = 0.105'

    Source:
        Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52, 239-281; Bouckaert & Frank
        (2004), Evaluating the replicability of significance tests for comparing learning algorithms, PAKDD (repeated
        folds).
    """
    x, y = _folds(method, base)
    level = _checks.level_in_range(level)
    share = 1 / x.shape[-1] if test_share is None else _checks.between(test_share, 0, 1, "test_share", ".1")
    x, y = x.ravel(), y.ravel()
    differences, n = x - y, [x.size, x.size]
    d = float(np.mean(differences))
    if float(np.ptp(differences)) <= rounding(np.concatenate([x, y])):
        if abs(d) > rounding(np.concatenate([x, y])):
            raise ValueError(f"the difference is {d:.6g} in every fold and has no interval; pass a finer metric")
        return Interval(0.0, 0.0, 0.0, level, n, CORRECTED_T, 1.0)
    se = fold_standard_error(differences, share)
    half = t_quantile((1 + level) / 2, x.size - 1) * se
    return Interval(d, d - half, d + half, level, n, CORRECTED_T, t_two_sided_p(d / se, x.size - 1))


def fold_standard_error(differences: Array, share: float) -> float:
    """Return the standard error of the mean difference over folds, shape (J,), that test on a share of the examples."""
    return math.sqrt(1 / differences.size + share / (1 - share)) * float(np.std(differences, ddof=1))


def five_by_two_difference(method: ArrayLike, base: ArrayLike, *, level: float = 0.95) -> Interval:
    r"""Estimate mean(method) - mean(base) over two folds cut five times, with Alpaydin's combined F test.

    With p_ij the difference in fold j of repeat i and s_i^2 = (p_i1 - p_i2)^2 / 2:

        f = sum p_ij^2 / (2 sum s_i^2)  is referred to F(10, 5).

    The interval holds the differences c that the test does not reject, p_ij - c in the place of p_ij:
    p -+ sqrt((2 F sum s_i^2 - sum (p_ij - p)^2) / 10), p the mean of all ten and F the quantile. It is that of methods
    trained on half of the examples.

    At .05 it calls two equally good methods different in 6 to 13 % of simulated data sets of 60 or 200 examples;
    :func:`fold_difference` on the same ten folds does so in 2 to 4 % (docs/calibration.md).

    Args:
        method: the metric of the method, shape (5, 2): five repeats of two folds, in the place of the runs axis.
        base: the metric of the base on the same folds, same shape and unit.
        level: confidence level, between 0 and 1.

    Returns:
        Interval in the unit of the metric; ``n`` is [10, 10], ``p_value`` that of no difference.

    Raises:
        TypeError: values that are not numbers.
        ValueError: another shape, values that are not finite, a level outside (0, 1), a difference that is the same in
            both folds of every repeat, or repeats that differ so much more than their folds that the test rejects
            every difference (up to 3 % of simulated data sets).

    Example:
        >>> vml = [[0.91, 0.88], [0.90, 0.90], [0.92, 0.87], [0.89, 0.91], [0.90, 0.89]]
        >>> base = [[0.89, 0.87], [0.88, 0.88], [0.89, 0.88], [0.88, 0.87], [0.89, 0.86]]
        >>> d = five_by_two_difference(vml, base)
        >>> f"{d.estimate:.3f} [{d.low:.3f}, {d.high:.3f}], p = {d.p_value:.3f}"
        '0.018 [-0.017, 0.053], p = 0.298'

    Source:
        Alpaydin (1999), Combined 5 x 2 cv F test for comparing supervised classification learning algorithms, Neural
        Computation 11, 1885-1892; Dietterich (1998), Neural Computation 10, 1895-1923.
    """
    x, y = _folds(method, base)
    level = _checks.level_in_range(level)
    if x.shape != (5, 2):
        raise ValueError(f"the folds have shape {x.shape}; pass five repeats of two folds, (5, 2), or fold_difference")
    p = x - y
    d = float(np.mean(p))
    within = float(np.sum(np.diff(p, axis=1) ** 2)) / 2
    if within <= 5 * rounding(np.concatenate([x.ravel(), y.ravel()])) ** 2:
        raise ValueError("the difference is the same in both folds of every repeat: the test has nothing to divide by")
    squared = (2 * f_quantile(level, 10, 5) * within - float(np.sum((p - d) ** 2))) / 10
    if squared < 0:
        raise ValueError(
            "the repeats differ so much more than their folds that the F test fits no difference; use the corrected t, "
            "fold_difference"
        )
    half, p_value = math.sqrt(squared), f_tail(float(np.sum(p**2)) / (2 * within), 10, 5)
    return Interval(d, d - half, d + half, level, [10, 10], COMBINED_F, p_value)


def _folds(method: ArrayLike, base: ArrayLike) -> tuple[Array, Array]:
    arrays = [np.asarray(values) for values in (method, base)]
    if arrays[0].shape != arrays[1].shape or arrays[0].ndim not in (1, 2):
        raise ValueError(
            f"method has shape {arrays[0].shape} and base {arrays[1].shape}; pass both on the same folds, (J,) or "
            "(repeats, k)"
        )
    x, y = (
        _checks.runs_axis(values.ravel(), name).reshape(values.shape)
        for values, name in zip(arrays, ("method", "base"), strict=True)
    )
    return x, y
