"""How many runs it takes: to find a difference in spread or in means, and how wide an interval will be."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import (
    chi2_quantile,
    f_cdf,
    f_quantile,
    normal_cdf,
    normal_quantile,
    t_quantile,
)
from seedwise.statistics.core._noncentral import noncentral_t_cdf, noncentral_t_sf
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.ratios._ratio_tests import default_p_values, normal_p_values

_MOST_RUNS = 10_000_000
_NODES = 96
# Of the simulation that the power of the default tests takes.
_SEED, _STUDIES, _VALUES, _AT_ONCE, _MOST_SIMULATED = 20240611, 4000, 1_500_000, 1000, 4000
_AROUND, _MOST_ROUNDS = (0.9, 1.0, 1.1, 1.2), 8
_CERTAIN = 1 - 1e-12


Tests = Literal["default", "normal"]


def power(
    *,
    sd_ratio: float,
    n: int,
    alpha: float = 0.05,
    paired: bool = False,
    correlation: float = 0.0,
    comparisons: int = 1,
    tests: Tests = "default",
) -> float:
    r"""Compute the probability that n runs per method find a given ratio of SDs, for normal values.

    Each of m comparisons is tested at alpha / m, the first step of Holm's correction: what a study can count on,
    whatever its other comparisons find.

    - ``tests="default"``: those of :func:`spread_ratio`, which do not assume normal values, and of which the power on
      normal values has no formula. It is simulated with a fixed seed: 4000 studies (fewer of more than 375 runs), each
      judged by the exact test as well, whose known power takes out most of the chance; beyond 4000 runs that of 4000
      runs and the ratio that is as easy to find with them. Standard error about .005 at a power of .8.
    - ``tests="normal"``: those that are exact for normal values. Unpaired, the two-sided F test, with q the true ratio
      and f the quantiles of F(n-1, n-1); paired, the Pitman-Morgan test, with Z standard normal, U and V chi with n - 1
      and n - 2 degrees of freedom, all independent:

          power = P(F < f_{a/2} / q^2) + P(F > f_{1-a/2} / q^2)      unpaired
          power = P(|T| > t_{1-a/2, n-2}),   T = sqrt(n-2) (Z + h U) / V      paired
          h     = (q - 1/q) / (2 sqrt(1 - rho^2))

    Args:
        sd_ratio: the true ratio SD(method) / SD(base) that the study should find, positive. Name the effect you care
            about; one estimated from the same runs gives a power that only restates the p-value.
        n: runs per method (the length of the runs axis), at least 3.
        alpha: significance level of all comparisons together, two-sided, between 0 and 1.
        paired: whether run i of both arms shares its seeds.
        correlation: rho, between paired arms, between -1 and 1; only its size matters; 0 if unpaired.
        comparisons: how many comparisons share alpha, at least 1.
        tests: ``"default"`` or ``"normal"``.

    Returns:
        The power, between 0 and 1 (``"normal"``: alpha / m if sd_ratio is 1).

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range, or a correlation of unpaired arms.

    Example:
        >>> [round(power(sd_ratio=0.7, n=n, tests="normal"), 2) for n in (5, 10, 20, 40, 80)]
        [0.09, 0.17, 0.32, 0.59, 0.88]
        >>> f"{power(sd_ratio=0.5, n=20):.1f}, exact tests {power(sd_ratio=0.5, n=20, tests='normal'):.1f}"
        '0.7, exact tests 0.8'

    Source:
        Pitman (1939) and Morgan (1939), Biometrika 31; the law of T is that of the sample correlation, Fisher (1915),
        Biometrika 10, 507-521.
    """
    n = _checks.at_least(n, "n")
    asked = _asked(sd_ratio, alpha, paired, correlation, comparisons)
    return _exact_power(asked, n) if _is_normal(tests) else _default_power(asked, n)


def seeds_needed(
    *,
    sd_ratio: float = 0.7,
    power: float = 0.8,
    alpha: float = 0.05,
    paired: bool = False,
    correlation: float = 0.0,
    comparisons: int = 1,
    tests: Tests = "default",
) -> int:
    """Find the number of runs per method whose :func:`power` reaches the one asked for.

    ``tests="normal"``: the smallest one. ``"default"``: read off a line through the probits of the simulated power at
    four numbers around it, good to about 1 %.

    Args:
        sd_ratio: the true ratio SD(method) / SD(base) that the study should find, positive and not 1.
        power: the probability of finding it in one of the comparisons, between 0 and 1.
        alpha: significance level of all comparisons together, two-sided, between 0 and 1.
        paired: whether run i of both arms shares its seeds.
        correlation: rho, between paired arms, between -1 and 1; the safe choice is 0, as correlation lowers the number.
        comparisons: how many comparisons share alpha, at least 1.
        tests: see :func:`power`.

    Returns:
        Runs per method (the length of the runs axis), at least 3.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range, a correlation of unpaired arms, or an sd_ratio so near 1 that more
            than ten million runs are needed.

    Example:
        >>> seeds_needed(sd_ratio=0.7, tests="normal"), seeds_needed(sd_ratio=0.7, tests="normal", comparisons=29)
        (64, 128)
        >>> seeds_needed(sd_ratio=0.7) > 64
        True

    Source:
        As :func:`power`; Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    asked = _asked(sd_ratio, alpha, paired, correlation, comparisons)
    power = _checks.between(power, 0, 1, "power", ".8")
    return _exact_runs(asked, power) if _is_normal(tests) else _default_runs(asked, power)


