"""The stratified bootstrap: runs are drawn again within each task."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core.interval import Interval

Array = NDArray[np.float64]

DRAWS = 10_000
_AT_ONCE = 2_000_000


def normalised_scores(scores: ArrayLike) -> Array:
    """Return scores of shape (runs, tasks) as floats, or say what is wrong with them."""
    try:
        array = np.asarray(scores)
    except ValueError:
        raise ValueError("the tasks have different numbers of runs; pass an array (runs, tasks)") from None
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"scores has shape {array.shape}; pass an array (runs, tasks), runs axis first")
    for task in range(array.shape[1]):
        _checks.runs_axis(array[:, task], f"scores of task {task}")
    return array.astype(np.float64)


def bootstrap(
    scores: Array, statistic: Callable[[Array], Array], draws: int, rng: int | np.random.Generator
) -> NDArray[np.float64]:
    """Return a statistic of resampled scores, shape (draws, ...).

    Args:
        scores: shape (runs, tasks).
        statistic: from shape (draws, runs, tasks) to (draws, ...).
        draws: number of samples.
        rng: seed or generator.
    """
    draws, generator = _checks.at_least(draws, "draws", 2), np.random.default_rng(rng)
    runs, tasks = scores.shape
    step = max(1, _AT_ONCE // scores.size)
    parts = []
    for done in range(0, draws, step):
        chosen = generator.integers(runs, size=(min(step, draws - done), runs, tasks))
        parts.append(statistic(scores[chosen, np.arange(tasks)]))
    return np.concatenate(parts)


def percentile_interval(
    scores: Array, statistic: Callable[[Array], Array], level: float, draws: int, rng: int | np.random.Generator
) -> Interval:
    """Return a statistic with the interval between the percentiles of its resampled values."""
    level = _checks.level_in_range(level)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(bootstrap(scores, statistic, draws, rng), tails)
    estimate = float(statistic(scores[None])[0])
    return Interval(estimate, float(low), float(high), level, scores.shape[0], "stratified bootstrap")
