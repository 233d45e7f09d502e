"""How strongly two methods agree run by run: what pairing by seed buys."""

import math

from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_cdf, normal_quantile
from seedwise.statistics.core._moments import correlation, is_constant
from seedwise.statistics.core.interval import Interval


def arm_correlation(method: ArrayLike, base: ArrayLike, *, level: float = 0.95) -> Interval:
    r"""Estimate the correlation between paired arms, with Fisher's interval.

        tanh(atanh(r) -+ z / sqrt(n - 3))

    with r the sample correlation and z the normal quantile; the test refers atanh(r) sqrt(n - 3) to the normal law.
    Made for normal values; heavy tails make it too short.

    The correlation is shown, not used to decide: whether arms are paired is settled by how the runs were made.

    Args:
        method: the metric of the method, one value per run, shape (n,): the runs axis. At least 4 finite values.
        base: the metric of the base, shape (n,), in the same order of seeds.
        level: confidence level, between 0 and 1.

    Returns:
        Interval from -1 to 1; ``n`` is [n, n], ``p_value`` two-sided for "no correlation".

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 4 pairs, arms of different length, values that are not finite or not 1-D, an arm that
            does not vary, or a level outside (0, 1).

    Example:
        >>> r = arm_correlation([98.0, 98.1, 98.2, 97.9, 98.3, 98.1], [97.8, 98.1, 98.3, 97.9, 98.6, 98.0])
        >>> f"{r.estimate:.2f} [{r.low:.2f}, {r.high:.2f}]"
        '0.92 [0.42, 0.99]'

    Source:
        Fisher (1921), On the probable error of a coefficient of correlation deduced from a small sample, Metron 1,
        3-32.
    """
    x, y = _checks.two_arms(method, base, paired=True)
    level = _checks.level_in_range(level)
    n = x.size
    if n < 4:
        raise ValueError(f"a correlation with its interval needs at least 4 pairs; got {n}: pass more runs")
    for name, arm in (("method", x), ("base", y)):
        if is_constant(arm):
            raise ValueError(f"the correlation is undefined: every run of {name} has the same value")
    r, unexplained = correlation(x, y)
    if unexplained == 0:
        return Interval(r, r, r, level, [n, n], "Fisher z", 0.0)
    # atanh(r) = sign(r) acosh(1 / sqrt(1 - r^2)) keeps the digits of 1 - r^2 where r is close to 1.
    middle = math.copysign(math.acosh(1 / math.sqrt(min(1.0, unexplained))), r)
    half = normal_quantile((1 + level) / 2) / math.sqrt(n - 3)
    p = 2 * float(normal_cdf(-abs(middle) * math.sqrt(n - 3)))
    return Interval(r, math.tanh(middle - half), math.tanh(middle + half), level, [n, n], "Fisher z", p)
