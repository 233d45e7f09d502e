"""Means on this test set, and on new data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedwise.reporting._figures import names_of
from seedwise.reporting._formatting import decimals_for, interval
from seedwise.reporting._table import Table
from seedwise.statistics import Cell, Interval, crossed_difference, crossed_mean
from seedwise.statistics.cells.pairing import base_of, lined_up, predictions_of


def new_data_table(
    cells: Sequence[Cell], labels: Sequence[NDArray[np.int64] | None], base: str
) -> tuple[Table, list[str]]:
    """Lay out accuracies and their differences with both intervals, in points, for cells with predictions.

    Args:
        cells: the cells.
        labels: for each cell the true classes of its examples, or None.
        base: the method that the others are compared with.

    Returns:
        The table, and why something is missing from it.

    """
    rows, reasons = [], []
    truths = dict(zip(map(id, cells), labels, strict=True))
    for cell, name in zip(cells, names_of(cells), strict=True):
        truth = truths[id(cell)]
        if cell.predictions is None or truth is None or cell.finished < 3:
            continue
        against = base_of(cell, cells, base)
        try:
            (runs,), _ = lined_up([cell])
            correct, ids = _correct(cell, truth, runs)
            mean = crossed_mean(correct, example_ids=ids)
            shown = [_points(mean.on_test_set), _points(mean.on_new_data)]
            shown += _difference(cell, against, truth, truths[id(against)]) if against else ["", ""]
        except ValueError as error:
            reasons.append(f"{name}: no interval on new data: {error}")
            continue
        rows.append([name, *shown])
    columns = [f"{what}, {where}" for what in ("accuracy", "difference") for where in ("this test set", "new data")]
    return Table(["method", *columns], rows), reasons


def _difference(cell: Cell, base: Cell, truth: Any, base_truth: Any) -> list[str]:
    (runs, base_runs), paired = lined_up([cell, base])
    if base.predictions is None or base_truth is None or min(runs.size, base_runs.size) < 3:
        return ["-", "-"]
    (x, x_ids), (y, y_ids) = _correct(cell, truth, runs), _correct(base, base_truth, base_runs)
    found = crossed_difference(x, y, paired=paired, method_example_ids=x_ids, base_example_ids=y_ids)
    return [_points(found.on_test_set), _points(found.on_new_data)]


def _correct(cell: Cell, truth: Any, runs: NDArray[np.int64]) -> tuple[NDArray[np.bool_], Any]:
    """Return which examples each run got right, (runs, examples), and the ids of the examples."""
    predicted, ids = predictions_of(cell, runs)
    return predicted == truth, ids


def _points(result: Interval) -> str:
    return interval(result, max(decimals_for(100 * (result.high - result.low)), 2), 100)
