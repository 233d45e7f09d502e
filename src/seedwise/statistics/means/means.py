"""The difference between the means of two methods."""

import math

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import rounding, sd
from seedwise.statistics.core._welch import welch
from seedwise.statistics.core.interval import Interval


def mean_difference(method: ArrayLike, base: ArrayLike, *, paired: bool, level: float = 0.95) -> Interval:
    """Estimate mean(method) - mean(base), with a confidence interval and a test of no difference.

        d +- t s_d / sqrt(n)      paired
        d +- t sqrt(v1 + v2),   v_i = s_i^2 / n_i       unpaired

    with d and s_d the mean and SD of the differences, and t with n - 1 degrees of freedom if paired; unpaired with
    (v1 + v2)^2 / (v1^2/(n1-1) + v2^2/(n2-1)) (Welch), so the arms may differ in spread.

    Arms that are equal run by run (paired), or both constant with the same value (unpaired), have difference 0,
    interval [0, 0] and p = 1.

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        level: confidence level, between 0 and 1.

    Returns:
        Interval in the unit of the metric; ``n`` is [n1, n2], ``p_value`` two-sided.

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 3 runs in an arm, values that are not finite or not 1-D, paired arms of different length,
            a level outside (0, 1), or a difference other than 0 that is the same in every run (it has no interval).

    Example:
        >>> d = mean_difference([98.3, 98.1, 98.6, 98.2], [97.8, 98.0, 98.3, 97.9], paired=True)
        >>> f"{d.estimate:.2f} [{d.low:.2f}, {d.high:.2f}], p = {d.p_value:.3f}"
        '0.30 [0.04, 0.56], p = 0.035'

    Source:
        Student (1908), The probable error of a mean, Biometrika 6, 1-25; Welch (1947), The generalization of
        'Student's' problem when several different population variances are involved, Biometrika 34, 28-35.
    """
    x, y = _checks.two_arms(method, base, paired)
    level = _checks.level_in_range(level)
    se, df = standard_error(x, y, paired=paired)
    estimate = float(np.mean(x - y)) if paired else float(np.mean(x) - np.mean(y))
    procedure, n = ("paired t" if paired else "Welch t"), [x.size, y.size]
    if se == 0:
        if abs(estimate) > rounding(np.concatenate([x, y])):
            raise ValueError(
                f"the difference is {estimate:.6g} in every run and has no interval; pass more runs or a finer metric"
            )
        return Interval(0.0, 0.0, 0.0, level, n, procedure, 1.0)
    half = t_quantile((1 + level) / 2, df) * se
    return Interval(estimate, estimate - half, estimate + half, level, n, procedure, t_two_sided_p(estimate / se, df))


def standard_error(method: ArrayLike, base: ArrayLike, *, paired: bool) -> tuple[float, float]:
    """Return the standard error of the difference of means and its degrees of freedom; 0 if nothing varies."""
    x, y = _checks.two_arms(method, base, paired)
    if paired:
        differences = x - y
        same = float(np.max(differences) - np.min(differences)) <= rounding(np.concatenate([x, y]))
        return (0.0 if same else sd(differences) / math.sqrt(x.size)), float(x.size - 1)
    return welch(sd(x), x.size, sd(y), y.size)
