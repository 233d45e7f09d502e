"""How alike the weights of two runs are."""

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._pairs import jackknife_over_pairs
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.churn import partners_in_groups


def weight_similarity(products: ArrayLike, *, level: float = 0.95, groups: ArrayLike | None = None) -> Interval:
    r"""Estimate the cosine of the angle between the weights of two runs, all weights of a network as one vector.

        cos = mean over pairs a < b of w_a . w_b / (|w_a| |w_b|)

    It is 1 where the weights of two runs point the same way, and near 0 where they are unrelated, as those of two
    initializations are. Networks whose units stand in another order may compute the same with a cosine near 0.

    The interval leaves out one run at a time, as in :func:`churn`.

    Args:
        products: w_a . w_b of every two runs, shape (R, R), both a runs axis, at least 3: ``w @ w.T`` for w (R, P).
            Inner products are all that is needed, and add up over the layers of a large network.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run has, shape (R,): only runs of one group are paired. None: one
            group.

    Returns:
        Interval from -1 to 1; ``n`` is the number of runs.

    Raises:
        ValueError: fewer than 3 runs, another shape, weights that are not finite or all 0, or a level outside (0, 1).

    Example:
        >>> w = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, -1.0], [2.0, 0.0]])
        >>> found = weight_similarity(w @ w.T)
        >>> f"{found.estimate:.3f}"  # (4 / sqrt(2) + 0 + 1) / 6
        '0.638'

    Source:
        Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100 (the interval).
    """
    values = np.asarray(products, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise ValueError(f"products has shape {values.shape}; pass one for every two runs, (runs, runs)")
    if len(values) < _checks.MINIMUM_RUNS:
        raise ValueError(
            f"{_checks.runs(len(values))} with weights: a similarity needs at least {_checks.MINIMUM_RUNS}"
        )
    level = _checks.level_in_range(level)
    norms = np.sqrt(np.diag(values))
    if not np.isfinite(values).all() or not (norms > 0).all():
        raise ValueError("some weights are not finite, or all weights of a run are 0; leave those runs out")
    partners, codes = partners_in_groups(len(values), groups)
    paired = (codes[:, None] == codes) & ~np.eye(len(codes), dtype=bool)
    cosines = np.where(paired, np.clip(values / np.outer(norms, norms), -1, 1), 0.0)
    return jackknife_over_pairs(cosines.sum(axis=1), level, -1.0, 1.0, partners)
