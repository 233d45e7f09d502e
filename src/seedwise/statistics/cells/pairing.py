"""The runs of several cells, lined up by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell


class Placed(Protocol):
    """A cell, or what was found of one."""

    @property
    def method(self) -> str:
        """Name of the method."""

    @property
    def readout(self) -> str:
        """How runs are turned into predictions."""


def base_of(cell: Cell, cells: Sequence[Cell], base: str) -> Cell | None:
    """Return the cell of the base, without a readout, that a cell is compared with; None for the base itself."""
    if is_base(cell, base):
        return None
    place = (cell.task, cell.regime)
    return next((c for c in cells if is_base(c, base) and (c.task, c.regime) == place), None)


def is_base(cell: Placed, base: str) -> bool:
    """Return whether a cell or row is one that others are compared with."""
    return (cell.method, cell.readout) == (base, "plain")


def several_groups(cell: Cell) -> bool:
    """Return whether a cell has runs at several values of the fixed seeds, so that its SD is not that of all values."""
    return len(set(cell.group.tolist())) > 1


def lined_up(cells: Sequence[Cell]) -> tuple[list[NDArray[np.int64]], bool]:
    """Return which runs of each cell a comparison uses, and whether they are paired.

    Cells with the same planned (group, replicate) are paired: then the runs that finished in all of them are used, in
    the same order; otherwise the finished runs of each.

    Args:
        cells: at least one.

    Returns:
        For each cell the positions on its runs axis, and whether run i of all of them has the same seeds.

    """
    finished = [{key: k for k, (key, ok) in enumerate(zip(c.keys, c.finished_mask, strict=True)) if ok} for c in cells]
    paired = len({frozenset(c.keys) for c in cells}) == 1
    shared = sorted(set.intersection(*map(set, finished)))
    runs = [[places[key] for key in shared] if paired else list(places.values()) for places in finished]
    return [np.array(places, dtype=np.int64) for places in runs], paired


def prediction_rows(cell: Cell, runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of a cell's predictions that belong to some of its runs, all with status ``finished``."""
    rank = np.cumsum([status == "finished" for status in cell.status]) - 1
    rows: NDArray[np.int64] = rank[runs]
    return rows


def predictions_of(cell: Cell, runs: NDArray[np.int64]) -> tuple[NDArray[np.int64], Any]:
    """Return the predictions of some runs of a cell, all with status ``finished``, and the ids of their examples.

    Args:
        cell: a cell that kept predictions.
        runs: positions on its runs axis.

    Returns:
        Class labels, shape (runs, examples); ids as the comparisons take them: None, one list shared by all runs, or
        one per run.

    """
    assert cell.predictions is not None
    rows = prediction_rows(cell, runs)
    ids = cell.example_ids
    shared = ids is None or (len(ids) > 0 and np.ndim(ids[0]) == 0)
    return cell.predictions[rows], ids if shared else [ids[k] for k in rows]  # type: ignore[index]
