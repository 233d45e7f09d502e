"""What the largest of several SDs is above the smallest by chance alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from seedwise.statistics.core import _checks

_NODES = 400


@dataclass(frozen=True)
class LargestGap:
    """The reduction from the largest of several SDs to the smallest, compared with what chance gives.

    Attributes:
        reduction: 100 (1 - smallest / largest), in percent.
        chance_median: the median of that over studies in which all SDs are the same, in percent.
        chance_high: its upper limit in such studies: ``level`` of them stay below, in percent.
        p_value: share of such studies with a reduction as large or larger.
        cells: number of SDs that the two were picked from.
        n: runs that each SD is of.
        level: of ``chance_high``.
    """

    reduction: float
    chance_median: float
    chance_high: float
    p_value: float
    cells: int
    n: int
    level: float


def largest_gap(largest: float, smallest: float, *, cells: int, n: int, level: float = 0.95) -> LargestGap:
    r"""Compare the largest and the smallest of several SDs with what chance gives where all are the same.

    With v = n - 1, and f and F the density and the distribution function of chi-square with v degrees of freedom,
    Hartley's ratio of the largest to the smallest variance of m cells without any effect has

        P(largest / smallest variance <= r) = m int f(x) (F(r x) - F(x))^(m-1) dx,

    and the reduction is 100 (1 - 1 / sqrt(r)). Exact for independent cells of normal values. Heavier tails make larger
    gaps by chance; cells that share their seeds smaller ones, if their runs are correlated.

    Args:
        largest: the largest SD, positive.
        smallest: the smallest SD, 0 or more, of the same metric.
        cells: number of SDs that they were picked from, at least 2.
        n: runs that each SD is of (the length of the runs axis), at least 3; of cells with different numbers the least.
        level: of the upper limit, between 0 and 1.

    Returns:
        LargestGap, in percent.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> gap = largest_gap(0.40, 0.25, cells=5, n=5)
        >>> f"{gap.reduction:.1f} %, by chance {gap.chance_median:.0f} % (95 %: up to {gap.chance_high:.0f})"
        '37.5 %, by chance 58 % (95 %: up to 80)'

    Source:
        Hartley (1950), The maximum F-ratio as a short-cut test for heterogeneity of variance, Biometrika 37, 308-312.
    """
    largest = _checks.between(largest, 0, math.inf, "largest", ".4")
    smallest = _checks.between(smallest, -math.inf, math.inf, "smallest", ".25")
    if not 0 <= smallest <= largest:
        raise ValueError(f"smallest is {smallest}; pass an SD from 0 to the largest, {largest}")
    if isinstance(cells, bool) or not isinstance(cells, int | np.integer):
        raise TypeError(f"cells must be a whole number of SDs, such as 5; got {type(cells).__name__}")
    if cells < 2:
        raise ValueError(f"cells is {cells}: a largest and a smallest SD take at least 2; pass a larger cells")
    n, level = _checks.at_least(n, "n"), _checks.level_in_range(level)
    ratio = smallest / largest
    share_below = _hartley(int(cells), n - 1)
    p = 1 - share_below(2 * math.log(1 / ratio)) if ratio > 0 else 0.0
    median, high = (100 * (1 - math.exp(-_quantile(share_below, q) / 2)) for q in (0.5, level))
    return LargestGap(100 * (1 - ratio), median, high, min(max(p, 0.0), 1.0), int(cells), n, level)


@lru_cache(maxsize=64)
def _hartley(cells: int, df: int) -> Callable[[float], float]:
    """Return P(log of the ratio <= its argument): with u = F(x), m int_0^1 (F(r F^-1(u)) - u)^(m-1) du."""
    from scipy import special

    # u = v^2 (3 - 2 v) moves the nodes towards both ends, where the integrand may be steep.
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    v = (nodes + 1) / 2
    u = v**2 * (3 - 2 * v)
    x = special.gammaincinv(df / 2, u)
    du = weights / 2 * 6 * v * (1 - v)

    def share_below(log_ratio: float) -> float:
        beyond = special.gammainc(df / 2, math.exp(min(log_ratio, 700.0)) * x)
        return float(cells * np.sum(du * np.clip(beyond - u, 0, 1) ** (cells - 1)))

    return share_below


def _quantile(share_below: Callable[[float], float], share: float) -> float:
    from scipy import optimize

    high = 1.0
    while share_below(high) < share and high < 700:
        high *= 2
    return float(optimize.brentq(lambda x: share_below(x) - share, 0.0, high, xtol=1e-9))