def mean_power(
    *,
    difference: float,
    n: int,
    sd: float = 1.0,
    paired: bool = False,
    correlation: float = 0.0,
    alpha: float = 0.05,
    comparisons: int = 1,
) -> float:
    r"""Compute the probability that n runs per method find a given difference of means, for normal values.

    Of the two-sided t test, with T noncentral, its noncentrality being difference / se:

        power = P(|T| > t_{1-a/2, df})
        se = sd sqrt(2/n),   df = 2n - 2     unpaired
        se = sd sqrt(2 (1 - rho) / n),   df = n - 1     paired

    Args:
        difference: the true difference that the study should find, in the unit of ``sd``; with the default sd of 1, in
            SDs. Name the effect you care about; one estimated from the same runs only restates the p-value.
        n: runs per method (the length of the runs axis), at least 3.
        sd: SD over runs of each method, positive.
        paired: whether run i of both arms shares its seeds.
        correlation: rho, between paired arms, between -1 and 1; 0 if unpaired.
        alpha: significance level of all comparisons together, two-sided, between 0 and 1.
        comparisons: how many comparisons share alpha, at least 1; each is tested at alpha / m, as in :func:`power`.

    Returns:
        The power, between 0 and 1 (alpha if the difference is 0).

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range, a correlation of unpaired arms, or paired churns.

    Example:
        >>> round(mean_power(difference=0.5, n=64), 2)
        0.8
        >>> round(mean_power(difference=0.5, n=20, paired=True, correlation=0.7), 2)
        0.78

    Source:
        Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd edition, chapter 2.
    """
    n = _checks.at_least(n, "n")
    return _t_power(_in_sds(difference, sd, paired, correlation), n, _alpha(alpha, comparisons), paired)


def mean_seeds_needed(
    *,
    difference: float,
    sd: float = 1.0,
    power: float = 0.8,
    paired: bool = False,
    correlation: float = 0.0,
    alpha: float = 0.05,
    comparisons: int = 1,
) -> int:
    """Find the smallest number of runs per method whose :func:`mean_power` reaches the one asked for.

    Args:
        difference: the true difference that the study should find, not 0, in the unit of ``sd``.
        sd: SD over runs of each method, positive.
        power: the probability of finding it, between 0 and 1.
        paired: whether run i of both arms shares its seeds.
        correlation: rho, between paired arms, between -1 and 1; the safe choice is 0.
        alpha: significance level of all comparisons together, two-sided, between 0 and 1.
        comparisons: how many comparisons share alpha, at least 1; each is tested at alpha / m, as in :func:`power`.

    Returns:
        Runs per method (the length of the runs axis), at least 3.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range, or a difference so small that more than ten million runs are needed.

    Example:
        >>> mean_seeds_needed(difference=0.1, sd=0.2)
        64

    Source:
        As :func:`mean_power`.
    """
    effect, alpha = _in_sds(difference, sd, paired, correlation), _alpha(alpha, comparisons)
    power = _checks.between(power, 0, 1, "power", ".8")
    return _smallest(
        lambda n: _t_power(effect, n, alpha, paired), power, f"a difference of {difference}", "a larger difference"
    )


