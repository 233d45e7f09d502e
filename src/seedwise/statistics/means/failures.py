"""How often runs fail, compared between two methods."""

import math

import numpy as np

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_quantile
from seedwise.statistics.core._wilson import wilson
from seedwise.statistics.core.interval import Interval


def failure_difference(
    failed_method: int, failed_base: int, *, n_method: int, n_base: int, level: float = 0.95
) -> Interval:
    r"""Estimate the difference of two failure rates, with Fisher's exact test and Newcombe's interval.

    The test adds the hypergeometric probabilities of all tables, with the same totals, that are no more likely than the
    one seen: exact, and conservative for few runs. The interval combines the Wilson limits l_i, u_i of both rates:

        d - sqrt((p1-l1)^2 + (u2-p2)^2),   d + sqrt((u1-p1)^2 + (p2-l2)^2)

    It is approximate, and may exclude 0 where the test is just above .05; the test decides.

    Args:
        failed_method: failed runs of the method: diverged, crashed, out of memory or out of time.
        failed_base: failed runs of the base.
        n_method: runs of the method that ended, failed ones included (the length of its runs axis).
        n_base: runs of the base that ended.
        level: confidence level of the interval, between 0 and 1.

    Returns:
        Interval: rate of the method minus rate of the base, from -1 to 1; ``n`` is [n_method, n_base], ``p_value``
        two-sided.

    Raises:
        TypeError: counts that are not whole numbers.
        ValueError: no runs, more failures than runs, negative counts, or a level outside (0, 1).

    Example:
        >>> d = failure_difference(6, 0, n_method=20, n_base=20)
        >>> f"{d.estimate:.2f} [{d.low:.2f}, {d.high:.2f}], p = {d.p_value:.3f}"
        '0.30 [0.08, 0.52], p = 0.020'

    Source:
        Fisher (1935), The logic of inductive inference, JRSS 98, 39-82; Newcombe (1998), Interval estimation for the
        difference between independent proportions, Statistics in Medicine 17, 873-890 (method 10).
    """
    arms = [_counts(failed_method, n_method, "method"), _counts(failed_base, n_base, "base")]
    level = _checks.level_in_range(level)
    p, p_base = (failed / n for failed, n in arms)
    z = normal_quantile((1 + level) / 2)
    (low, high), (low_base, high_base) = (wilson(failed / n, n, z) for failed, n in arms)
    difference = p - p_base
    return Interval(
        difference,
        difference - math.hypot(p - low, high_base - p_base),
        difference + math.hypot(high - p, p_base - low_base),
        level,
        [arms[0][1], arms[1][1]],
        "Fisher exact test, Newcombe interval",
        _fisher(arms[0], arms[1]),
    )


def _counts(failed: int, n: int, arm: str) -> tuple[int, int]:
    for value, name in ((failed, f"failed_{arm}"), (n, f"n_{arm}")):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number of runs; got {type(value).__name__}")
    if n < 1 or not 0 <= failed <= n:
        raise ValueError(f"{failed} of {n} runs of {arm} failed; pass counts with 0 <= failed <= n and n >= 1")
    return int(failed), int(n)


def _fisher(method: tuple[int, int], base: tuple[int, int]) -> float:
    (failed, n), (failed_base, n_base) = method, base
    total = failed + failed_base
    possible = np.arange(max(0, total - n_base), min(n, total) + 1)
    logs = np.array([_log_choose(n, int(k)) + _log_choose(n_base, total - int(k)) for k in possible])
    logs -= _log_choose(n + n_base, total)
    seen = logs[possible == failed][0]
    as_unlikely = logs <= seen + 1e-9
    return 1.0 if np.all(as_unlikely) else float(np.sum(np.exp(logs[as_unlikely])))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
