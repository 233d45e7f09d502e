"""Values from several groups of fixed seeds, freed of the groups' means."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core._moments import rounding


def within_groups(values: NDArray[np.float64], groups: ArrayLike | None, name: str) -> tuple[NDArray[np.float64], int]:
    """Return deviations from the groups' means, scaled so that their sample SD is the pooled one, and what that costs.

    The pooled SD is the root of the sum of squares within the groups over n - G. Every mean beyond the first costs one
    degree of freedom: G - 1 are lost in all. A group of one run adds nothing and costs nothing.
    """
    if groups is None:
        return values, 0
    labels = np.asarray(groups)
    if labels.shape != values.shape:
        raise ValueError(f"the groups of {name} have shape {labels.shape}; pass one per run, {values.shape}")
    _, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if sizes.size == 1:
        return values, 0
    lost = sizes.size - 1
    if values.size - 1 - lost < 2:
        raise ValueError(f"{name} has {values.size} runs in {sizes.size} groups: pass more runs in each group")
    deviations = values - (np.bincount(codes, values) / sizes)[codes]
    deviations[np.abs(deviations) <= rounding(values)] = 0.0
    return deviations * math.sqrt((values.size - 1) / (values.size - 1 - lost)), lost
