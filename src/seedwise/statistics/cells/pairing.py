"""The runs of several cells, lined up by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.names import OfMethod


def base_of(cell: Cell, cells: Sequence[Cell], base: str) -> Cell | None:
    """Return the cell of the base, without a readout, that a cell is compared with; None for the base itself."""
    if is_base(cell, base):
        return None
    place = (cell.task, cell.regime)
    return next((c for c in cells if is_base(c, base) and (c.task, c.regime) == place), None)


def is_base(cell: OfMethod, base: str) -> bool:
    """Return whether a cell or row is one that others are compared with."""
    return (cell.method, cell.readout) == (base, "plain")


def several_groups(cell: Cell) -> bool:
    """Return whether a cell has runs at several values of the fixed seeds, so that its SD is not that of all values."""
    return len(set(cell.group.tolist())) > 1


def lined_up(
    cells: Sequence[Cell], usable: Sequence[NDArray[np.bool_]] | None = None
) -> tuple[list[NDArray[np.int64]], bool]:
    """Return which runs of each cell a comparison uses, and whether they are paired.

    Cells with the same planned (group, replicate) are paired, those left out that only some plan and that are pending:
    then the runs that are usable in all of them are used, in the order of (group, replicate); otherwise the usable runs
    of each, in its own order.

    Args:
        cells: at least one.
        usable: for each cell which runs may be used, shape (runs,); None: those that finished with a finite metric.

    Returns:
        For each cell the positions on its runs axis, and whether run i of all of them has the same seeds.

    """
    masks = [c.finished_mask for c in cells] if usable is None else usable
    places = [_places(cell, mask) for cell, mask in zip(cells, masks, strict=True)]
    in_all = set.intersection(*(set(c.keys) for c in cells))
    begun = [set(_places(c, c.finished_mask | c.failed_mask)) for c in cells]
    paired = all(of_cell <= in_all for of_cell in begun) and bool(in_all or not any(c.n for c in cells))
    shared = sorted(set.intersection(*map(set, places)))
    runs = [[at[key] for key in shared] if paired else list(at.values()) for at in places]
    return [np.array(at, dtype=np.int64) for at in runs], paired


def partners(cell: Cell, other: Cell) -> NDArray[np.int64]:
    """Return which runs of another cell have the seeds of the finished runs of a cell, in the order of the latter.

    Raises:
        ValueError: one of them did not finish in the other cell.

    """
    places = _places(other, other.finished_mask)
    try:
        return np.array([places[key] for key in _places(cell, cell.finished_mask)], dtype=np.int64)
    except KeyError:
        raise ValueError(f"{other.method} lacks runs with the same seeds") from None


def _places(cell: Cell, usable: NDArray[np.bool_]) -> dict[tuple[int, int], int]:
    """Return where on its runs axis a cell has each usable (group, replicate)."""
    return {key: k for k, (key, ok) in enumerate(zip(cell.keys, usable, strict=True)) if ok}


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
    rows = (np.cumsum(cell.kept_mask) - 1)[runs]
    ids = cell.example_ids
    shared = ids is None or (len(ids) > 0 and np.ndim(ids[0]) == 0)
    return cell.predictions[rows], ids if shared else [ids[k] for k in rows]  # type: ignore[index]
