"""What a controlled loss multiplied the gradient by, over all steps of all runs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class GradientFactor:
    """The factor over all steps of all runs.

    Attributes:
        active: share of the steps with lambda above 0.
        mean: of the factor.
        sd: of the factor.
        low: the smallest.
        high: the largest.

    """

    active: float
    mean: float
    sd: float
    low: float
    high: float


def gradient_factor(series: Mapping[str, ArrayLike]) -> GradientFactor | None:
    """Put the factors of epochs together: the variance over all steps is that within epochs plus that between them.

    Args:
        series: ``train/factor_mean``, ``_sd``, ``_min`` and ``_max`` and ``train/active_share`` by epoch, shape (runs,
            epochs); every epoch has the same number of steps.

    Returns:
        GradientFactor, or None where the loss has no factor.

    Example:
        >>> names = ("active_share", "factor_mean", "factor_sd", "factor_min", "factor_max")
        >>> found = gradient_factor({f"train/{name}": [[1.0, 1.0]] for name in names})
        >>> found.mean, found.sd
        (1.0, 1.0)

    """
    if "train/factor_mean" not in series:
        return None
    mean, sd, low, high, active = (
        np.asarray(series[f"train/{name}"], dtype=np.float64)
        for name in ("factor_mean", "factor_sd", "factor_min", "factor_max", "active_share")
    )
    overall = float(mean.mean())
    total = float(np.sqrt(np.mean(sd**2 + (mean - overall) ** 2)))
    return GradientFactor(float(active.mean()), overall, total, float(low.min()), float(high.max()))
