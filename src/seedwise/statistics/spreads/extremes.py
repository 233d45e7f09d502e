"""What a single run, or the worst and best of several, may bring."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_cdf
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core._noncentral import noncentral_t_quantile, noncentrality
from seedwise.statistics.core._order import mean_of_top
from seedwise.statistics.core.interval import Interval

Side = Literal["below", "above"]


@dataclass(frozen=True)
class ThresholdChance:
    """The chance that a new run falls beyond a threshold, with and without the assumption of normal values.

    Attributes:
        normal: if the metric is normal over runs; None if all runs have the same value.
        empirical: share of the runs seen beyond the threshold, with an exact binomial interval.
    """

    normal: Interval | None
    empirical: Interval


@dataclass(frozen=True)
class Extremes:
    """The worst and the best of several new runs.

    Attributes:
        worst: expected worst value, if the metric is normal over runs.
        best: expected best value, likewise.
        of: number of new runs.
        worst_of_pool: expected worst of ``of`` of the runs seen, without replacement; None if there are fewer.
        best_of_pool: likewise for the best.
    """

    worst: Interval
    best: Interval
    of: int
    worst_of_pool: float | None
    best_of_pool: float | None


_FAR: Final = 1e4
"""SDs beyond which a chance is 0 or 1, and so are the ends of its interval."""


def threshold_chance(
    values: ArrayLike, threshold: float, *, side: Side = "below", level: float = 0.95
) -> ThresholdChance:
    r"""Estimate the chance that one more run falls strictly below (or above) a threshold.

    With m and s the mean and SD of n runs, and Phi the normal distribution function:

    - normal: Phi((threshold - m) / s). Since sqrt(n) (m - threshold) / s is noncentral t with n - 1 degrees of freedom
      and noncentrality sqrt(n) (mu - threshold) / sigma, the limits for the latter, divided by sqrt(n), give exact
      limits -z of Phi(-z). Exact for normal values, and wrong in the tails where values are not: chances far outside
      the values seen rest on the assumption alone.
    - empirical: k / n with k the number of runs beyond the threshold, with the Clopper-Pearson interval, which holds
      for any distribution and is wide: with no such run among 20 the chance may still be 17 %.

    Args:
        values: the metric, one value per run, shape (n,): the runs axis. Any unit; at least 3 finite values.
        threshold: the limit, in the unit of the values.
        side: ``"below"`` or ``"above"``.
        level: confidence level, between 0 and 1.

    Returns:
        ThresholdChance, fractions from 0 to 1; ``n`` is the number of runs.

    Raises:
        TypeError: values or a threshold that are not numbers.
        ValueError: fewer than 3 runs, values that are not finite or not 1-D, a threshold that is not finite, an unknown
            side, or a level outside (0, 1).

    Example:
        >>> chance = threshold_chance([97.8, 98.1, 98.3, 97.9, 98.6], 97.5)
        >>> f"{chance.normal.estimate:.3f} [{chance.normal.low:.3f}, {chance.normal.high:.3f}]"
        '0.023 [0.000, 0.353]'
        >>> f"{chance.empirical.estimate:.3f} [{chance.empirical.low:.3f}, {chance.empirical.high:.3f}]"
        '0.000 [0.000, 0.522]'

    Source:
        Owen (1968), A survey of properties and applications of the noncentral t-distribution, Technometrics 10,
        445-478; Clopper & Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.
    """
    x = _checks.runs_axis(values, "values")
    level = _checks.level_in_range(level)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.integer | np.floating):
        raise TypeError(f"threshold must be a number; got {type(threshold).__name__}")
    if not math.isfinite(threshold):
        raise ValueError(f"threshold is {threshold}; pass a finite number in the unit of the values")
    if side not in ("below", "above"):
        raise ValueError(f"side is {side!r}; pass 'below' or 'above'")
    sign = 1.0 if side == "below" else -1.0
    margin = sign * (x - threshold)  # negative: beyond the threshold
    return ThresholdChance(_normal_chance(margin, sd(x), level), _share(int(np.sum(margin < 0)), x.size, level))


def expected_extremes(values: ArrayLike, of: int, *, higher_is_better: bool = True, level: float = 0.95) -> Extremes:
    r"""Estimate the expected worst and best value of a number of new runs.

    - normal: m -+ e s, with m and s the mean and SD of the runs seen and e the expected largest of ``of`` standard
      normal values. As sqrt(n) (mu + e sigma - m) / s is noncentral t with n - 1 degrees of freedom and noncentrality
      e sqrt(n), its quantiles t give exact limits m + t s / sqrt(n).
    - of the pool: the mean of the largest (smallest) over all subsets of ``of`` of the runs seen: with x_(1) <= ... <=
      x_(n), sum_i x_(i) C(i-1, of-1) / C(n, of). Unbiased for any distribution, but bound to the values seen and
      unsteady as ``of`` comes near n; no interval is given.

    Papers that report the best of several runs report something near ``best``; it grows with ``of`` while nothing
    about the method changes.

    Args:
        values: the metric, one value per run, shape (n,): the runs axis. Any unit; at least 3 finite values.
        of: number of new runs, at least 1.
        higher_is_better: direction of the metric; False makes the largest value the worst.
        level: confidence level, between 0 and 1.

    Returns:
        Extremes, in the unit of the values; ``n`` of both intervals is the number of runs seen.

    Raises:
        TypeError: values that are not numbers, or ``of`` not an integer.
        ValueError: fewer than 3 runs, values that are not finite or not 1-D, ``of`` below 1, or a level outside (0, 1).

    Example:
        >>> e = expected_extremes([97.8, 98.1, 98.3, 97.9, 98.6], of=3)
        >>> f"{e.best.estimate:.2f} [{e.best.low:.2f}, {e.best.high:.2f}], of the pool {e.best_of_pool:.2f}"
        '98.41 [98.13, 99.13], of the pool 98.46'

    Source:
        David & Nagaraja (2003), Order statistics, 3rd edition, Wiley; Owen (1968), Technometrics
        10, 445-478; Tang, Lee, Xin, Liu, Yu & Lin (2020), Showing your work doesn't always work, ACL (the unbiased
        form of the expected best).
    """
    x = _checks.runs_axis(values, "values")
    level = _checks.level_in_range(level)
    if isinstance(of, bool) or not isinstance(of, int | np.integer):
        raise TypeError(f"of must be an integer; got {type(of).__name__}: pass the number of new runs")
    if of < 1:
        raise ValueError(f"of is {of}; pass the number of new runs, at least 1")
    sign = 1.0 if higher_is_better else -1.0
    best = _largest(sign * x, int(of), level)
    worst = _largest(-sign * x, int(of), level)
    pool = [None, None] if of > x.size else [-sign * _pool_largest(-sign * x, of), sign * _pool_largest(sign * x, of)]
    return Extremes(_times(worst, -sign), _times(best, sign), int(of), *pool)


def _normal_chance(margin: NDArray[np.float64], s: float, level: float) -> Interval | None:
    if s == 0:
        return None
    n = margin.size
    with np.errstate(over="ignore"):
        distance = float(np.clip(np.mean(margin) / s, -_FAR, _FAR))
    tail, root = (1 - level) / 2, math.sqrt(margin.size)
    # a larger noncentrality makes small t rarer: the lower limit of the distance comes from the upper tail
    near, far = (noncentrality(root * distance, n - 1, p) / root for p in (1 - tail, tail))
    low, estimate, high = (float(p) for p in normal_cdf(-np.array([far, distance, near])))
    return Interval(estimate, low, high, level, n, "noncentral t")


def _share(k: int, n: int, level: float) -> Interval:
    from scipy import special

    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(special.betaincinv(k + 1, n - k, 1 - tail))
    return Interval(k / n, low, high, level, n, "Clopper-Pearson")


def _largest(x: NDArray[np.float64], of: int, level: float) -> Interval:
    n, m, s, e = x.size, float(np.mean(x)), sd(x), mean_of_top(of, 1)
    root, tail = math.sqrt(x.size), (1 - level) / 2
    low, high = (noncentral_t_quantile(p, n - 1, e * root) / root for p in (tail, 1 - tail))
    return Interval(m + e * s, m + low * s, m + high * s, level, n, "noncentral t")


def _pool_largest(x: NDArray[np.float64], of: int) -> float:
    n = x.size
    # C(i-1, of-1) / C(n, of), from the largest value down, without large numbers
    weight, total = of / n, 0.0
    for i, value in zip(range(n, of - 1, -1), np.sort(x)[::-1], strict=False):
        total += weight * float(value)
        weight *= (i - of) / (i - 1) if i > 1 else 0.0
    return total


def _times(interval: Interval, sign: float) -> Interval:
    if sign > 0:
        return interval
    i = interval
    return Interval(-i.estimate, -i.high, -i.low, i.level, i.n, i.procedure)
