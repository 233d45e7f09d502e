"""How many runs it takes to find a difference or a ratio of churn, or of error variance."""

import math

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.planning.planning import mean_power, mean_seeds_needed


def churn_power(
    *, difference: float, n: int, sd: float, paired: bool = False, correlation: float = 0.0, alpha: float = 0.05
) -> float:
    r"""Compute the probability that n runs per method find a given difference of churn.

    The standard error of a churn is s / sqrt(n), s the SD of its jackknife pseudo-values, so the difference of two
    behaves like that of two means with SD s: :func:`mean_power`. Approximate; s comes from an earlier study or a pilot
    of either method (:func:`churn_sd`). It serves the error variance too.

    Args:
        difference: the true difference of churns that the study should find, as a fraction from 0 to 1.
        n: runs per method (the length of the runs axis), at least 3.
        sd: SD of the jackknife pseudo-values of churn, as a fraction, positive: an assumption of yours.
        paired: whether run i of both arms shares its seeds.
        correlation: of the arms' pseudo-values, between -1 and 1; the safe choice is 0.
        alpha: significance level, two-sided, between 0 and 1.

    Returns:
        The power, between 0 and 1.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> round(churn_power(difference=0.01, n=20, sd=0.008), 2)
        0.97

    Source:
        Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100 (the standard error).
    """
    difference = _checks.between(difference, -1, 1, "difference", ".01")
    return mean_power(difference=difference, n=n, sd=sd, paired=paired, correlation=correlation, alpha=alpha)


def churn_seeds_needed(
    *,
    difference: float,
    sd: float,
    power: float = 0.8,
    paired: bool = False,
    correlation: float = 0.0,
    alpha: float = 0.05,
) -> int:
    """Find the smallest number of runs per method whose :func:`churn_power` reaches the one asked for.

    Args:
        difference: the true difference of churns that the study should find, as a fraction, not 0.
        sd: SD of the jackknife pseudo-values of churn, as a fraction, positive: an assumption of yours.
        power: the probability of finding it, between 0 and 1.
        paired: whether run i of both arms shares its seeds.
        correlation: of the arms' pseudo-values, between -1 and 1.
        alpha: significance level, two-sided, between 0 and 1.

    Returns:
        Runs per method (the length of the runs axis), at least 3.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> churn_seeds_needed(difference=0.01, sd=0.008)
        12

    Source:
        As :func:`churn_power`.
    """
    difference = _checks.between(difference, -1, 1, "difference", ".01")
    return mean_seeds_needed(
        difference=difference, sd=sd, power=power, paired=paired, correlation=correlation, alpha=alpha
    )


def churn_ratio_power(
    *, ratio: float, n: int, sd: float, paired: bool = False, correlation: float = 0.0, alpha: float = 0.05
) -> float:
    """Compute the probability that n runs per method find a given ratio of churns, by :func:`churn_ratio`.

    A ratio is a difference of logarithms: :func:`mean_power` for the difference log(ratio). It serves the error
    variance too.

    Args:
        ratio: the true ratio of churns that the study should find, positive.
        n: runs per method (the length of the runs axis), at least 3.
        sd: SD of the jackknife pseudo-values relative to the churn (.3: 30 % of it), positive:
            ``churn_sd(..., relative=True)``, or an assumption of yours.
        paired: whether run i of both arms shares its seeds.
        correlation: of the arms' pseudo-values, between -1 and 1; the safe choice is 0.
        alpha: significance level, two-sided, between 0 and 1.

    Returns:
        The power, between 0 and 1.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range.

    Example:
        >>> round(churn_ratio_power(ratio=0.9, n=10, sd=0.1), 2)
        0.61

    Source:
        As :func:`churn_power`.
    """
    log = math.log(_checks.between(ratio, 0, math.inf, "ratio", ".8"))
    return mean_power(difference=log, n=n, sd=sd, paired=paired, correlation=correlation, alpha=alpha)


def churn_ratio_seeds_needed(
    *,
    ratio: float,
    sd: float,
    power: float = 0.8,
    paired: bool = False,
    correlation: float = 0.0,
    alpha: float = 0.05,
) -> int:
    """Find the smallest number of runs per method whose :func:`churn_ratio_power` reaches the one asked for.

    Args:
        ratio: the true ratio of churns that the study should find, positive and not 1: the smallest that matters to
            you, not one seen in a pilot.
        sd: SD of the jackknife pseudo-values relative to the churn, positive; see :func:`churn_ratio_power`.
        power: the probability of finding it, between 0 and 1.
        paired: whether run i of both arms shares its seeds.
        correlation: of the arms' pseudo-values, between -1 and 1.
        alpha: significance level, two-sided, between 0 and 1.

    Returns:
        Runs per method (the length of the runs axis), at least 3.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range, or a ratio so close to 1 that more than ten million runs are needed.

    Example:
        >>> pilot = Interval(0.10, 0.09, 0.11, 0.95, 5, "jackknife")  # as churn(...) returns it
        >>> churn_ratio_seeds_needed(ratio=0.8, sd=churn_sd(pilot, relative=True))
        4

    Source:
        As :func:`churn_power`.
    """
    log = math.log(_checks.between(ratio, 0, math.inf, "ratio", ".8"))
    return mean_seeds_needed(difference=log, sd=sd, power=power, paired=paired, correlation=correlation, alpha=alpha)


def churn_sd(pilot: Interval, *, relative: bool = False) -> float:
    r"""Read the SD of the jackknife pseudo-values off the interval of a pilot, for a plan.

    s = half-width x sqrt(n) / t, t the quantile of Student's t with n - 1 degrees of freedom at the pilot's level. Only
    the SD is taken from the pilot; which difference or ratio matters is for you to say.

    Args:
        pilot: the result of :func:`churn` or :func:`error_variance`, whose runs axis had ``pilot.n`` runs.
        relative: divide by the estimate, for plans of a ratio.

    Returns:
        The SD, in the unit of the estimate, or without unit.

    Raises:
        TypeError: a pilot that is no such result.
        ValueError: a pilot whose runs all agree, or do so without one run.

    Example:
        >>> f"{churn_sd(Interval(0.10, 0.09, 0.11, 0.95, 5, 'jackknife')):.4f}"
        '0.0081'

    Source:
        As :func:`churn_power`.
    """
    if not isinstance(pilot, Interval) or not isinstance(pilot.n, int):
        raise TypeError("pilot must be the Interval that churn or error_variance returns")
    half = max(pilot.high - pilot.estimate, pilot.estimate - pilot.low)  # one of them may be cut off at 0 or 1
    if not 0 < half < math.inf or pilot.estimate <= 0:
        raise ValueError("the pilot's interval has no width; pass one whose runs differ")
    sd = half * math.sqrt(pilot.n) / t_quantile((1 + pilot.level) / 2, pilot.n - 1)
    return sd / pilot.estimate if relative else sd
