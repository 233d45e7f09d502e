"""How far means lie apart that one value each of something fixed gives, freed of the runs' own scatter."""

import math

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core.interval import Interval


def between_spread(values: ArrayLike, *, level: float = 0.95) -> Interval:
    r"""Estimate the SD between the true means of groups whose runs are paired across groups.

    The run with seeds r in group a is taken as x_ar = mean + A_a + S_r + E_ar. With K groups of R runs, m_A the mean
    square of groups and m_E that of what groups and seeds do not explain, with K - 1 and f = (K - 1)(R - 1) degrees of
    freedom,

        SD(A)^2 = (m_A - m_E) / R,

    at least 0. The limits are those of Tukey and Williams, with F the quantiles of the F distribution and chi2 those of
    the chi-squared distribution with K - 1 degrees of freedom, each at (1 + level) / 2 below and (1 - level) / 2 above:

        (K - 1)(m_A - F m_E) / (R chi2).

    Args:
        values: the metric, shape (K, R): a row for each group, its runs in the order of their seeds. At least 3 groups
            and 2 runs.
        level: confidence level, between 0 and 1.

    Returns:
        The SD between groups, in the unit of the values; ``n`` is the number of groups.

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 3 groups or 2 runs, values that are not finite, or a level outside (0, 1).

    Example:
        >>> found = between_spread([[1.0, 2.0, 1.5], [3.0, 4.1, 3.4], [5.0, 6.0, 5.5], [2.0, 3.0, 2.6]])
        >>> f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"
        '1.70 [0.96, 6.35]'

    Source:
        Williams (1962), A confidence interval for variance components, Biometrika 49, 278-281; Searle, Casella &
        McCulloch (1992), Variance components, Wiley, section 3.6.
    """
    from scipy import stats

    x = np.asarray(values)
    if x.ndim != 2 or len(x) < _checks.MINIMUM_RUNS or x.shape[1] < 2:
        raise ValueError(f"values has shape {x.shape}; pass at least 3 groups and 2 runs in each, (groups, runs)")
    x = _checks.runs_axis(x.ravel(), "values").reshape(x.shape)
    level = _checks.level_in_range(level)
    groups, runs = len(x), x.size // len(x)
    rest = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    df, df_rest = groups - 1, (groups - 1) * (runs - 1)
    among, within = runs * float(x.mean(axis=1).var(ddof=1)), float(np.sum(rest**2)) / df_rest

    def limit(share: float) -> float:
        excess = among - float(stats.f.ppf(share, df, df_rest)) * within
        return math.sqrt(max(df * excess / (runs * float(stats.chi2.ppf(share, df))), 0.0))

    estimate = math.sqrt(max((among - within) / runs, 0.0))
    return Interval(estimate, limit((1 + level) / 2), limit((1 - level) / 2), level, groups, "Tukey-Williams")
