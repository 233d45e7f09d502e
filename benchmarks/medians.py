"""How the benchmarks that measure in rounds say what they found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def median_interval(values: ArrayLike, digits: int = 3) -> str:
    """Return the median of one value per round with its 95 % bootstrap interval, ``2.000 [1.000, 3.000]``."""
    found = np.asarray(values, dtype=np.float64)
    draws = np.median(np.random.default_rng(0).choice(found, (2000, len(found))), axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return f"{np.median(found):.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
