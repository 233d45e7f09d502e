"""The standard deviation over runs of many numbers at once: along the steps of a forecast, or its variables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core.interval import Interval
from seedwise.statistics.spreads.spread import spread


@dataclass(frozen=True, eq=False)
class SpreadProfile:
    """An SD with its interval for each of K numbers.

    Attributes:
        mean: mean over the runs, shape (K,).
        sd: sample SD over the runs, shape (K,).
        low: lower limits, shape (K,).
        high: upper limits, shape (K,).
        level: confidence level of each interval on its own.
        n: number of runs.

    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float
    n: int


def spread_profile(values: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None) -> SpreadProfile:
    """Estimate the SD over runs of K numbers, each with the interval of :func:`spread`.

        SD_k = sqrt(sum_i (x_ik - mean_k)^2 / (R - 1))

    Each interval holds for its own number: that all K of them hold at once is less likely than ``level``, and how much
    less depends on how the numbers go together.

    Args:
        values: shape (R, K): runs axis first, such as the errors by step of a forecast. Any unit; at least 3 runs.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run has, shape (R,); None: one group.

    Returns:
        SpreadProfile in the unit of the values.

    Raises:
        TypeError: values that are not numbers.
        ValueError: fewer than 3 runs, values that are not finite or not 2-D, or a level outside (0, 1).

    Example:
        >>> profile = spread_profile([[0.30, 0.50], [0.31, 0.54], [0.30, 0.47]])
        >>> profile.sd.round(3).tolist()
        [0.006, 0.035]

    Source:
        As :func:`spread`.
    """
    array = np.asarray(values)
    if array.ndim != 2 or not array.shape[1]:
        raise ValueError(f"values has shape {array.shape}; pass a 2-D array (runs, numbers)")
    found: list[Interval] = [spread(column, level=level, groups=groups) for column in array.T]
    return SpreadProfile(
        mean=array.mean(axis=0, dtype=np.float64),
        sd=np.array([one.estimate for one in found]),
        low=np.array([one.low for one in found]),
        high=np.array([one.high for one in found]),
        level=found[0].level,
        n=len(array),
    )