def expected_interval(
    quantity: Literal["spread", "ratio", "mean", "churn"],
    *,
    n: int,
    sd: float = 1.0,
    paired: bool = False,
    correlation: float = 0.0,
    level: float = 0.95,
) -> Interval:
    r"""Say how wide an interval to expect from n runs per method, for normal values, before running them.

    - ``"spread"``: sd sqrt((n-1)/q), q the quantiles of chi-square(n-1).
    - ``"ratio"``: of equal SDs; unpaired 1/sqrt(f), f the quantiles of F(n-1, n-1); paired exp(-+ w) with
      sinh(w) = t sqrt((1 - rho^2)/(n - 2)), t the quantile of Student's t with n - 2 degrees of freedom.
    - ``"mean"``: of equal means; -+ t sd sqrt(2/n) with 2n - 2 degrees of freedom, or -+ t sd sqrt(2 (1 - rho)/n) with
      n - 1 if paired.
    - ``"churn"``: of equal churns; as ``"mean"``, unpaired, with sd as for :func:`churn_power`.

    Args:
        quantity: ``"spread"``, ``"ratio"``, ``"mean"`` or ``"churn"`` (the difference of two means or churns).
        n: runs per method (the length of the runs axis), at least 3.
        sd: SD over runs (``"churn"``: of its pseudo-values), positive: the unit of all but ``"ratio"``.
        paired: whether run i of both arms shares its seeds.
        correlation: rho, between paired arms, between -1 and 1.
        level: confidence level, between 0 and 1.

    Returns:
        Interval around ``sd``, 1 or 0.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: an argument out of its range, a correlation of unpaired arms, or paired churns.

    Example:
        >>> for n in (5, 20, 100):
        ...     q = expected_interval("ratio", n=n)
        ...     print(f"{q.low:.2f} {q.high:.1f}")
        0.32 3.1
        0.63 1.6
        0.82 1.2

    Source:
        The procedures named ``"normal"`` of :func:`spread_ratio`, ``"chi-square"`` of :func:`spread`, and
        :func:`mean_difference`.
    """
    n, level = _checks.at_least(n, "n"), _checks.level_in_range(level)
    effect_of_sd = _in_sds(1.0, sd, paired, correlation)  # 1 / (sd sqrt(1 - correlation)) if paired
    tail = (1 - level) / 2
    if quantity == "spread":
        low, high = (sd * math.sqrt((n - 1) / float(chi2_quantile(p, n - 1))) for p in (1 - tail, tail))
        return Interval(sd, low, high, level, n, "chi-square")
    if quantity == "ratio":
        if paired:
            w = math.asinh(t_quantile(1 - tail, n - 2) * math.sqrt((1 - correlation**2) / (n - 2)))
        else:
            w = -math.log(f_quantile(tail, n - 1, n - 1)) / 2
        return Interval(1.0, math.exp(-w), math.exp(w), level, [n, n], "Pitman-Morgan" if paired else "F")
    if quantity in ("mean", "churn"):
        if quantity == "churn" and paired:
            raise ValueError("churns of paired arms have no planned interval; pass paired=False")
        half = t_quantile(1 - tail, n - 1 if paired else 2 * n - 2) * math.sqrt(2 / n) / effect_of_sd
        return Interval(0.0, -half, half, level, [n, n], "paired t" if paired else "Welch t")
    raise ValueError(f"quantity is {quantity!r}; pass 'spread', 'ratio', 'mean' or 'churn'")


def _alpha(alpha: float, comparisons: int) -> float:
    return _checks.between(alpha, 0, 1, "alpha", ".05") / _checks.at_least(comparisons, "comparisons", 1)


@dataclass(frozen=True)
class _Asked:
    """A ratio of SDs to find, and the level at which one comparison is tested."""

    sd_ratio: float
    alpha: float
    paired: bool
    correlation: float


def _asked(sd_ratio: float, alpha: float, paired: bool, correlation: float, comparisons: int) -> _Asked:
    _check_correlation(paired, correlation)
    ratio = _checks.between(sd_ratio, 0, math.inf, "sd_ratio", ".7")
    # A ratio and its inverse are the same question.
    return _Asked(min(ratio, 1 / ratio), _alpha(alpha, comparisons), paired, correlation)


def _is_normal(tests: Tests) -> bool:
    if tests not in get_args(Tests):
        raise ValueError(f"tests is {tests!r}; pass 'default' or 'normal'")
    return tests == "normal"


def _check_correlation(paired: bool, correlation: float) -> None:
    _checks.between(correlation, -1, 1, "correlation", "0")
    if correlation != 0 and not paired:
        raise ValueError(
            f"correlation is {correlation}, but unpaired arms are not correlated; pass paired=True or correlation=0"
        )


def _in_sds(difference: float, sd: float, paired: bool, correlation: float) -> float:
    """Return the difference in SDs, with the gain from pairing: d / (sd sqrt(1 - correlation))."""
    difference = _checks.between(difference, -math.inf, math.inf, "difference", ".5")
    sd = _checks.between(sd, 0, math.inf, "sd", "1")
    _check_correlation(paired, correlation)
    return abs(difference) / (sd * math.sqrt(1 - correlation))


def _t_power(effect: float, n: int, alpha: float, paired: bool) -> float:
    df = n - 1 if paired else 2 * n - 2
    nc, bound = effect * math.sqrt(n / 2), t_quantile(1 - alpha / 2, df)
    return min(1.0, noncentral_t_sf(bound, df, nc) + noncentral_t_cdf(-bound, df, nc))


