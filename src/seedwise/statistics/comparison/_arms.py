"""Two cells lined up: the runs that a comparison of them uses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import FAILURES, Cell
from seedwise.statistics.cells.folds import Folds
from seedwise.statistics.cells.pairing import lined_up
from seedwise.statistics.core import _checks


@dataclass(frozen=True)
class Arms:
    """The runs of a method and of its base that a comparison uses; ``reason`` says why it cannot."""

    method: NDArray[np.float64]
    base: NDArray[np.float64]
    paired: bool
    reason: str
    groups: tuple[NDArray[np.int64], NDArray[np.int64]]
    folds: Folds | None

    @property
    def few(self) -> bool:
        """Whether a comparison would need more runs."""
        return min(self.method.size, self.base.size) < _checks.MINIMUM_RUNS


def line_up(cell: Cell, base: Cell, *, count_failures: bool) -> Arms:
    """Line up two cells; with ``count_failures``, failed runs take part with the metric's chance value."""
    (x, use_x), (y, use_y) = (_results(c, count_failures) for c in (cell, base))
    (at_x, at_y), paired = lined_up([cell, base], [use_x, use_y])
    x, y = x[at_x], y[at_y]
    return Arms(x, y, paired, _why_not(x, y, paired, cell, base), (cell.group[at_x], base.group[at_y]), cell.folds)


def between_groups(arms: Arms) -> Arms:
    """Return the means of the groups that both arms hold: runs of one group share their fixed seeds, or their fold."""
    of_method, of_base = arms.groups
    if arms.reason or np.unique(np.concatenate(arms.groups)).size == 1:
        return arms
    both = np.intersect1d(of_method, of_base)
    x, y = (
        np.array([np.mean(values[groups == group]) for group in both])
        for values, groups in ((arms.method, of_method), (arms.base, of_base))
    )
    least = _checks.MINIMUM_RUNS
    what = "values of the fixed seeds" if arms.folds is None else "folds"
    reason = "" if both.size >= least else f"{both.size} {what}: comparing means takes {least}"
    return Arms(x, y, True, reason, (both, both), arms.folds)


def _results(cell: Cell, count_failures: bool) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if not count_failures or cell.metric.chance is None:
        return cell.values, cell.finished_mask
    return np.where(cell.failed_mask, cell.metric.chance, cell.values), cell.finished_mask | cell.failed_mask


def _why_not(x: NDArray[np.float64], y: NDArray[np.float64], paired: bool, cell: Cell, base: Cell) -> str:
    least = _checks.MINIMUM_RUNS
    for count, arm in ((cell.finished, cell), (base.finished, base)):
        if count < least:
            return f"{finished_runs(arm)} of {arm.method}: a comparison needs at least {least}"
    if paired and x.size < least:
        return f"{x.size} pair{'' if x.size == 1 else 's'} finished in both arms: a comparison needs at least {least}"
    if paired and np.array_equal(x, y):
        return f"all {x.size} pairs have equal results in {cell.method} and {base.method}: nothing to compare"
    return ""


def finished_runs(cell: Cell) -> str:
    counts = [f"{cell.status.count(status)} {status.replace('_', ' ')}" for status in FAILURES if status in cell.status]
    no_metric = cell.failed - sum(cell.status.count(status) for status in FAILURES)
    if no_metric:
        counts.append(f"{no_metric} without a finite metric")
    if cell.pending:
        counts.append(f"{cell.pending} pending")
    others = f" ({', '.join(counts)})" if counts else ""
    return f"{cell.finished} finished run{'' if cell.finished == 1 else 's'}{others}"
