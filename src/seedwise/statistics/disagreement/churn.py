"""Churn: how often two runs of the same cell predict differently."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedwise.statistics.core import _checks
from seedwise.statistics.core._pairs import jackknife_over_pairs
from seedwise.statistics.core._predictions import ExampleIds, same_examples
from seedwise.statistics.core.interval import Interval

_COUNTS_AT_ONCE = 4_000_000  # bounds the table of counts at 32 MB


def churn(
    predictions: ArrayLike | Sequence[ArrayLike],
    *,
    example_ids: ExampleIds = None,
    level: float = 0.95,
    groups: ArrayLike | None = None,
) -> Interval:
    r"""Estimate the share of examples on which two runs predict different classes, with a jackknife interval.

    The mean over all pairs of runs: with R runs, N examples and k_jc the number of runs that predict class c for
    example j,

        churn = sum_j (R^2 - sum_c k_jc^2) / (N R (R - 1))

    The interval leaves out one run at a time: with pseudo-values R churn - (R - 1) churn_without_i, their mean
    +- t s / sqrt(R), t the quantile with R - 1 degrees of freedom and s the SD of the pseudo-values, clipped to [0, 1].
    Resampling runs with replacement would pair a run with itself and make churn look smaller; the jackknife does not.

    The interval is about other runs on the same examples, not about other examples. Runs that agree everywhere give
    0 [0, 0].

    Args:
        predictions: class labels (integers or strings), shape (R, N): runs axis first, then examples. At least 3 runs.
        example_ids: which example each column is: None, one list of ids shared by all runs, shape (N,), or one per run,
            shape (R, N) or R arrays of shape (N,), which must all be the same, in the same order.
        level: confidence level, between 0 and 1.
        groups: which values of the fixed seeds each run has, shape (R,): only runs of one group are paired, and at
            least 2 groups have 2 runs or more. None: one group.

    Returns:
        Interval as a fraction from 0 to 1; ``n`` is the number of runs.

    Raises:
        TypeError: scores instead of class labels.
        ValueError: fewer than 3 runs, runs that predict different examples, no examples, an array that is not 2-D, or a
            level outside (0, 1).

    Example:
        >>> c = churn([[0, 1, 2, 1], [0, 1, 2, 2], [0, 1, 1, 2]])
        >>> f"{c.estimate:.3f} [{c.low:.3f}, {c.high:.3f}]"
        '0.333 [0.000, 1.000]'

    Source:
        Milani Fard, Cormier, Canini & Gupta (2016), Launch and iterate: reducing prediction churn, NeurIPS 29; Arvesen
        (1969), Jackknifing U-statistics, Annals of Mathematical Statistics 40, 2076-2100.
    """
    level = _checks.level_in_range(level)
    differing, partners = disagreements(label_codes(predictions), example_ids, groups)
    return jackknife_over_pairs(differing, level, 0.0, 1.0, partners)


def disagreements(
    labels: NDArray[np.int64], example_ids: ExampleIds, groups: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum, for each run, its shares of differing examples over the other runs of its group, and count those runs."""
    same_examples(example_ids, labels.shape)
    partners, codes = partners_in_groups(len(labels), groups)
    differing = np.zeros(len(labels))
    for code in np.unique(codes[partners > 0]):
        differing[codes == code] = differing_examples(labels[codes == code])
    return differing / labels.shape[1], partners


def partners_in_groups(runs: int, groups: ArrayLike | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the other runs in the group of each run, and number the groups; shapes (runs,)."""
    codes = np.zeros(runs, dtype=np.int64) if groups is None else np.unique(groups, return_inverse=True)[1]
    if codes.shape != (runs,):
        raise ValueError(f"groups has shape {codes.shape}; pass one per run, ({runs},)")
    partners = np.bincount(codes)[codes] - 1
    if np.sum(partners > 0) < _checks.MINIMUM_RUNS:
        raise ValueError("hardly any two runs are in one group; pass at least 2 runs in each of several groups")
    return partners, codes


def label_codes(predictions: ArrayLike | Sequence[ArrayLike]) -> NDArray[np.int64]:
    """Return predictions as class codes 0..C-1, shape (runs, examples)."""
    try:
        array = np.asarray(predictions)
    except ValueError:
        raise ValueError(
            "the runs predict different numbers of examples; pass the same examples for every run"
        ) from None
    if array.dtype.kind not in "biuUS":
        raise TypeError(
            f"predictions must be class labels; got {array.dtype}: pass scores.argmax(axis=-1), as integers"
        )
    if array.ndim != 2:
        raise ValueError(f"predictions has shape {array.shape}; pass a 2-D array (runs, examples)")
    if array.shape[0] < _checks.MINIMUM_RUNS:
        raise ValueError(
            f"predictions has {_checks.runs(array.shape[0])}: an interval of churn needs at least "
            f"{_checks.MINIMUM_RUNS}; pass more runs (runs axis first)"
        )
    if array.shape[1] == 0:
        raise ValueError("predictions has no examples; pass a 2-D array (runs, examples)")
    return _codes(array)


def _codes(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Number the values of an array in their order; where they are small integers, without sorting them."""
    if np.can_cast(labels.dtype, np.int64) and int(labels.max()) - (least := int(labels.min())) <= labels.size:
        shifted = labels.astype(np.int64) - least
        present = np.bincount(shifted.ravel()) > 0
        ranks: NDArray[np.int64] = (np.cumsum(present, dtype=np.int64) - 1)[shifted]
        return ranks
    _, codes = np.unique(labels, return_inverse=True)
    return codes.reshape(labels.shape).astype(np.int64)


def differing_examples(codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count, for each run, the (other run, example) pairs with another class, without a table of runs x runs."""
    runs, examples = codes.shape
    classes = int(codes.max()) + 1
    step = max(1, _COUNTS_AT_ONCE // max(classes, runs))
    agreeing = np.zeros(runs)
    for start in range(0, examples, step):
        chunk = codes[:, start : start + step]
        cell = chunk + classes * np.arange(chunk.shape[1])
        counts = np.bincount(cell.ravel(), minlength=classes * chunk.shape[1])
        agreeing += counts[cell].sum(axis=1)
    differing: NDArray[np.float64] = runs * examples - agreeing
    return differing
