"""Pooling estimates whose true values differ: random effects after DerSimonian and Laird."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RandomEffects:
    """A pooled estimate.

    Attributes:
        mean: the pooled value.
        se: its standard error where tau is known.
        scatter: what Hartung and Knapp multiply it by, at least 1.
        between: SD of the true values, tau.
        heterogeneity: I squared.
        q: Cochran's.
    """

    mean: float
    se: float
    scatter: float
    between: float
    heterogeneity: float
    q: float


def random_effects(y: NDArray[np.float64], v: NDArray[np.float64]) -> RandomEffects:
    """Pool estimates ``y`` with variances ``v``, shape (k,) with k at least 2; the formulas are in ``pooled_ratio``."""
    k, w = y.size, 1 / v
    q = float(np.sum(w * (y - np.average(y, weights=w)) ** 2))
    tau2 = max(0.0, (q - (k - 1)) / float(np.sum(w) - np.sum(w**2) / np.sum(w)))
    w = 1 / (v + tau2)
    mean = float(np.average(y, weights=w))
    scatter = max(1.0, math.sqrt(float(np.sum(w * (y - mean) ** 2)) / (k - 1)))
    heterogeneity = max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0
    return RandomEffects(mean, 1 / math.sqrt(float(np.sum(w))), scatter, math.sqrt(tau2), heterogeneity, q)
