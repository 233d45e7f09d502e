"""What the runs of a trial amount to, and which trial is best: pure functions on arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics import Cell
from seedwise.statistics.cells.pairing import predictions_of
from seedwise.statistics.core._predictions import same_examples
from seedwise.statistics.disagreement.churn import differing_examples
from seedwise.tuning._goals import Trials
from seedwise.tuning._options import Objective
from seedwise.tuning._results import Measured

REACHED = 1e-12
"""A floor is reached by a mean that misses it by rounding alone."""


def measured(cell: Cell, runs: int | None = None, worst: float | None = None) -> Measured | None:
    """Return what the first ``runs`` replicates of a trial amount to, or None if every one of them failed.

    Args:
        cell: the runs of the trial, with a metric of the validation data.
        runs: how many replicates, in their order; None: all.
        worst: what a failed run counts as where the metric has no chance value.

    """
    order = np.argsort(cell.replicate)[:runs]
    finished = cell.finished_mask[order]
    if not finished.any():
        return None
    chance = cell.metric.chance if cell.metric.chance is not None else worst
    values = cell.values[order].copy()
    if not finished.all():
        bad = np.min if cell.metric.higher_is_better else np.max
        values[~finished] = float(bad(values[finished])) if chance is None else chance
    return Measured(tuple(values.tolist()), int(np.sum(~finished)), _churn(cell, order, finished))


def _churn(cell: Cell, order: NDArray[np.int64], finished: NDArray[np.bool_]) -> float | None:
    if cell.predictions is None:
        return None
    labels, ids = predictions_of(cell, order[finished])
    runs, examples = labels.shape
    pairs, agreed = math.comb(len(order), 2), math.comb(runs, 2)
    if pairs == 0:
        return None
    try:
        same_examples(ids, labels.shape)
    except ValueError:  # they predicted different ones
        return None
    codes = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    disagree: float = float(differing_examples(codes).sum()) / (2 * examples)
    return (disagree + pairs - agreed) / pairs


def values_of(objective: Objective, trials: Sequence[Measured], *, higher_is_better: bool) -> NDArray[np.float64]:
    r"""Return what the objective makes of every trial; lower is better.

    - ``churn``, ``sd``: that; ``mean``: minus the mean (the mean where low values are good);
    - ``mean-sd``: -(mean - c SD);
    - ``front``: two columns, minus the mean and the spread;
    - ``paper``: (SD - min SD) / (max SD - min SD) - (mean - min mean) / (max mean - min mean), over the trials given;
      a term whose range is 0 is 0. When the range widens, scores change and so may ranks, but never between two trials
      of which one has both the smaller SD and the better mean; where both ranges widen by the same factor, none does.

    Args:
        objective: the objective.
        trials: what each trial amounts to.
        higher_is_better: direction of the metric.

    Returns:
        Shape (trials, 1), or (trials, 2) for the front.

    Example:
        >>> trials = [Measured((0.90, 0.91, 0.92), 0), Measured((0.90, 0.93, 0.96), 0)]
        >>> values_of(Objective(name="mean-sd", c=1), trials, higher_is_better=True).round(3).tolist()
        [[-0.9], [-0.9]]
        >>> values_of(Objective(name="paper"), trials, higher_is_better=True).tolist()
        [[0.0], [0.0]]

    """
    sign = 1.0 if higher_is_better else -1.0
    mean = sign * np.array([trial.mean for trial in trials])
    sd = np.array([trial.sd for trial in trials])
    churned = np.array([np.nan if trial.churn is None else trial.churn for trial in trials])
    spread = sd if objective.judged_spread == "sd" else churned
    return np.stack(objective.goal.columns(Trials(mean, sd, churned, spread, objective.c)), axis=1)


def shortfalls(floor: float | None, trials: Sequence[Measured], *, higher_is_better: bool) -> NDArray[np.float64]:
    """Return by how much each trial's mean misses the floor; 0 or less where it does not, 0 without a floor.

    Example:
        >>> shortfalls(0.9, [Measured((0.5, 0.7, 0.6), 0), Measured((0.9, 1.0, 1.0), 0)], higher_is_better=True) > 0
        array([ True, False])

    """
    if floor is None:
        return np.zeros(len(trials))
    sign = 1.0 if higher_is_better else -1.0
    return np.array([sign * (floor - trial.mean) for trial in trials])


def front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows are on the Pareto front: no other row is at least as low everywhere, and lower somewhere.

    Args:
        values: shape (trials, columns), lower is better.

    Example:
        >>> front(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]))
        array([ True,  True, False])

    """
    no_higher = np.all(values[:, None] <= values[None], axis=2)
    lower = np.any(values[:, None] < values[None], axis=2)
    on_front: NDArray[np.bool_] = ~np.any(no_higher & lower, axis=0)
    return on_front


def best(
    objective: Objective, trials: Sequence[Measured], floor: float | None, *, higher_is_better: bool
) -> int | None:
    """Return the index of the best trial, the earliest of equals; None if none reaches the floor.

    On the front it is the trial of least spread that reaches the floor.

    Example:
        >>> trials = [Measured((0.90, 0.91, 0.92), 0), Measured((0.95, 0.97, 0.99), 0)]
        >>> best(Objective(name="sd"), trials, None, higher_is_better=True)
        0
        >>> best(Objective(name="sd"), trials, 0.95, higher_is_better=True)
        1

    """
    reached = np.flatnonzero(shortfalls(floor, trials, higher_is_better=higher_is_better) <= REACHED)
    if not reached.size:
        return None
    # The last column is the spread where there are two; of equal spreads the better mean is on the front.
    values = values_of(objective, trials, higher_is_better=higher_is_better)[reached]
    return int(reached[np.lexsort((reached, *values.T))[0]])


def default_floor(base: Measured, *, higher_is_better: bool) -> float:
    """Return the floor that holds where none is given: the base's mean less one SD of its runs (more, as a ceiling)."""
    return base.mean - base.sd if higher_is_better else base.mean + base.sd


def worst_of(cells: Iterable[Cell]) -> float | None:
    """Return the worst value of any finished run: what a failed one counts as where chance is unknown."""
    values = [(cell.values[cell.finished_mask], cell.metric.higher_is_better) for cell in cells if cell.finished]
    if not values:
        return None
    return float(min(v.min() for v, _ in values) if values[0][1] else max(v.max() for v, _ in values))
