"""Logits from logits, and what they score; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

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


def scores(logits: Logits, labels: NDArray[np.integer[Any]]) -> dict[str, float]:
    """Return the accuracy and the cross-entropy of logits.

    Args:
        logits: (N, classes).
        labels: (N,) true classes.

    Example:
        >>> scores(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([0, 1]))
        {'accuracy': 0.5, 'loss': 0.4100375...}

    """
    values = np.asarray(logits, dtype=np.float64)
    own = values[np.arange(len(labels)), labels]
    return {
        "accuracy": float(np.mean(values.argmax(1) == labels)),
        "loss": float(np.mean(logsumexp(values, axis=1) - own)),
    }