@lru_cache(maxsize=256)
def _exact_runs(asked: _Asked, target: float) -> int:
    return _smallest(
        lambda n: _exact_power(asked, n), target, f"a ratio of {asked.sd_ratio}", "an sd_ratio further from 1"
    )


@lru_cache(maxsize=256)
def _default_runs(asked: _Asked, target: float) -> int:
    exact = _exact_runs(asked, target)
    if exact > _MOST_SIMULATED:
        easier = _as_easy(asked, exact)
        return math.ceil(exact * _default_runs(easier, target) / _exact_runs(easier, target))
    wanted, centre = float(normal_quantile(target)), max(1.1 * exact, _checks.MINIMUM_RUNS + 1)
    for _ in range(_MOST_ROUNDS):
        sizes = sorted({max(_checks.MINIMUM_RUNS, math.ceil(centre * factor)) for factor in _AROUND})
        probits = [float(normal_quantile(_default_power(asked, n))) for n in sizes]
        if sizes[0] == _checks.MINIMUM_RUNS and probits[0] >= wanted:
            return sizes[0]
        slope, start = np.polyfit(np.sqrt(sizes), probits, 1)
        found = ((wanted - start) / slope) ** 2 if slope > 0 and wanted > start else 2 * centre
        if sizes[0] <= found <= sizes[-1]:
            break
        centre = min(max(found, centre / 2), 2 * centre)
    return math.ceil(found)


def _as_easy(asked: _Asked, n: int) -> _Asked:
    """Return the ratio that is about as easy to find with the most runs that are simulated."""
    return replace(asked, sd_ratio=math.exp(math.log(asked.sd_ratio) * math.sqrt(n / _MOST_SIMULATED)))


@lru_cache(maxsize=256)
def _default_power(asked: _Asked, n: int) -> float:
    """Simulate the power of the default tests; the exact test's own, known, takes out most of the chance."""
    if n > _MOST_SIMULATED:
        return _default_power(_as_easy(asked, n), _MOST_SIMULATED)
    known = float(normal_quantile(min(_exact_power(asked, n), _CERTAIN)))
    fewer = n // 3
    if fewer >= _checks.MINIMUM_RUNS and _exact_power(asked, fewer) >= _CERTAIN:
        return float(normal_cdf(known))  # no study that is simulated misses it
    studies = min(_STUDIES, _VALUES // n)
    rng = np.random.default_rng([_SEED, n])
    found = np.zeros(2)
    for done in range(0, studies, _AT_ONCE):
        x, y = rng.standard_normal((2, min(_AT_ONCE, studies - done), n))
        x = asked.sd_ratio * (asked.correlation * y + math.sqrt(1 - asked.correlation**2) * x)
        found += [np.sum(p(x, y, paired=asked.paired) < asked.alpha) for p in (default_p_values, normal_p_values)]
    default, exact = (float(normal_quantile((k + 0.5) / (studies + 1))) for k in found)
    return float(normal_cdf(default - exact + known))


def _smallest(power_at: Callable[[int], float], target: float, effect: str, instead: str) -> int:
    low, high = _checks.MINIMUM_RUNS - 1, _checks.MINIMUM_RUNS  # power at low is too small, or low is no sample
    while power_at(high) < target:
        low, high = high, 2 * high
        if high > _MOST_RUNS:
            raise ValueError(f"finding {effect} takes more than {_MOST_RUNS} runs; pass {instead}")
    while high - low > 1:
        middle = (low + high) // 2
        if power_at(middle) < target:
            low = middle
        else:
            high = middle
    return high


def _exact_power(asked: _Asked, n: int) -> float:
    q, alpha, correlation = asked.sd_ratio, asked.alpha, asked.correlation
    if not asked.paired:
        df = n - 1
        low = f_cdf(f_quantile(alpha / 2, df, df) / q**2, df, df)
        # Equal arms: swapping them turns the upper tail into a lower one, which loses no digits.
        high = f_cdf(f_quantile(alpha / 2, df, df) * q**2, df, df)
        return low + high
    h = math.sinh(math.log(q)) / math.sqrt(1 - correlation**2)
    bound = t_quantile(1 - alpha / 2, n - 2) / math.sqrt(n - 2)
    nodes, weights = _quadrature()
    shares, weights = (nodes + 1) / 2, weights / 2
    u = np.sqrt(chi2_quantile(shares, n - 1))[:, None]
    v = np.sqrt(chi2_quantile(shares, n - 2))[None, :]
    rejected = normal_cdf(h * u - bound * v) + normal_cdf(-h * u - bound * v)
    return float(weights @ rejected @ weights)


@lru_cache(maxsize=1)
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return nodes and weights of Gauss and Legendre on [-1, 1], which take longer than what is summed over them."""
    return np.polynomial.legendre.leggauss(_NODES)
