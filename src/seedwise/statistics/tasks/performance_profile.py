"""Which share of the scores lies above each threshold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.tasks._bootstrap import bootstrap, normalised_scores

_DRAWS = 2000


@dataclass(frozen=True)
class PerformanceProfile:
    """The share of scores above each threshold.

    Attributes:
        thresholds: in the unit of the scores.
        shares: from 0 to 1, each with its interval, which holds for one threshold at a time.
    """

    thresholds: tuple[float, ...]
    shares: tuple[Interval, ...]


def performance_profile(
    scores: ArrayLike,
    thresholds: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = _DRAWS,
    rng: int | np.random.Generator = 0,
) -> PerformanceProfile:
    r"""Estimate which share of the scores, over runs and tasks, lies above each threshold.

    F(t) = mean over tasks of the share of runs with a score above t. Where the profile of one method lies above that of
    another at every threshold, it is better at every quantile. Its area from 0 is the mean of scores above 0; the
    optimality gap is the area between it and 1 up to the target.

    Args:
        scores: normalised, shape (runs, tasks): the runs axis first. At least 3 runs, finite.
        thresholds: shape (thresholds,), finite.
        level: confidence level of each share, between 0 and 1.
        draws: number of samples of the stratified bootstrap, see :func:`interquartile_mean`.
        rng: seed or generator of the samples.

    Returns:
        PerformanceProfile; ``n`` of the intervals is the number of runs per task. A share of 0 or 1 has an interval of
        no width: no sample can show what no run did.

    Raises:
        TypeError: values that are not numbers.
        ValueError: scores or thresholds of another shape, fewer than 3 runs, values that are not finite, or an argument
            out of its range.

    Example:
        >>> profile = performance_profile([[0.3, 1.2], [0.5, 1.1], [0.2, 1.6], [0.4, 0.9]], [0.25, 1.0])
        >>> [round(share.estimate, 3) for share in profile.shares]
        [0.875, 0.375]

    Source:
        Agarwal et al. (2021), arXiv 2108.13264, section 4.2; Dolan & More (2002), Benchmarking optimization software
        with performance profiles, Mathematical Programming 91, 201-213.
    """
    x, level = normalised_scores(scores), _checks.level_in_range(level)
    limits = np.asarray(thresholds)
    if limits.dtype.kind not in "iuf" or limits.ndim != 1 or not limits.size or not np.all(np.isfinite(limits)):
        raise ValueError(f"thresholds must be finite numbers, shape (thresholds,); got {limits.dtype} {limits.shape}")

    def above(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.mean(drawn > limit, axis=(1, 2)) for limit in limits], axis=1)

    low, high = np.quantile(bootstrap(x, above, draws, rng), [(1 - level) / 2, (1 + level) / 2], axis=0)
    shares = tuple(
        Interval(float(share), float(first), float(last), level, x.shape[0], "stratified bootstrap")
        for share, first, last in zip(above(x[None])[0], low, high, strict=True)
    )
    return PerformanceProfile(tuple(map(float, limits)), shares)
