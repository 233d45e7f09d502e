"""Standard deviation and correlation that know when a difference is only rounding."""

import math

import numpy as np
from numpy.typing import NDArray

_EPS = float(np.finfo(np.float64).eps)
# Chosen by simulation (benchmarks/calibration.py): smaller shares claim too much for skewed values at n < 10, larger
# ones too little for normal values.
TRIMMED_SHARE = 0.55


def rounding(values: NDArray[np.float64]) -> float:
    """Differences up to this size are rounding errors of numbers as large as ``values``."""
    return 8 * _EPS * float(np.max(np.abs(values)))


def is_constant(values: NDArray[np.float64]) -> bool:
    """Tell whether all values are equal up to rounding."""
    return float(np.max(values) - np.min(values)) <= rounding(values)


def sd(values: NDArray[np.float64]) -> float:
    """Sample SD (ddof 1); exactly 0 for values that are equal up to rounding."""
    if is_constant(values):
        return 0.0
    # Scaling first keeps the squares of huge metrics (a loss just before it diverges) from overflowing.
    scale = float(np.max(np.abs(values)))
    return scale * float(np.std(values / scale, ddof=1))


def correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """Return r and 1 - r^2 of two samples that both vary; 1 - r^2 is exactly 0 if they are linear in each other.

    With unit vectors u, v of the deviations: r = (|u+v|^2 - |u-v|^2)/4 and 1 - r^2 = |u+v|^2 |u-v|^2 / 4, which does
    not lose the small difference between 1 and r^2.
    """
    u, v = _unit_deviations(first), _unit_deviations(second)
    apart, together = float(np.sum((u - v) ** 2)), float(np.sum((u + v) ** 2))
    blur = rounding(first) / sd(first) + rounding(second) / sd(second)
    if min(apart, together) <= blur**2:
        return (1.0 if apart < together else -1.0), 0.0
    return (together - apart) / 4, together * apart / 4


def _unit_deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = values / np.max(np.abs(values))
    deviations = scaled - np.mean(scaled)
    unit: NDArray[np.float64] = deviations / np.sqrt(np.sum(deviations**2))
    return unit


def trimmed_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis without the outer share .55 / sqrt(n) on each side, fractions of a value included.

    Fourth moments about this centre do not shrink with the mean towards an outlier. The share vanishes as n grows.
    """
    n = values.shape[-1]
    cut = min(TRIMMED_SHARE * math.sqrt(n), (n - 1) / 2)
    whole = int(cut)
    weights = np.ones(n)
    weights[:whole] = weights[n - whole :] = 0
    for edge in {whole, n - 1 - whole}:
        weights[edge] -= cut - whole if 2 * whole < n - 1 else 0
    middle: NDArray[np.float64] = np.sort(values, axis=-1) @ (weights / np.sum(weights))
    return middle
