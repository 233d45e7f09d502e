"""Equivalence: evidence that two methods are as good as the same, which "no significant difference" is not."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_cdf
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.means.means import mean_difference, standard_error
from seedwise.statistics.ratios._ratio_tests import limits
from seedwise.statistics.ratios.ratios import RatioProcedure, ratio_arms, ratio_test


@dataclass(frozen=True)
class Equivalence:
    """The result of two one-sided tests.

    Attributes:
        interval: the estimate with the interval of level 1 - 2 alpha, which lies within the bounds if and only if
            p_value < alpha.
        low: lower bound of what counts as equivalent, in the unit of the estimate.
        high: upper bound.
        alpha: significance level.
        p_value: the larger of the two one-sided p-values.

    Example:
        >>> close = Interval(0.98, 0.85, 1.13, 0.9, [200, 200], "adjusted F")
        >>> Equivalence(close, low=0.8, high=1.25, alpha=0.05, p_value=0.01).equivalent
        True
    """

    interval: Interval
    low: float
    high: float
    alpha: float
    p_value: float

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to lie within the bounds."""
        return self.p_value < self.alpha


def spread_equivalence(
    method: ArrayLike,
    base: ArrayLike,
    *,
    factor: float,
    paired: bool,
    alpha: float = 0.05,
    procedure: RatioProcedure = "adjusted",
    groups: tuple[ArrayLike, ArrayLike] | None = None,
) -> Equivalence:
    """Test whether two SDs are equal within a factor: two one-sided tests on the log ratio.

    The hypotheses "the ratio is at most 1/factor" and "the ratio is at least factor" are each tested at level alpha
    with the test of :func:`spread_ratio`; equivalent if both are rejected.

    It takes many runs: with equal SDs, 54 unpaired runs per method for a factor of 1.5 (power .8, normal
    values) and 174 for 1.25.

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        factor: the largest ratio that you would still call equal, above 1; name it before seeing the values.
        paired: whether run i of both arms shares its seeds.
        alpha: significance level of each test, between 0 and .5.
        procedure: see :func:`spread_ratio`.
        groups: see :func:`spread_ratio`.

    Returns:
        Equivalence; its interval is that of the ratio method / base.

    Raises:
        TypeError: values that are not numbers.
        ValueError: as :func:`spread_ratio`, or a factor or alpha out of its range.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> e = spread_equivalence(rng.normal(size=200), rng.normal(size=200), factor=1.5, paired=False)
        >>> f"[{e.interval.low:.2f}, {e.interval.high:.2f}] {e.equivalent}"
        '[0.82, 1.08] True'

    Source:
        Schuirmann (1987), A comparison of the two one-sided tests procedure, J. Pharmacokinetics and Biopharmaceutics
        15, 657-680.
    """
    factor = _checks.between(factor, 1, math.inf, "factor", "1.5")
    alpha = _checks.between(alpha, 0, 0.5, "alpha", ".05")
    arms = ratio_arms(method, base, paired, groups)
    level = 1 - 2 * alpha
    name, test = ratio_test(arms, procedure, level)
    q, n = arms.ratio, [arms.x.size, arms.y.size]
    if arms.identical:
        return Equivalence(Interval(1.0, 1.0, 1.0, level, n, name), 1 / factor, factor, alpha, 0.0)
    low, high = limits(test, level)
    below, above = test(np.array([1 / factor, factor]) / q)
    p = float(max(above[0], below[1]))
    return Equivalence(Interval(q, q * low, q * high, level, n, name), 1 / factor, factor, alpha, p)


def mean_equivalence(
    method: ArrayLike, base: ArrayLike, *, margin: float, paired: bool, alpha: float = 0.05
) -> Equivalence:
    """Test whether two means are equal within a margin: two one-sided t tests.

    With d, se and df of :func:`mean_difference`:

        p = max(P(T >= (d + margin)/se), P(T <= (d - margin)/se))

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        margin: the largest difference that you would still call equal, positive, in the unit of the metric; name it
            before seeing the values.
        paired: whether run i of both arms shares its seeds.
        alpha: significance level of each test, between 0 and .5.

    Returns:
        Equivalence; its interval is that of mean(method) - mean(base).

    Raises:
        TypeError: values that are not numbers.
        ValueError: as :func:`mean_difference`, or a margin or alpha out of its range.

    Example:
        >>> vml, base = [98.3, 98.1, 98.6, 98.2], [98.2, 98.2, 98.5, 98.1]
        >>> mean_equivalence(vml, base, margin=0.3, paired=True).equivalent
        True

    Source:
        Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    margin = _checks.between(margin, 0, math.inf, "margin", ".1")
    alpha = _checks.between(alpha, 0, 0.5, "alpha", ".05")
    interval = mean_difference(method, base, paired=paired, level=1 - 2 * alpha)
    return within_margin(interval, *standard_error(method, base, paired=paired), margin=margin, alpha=alpha)


def within_margin(difference: Interval, se: float, df: float, *, margin: float, alpha: float) -> Equivalence:
    """Return the two one-sided t tests of a difference with its interval of level 1 - 2 alpha and standard error."""
    d = abs(difference.estimate)
    p = float(d >= margin) if se == 0 else t_cdf((d - margin) / se, df)
    return Equivalence(replace(difference, p_value=None), -margin, margin, alpha, p)
