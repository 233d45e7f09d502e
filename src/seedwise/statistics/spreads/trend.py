"""How the SD goes with a number that a method is given, such as the number of candidates k."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile, t_two_sided_p
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core.interval import Interval


def spread_trend(levels: ArrayLike, values: Sequence[ArrayLike], *, paired: bool, level: float = 0.95) -> Interval:
    r"""Estimate by what factor the SD changes with each doubling of a level.

    The least-squares line through (log2 x_l, log s_l) has the slope b = sum_l c_l log s_l; the factor is exp(b). With
    the jackknife's pseudo-values of log s,

        P_lr = n log s_l - (n - 1) log s_l(without run r),

    the standard error of b is that of the mean of sum_l c_l P_lr over the replicates r, with n - 1 degrees of freedom
    (paired), or the root of sum_l c_l^2 Var_r(P_lr) / n_l, with Welch's (unpaired). Normal values are not assumed.

    Args:
        levels: the level of each cell, positive, shape (cells,); at least 2 different ones.
        values: for each cell the metric of its runs, shape (n,): the runs axis. At least 4 finite values.
        paired: whether run r of every cell has the same seeds.
        level: confidence level, between 0 and 1.

    Returns:
        The factor per doubling with its interval, and the p-value of 1; ``n`` lists the runs of all cells. Below 1: the
        higher the level, the steadier.

    Raises:
        TypeError: levels or values that are not numbers.
        ValueError: fewer than 2 levels, a level that is not positive, cells of different numbers of runs although
            paired, fewer than 4 runs, a cell whose runs do not vary, or a confidence level outside (0, 1).

    Example:
        >>> runs = [[1.0, 2.0, 4.0, 1.5, 3.0], [1.3, 1.6, 2.9, 1.2, 2.0], [1.0, 1.4, 1.6, 1.2, 1.3]]
        >>> trend = spread_trend([2, 4, 8], runs, paired=True)
        >>> f"{trend.estimate:.2f} [{trend.low:.2f}, {trend.high:.2f}]"
        '0.43 [0.33, 0.56]'

    Source:
        Miller (1968), Jackknifing variances, Annals of Mathematical Statistics 39, 567-582 (the jackknife of the
        logarithm); the line through several is ours.
    """
    level = _checks.level_in_range(level)
    cells = [_checks.runs_axis(runs, f"values[{k}]") for k, runs in enumerate(values)]
    x = np.asarray(levels)
    if x.dtype.kind not in "iuf" or x.shape != (len(cells),):
        raise TypeError(f"levels must be numbers, one per cell; pass {len(cells)} of them")
    if not np.all(np.isfinite(x) & (x > 0)) or len(np.unique(x)) < 2:
        raise ValueError(f"levels are {x.tolist()}; pass positive numbers, at least 2 different ones")
    sizes = [runs.size for runs in cells]
    if min(sizes) < 4:
        raise ValueError(f"a cell has {_checks.runs(min(sizes))}: the jackknife of an SD needs at least 4; pass more")
    if paired and len(set(sizes)) > 1:
        raise ValueError(f"paired cells need the same replicates; got {sizes} runs: pass those that all have")
    pseudo = [_pseudo_values(runs, k) for k, runs in enumerate(cells)]
    distance = np.log2(x) - np.mean(np.log2(x))
    c = distance / np.sum(distance**2)
    slope = float(sum(w * math.log(sd(runs)) for w, runs in zip(c, cells, strict=True)))
    if paired:
        total = sum(w * p for w, p in zip(c, pseudo, strict=True))
        variance, df = float(np.var(total, ddof=1)) / sizes[0], float(sizes[0] - 1)
    else:
        parts = [float(w**2 * np.var(p, ddof=1) / p.size) for w, p in zip(c, pseudo, strict=True)]
        variance = sum(parts)
        df = variance**2 / sum(part**2 / (n - 1) for part, n in zip(parts, sizes, strict=True))
    se = math.sqrt(variance)
    half = t_quantile((1 + level) / 2, df) * se
    p_value = t_two_sided_p(slope / se, df) if se > 0 else float(slope == 0)
    limits = (math.exp(slope - half), math.exp(slope + half))
    return Interval(math.exp(slope), *limits, level, sizes, "jackknife of log SD", p_value)


def _pseudo_values(runs: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    n = runs.size
    left = np.array([sd(np.delete(runs, r)) for r in range(n)])
    if min(left.min(), sd(runs)) <= 0:
        raise ValueError(
            f"values[{k}] do not vary once one run is left out: the logarithm of their SD has no jackknife"
        )
    pseudo: NDArray[np.float64] = n * math.log(sd(runs)) - (n - 1) * np.log(left)
    return pseudo
