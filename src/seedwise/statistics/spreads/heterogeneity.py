"""Whether the spread is the same at every value of the fixed seeds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from seedwise.statistics.core import _checks
from seedwise.statistics.core._moments import sd


@dataclass(frozen=True)
class GroupSpreads:
    """The SD within each group of runs that share their fixed seeds.

    Attributes:
        groups: labels of the groups with 3 runs or more.
        sds: sample SD within each, in the unit of the values.
        p_value: of equal spread in all of them; None with fewer than 2 such groups, or where nothing varies.
    """

    groups: tuple[str, ...]
    sds: tuple[float, ...]
    p_value: float | None


def group_spreads(values: ArrayLike, groups: ArrayLike) -> GroupSpreads:
    """Return the SD within each group, and a test of whether they are equal.

    Brown-Forsythe: an analysis of variance of distances to the groups' medians, which does not assume normal values.

    Args:
        values: the metric, one value per run, shape (n,): the runs axis. At least 3 finite values.
        groups: which values of the fixed seeds each run has, shape (n,).

    Returns:
        Groups in the order of their labels; those with fewer than 3 runs are left out.

    Raises:
        TypeError: values that are not numbers.
        ValueError: values that are not finite, or groups of another shape.

    Example:
        >>> found = group_spreads([1.0, 2.0, 3.0, 10.0, 14.0, 18.0], [0, 0, 0, 1, 1, 1])
        >>> found.sds, round(found.p_value, 2)
        ((1.0, 4.0), 0.22)

    Source:
        Brown & Forsythe (1974), Robust tests for the equality of variances, JASA 69, 364-367.
    """
    from scipy import stats

    x, labels = _checks.runs_axis(values, "values"), np.asarray(groups)
    if labels.shape != x.shape:
        raise ValueError(f"groups has shape {labels.shape}; pass one per run, {x.shape}")
    found = {label: x[labels == label] for label in np.unique(labels).tolist()}
    found = {label: run for label, run in found.items() if run.size >= _checks.MINIMUM_RUNS}
    sds = tuple(sd(run) for run in found.values())
    p = float(stats.levene(*found.values(), center="median").pvalue) if len(found) > 1 and any(sds) else None
    return GroupSpreads(tuple(map(str, found)), sds, p)
