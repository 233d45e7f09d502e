"""How the benchmarks that measure in rounds say what they found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def median_with_interval(values: ArrayLike) -> tuple[float, float, float]:
    """Return the median of one value per round, and the ends of its 95 % bootstrap interval."""
    found = np.asarray(values, dtype=np.float64)
    draws = np.median(np.random.default_rng(0).choice(found, (2000, len(found))), axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(np.median(found)), float(low), float(high)


def median_interval(values: ArrayLike, digits: int = 3) -> str:
    """Return the same as text, ``2.000 [1.000, 3.000]``."""
    median, low, high = median_with_interval(values)
    return f"{median:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
