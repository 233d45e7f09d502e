"""What one pool of runs says, and does not say, about group sizes and about lucky and unlucky seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._moments import correlation, is_constant, sd
from seedwise.statistics.core._order import mean_of_top, unbiasing_constant


@dataclass(frozen=True)
class GroupSize:
    """SDs and reductions in groups of one size, all taken from the same pool of runs. Reductions are in percent.

    Attributes:
        size: number of runs in a group.
        groups: number of groups, all of them if that is feasible, otherwise drawn at random.
        undefined: groups in which no run of the base differs, so that the reduction is undefined; they count in the SDs
            and are left out of the four numbers about single groups.
        sd_method: mean SD of the method over the groups.
        sd_base: mean SD of the base over the groups.
        reduction: 100 (1 - sd_method / sd_base), of the mean SDs: flat in the group size.
        mean: mean reduction of single groups. Drifts down at small sizes, as a small SD below the line makes large
            ratios; None if no group has one.
        sd: SD of the reduction of single groups; None for fewer than two groups.
        low: lower limit of the central range (95 % unless told) of the reduction of single groups.
        high: upper limit.
        new_low: lower limit of the range that new groups of this size would have, if values were normal with the SDs
            (and correlation) of the pool. Unlike ``low``, it does not close up as the size nears that of the pool.
        new_high: upper limit.
    """

    size: int
    groups: int
    undefined: int
    sd_method: float
    sd_base: float
    reduction: float
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    new_low: float
    new_high: float


@dataclass(frozen=True)
class SeedEffect:
    """The gap between the luckiest and the unluckiest runs, compared with the gap that chance alone makes.

    Attributes:
        gap: mean of the k largest less mean of the k smallest values.
        expected: what normal values with the same SD and number give on average.
        low: lower limit of the range they give.
        high: upper limit.
        level: coverage of that range, between 0 and 1.
        sd: SD of the values.
        n: number of runs.
        k: number of runs at each end.
    """

    gap: float
    expected: float
    low: float
    high: float
    level: float
    sd: float
    n: int
    k: int


def group_size_table(
    method: ArrayLike,
    base: ArrayLike,
    sizes: Sequence[int] = (5, 10, 15, 20),
    *,
    paired: bool,
    level: float = 0.95,
    draws: int = 2000,
    rng: int | np.random.Generator = 0,
) -> tuple[GroupSize, ...]:
    r"""Tabulate SDs and the reduction in groups of several sizes, drawn without replacement from one pool of runs.

    This table cannot show that a reduction grows or shrinks with the number of runs. All groups come from the same
    pool: s^2 of a random group is unbiased for s^2 of the pool at every size, and for near-normal values the mean SDs
    of both methods shrink by nearly the same factor at small sizes, so ``reduction`` is flat. What depends on the size
    is the scatter: how far off a single study of that size could have been. As groups share runs, the scatter of
    groups from the pool vanishes where the group is the pool; ``new_low`` and ``new_high`` say what new runs would do.

    Args:
        method: the metric of the method, one value per run, shape (n1,): the runs axis. At least 3 finite values.
        base: the metric of the base, shape (n2,), same unit; in the same order of seeds if paired.
        sizes: numbers of runs in a group, each at least 3 and at most the number of runs.
        paired: whether run i of both arms shares its seeds; then both take the same runs into a group.
        level: coverage of the ranges, between 0 and 1.
        draws: number of groups of each size; all groups are taken, once each, if there are no more than that (paired).
        rng: seed or generator of the draws.

    Returns:
        One GroupSize per size, reductions in percent.

    Raises:
        TypeError: values that are not numbers, or sizes that are not integers.
        ValueError: fewer than 3 runs in an arm, values that are not finite or not 1-D, paired arms of different length,
            a size below 3 or above the number of runs, an arm that does not vary, fewer than 100 draws, or a level
            outside (0, 1).

    Example:
        >>> base, method = np.random.default_rng(4).normal(95, 0.13, (2, 20))
        >>> for row in group_size_table(method, base, paired=True):
        ...     print(f"{row.size:2} {row.reduction:3.0f} % [{row.low:3.0f}, {row.high:3.0f}]")
         5  15 % [-90,  63]
        10  14 % [-27,  46]
        15  14 % [ -6,  34]
        20  14 % [ 14,  14]

    Source:
        The table of standard deviations by group size is that of studies of variance over seeds; that subsets of one
        pool carry no more than the pool: Cochran (1977), Sampling techniques, 3rd edition, Wiley, theorem 2.4.
    """
    x, y = _checks.two_arms(method, base, paired)
    level = _checks.level_in_range(level)
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 100:
        raise ValueError(f"draws is {draws}; pass a number of groups, at least 100")
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int | np.integer):
            raise TypeError(f"sizes must be integers; got {type(size).__name__}")
        if not _checks.MINIMUM_RUNS <= size <= min(x.size, y.size):
            raise ValueError(
                f"sizes has {size}, but the pool has {_checks.runs(min(x.size, y.size))}; "
                f"pass sizes from {_checks.MINIMUM_RUNS} to {min(x.size, y.size)}"
            )
    for arm, name in ((x, "method"), (y, "base")):
        if is_constant(arm):
            raise ValueError(f"every run of {name} has the same value; pass runs that vary")
    generator = np.random.default_rng(rng)
    return tuple(
        _groups_of(x, y, int(size), paired=paired, level=level, draws=int(draws), rng=generator) for size in sizes
    )


def seed_effect(
    values: ArrayLike,
    k: int,
    *,
    level: float = 0.95,
    draws: int = 20_000,
    rng: int | np.random.Generator = 0,
) -> SeedEffect:
    r"""Compare the mean of the k best runs less that of the k worst with what luck alone gives.

    Sorting any values and comparing the ends gives a gap. For n normal values with SD s it is on average
    2 s e / c4, e the expected mean of the k largest of n standard normal values and c4 = E(s) / sigma. The range is
    that of gap / s in ``draws`` simulated normal samples, times s: it takes the SD as seen, so it is a statement about
    the shape of the values, and a gap inside it says nothing beyond the SD. For SD .125, n = 20, k = 10 it is .19.

    Args:
        values: the metric, one value per run, shape (n,): the runs axis. Any unit; at least 3 finite values.
        k: number of runs at each end, from 1 to n / 2.
        level: coverage of the range, between 0 and 1.
        draws: number of simulated samples.
        rng: seed or generator of the simulation.

    Returns:
        SeedEffect, in the unit of the values.

    Raises:
        TypeError: values that are not numbers, or k not an integer.
        ValueError: fewer than 3 runs, values that are not finite or not 1-D, k outside 1 to n / 2, fewer than 100
            draws, or a level outside (0, 1).

    Example:
        >>> effect = seed_effect([97.8, 98.1, 98.3, 97.9, 98.6, 98.0], 3)
        >>> f"{effect.gap:.2f}, expected {effect.expected:.2f} [{effect.low:.2f}, {effect.high:.2f}]"
        '0.43, expected 0.43 [0.34, 0.51]'

    Source:
        David & Nagaraja (2003), Order statistics, 3rd edition, Wiley; David, Hartley & Pearson
        (1954), The distribution of the ratio, in a single normal sample, of range to standard deviation, Biometrika 41,
        482-493 (k = 1).
    """
    x = _checks.runs_axis(values, "values")
    level = _checks.level_in_range(level)
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        raise TypeError(f"k must be an integer; got {type(k).__name__}")
    if not 1 <= k <= x.size // 2:
        raise ValueError(
            f"k is {k} of {_checks.runs(x.size)}; pass 1 to {x.size // 2}, so that the ends do not overlap"
        )
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 100:
        raise ValueError(f"draws is {draws}; pass a number of samples, at least 100")
    n, k, s = x.size, int(k), sd(x)
    expected = 2 * mean_of_top(n, k) / unbiasing_constant(n)
    generator = np.random.default_rng(rng)
    ratios = np.concatenate([_gap_to_sd(generator, size, n, k) for size in _pieces(int(draws), n)])
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    gap = float(_gap(x[None], k)[0])
    return SeedEffect(gap, expected * s, float(low) * s, float(high) * s, level, s, n, k)


def _groups_of(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    size: int,
    *,
    paired: bool,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> GroupSize:
    if paired:
        of_x = of_y = _subsets(x.size, size, draws, rng)
    else:
        of_x, of_y = _random_subsets(x.size, size, draws, rng), _random_subsets(y.size, size, draws, rng)
    sd_x, sd_y = _sds(x[of_x]), _sds(y[of_y])
    usable = sd_y > 0
    single = 100 * (1 - sd_x[usable] / sd_y[usable])
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = (float(q) for q in np.quantile(single, tails)) if single.size else (None, None)
    rho = correlation(x, y)[0] if paired else 0.0
    new = 100 * (1 - sd(x) / sd(y) * _ratios_of_new_groups(size, rho, draws, rng))
    new_low, new_high = (float(q) for q in np.quantile(new, tails))
    mean_x, mean_y = float(sd_x.mean()), float(sd_y.mean())
    return GroupSize(
        size=size,
        groups=len(of_x),
        undefined=int(np.sum(~usable)),
        sd_method=mean_x,
        sd_base=mean_y,
        reduction=100 * (1 - mean_x / mean_y),
        mean=float(single.mean()) if single.size else None,
        sd=float(np.std(single, ddof=1)) if single.size > 1 else None,
        low=low,
        high=high,
        new_low=new_low,
        new_high=new_high,
    )


def _subsets(n: int, size: int, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if math.comb(n, size) <= draws:
        return np.array(list(combinations(range(n), size)), dtype=np.int64)
    return _random_subsets(n, size, draws, rng)


def _random_subsets(n: int, size: int, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    subsets: NDArray[np.int64] = np.argsort(rng.random((draws, n)), axis=1)[:, :size]
    return subsets


def _sds(groups: NDArray[np.float64]) -> NDArray[np.float64]:
    """SDs of rows; exactly 0 for rows that are equal up to rounding."""
    sds: NDArray[np.float64] = np.std(groups, axis=1, ddof=1)
    eps = 8 * np.finfo(np.float64).eps
    return np.where(np.ptp(groups, axis=1) <= eps * np.abs(groups).max(axis=1), 0.0, sds)


def _ratios_of_new_groups(size: int, rho: float, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw ratios of the SDs of two samples of standard normal values with correlation rho (Bartlett decomposition)."""
    first = rng.chisquare(size - 1, draws)  # sum of squares of the base
    shared = rng.standard_normal(draws)
    own = rng.chisquare(size - 2, draws)
    rest = 1 - rho**2
    second = (rho * np.sqrt(first) + math.sqrt(rest) * shared) ** 2 + rest * own
    ratios: NDArray[np.float64] = np.sqrt(second / first)
    return ratios


def _gap(samples: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    ordered = np.sort(samples, axis=1)
    gaps: NDArray[np.float64] = ordered[:, -k:].mean(axis=1) - ordered[:, :k].mean(axis=1)
    return gaps


def _gap_to_sd(rng: np.random.Generator, draws: int, n: int, k: int) -> NDArray[np.float64]:
    samples = rng.standard_normal((draws, n))
    ratios: NDArray[np.float64] = _gap(samples, k) / np.std(samples, axis=1, ddof=1)
    return ratios


def _pieces(draws: int, n: int) -> list[int]:
    """Cut the draws into pieces of at most four million values."""
    step = max(1, 4_000_000 // n)
    return [min(step, draws - start) for start in range(0, draws, step)]
