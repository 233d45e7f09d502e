"""How steady a ranking of methods is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._distributions import normal_cdf
from seedwise.statistics.core._moments import rounding
from seedwise.statistics.core._noncentral import noncentrality
from seedwise.statistics.core.interval import Interval


@dataclass(frozen=True)
class PairFlip:
    """The chance that two methods change places.

    Attributes:
        better: the method that is ahead over all runs.
        worse: the other.
        chance: chance that the means at n seeds have the opposite order, with its interval. An upper limit above .5
            says that the order over all runs may itself be the wrong one.
    """

    better: str
    worse: str
    chance: Interval


@dataclass(frozen=True)
class RankingFlips:
    """How often a ranking by the means of n seeds differs from the ranking over all runs.

    Attributes:
        order: names of the methods over all runs, best first.
        seeds: the number of seeds asked about.
        any_flip: chance that the ranking at n seeds differs anywhere.
        winner_flips: chance that another method comes first.
        pairs: every pair of methods, in the order of the ranking.
    """

    order: tuple[str, ...]
    seeds: int
    any_flip: float
    winner_flips: float
    pairs: tuple[PairFlip, ...]


def ranking_flips(
    cells: Mapping[str, ArrayLike],
    seeds: int,
    *,
    paired: bool,
    higher_is_better: bool = True,
    level: float = 0.95,
    draws: int = 100_000,
    rng: int | np.random.Generator = 0,
) -> RankingFlips:
    r"""Estimate how often a ranking of methods by the means of a few seeds differs from the ranking over all runs.

    The means of n seeds are taken as normal around the means over all runs, with covariance S / n, S the sample
    covariance (paired) or the diagonal of sample variances (unpaired).

    - two methods: Phi(-sqrt(n) d / s_d), d their difference over all runs and s_d the SD of the paired differences, or
      sqrt(s_1^2 + s_2^2). Its interval inverts the noncentral t of the t statistic of d, exact for normal values if
      paired, with Welch's degrees of freedom if not.
    - the ranking as a whole and the first place: from ``draws`` simulated rankings (an error of at most .0016 each at
      100 000 draws), without an interval.

    The means seen are taken for the truth. They lie further apart than the true ones on average, so the numbers without
    an interval are too small where methods are close; then look at the upper limits of the pairs. Drawing
    subsets from the runs seen instead would make flips look rarer still, as the subsets share the runs that made the
    ranking, and is not done.

    Args:
        cells: the metric of each method, name to values of shape (R,): the runs axis, at least 3 runs, at least two
            methods. In the same order of seeds if paired.
        seeds: number of seeds n whose means would be ranked, at least 1; it may be larger than R.
        paired: whether run i of all methods shares its seeds, and would do so at n seeds.
        higher_is_better: direction of the metric.
        level: confidence level, between 0 and 1.
        draws: number of simulated rankings.
        rng: seed or generator of the simulation.

    Returns:
        RankingFlips, chances from 0 to 1; ``n`` of the intervals is [R1, R2].

    Raises:
        TypeError: values that are not numbers, or ``seeds`` not an integer.
        ValueError: fewer than two methods, fewer than 3 runs, values that are not finite or not 1-D, paired methods
            with different numbers of runs, two methods whose difference does not vary (then flips cannot be judged),
            ``seeds`` or ``draws`` below 1, or a level outside (0, 1).

    Example:
        >>> flips = ranking_flips(
        ...     {"base": [97.8, 98.1, 98.3, 97.9, 98.6], "vml": [98.3, 98.1, 98.6, 98.2, 98.4]}, 3, paired=True
        ... )
        >>> chance = flips.pairs[0].chance
        >>> flips.order, f"{chance.estimate:.3f} [{chance.low:.3f}, {chance.high:.3f}]"
        (('vml', 'base'), '0.131 [0.003, 0.733]')

    Source:
        Bouthillier et al. (2021), Accounting for variance in machine learning benchmarks, MLSys, arXiv 2103.03098; Owen
        (1968), A survey of properties and applications of the noncentral t-distribution, Technometrics 10, 445-478.
    """
    if len(cells) < 2:
        raise ValueError(f"cells has {len(cells)} method{'s' * (len(cells) != 1)}; a ranking needs at least two")
    level = _checks.level_in_range(level)
    for value, name in ((seeds, "seeds"), (draws, "draws")):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be an integer; got {type(value).__name__}")
        if value < 1:
            raise ValueError(f"{name} is {value}; pass at least 1")
    arms = {str(name): _checks.runs_axis(values, str(name)) for name, values in cells.items()}
    sizes = {name: arm.size for name, arm in arms.items()}
    if paired and len(set(sizes.values())) > 1:
        raise ValueError(
            f"paired methods need the same runs; got {sizes}: pass the runs present in all, or paired=False"
        )
    sign = 1.0 if higher_is_better else -1.0
    order = tuple(sorted(arms, key=lambda name: -sign * float(np.mean(arms[name]))))
    ranked = [sign * arms[name] for name in order]
    pairs = tuple(
        PairFlip(first, second, _pair(sign * arms[first], sign * arms[second], seeds, paired=paired, level=level))
        for first, second in combinations(order, 2)
    )
    any_flip, winner = _simulate(ranked, seeds, paired, draws, np.random.default_rng(rng))
    if len(order) == 2:
        any_flip = winner = pairs[0].chance.estimate
    return RankingFlips(order, int(seeds), any_flip, winner, pairs)


def _pair(x: NDArray[np.float64], y: NDArray[np.float64], seeds: int, *, paired: bool, level: float) -> Interval:
    """Chance that the first, which is ahead, falls behind the second."""
    blur = rounding(np.concatenate([x, y]))
    if paired:
        differences = x - y
        spread = float(np.std(differences, ddof=1)) if np.ptp(differences) > blur else 0.0
        se, df = spread / math.sqrt(x.size), float(x.size - 1)
    else:
        v1, v2 = (float(np.var(arm, ddof=1)) if np.ptp(arm) > blur else 0.0 for arm in (x, y))
        spread, se = math.sqrt(v1 + v2), math.sqrt(v1 / x.size + v2 / y.size)
        parts = ((v1 / x.size, x.size - 1), (v2 / y.size, y.size - 1))
        df = 1 / sum((v / se**2) ** 2 / d for v, d in parts) if se > 0 else 0.0
    if se == 0:
        raise ValueError(
            f"two methods differ by {x.mean() - y.mean():.6g} in every run, so flips cannot be judged; "
            "leave one out, or pass a finer metric"
        )
    t, tail = float(x.mean() - y.mean()) / se, (1 - level) / 2
    scale = math.sqrt(seeds) * se / spread  # from the t statistic over all runs to the one at n seeds
    low, high = (noncentrality(t, df, p) for p in (1 - tail, tail))
    limits = normal_cdf(-scale * np.array([high, t, low]))
    procedure = "noncentral t" if paired else "noncentral t, Welch"
    return Interval(float(limits[1]), float(limits[0]), float(limits[2]), level, [x.size, y.size], procedure)


def _simulate(
    ranked: list[NDArray[np.float64]], seeds: int, paired: bool, draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    means = np.array([arm.mean() for arm in ranked])
    covariance = np.cov(np.stack(ranked)) if paired else np.diag([np.var(arm, ddof=1) for arm in ranked])
    values, vectors = np.linalg.eigh(covariance / seeds)
    drawn = means + rng.standard_normal((draws, means.size)) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    any_flip = float(np.mean(np.any(np.diff(drawn, axis=1) > 0, axis=1)))
    return any_flip, float(np.mean(drawn[:, 0] < drawn[:, 1:].max(axis=1)))
