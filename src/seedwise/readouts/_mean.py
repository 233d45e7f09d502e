"""Logits from logits, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.floating[Any]]


def mean_of_logits(logits: Sequence[Logits]) -> NDArray[np.float32]:
    """Return the mean of several logits of the same examples, such as those of the snapshots of one run.

    Args:
        logits: each (N, classes), in any floating-point type.

    Returns:
        (N, classes) float32.

    """
    mean: NDArray[np.float32] = np.mean([one.astype(np.float64) for one in logits], axis=0).astype(np.float32)
    return mean
