"""What the runs of one cell say by themselves, or None where they are too few or not independent."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.attribution.sources import SpreadSources, spread_sources
from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import base_of, lined_up, several_groups
from seedwise.statistics.core import _checks
from seedwise.statistics.spreads.assisted import AssistedSpread, assisted_spread
from seedwise.statistics.spreads.heterogeneity import GroupSpreads, group_spreads
from seedwise.statistics.spreads.pool import GroupSize, group_size_table
from seedwise.statistics.spreads.profile import SpreadProfile, spread_profile

_SIZES: Final = (5, 10, 15, 20)


def sources_of(cell: Cell, labels: NDArray[np.int64] | None) -> SpreadSources | None:
    """Return where the spread of accuracy comes from; of at least 3 runs at one value of the fixed seeds.

    Args:
        cell: the cell.
        labels: the true classes of its examples, or None.

    Raises:
        ValueError: runs that predicted different examples.

    """
    if cell.predictions is None or not _independent(cell, labels):
        return None
    return spread_sources(cell.predictions == labels, example_ids=cell.example_ids)


def is_accuracy(cell: Cell, labels: NDArray[np.int64] | None) -> bool:
    """Return whether the metric of a cell is the share of examples that its runs predict right: then the single
    examples say where its spread comes from.

    Args:
        cell: the cell.
        labels: the true classes of its examples, or None.

    """
    if cell.predictions is None or labels is None or cell.predictions.shape[1:] != np.shape(labels):
        return False
    values = cell.values[cell.kept_mask] / (100.0 if cell.metric.unit == "%" else 1.0)
    return bool(np.allclose(values, (cell.predictions == labels).mean(axis=1), rtol=0, atol=1e-5))


def assisted_spread_of(cell: Cell, labels: NDArray[np.int64] | None) -> AssistedSpread | None:
    """Return the SD that the single examples help to estimate, None also where :func:`sources_of` raises."""
    if cell.predictions is None or not _independent(cell, labels):
        return None
    try:
        return assisted_spread(cell.predictions != labels, example_ids=cell.example_ids)
    except ValueError:
        return None


def _independent(cell: Cell, labels: NDArray[np.int64] | None) -> bool:
    enough = cell.predictions is not None and len(cell.predictions) >= _checks.MINIMUM_RUNS
    return labels is not None and enough and not several_groups(cell)


def group_sizes_of(cell: Cell, cells: Sequence[Cell], base: str) -> tuple[GroupSize, ...] | None:
    """Return what comparisons of fewer runs with the base would have reported; of 10 runs or more that differ.

    Args:
        cell: the cell.
        cells: all cells of the study.
        base: the method that the others are compared with.

    """
    against = base_of(cell, cells, base)
    if against is None or several_groups(cell):
        return None
    (runs, base_runs), paired = lined_up([cell, against])
    x, y = cell.values[runs], against.values[base_runs]
    n = min(len(x), len(y))
    if n < 10 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return group_size_table(x, y, [size for size in _SIZES if size <= n], paired=paired)


def group_spreads_of(cell: Cell) -> GroupSpreads | None:
    """Return the SD at each of several values of the fixed seeds."""
    use = cell.finished_mask
    if not several_groups(cell) or use.sum() < _checks.MINIMUM_RUNS:
        return None
    found = group_spreads(cell.values[use], cell.group[use])
    return found if found.sds else None


def profile_of(cell: Cell, values: NDArray[np.float64]) -> SpreadProfile | None:
    """Return the SDs over the finished runs of several numbers of each, shape (runs, K); of 2 degrees of freedom."""
    groups = cell.group[cell.finished_mask]
    return spread_profile(values, groups=groups) if len(values) - len(set(groups.tolist())) >= 2 else None
