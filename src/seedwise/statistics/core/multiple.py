"""Correction for making several comparisons in one study."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike | Sequence[float | None]) -> NDArray[np.float64]:
    """Adjust p-values for the number of comparisons, so that the chance of any false claim stays below alpha.

    With p_1 <= ... <= p_m the p-values in their order, the adjusted i-th is

        max_{j <= i} min(1, (m - j + 1) p_j)

    Valid whatever the dependence between the comparisons.

    Args:
        p_values: shape (m,), one per comparison, each from 0 to 1; may be empty. None, a comparison that has no
            p-value, counts as 1.

    Returns:
        Adjusted p-values, shape (m,), in the order given.

    Raises:
        TypeError: values that are not numbers.
        ValueError: an array that is not 1-D, or values outside [0, 1].

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
        >>> holm([0.0, None]).tolist()
        [0.0, 1.0]

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
        65-70.
    """
    if isinstance(p_values, Sequence):
        p_values = [1.0 if p is None else p for p in p_values]
    try:
        p = np.asarray(p_values, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError("p_values must be numbers from 0 to 1; pass a 1-D array of floats") from None
    if p.ndim != 1:
        raise ValueError(f"p_values has shape {p.shape}; pass a 1-D array with one p-value per comparison")
    outside = np.flatnonzero(~((p >= 0) & (p <= 1)))
    if outside.size:
        raise ValueError(f"p_values[{outside[0]}] is {p[outside[0]]}; pass p-values from 0 to 1")
    order = np.argsort(p, kind="stable")
    multipliers = np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(multipliers * p[order]))
    return adjusted
