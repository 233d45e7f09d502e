"""Probability of improvement: how often a run of the method beats a run of the base."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_cdf, normal_quantile, t_quantile, t_two_sided_p
from seedwise.statistics.core._wilson import wilson
from seedwise.statistics.core.interval import Interval

Reading = Literal[
    "not significant", "significant but not meaningful", "significant and meaningful", "significantly worse"
]


@dataclass(frozen=True)
class Improvement:
    """P(A > B) with its interval, and how to read it.

    Attributes:
        probability: P(A > B) + P(A = B)/2, A a run of the method and B one of the base, with its interval; the p-value
            is that of 1/2.
        reading: ``"not significant"`` if the interval holds 1/2; ``"significantly worse"`` if it lies below;
            ``"significant but not meaningful"`` if it lies above 1/2 with an upper limit up to the meaningful
            probability; else ``"significant and meaningful"``.
        ties: share of the comparisons that are ties.

    Example:
        >>> win = Interval(0.9, 0.7, 0.97, 0.95, [20, 20], "Wilson", p_value=0.001)
        >>> Improvement(win, "significant and meaningful", ties=0.0).reading
        'significant and meaningful'
    """

    probability: Interval
    reading: Reading
    ties: float


def probability_of_improvement(
    method: ArrayLike,
    base: ArrayLike,
    *,
    paired: bool,
    higher_is_better: bool = True,
    meaningful: float = 0.75,
    level: float = 0.95,
) -> Improvement:
    r"""Estimate P(A > B): the probability that a run of the method is better than a run of the base, ties one half.

    - paired: the share p of pairs that the method wins, with the Wilson interval
      (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n); the test is the score test of 1/2. Ties make both
      conservative.
    - unpaired: the share of all n1 n2 comparisons, with the interval and test of Brunner and Munzel: with SDs s_i of
      the placements (each run's share of wins against the other arm), se^2 = s_1^2/n1 + s_2^2/n2 and Welch's degrees of
      freedom. The variance is at least 1/(n1 n2), with n1 + n2 - 2 degrees of freedom where that holds: without it the
      interval shrinks to nothing when one arm beats the other in every comparison, and covers .70 (n = 5) and .85
      (n = 10) instead of .95 where P = .9.

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        paired: whether run i of both arms shares its seeds.
        higher_is_better: direction of the metric.
        meaningful: the probability from which an improvement matters to you, above .5 and below 1.
        level: confidence level, between 0 and 1.

    Returns:
        Improvement; its ``probability`` lies between 0 and 1, and ``n`` is [n1, n2].

    Raises:
        TypeError: values that are not numbers, or a direction that is not a bool.
        ValueError: fewer than 3 runs in an arm, values that are not finite or not 1-D, paired arms of different length,
            or an argument out of its range.

    Example:
        >>> vml, base = [98.3, 98.1, 98.6, 98.2, 98.4, 98.0], [97.8, 98.0, 98.3, 97.9, 98.5, 97.7]
        >>> win = probability_of_improvement(vml, base, paired=True)
        >>> f"{win.probability.estimate:.2f} [{win.probability.low:.2f}, {win.probability.high:.2f}]: {win.reading}"
        '0.83 [0.44, 0.97]: not significant'

    Source:
        Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks, MLSys 3, arXiv 2103.03098
        (the measure, .75 and the reading; their bootstrap covers 40 % at n = 5 where P = .9); Wilson (1927), JASA 22,
        209-212; Brunner & Munzel (2000), Biometrical Journal 42, 17-25.
    """
    x, y = _checks.two_arms(method, base, paired)
    level = _checks.level_in_range(level)
    meaningful = _checks.between(meaningful, 0.5, 1, "meaningful", ".75")
    if not isinstance(higher_is_better, bool):
        raise TypeError(f"higher_is_better must be True or False; got {type(higher_is_better).__name__}")
    if not higher_is_better:
        x, y = -x, -y
    if paired:
        wins, ties = (x > y) + 0.5 * (x == y), x == y
        probability = _share_of_wins(float(np.mean(wins)), x.size, level)
        share_of_ties = float(np.mean(ties))
    else:
        below, up_to = (np.searchsorted(np.sort(y), x, side=side) for side in ("left", "right"))
        share_of_ties = float(np.sum(up_to - below)) / (x.size * y.size)
        probability = _brunner_munzel(x, y, level)
    return Improvement(probability, reading(probability, meaningful), share_of_ties)


def placements(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each of x, the share of y that it exceeds, ties one half."""
    ordered = np.sort(y)
    both = np.searchsorted(ordered, x, side="left") + np.searchsorted(ordered, x, side="right")
    placements: NDArray[np.float64] = both / (2 * y.size)
    return placements


def _share_of_wins(p: float, n: int, level: float) -> Interval:
    low, high = wilson(p, n, normal_quantile((1 + level) / 2))
    p_value = min(1.0, 2 * float(normal_cdf(-abs(p - 0.5) * 2 * math.sqrt(n))))
    return Interval(p, float(low), float(high), level, [n, n], "Wilson", p_value)


def placement_error(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return P(X > Y), ties one half, its variance and the degrees of freedom of that, after Brunner and Munzel."""
    of_method, of_base = placements(x, y), placements(y, x)
    of_x, of_y = float(np.var(of_method, ddof=1)) / x.size, float(np.var(of_base, ddof=1)) / y.size
    p, variance, least = float(np.mean(of_method)), of_x + of_y, 1 / (x.size * y.size)
    if variance < least:
        return p, least, float(x.size + y.size - 2)
    return p, variance, variance**2 / (of_x**2 / (x.size - 1) + of_y**2 / (y.size - 1))


def _brunner_munzel(x: NDArray[np.float64], y: NDArray[np.float64], level: float) -> Interval:
    p, variance, df = placement_error(x, y)
    se = math.sqrt(variance)
    half = t_quantile((1 + level) / 2, df) * se
    p_value = t_two_sided_p((p - 0.5) / se, df)
    return Interval(p, max(0.0, p - half), min(1.0, p + half), level, [x.size, y.size], "Brunner-Munzel", p_value)


def reading(probability: Interval, meaningful: float) -> Reading:
    """Say how a probability of improvement is to be read."""
    if probability.high < 0.5:
        return "significantly worse"
    if probability.low <= 0.5:
        return "not significant"
    return "significant but not meaningful" if probability.high <= meaningful else "significant and meaningful"
