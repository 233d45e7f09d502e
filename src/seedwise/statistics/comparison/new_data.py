"""The accuracies of a study on its test set, and on new data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.statistics.cells.cell import Cell
from seedwise.statistics.cells.pairing import base_of, lined_up, predictions_of
from seedwise.statistics.core import _checks
from seedwise.statistics.means.crossed import Crossed, crossed_difference, crossed_mean

Labels = Sequence[NDArray[np.int64] | None]
"""For each cell the true classes of its examples, or None."""


@dataclass(frozen=True)
class Generalization:
    """The accuracy of a cell, for other runs on these examples and for other runs on other examples.

    Attributes:
        accuracy: of the cell.
        difference: from the base, None for the base itself and where the base has too few runs or no predictions.
        is_base: whether the cell is the base.

    """

    accuracy: Crossed
    difference: Crossed | None
    is_base: bool


def generalizations(cells: Sequence[Cell], labels: Labels, base: str) -> list[Generalization | str | None]:
    """Return the accuracy of every cell with predictions, and its difference from the base.

    Args:
        cells: the cells of a study.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    Returns:
        For each cell what was found, or why nothing can be said; None without predictions, and of fewer than 3 runs.

    """
    truths = dict(zip(map(id, cells), labels, strict=True))
    found: list[Generalization | str | None] = []
    for cell, truth in zip(cells, labels, strict=True):
        if cell.predictions is None or truth is None or cell.finished < _checks.MINIMUM_RUNS:
            found.append(None)
            continue
        against = base_of(cell, cells, base)
        try:
            (runs,), _ = lined_up([cell])
            correct, ids = _correct(cell, truth, runs)
            accuracy = crossed_mean(correct, example_ids=ids)
            difference = None if against is None else _difference(cell, against, truth, truths[id(against)])
            found.append(Generalization(accuracy, difference, against is None))
        except ValueError as error:
            found.append(str(error))
    return found


def _difference(cell: Cell, base: Cell, truth: Any, base_truth: Any) -> Crossed | None:
    (runs, base_runs), paired = lined_up([cell, base])
    if base.predictions is None or base_truth is None or min(runs.size, base_runs.size) < _checks.MINIMUM_RUNS:
        return None
    (x, x_ids), (y, y_ids) = _correct(cell, truth, runs), _correct(base, base_truth, base_runs)
    return crossed_difference(x, y, paired=paired, method_example_ids=x_ids, base_example_ids=y_ids)


def _correct(cell: Cell, truth: Any, runs: NDArray[np.int64]) -> tuple[NDArray[np.bool_], Any]:
    """Return which examples each run got right, (runs, examples), and the ids of the examples."""
    predicted, ids = predictions_of(cell, runs)
    return predicted == truth, ids
