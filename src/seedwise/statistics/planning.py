"""How many runs it takes to find a difference in spread."""

import math
from functools import lru_cache

import numpy as np

from seedwise.statistics import _checks
from seedwise.statistics._distributions import chi2_quantile, f_cdf, f_quantile, normal_cdf, t_quantile

_MOST_RUNS = 10_000_000
_NODES = 96


def power(*, sd_ratio: float, n: int, alpha: float = 0.05, rho: float = 0.0) -> float:
    r"""Compute the probability that n runs per method find a given ratio of SDs, for normal values.

    - rho = 0: the two-sided F test of :func:`spread_ratio`. With q the true ratio and f the quantiles of F(n-1, n-1),
      power = P(F < f_{a/2} / q^2) + P(F > f_{1-a/2} / q^2): exact.
    - otherwise the Pitman-Morgan test of paired arms with correlation rho: |T| > t_{1-a/2, n-2} with
      T = sqrt(n-2) (Z + h U) / V, h = (q - 1/q) / (2 sqrt(1 - rho^2)), Z standard normal, U and V chi with n - 1 and
      n - 2 degrees of freedom, all independent: exact up to numerical integration over U and V.

    Args:
        sd_ratio: the true ratio SD(method) / SD(base) that the study should find, positive. Name the effect you care
            about; one estimated from the same runs gives a power that only restates the p-value.
        n: runs per method (the length of the runs axis), at least 3.
        alpha: significance level, two-sided, between 0 and 1.
        rho: correlation between paired arms, between -1 and 1; only its size matters.

    Returns:
        The power, between 0 and 1 (alpha if sd_ratio is 1).

    Raises:
        TypeError: an argument that is not a number, or an n that is not an integer.
        ValueError: an argument out of its range.

    Example:
        >>> [round(power(sd_ratio=0.7, n=n), 2) for n in (5, 10, 20, 40, 80)]
        [0.09, 0.17, 0.32, 0.59, 0.88]
        >>> round(power(sd_ratio=0.7, n=20, rho=0.7), 2)
        0.54

    Source:
        Pitman (1939) and Morgan (1939), Biometrika 31; the law of T is that of the sample correlation, Fisher (1915),
        Biometrika 10, 507-521.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"n must be a whole number of runs per method, such as 20; got {type(n).__name__}")
    if n < _checks.MINIMUM_RUNS:
        raise ValueError(f"n is {n}: an SD needs at least {_checks.MINIMUM_RUNS} runs; pass a larger n")
    return _power(
        _checks.between(sd_ratio, 0, math.inf, "sd_ratio", ".7"),
        int(n),
        _checks.between(alpha, 0, 1, "alpha", ".05"),
        _checks.between(rho, -1, 1, "rho", "0"),
    )


def seeds_needed(*, sd_ratio: float = 0.7, power: float = 0.8, alpha: float = 0.05, rho: float = 0.0) -> int:
    """Find the smallest number of runs per method whose :func:`power` reaches the one asked for.

    Args:
        sd_ratio: the true ratio SD(method) / SD(base) that the study should find, positive and not 1.
        power: the probability of finding it, between 0 and 1.
        alpha: significance level, two-sided, between 0 and 1.
        rho: correlation between paired arms, between -1 and 1; the safe choice is 0, as correlation lowers the number.

    Returns:
        Runs per method (the length of the runs axis), at least 3.

    Raises:
        TypeError: an argument that is not a number.
        ValueError: an argument out of its range, or an sd_ratio so near 1 that more than ten million runs are needed.

    Example:
        >>> seeds_needed(sd_ratio=0.7)
        64
        >>> seeds_needed(sd_ratio=0.5)
        19

    Source:
        As :func:`power`.
    """
    return _seeds_needed(
        _checks.between(sd_ratio, 0, math.inf, "sd_ratio", ".7"),
        _checks.between(power, 0, 1, "power", ".8"),
        _checks.between(alpha, 0, 1, "alpha", ".05"),
        _checks.between(rho, -1, 1, "rho", "0"),
    )


@lru_cache(maxsize=256)
def _seeds_needed(sd_ratio: float, target: float, alpha: float, rho: float) -> int:
    low, high = _checks.MINIMUM_RUNS - 1, _checks.MINIMUM_RUNS  # power at low is too small, or low is no sample
    while _power(sd_ratio, high, alpha, rho) < target:
        low, high = high, 2 * high
        if high > _MOST_RUNS:
            raise ValueError(
                f"finding a ratio of {sd_ratio} takes more than {_MOST_RUNS} runs; pass an sd_ratio further from 1"
            )
    while high - low > 1:
        middle = (low + high) // 2
        if _power(sd_ratio, middle, alpha, rho) < target:
            low = middle
        else:
            high = middle
    return high


def _power(q: float, n: int, alpha: float, rho: float) -> float:
    if rho == 0:
        df = n - 1
        low = f_cdf(f_quantile(alpha / 2, df, df) / q**2, df, df)
        # Equal arms: swapping them turns the upper tail into a lower one, which loses no digits.
        high = f_cdf(f_quantile(alpha / 2, df, df) * q**2, df, df)
        return low + high
    h = math.sinh(math.log(q)) / math.sqrt(1 - rho * rho)
    bound = t_quantile(1 - alpha / 2, n - 2) / math.sqrt(n - 2)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    shares, weights = (nodes + 1) / 2, weights / 2
    u = np.sqrt(chi2_quantile(shares, n - 1))[:, None]
    v = np.sqrt(chi2_quantile(shares, n - 2))[None, :]
    rejected = normal_cdf(h * u - bound * v) + normal_cdf(-h * u - bound * v)
    return float(weights @ rejected @ weights)
