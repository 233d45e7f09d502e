"""How far the forecasts of two runs are apart: what churn is for classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core import _predictions as predictions
from seedwise.statistics.core._pairs import jackknife_over_pairs
from seedwise.statistics.core.interval import Interval
from seedwise.statistics.disagreement.churn import partners_in_groups


def forecast_difference(
    forecasts: ArrayLike | Sequence[ArrayLike],
    truth: ArrayLike,
    *,
    example_ids: predictions.ExampleIds = None,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Interval:
    r"""Estimate how far the forecasts of two runs are apart, relative to how far they are from the truth.

    For runs a and b, with root mean squares over windows, steps and variables:

        rms(f_a - f_b) / sqrt((rms(f_a - y)^2 + rms(f_b - y)^2) / 2),

    averaged over all pairs of runs; the interval leaves out one run at a time, as in :func:`churn`. It is 0 where runs
    forecast the same, sqrt(2) where their errors are unrelated, and at most 2, where they are opposite. With rho the
    share of the mean squared error that two equally good runs have in common, it is sqrt(2 (1 - rho)).

    Simulated coverage of 95 % intervals at 5 / 10 / 20 runs that share an error and deviate from it in six directions,
    by more or less: 94 / 94 / 95 %. The interval is about other runs on the same windows, not about other windows. Runs
    without any error differ by 0.

    Args:
        forecasts: shape (R, N, ...): runs axis first, then windows, then steps and variables. At least 3 runs. Any unit
            and precision; sums are taken in double precision.
        truth: what was to be forecast, shape (N, ...), same unit.
        example_ids: which window each column is: None, ids of shape (N,), or one row of ids per run.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run has, shape (R,): only runs of one group are paired. None: one
            group.

    Returns:
        Interval from 0 to 2; ``n`` is the number of runs.

    Raises:
        TypeError: forecasts that are not numbers.
        ValueError: fewer than 3 runs, shapes that do not agree, values that are not finite, different windows, or a
            level outside (0, 1).

    Example:
        >>> runs = [[[1.0, 2.0, 3.0]], [[1.2, 1.9, 3.0]], [[1.0, 2.1, 2.8]], [[1.1, 2.0, 3.2]]]
        >>> d = forecast_difference(runs, [[1.5, 1.5, 3.5]])
        >>> f"{d.estimate:.2f} [{d.low:.2f}, {d.high:.2f}]"
        '0.33 [0.11, 0.56]'

    Source:
        Krogh & Vedelsby (1995), Neural network ensembles, cross validation, and active learning, NeurIPS 7 (the
        difference of members against their error); Arvesen (1969), Jackknifing U-statistics, Annals of Mathematical
        Statistics 40, 2076-2100.
    """
    values = predictions.per_run(forecasts, "forecasts")
    wanted = np.asarray(truth)
    if wanted.shape != values.shape[1:]:
        raise ValueError(
            f"truth has shape {wanted.shape} and forecasts {values.shape}; pass truth (windows, ...) for forecasts "
            "(runs, windows, ...)"
        )
    if not np.isfinite(wanted).all():
        raise ValueError("truth holds values that are not finite; leave those windows out")
    level = _checks.level_in_range(level)
    predictions.same_examples(example_ids, values.shape)
    partners, codes = partners_in_groups(len(values), groups)
    products = _error_products(values, wanted)
    own = np.diag(products)
    total = own[:, None] + own
    # The clip is for what is left by rounding where two runs are the same.
    squares = np.clip(total - 2 * products, 0.0, None)
    relative = np.sqrt(np.divide(2 * squares, total, out=np.zeros_like(total), where=total > 0))
    paired = (codes[:, None] == codes) & ~np.eye(len(codes), dtype=bool)
    return jackknife_over_pairs(np.where(paired, relative, 0.0).sum(axis=1), level, 0.0, 2.0, partners)


def _error_products(values: NDArray[np.floating[Any]], truth: NDArray[Any]) -> NDArray[np.float64]:
    """Sum the products of the errors of every two runs over windows, steps and variables; shape (runs, runs)."""
    products = np.zeros((len(values), len(values)))
    for block in predictions.blocks(values.shape):
        errors = (values[:, block].astype(np.float64) - truth[block]).reshape(len(values), -1)
        products += errors @ errors.T
    return products
