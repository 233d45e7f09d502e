"""Means over all pairs of runs, with the jackknife over runs."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.core._distributions import t_quantile
from seedwise.statistics.core._moments import sd
from seedwise.statistics.core.interval import Interval


@dataclass(frozen=True, eq=False)
class PairMean:
    """The mean of h(i, j) over pairs of runs, and the same without each run, shape (runs,)."""

    estimate: float
    without: NDArray[np.float64]


def pair_mean(sums: NDArray[np.float64], partners: NDArray[np.int64] | None = None) -> PairMean:
    """Average h(i, j) over pairs, with ``sums[i]`` = sum over j of h(i, j) over the ``partners[i]`` runs j of run i."""
    with_whom = np.full(sums.size, sums.size - 1) if partners is None else partners
    total, pairs = float(sums.sum()) / 2, float(with_whom.sum()) / 2
    return PairMean(total / pairs, (total - sums) / (pairs - with_whom))


def jackknife_over_pairs(
    sums: NDArray[np.float64],
    level: float,
    low: float = -math.inf,
    high: float = math.inf,
    partners: NDArray[np.int64] | None = None,
) -> Interval:
    """Estimate the mean of h(i, j) over all pairs of runs, clipped to [low, high].

    With R runs and ``sums[i]`` = sum over j other than i of h(i, j): leaving out run i leaves the mean over the pairs
    without it, and the pseudo-values R mean - (R - 1) mean_without_i have mean +- t SD / sqrt(R) as their interval, t
    with R - 1 degrees of freedom. A bootstrap of runs would pair a run with itself. Where not all runs are paired,
    ``partners[i]`` is with how many run i is.
    """
    runs = sums.size
    mean = pair_mean(sums, partners)
    estimate = mean.estimate
    pseudo = runs * estimate - (runs - 1) * mean.without
    half = t_quantile((1 + level) / 2, runs - 1) * sd(pseudo) / math.sqrt(runs)
    return Interval(estimate, max(low, estimate - half), min(high, estimate + half), level, runs, "jackknife")
