"""The t interval of a mean."""

import math

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core.interval import Interval


def mean_interval(mean: float, sd: float, *, n: int, level: float = 0.95) -> Interval:
    """Return the interval of a mean from its SD over runs: mean +- t sd / sqrt(n), t with n - 1 degrees of freedom.

    Args:
        mean: mean over runs.
        sd: sample SD over runs, 0 or more, in the unit of the mean.
        n: number of runs, at least 2.
        level: confidence level, between 0 and 1.

    Returns:
        Interval in the unit of the mean, ``procedure`` ``"t"``.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a negative SD, fewer than 2 runs, or a level outside (0, 1).

    Example:
        >>> found = mean_interval(98.0, 0.4, n=16)
        >>> f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"
        '98.00 [97.79, 98.21]'

    Source:
        Student (1908), The probable error of a mean, Biometrika 6, 1-25.
    """
    level, n = _checks.level_in_range(level), _checks.at_least(n, "n", 2)
    if not sd >= 0:
        raise ValueError(f"sd is {sd}; pass an SD of 0 or more")
    half = t_quantile((1 + level) / 2, n - 1) * sd / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, level, n, "t")
