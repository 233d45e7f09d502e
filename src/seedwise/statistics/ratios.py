"""The ratio of two standard deviations: how much steadier one method is than another."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics import _checks
from seedwise.statistics._distributions import f_quantile, f_two_sided_p, t_quantile, t_two_sided_p
from seedwise.statistics._moments import correlation, rounding, sd
from seedwise.statistics.interval import Interval


def spread_ratio(method: ArrayLike, base: ArrayLike, *, paired: bool, level: float = 0.95) -> Interval:
    r"""Estimate the ratio SD(method) / SD(base), with a confidence interval and a test of equal spread.

    With q the ratio of the sample SDs and a = 1 - level:

    - paired (run i of both arms shares its seeds): the Pitman-Morgan test inverted. F = q^2, r the correlation of the
      arms, t the 1 - a/2 quantile of Student's t with n - 2 degrees of freedom, K = 1 + 2 (1 - r^2) t^2 / (n - 2): the
      limits of the squared ratio are F (K -+ sqrt(K^2 - 1)). The test refers (q - 1/q)/2 sqrt((n-2)/(1-r^2)) to
      t(n - 2). Exact for bivariate normal values, whatever their correlation.
    - unpaired: q / sqrt(f), f the 1 - a/2 and a/2 quantiles of F(n1 - 1, n2 - 1). Exact for independent normal values.

    Both assume normal values and stay wrong at every n where tails are heavy. Arms that differ only by a constant (the
    same array twice, say) have ratio 1, interval [1, 1] and p = 1.

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds. This is a fact about how the runs were made; do not choose
            it by looking at the values.
        level: confidence level, between 0 and 1.

    Returns:
        Interval without unit (below 1: the method is steadier); ``n`` is [n1, n2], ``p_value`` two-sided.

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 3 runs in an arm, values that are not finite or not 1-D, paired arms of different length,
            a level outside (0, 1), an arm that does not vary (the ratio is undefined or has no interval), or paired
            arms that are exactly linear in each other with different SDs (the interval has no width).

    Example:
        >>> base = [97.8, 98.1, 98.3, 97.9, 98.6, 98.0]
        >>> vml = [98.0, 98.1, 98.2, 97.9, 98.3, 98.1]
        >>> q = spread_ratio(vml, base, paired=True)
        >>> f"{q.estimate:.2f} [{q.low:.2f}, {q.high:.2f}], p = {q.p_value:.3f}"
        '0.48 [0.29, 0.82], p = 0.016'

    Source:
        Pitman (1939), A note on normal correlation, Biometrika 31, 9-12; Morgan (1939), A test for the significance of
        the difference between the two variances in a sample from a normal bivariate population, Biometrika 31, 13-19.
    """
    x, y = _checks.two_arms(method, base, paired)
    level = _checks.level_in_range(level)
    sd_x, sd_y = sd(x), sd(y)
    if sd_y == 0:
        raise ValueError("the ratio is undefined: every run of base has the same value; pass a base that varies")
    if sd_x == 0:
        raise ValueError("a ratio of 0 has no interval: every run of method has the same value; use a finer metric")
    q = sd_x / sd_y
    n = [x.size, y.size]
    if not paired:
        df = (x.size - 1, y.size - 1)
        tail = (1 - level) / 2
        low, high = (q / math.sqrt(f_quantile(p, *df)) for p in (1 - tail, tail))
        return Interval(q, low, high, level, n, "F", f_two_sided_p(q * q, *df))
    _, unexplained = correlation(x, y)
    if unexplained == 0:
        if not _equal_up_to_rounding(q, x, y):
            raise ValueError(
                f"the arms are exactly linear in each other (SD ratio {q:.3g}), so a paired interval has no width; "
                "pass more runs or a finer metric"
            )
        return Interval(1.0, 1.0, 1.0, level, n, "Pitman-Morgan", 1.0)
    df_t = x.size - 2
    # K = cosh(2 w): the limits of q are q exp(-+ w), which unlike K - sqrt(K^2 - 1) loses no digits.
    w = math.asinh(t_quantile((1 + level) / 2, df_t) * math.sqrt(unexplained / df_t))
    t = math.sinh(math.log(q)) * math.sqrt(df_t / unexplained)
    return Interval(q, q * math.exp(-w), q * math.exp(w), level, n, "Pitman-Morgan", t_two_sided_p(t, df_t))


def reduction(method: ArrayLike, base: ArrayLike, *, paired: bool, level: float = 0.95) -> Interval:
    """Estimate by how many percent the method reduces the spread: 100 (1 - SD(method) / SD(base)).

    The limits are those of :func:`spread_ratio`, carried over: low = 100 (1 - high ratio), high = 100 (1 - low ratio).

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        level: confidence level, between 0 and 1.

    Returns:
        Interval in percent (negative: the method varies more), at most 100; ``n`` is [n1, n2], ``p_value`` two-sided.

    Raises:
        TypeError: values that are not numbers.
        ValueError: as :func:`spread_ratio`.

    Example:
        >>> base = [97.8, 98.1, 98.3, 97.9, 98.6, 98.0]
        >>> vml = [98.0, 98.1, 98.2, 97.9, 98.3, 98.1]
        >>> r = reduction(vml, base, paired=True)
        >>> f"{r.estimate:.0f} % [{r.low:.0f}, {r.high:.0f}]"
        '52 % [18, 71]'

    Source:
        Pitman (1939), Biometrika 31, 9-12; Morgan (1939), Biometrika 31, 13-19.
    """
    return as_reduction(spread_ratio(method, base, paired=paired, level=level))


def as_reduction(ratio: Interval) -> Interval:
    """Express a ratio of SDs as a reduction in percent."""
    return Interval(
        estimate=100 * (1 - ratio.estimate),
        low=100 * (1 - ratio.high),
        high=100 * (1 - ratio.low),
        level=ratio.level,
        n=ratio.n,
        procedure=ratio.procedure,
        p_value=ratio.p_value,
    )


def _equal_up_to_rounding(q: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    return abs(q - 1) <= rounding(x) / sd(x) + rounding(y) / sd(y)
